"""A plan for each kind of relation: what it adds, and that the answer stays what it was."""

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ninja import Field, ModelSchema, Schema

from ninja_boost_queries import Queries, plan_queryset
from ninja_boost_queries.plan import plan

from .models import (
    Bar,
    Category,
    Comment,
    Company,
    Depot,
    Line,
    Order,
    Person,
    Place,
    Product,
    Restaurant,
    Seat,
    Vip,
)
from .support import ask, both, fill

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))


class CountryOut(Schema):
    name: str


class CompanyOut(Schema):
    name: str
    country: CountryOut


class ProfileOut(Schema):
    bio: str
    country: CountryOut | None


class PersonOut(Schema):
    id: int
    name: str
    company: CompanyOut | None


class Brief(Schema):
    name: str


class LabelOut(Schema):
    name: str
    owner: PersonOut


class ProductOut(Schema):
    name: str
    maker: CompanyOut
    categories: list[Brief]


class LineOut(Schema):
    quantity: int
    product: ProductOut


class OrderOut(Schema):
    number: int
    customer: PersonOut
    labels: list[LabelOut]
    lines: list[LineOut]


def test_foreign_keys_are_joined(alias):
    fill(using=alias)
    naive, planned = both(
        lambda: Person.objects.using(alias).order_by("id"), list[PersonOut], alias=alias
    )
    assert (len(naive.queries), len(planned.queries)) == (7, 1)


def test_three_levels_take_one_query_for_each_list(alias):
    fill(using=alias)
    naive, planned = both(
        lambda: Order.objects.using(alias).order_by("id"), list[OrderOut], alias=alias
    )
    assert len(naive.queries) > 30
    # The orders with their customers, the labels, the lines, and their products' categories.
    assert len(planned.queries) == 4


@pytest.mark.parametrize("rows", [1, 50])
def test_the_number_of_queries_does_not_grow(rows):
    fill(rows)
    _, planned = both(lambda: Order.objects.order_by("id"), list[OrderOut])
    assert len(planned.queries) == 4


def test_a_reverse_one_to_one_is_joined_and_may_be_missing():
    class Out(Schema):
        name: str
        profile: ProfileOut | None = None

    fill()
    naive, planned = both(lambda: Person.objects.order_by("id"), list[Out])
    assert [row["profile"] is None for row in planned.data] == [False, True, False]
    assert (len(naive.queries), len(planned.queries)) == (6, 1)


def test_many_to_many_from_both_sides_and_to_itself():
    class CategoryOut(Schema):
        name: str
        products: list[Brief]

    class FriendOut(Schema):
        name: str
        friends: list[PersonOut]

    fill()
    assert len(both(lambda: Category.objects.all(), list[CategoryOut])[1].queries) == 2
    assert len(both(lambda: Person.objects.order_by("id"), list[FriendOut])[1].queries) == 2


def test_a_reverse_foreign_key_by_its_default_name():
    class Out(Schema):
        name: str
        product_set: list[Brief]

    fill()
    assert len(both(lambda: Company.objects.order_by("id"), list[Out])[1].queries) == 2


def test_to_a_field_that_is_no_primary_key():
    class Out(Schema):
        code: str
        line_set: list[LineOut]

    fill()
    _, planned = both(lambda: Product.objects.order_by("id"), list[Out])
    # Products, lines; and of the products that have any, makers, countries, categories.
    assert len(planned.queries) == 5
    # The default manager's rows, as the attribute gives them.
    assert [len(row["line_set"]) for row in planned.data] == [2, 2, 2]


def test_aliases_lead_through_several_objects():
    class Out(Schema):
        buyer: str = Field(alias="customer.name")
        country: str = Field(alias="customer.company.country.name")
        who: PersonOut = Field(alias="customer")
        pieces: list[Brief] = Field(alias="customer.orders.0.labels", default=[])

    fill()
    naive, planned = both(lambda: Order.objects.order_by("id"), list[Out])
    assert len(planned.queries) == 1
    assert len(naive.queries) == 10


def test_a_query_of_its_own_is_not_prefetched():
    class Out(Schema):
        number: int
        pieces: int = Field(alias="lines.count")

    fill()
    naive, planned = both(lambda: Order.objects.order_by("id"), list[Out])
    assert planned.queries == naive.queries
    assert len(naive.queries) == 4


def test_model_schemas_read_keys_of_foreign_keys_and_of_many_to_many():
    class Out(ModelSchema):
        class Meta:
            model = Order
            fields = ("number", "customer", "labels")

    fill()
    naive, planned = both(lambda: Order.objects.order_by("id"), list[Out])
    assert (len(naive.queries), len(planned.queries)) == (4, 2)
    assert "JOIN" not in planned.queries[0]


def test_columns_properties_and_methods_need_nothing():
    class Out(Schema):
        name: str
        company_id: int | None
        shouted: str
        greeting: str
        extra: str = "default"

    fill()
    naive, planned = both(lambda: Person.objects.order_by("id"), list[Out])
    assert planned.queries == naive.queries


def test_generic_relations_and_generic_foreign_keys(alias):
    class Target(Schema):
        id: int

    class CommentOut(Schema):
        text: str
        author: PersonOut | None
        target: Target

    class Out(Schema):
        number: int
        comments: list[CommentOut]

    fill(using=alias)
    order = Order.objects.using(alias).order_by
    _, planned = both(lambda: order("id"), list[Out], alias=alias)
    # Orders, comments with their authors, and the orders that these lead back to. Elsewhere than in
    # the default database, Django would fetch the last from the wrong one.
    at_once = alias == "default"
    assert len(planned.queries) == (3 if at_once else 5)
    comments = Comment.objects.using(alias).order_by
    _, planned = both(lambda: comments("id"), list[CommentOut], alias=alias)
    assert len(planned.queries) == (3 if at_once else 7)


def test_children_of_a_model_and_their_parents():
    class RestaurantOut(Schema):
        name: str
        stars: int
        owner: PersonOut
        chef: PersonOut

    class BarOut(Schema):
        open_late: bool

    class PlaceOut(Schema):
        name: str
        restaurant: RestaurantOut | None = None
        bar: BarOut | None = None

    class Owned(Schema):
        name: str
        owner: Brief

    class Up(Schema):
        stars: int
        place_ptr: Owned
        bar: BarOut | None = None

    class Parent(Schema):
        place_ptr: Brief

    fill()
    Bar.objects.create(name="bar")
    assert len(both(lambda: Restaurant.objects.order_by("id"), list[RestaurantOut])[1].queries) == 1
    assert len(both(lambda: Place.objects.order_by("id"), list[PlaceOut])[1].queries) == 1
    naive, planned = both(lambda: Restaurant.objects.order_by("id"), list[Up])
    assert len(planned.queries) < len(naive.queries)
    # The parent is made of columns that are here.
    _, planned = both(lambda: Restaurant.objects.order_by("id").distinct(), list[Parent])
    assert len(planned.queries) == 1


class Mailed(Schema):
    email: str


class KitchenOut(Schema):
    name: str
    stars: int
    owner: Mailed


class HouseOut(Schema):
    name: str
    owner: Brief
    restaurant: KitchenOut | None = None


@pytest.mark.parametrize(
    ("change", "only", "expected"),
    [
        (lambda rows: rows, False, 1),
        (lambda rows: rows, True, 1),
        # The restaurants are fetched whole, and the owners once.
        (lambda rows: rows.distinct(), False, 3),
        (lambda rows: rows.defer("name"), False, 5),
        (lambda rows: rows.defer("name"), True, 5),
    ],
)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_child_and_its_parent_have_the_same_owner(change, only, expected, rows):
    fill(3)
    places = change(Place.objects.order_by("id"))
    _, planned = both(lambda: places[:rows], list[HouseOut], queries=Queries(only=only))
    assert len(planned.queries) <= expected
    # The owner is joined once.
    assert planned.queries[0].count('JOIN "tests_person"') <= 1


@pytest.mark.parametrize("distinct", [False, True])
def test_a_child_has_what_only_it_reads_and_what_django_does_not_give_it(distinct):
    class BarOut(Schema):
        open_late: bool

    class KitchenOf(Schema):
        owner: Brief
        bar: BarOut | None = None

    class Out(Schema):
        bar: BarOut | None = None
        restaurant: KitchenOf | None = None

    fill()
    rows = Place.objects.order_by("id")
    _, planned = both(lambda: rows.distinct() if distinct else rows, list[Out])
    # Places and restaurants with owners; bars of restaurants, and otherwise of places.
    assert len(planned.queries) <= (5 if distinct else 2)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: rows, 1),
        # Places, owners, restaurants; a company and a country for each.
        (lambda rows: rows.distinct(), 9),
        # The view fetches the restaurants and, for these, the owners.
        (lambda rows: rows.distinct().prefetch_related("restaurant__owner"), 6),
        (lambda rows: rows.prefetch_related("restaurant__owner__company"), 5),
    ],
)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_child_reads_more_of_the_owner_than_its_parent(change, expected, rows):
    class KitchenOf(Schema):
        owner: PersonOut

    class Out(Schema):
        owner: Brief
        restaurant: KitchenOf | None = None

    fill(3)
    places = change(Place.objects.order_by("id"))
    _, planned = both(lambda: places[:rows], list[Out])
    assert len(planned.queries) <= expected


def test_only_reads_the_columns_that_a_child_has_of_its_parent():
    class Sign(Schema):
        name: str
        owner_id: int | None

    class Out(Schema):
        id: int
        restaurant: Sign | None

    fill()
    _, planned = both(Place.objects.order_by("id").all, list[Out], queries=Queries(only=True))
    assert len(planned.queries) == 2


def test_a_proxy_has_the_relations_of_its_model():
    class Out(Schema):
        company: CompanyOut
        profile: ProfileOut | None = None
        orders: list[OrderOut]

    fill()
    assert len(both(lambda: Vip.objects.order_by("id"), list[Out])[1].queries) == 5


def test_a_composite_primary_key():
    class SeatOut(Schema):
        number: int
        taken_by: PersonOut

    class Out(Schema):
        seats: list[SeatOut]

    fill()
    for only in (False, True):
        queries = Queries(only=only)
        assert (
            len(
                both(lambda: Seat.objects.order_by("pk"), list[SeatOut], queries=queries)[1].queries
            )
            == 1
        )
        _, planned = both(lambda: Order.objects.order_by("id"), list[Out], queries=queries)
        assert len(planned.queries) == 2


def test_rows_that_the_base_manager_leaves_out_stay_out():
    class Out(Schema):
        id: int
        depot: Brief | None = None

    fill()
    _, planned = both(lambda: Line.objects.order_by("id"), list[Out])
    assert len(planned.queries) == 2
    hidden = Depot.objects.create(name="hidden", hidden=True)
    Line.objects.update(depot=hidden)
    assert {row["depot"] for row in ask(Line.objects.all(), list[Out]).data} == {None}


def test_the_way_back_is_not_fetched_again():
    class Back(Schema):
        number: int
        customer: Brief

    class Out(Schema):
        orders: list[Back]

    class Profiled(Schema):
        bio: str
        person: Brief

    class Mirrored(Schema):
        profile: Profiled | None = None

    fill()
    _, planned = both(lambda: Person.objects.order_by("id"), list[Out])
    assert len(planned.queries) == 2
    assert "JOIN" not in planned.queries[1]
    _, planned = both(lambda: Person.objects.order_by("id"), list[Mirrored])
    assert len(planned.queries) == 1
    assert planned.queries[0].count("JOIN") == 1


def test_what_lies_behind_the_way_back_is_fetched_once():
    class Back(Schema):
        number: int
        customer: PersonOut

    class Out(Schema):
        orders: list[Back]

    fill()
    naive, planned = both(lambda: Person.objects.order_by("id"), list[Out])
    assert len(naive.queries) == 10
    # People, orders; and of the people that have any, companies and countries.
    assert len(planned.queries) == 4
    Order.objects.all().delete()
    assert len(both(lambda: Person.objects.order_by("id"), list[Out])[1].queries) == 2


class Tree(Schema):
    name: str
    children: list["Tree"]


class Chain(Schema):
    name: str
    mentor: "Chain | None"


@pytest.mark.parametrize(("depth", "expected"), [(1, 8), (2, 6), (3, 4), (9, 4)])
def test_a_schema_that_contains_itself_is_followed_to_the_depth(depth, expected):
    fill()
    root = Category.objects.filter(parent=None)
    naive, planned = both(root.all, list[Tree], queries=Queries(depth=depth))
    assert (len(naive.queries), len(planned.queries)) == (8, expected)


def test_a_chain_is_joined_to_the_depth():
    fill(8)
    _, planned = both(lambda: Person.objects.order_by("id"), list[Chain])
    assert planned.queries[0].count("LEFT OUTER JOIN") == 5
    assert (
        len(
            both(lambda: Person.objects.order_by("id"), list[Chain], queries=Queries(depth=7))[
                1
            ].queries
        )
        == 1
    )


class Round(Schema):
    name: str
    orders: list["RoundOrder"]


class RoundOrder(Schema):
    number: int
    customer: Round


def test_a_schema_that_leads_back_to_itself_has_a_plan():
    fill()
    planned = plan_queryset(Person.objects.order_by("id"), Round)
    # At the second time the orders of a person are there.
    with CaptureQueriesContext(connection) as captured:
        assert [person.orders.all()[0].customer for person in planned] == list(planned)
    assert len(captured) == 2


class Wide(Schema):
    name: str
    mentor: "Wide | None"
    company: CompanyOut | None
    profile: ProfileOut | None = None
    orders: list["WideOrder"]


class WideOrder(Schema):
    number: int
    customer: Wide


def test_the_nearest_hundred_relations_are_planned():
    found = list(plan(Wide, Person, Queries(depth=20)).root.paths())
    assert len(found) == 100
    assert {"mentor", "company", "profile", "orders", "orders.customer"} <= set(found)


def test_there_are_not_more_joins_than_databases_take(alias):
    fill(using=alias)
    rows = Person.objects.using(alias).filter(orders=None).order_by("id")
    _, planned = both(rows.all, list[Wide], queries=Queries(depth=12), alias=alias)
    assert max(sql.count("JOIN") for sql in planned.queries) <= 21
