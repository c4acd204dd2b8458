"""What a view has done to its queryset stays done, and what no plan fits is left alone."""

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import Avg, Count, F, OuterRef, Prefetch, Subquery, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import RowNumber
from django.test import override_settings
from ninja import Field, Schema

from ninja_boost_queries import Queries, plan_queryset
from ninja_boost_queries._hook import QueriesHook

from .models import (
    Album,
    Comment,
    Company,
    Counted,
    Country,
    Label,
    Line,
    Note,
    Order,
    Person,
    Product,
    Seat,
    Track,
)
from .support import ask, both, fill
from .test_relations import CompanyOut, LabelOut, LineOut, OrderOut, PersonOut

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))


class MentoredOut(Schema):
    name: str
    mentor: PersonOut | None
    company: CompanyOut | None


class CompanyName(Schema):
    name: str


class LineOrder(Schema):
    number: int


def shape(queryset):
    return str(queryset.query), queryset._prefetch_related_lookups


def test_joins_add_to_those_of_the_view():
    rows = Order.objects.select_related("customer__mentor")
    sql = str(plan_queryset(rows, OrderOut).query)
    assert sql.count("JOIN") == 4
    assert str(rows.query).count("JOIN") == 2


@pytest.mark.filterwarnings("ignore:Calling select_related")
def test_select_related_without_names_keeps_its_meaning():
    fill()
    rows = Person.objects.select_related().order_by("id")
    assert plan_queryset(rows, PersonOut).query.select_related is True
    _, planned = both(rows.all, list[PersonOut])
    assert len(planned.queries) == 3


def test_a_prefetch_of_the_view_is_used_and_completed():
    fill()
    own = Line.objects.filter(quantity=1)
    rows = Order.objects.order_by("id").prefetch_related(Prefetch("lines", own))
    naive, planned = both(rows.all, list[OrderOut])
    assert [len(row["lines"]) for row in planned.data] == [1, 1, 1]
    # Orders with customers, lines, products, makers, countries, categories, and the labels.
    assert len(planned.queries) == 7
    assert len(naive.queries) > 20


@pytest.mark.parametrize("path", ["lines", "lines__product", "lines__product__categories"])
def test_prefetches_by_name_are_completed(path):
    fill()
    rows = Order.objects.order_by("id").prefetch_related(path)
    _, planned = both(rows.all, list[OrderOut])
    assert len(planned.queries) == 7


def test_a_prefetch_inside_a_prefetch_is_not_repeated():
    fill()
    inner = Line.objects.prefetch_related(
        Prefetch("product", Product.objects.select_related("maker__country"))
    )
    rows = Order.objects.order_by("id").prefetch_related(Prefetch("lines", inner))
    _, planned = both(rows.all, list[OrderOut])
    assert len(planned.queries) == 5


def test_a_prefetch_of_one_object_is_used():
    fill()
    renamed = Person.objects.annotate(nickname=F("email")).only("id", "company")
    rows = Order.objects.order_by("id").prefetch_related(Prefetch("customer", renamed))
    _, planned = both(rows.all, list[OrderOut])
    assert rows.all()[0].customer.nickname == ""
    assert "customer_id" in planned.queries[0]
    assert "JOIN" not in planned.queries[0]


def test_a_prefetch_to_an_attribute_of_its_own_stays():
    class Out(Schema):
        number: int
        doubled: list[LineOut]
        lines: list[LineOut]

    fill()
    double = Prefetch("lines", Line.objects.filter(quantity=1), to_attr="doubled")
    _, planned = both(Order.objects.order_by("id").prefetch_related(double).all, list[Out])
    assert [len(row["doubled"]) for row in planned.data] == [1, 1, 1]
    assert [len(row["lines"]) for row in planned.data] == [2, 2, 2]


@pytest.mark.parametrize("path", [None, "albums", "albums__label", "albums__tracks"])
def test_what_a_manager_prefetches_is_used_and_completed(path):
    class TrackOut(Schema):
        id: int
        composer: PersonOut

    class AlbumOut(Schema):
        tracks: list[TrackOut]

    class Out(Schema):
        albums: list[AlbumOut]

    fill()
    for label, person in zip(Label.objects.all(), Person.objects.all(), strict=True):
        album = Album.objects.create(label=label)
        Track.objects.bulk_create(Track(album=album, composer=person) for _ in range(2))
    rows = Label.objects.order_by("id")
    rows = rows.prefetch_related(path) if path else rows
    naive, planned = both(rows.all, list[Out])
    first, second = planned.data[0]["albums"][0]["tracks"]
    assert first["id"] > second["id"]
    # Labels, albums, tracks, composers, companies, countries.
    assert len(planned.queries) == 6 < len(naive.queries)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.only("name"),
        lambda rows: rows.only("name", "company__name").select_related("company"),
        lambda rows: rows.defer("email"),
        lambda rows: rows.defer("company"),
        lambda rows: rows.defer("company__name").select_related("company"),
        lambda rows: rows.defer("mentor", "email"),
    ],
)
@pytest.mark.parametrize("only", [False, True])
def test_deferred_columns_stay_deferred(change, only):
    fill()
    rows = change(Person.objects.order_by("id"))
    planned = plan_queryset(rows, MentoredOut, Queries(only=only))
    assert planned.query.deferred_loading == rows.query.deferred_loading
    both(rows.all, list[MentoredOut], queries=Queries(only=only))


def test_a_relation_whose_key_is_deferred_is_left_alone():
    class Holder(Schema):
        order: LineOrder | None
        taken_by: PersonOut | None

    fill()
    # What Django fetches of a seat takes the order, which is part of its key, away again.
    for rows in (Seat.objects.only("order"), Seat.objects.defer("taken_by")):
        naive, planned = both(rows.order_by("pk").all, list[Holder])
        assert planned.queries == naive.queries
    for rows in (Person.objects.defer("company"), Person.objects.only("name")):
        naive, planned = both(rows.order_by("id").all, list[PersonOut])
        assert planned.queries == naive.queries


def test_what_is_deferred_of_a_row_is_not_so_of_what_is_behind_it():
    class Out(Schema):
        mentor: PersonOut | None

    fill()
    _, planned = both(Person.objects.defer("company").order_by("id").all, list[Out])
    assert len(planned.queries) == 1


def test_a_relation_of_which_something_is_deferred_is_not_joined():
    fill()
    _, planned = both(Person.objects.defer("company__name").order_by("id").all, list[PersonOut])
    # The people, companies, countries.
    assert len(planned.queries) == 3


def test_a_deferred_column_elsewhere_does_not_keep_from_joining():
    fill()
    _, planned = both(Person.objects.defer("email").order_by("id").all, list[PersonOut])
    assert len(planned.queries) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.distinct(),
        lambda rows: rows.annotate(number=Count("pupils")),
        lambda rows: rows.annotate(number=Avg("orders__number")).filter(number__gte=1),
        lambda rows: rows.extra(where=["name LIKE 'person%%'"]),
        lambda rows: rows.extra(select={"again": "name"}),
        lambda rows: rows.annotate(again=RawSQL("name", ())),
        lambda rows: rows.filter(name=RawSQL("name", ())),
        lambda rows: rows.filter(pk__in=RawSQL("SELECT id FROM tests_person WHERE name <> ''", ())),
        lambda rows: rows.order_by(RawSQL("name", ())),
    ],
)
def test_where_a_join_might_matter_it_is_a_query_instead(change, alias):
    fill(using=alias)
    rows = change(Person.objects.using(alias).order_by("id"))
    planned = plan_queryset(rows, MentoredOut)
    assert str(planned.query) == str(rows.query)
    _, answer = both(rows.all, list[MentoredOut], alias=alias)
    # The people, their mentors, the companies of both, and the countries of both.
    assert len(answer.queries) <= 6


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[1:3],
        lambda rows: rows.annotate(number=Window(RowNumber(), order_by="id")).filter(number__gt=1),
        lambda rows: rows.annotate(
            latest=Subquery(Order.objects.filter(customer=OuterRef("pk")).values("number")[:1])
        ),
        lambda rows: rows.filter(orders__labels__name__startswith="label"),
        lambda rows: rows.exclude(mentor__name="person 1"),
        lambda rows: rows.reverse(),
        lambda rows: rows.none(),
    ],
)
def test_other_querysets_are_joined_as_they_are(change, alias):
    fill(using=alias)
    rows = change(Person.objects.using(alias).order_by("id"))
    _, answer = both(rows.all, list[MentoredOut], alias=alias)
    assert len(answer.queries) <= 1


def test_locked_rows_alone_stay_locked():
    if reason := settings.MISSING_DATABASES.get("postgresql"):
        pytest.skip(reason)
    fill(using="postgresql")

    def rows():
        return Person.objects.using("postgresql").select_for_update().order_by("id")

    with transaction.atomic(using="postgresql"):
        _, planned = both(rows, list[MentoredOut], alias="postgresql")
    assert "JOIN" not in planned.queries[0]
    assert planned.queries[0].endswith("FOR UPDATE")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Person.objects.values("id", "name"),
        lambda: Person.objects.values_list("id", "name", named=True),
        lambda: Person.objects.values_list("id", flat=True),
        lambda: Person.objects.filter(pk=1).union(Person.objects.filter(pk=2)),
        lambda: Person.objects.raw("SELECT * FROM tests_person"),
    ],
)
def test_what_no_plan_fits_is_returned_as_it_is(make):
    rows = make()
    hook = QueriesHook(Queries())
    hook.default = PersonOut
    assert hook.after_view(None, rows) is rows


def test_fetched_rows_are_not_fetched_again():
    fill()
    rows = Person.objects.select_related("company__country", "mentor")
    list(rows)
    assert ask(rows, list[PersonOut]).queries == []


def test_a_manager_is_its_queryset():
    fill()
    _, planned = both(lambda: Person.objects, list[PersonOut])
    assert len(planned.queries) == 1
    person = Person.objects.first()
    _, planned = both(lambda: person.friends, list[PersonOut])
    assert len(planned.queries) == 1


def test_a_related_manager_keeps_the_object_that_it_is_of():
    class Out(Schema):
        number: int
        customer: PersonOut

    fill()

    def view():
        person = Person.objects.order_by("id").last()
        person.name = "changed, and not saved"
        return person.orders

    _, planned = both(view, list[Out])
    assert planned.data[0]["customer"]["name"] == "changed, and not saved"
    assert len(planned.queries) == 4

    def prefetched():
        return Person.objects.prefetch_related("orders").last().orders

    both(prefetched, list[Out])


def test_other_results_pass():
    fill()
    expected = [{"id": 1, "name": "x", "company": None}]
    for result in (expected, (each for each in expected)):
        assert ask(result, list[PersonOut]).data == expected
    people = list(Person.objects.order_by("id"))
    assert len(ask(people, list[PersonOut]).queries) == 6


class Router:
    """Keeps people's companies elsewhere."""

    def db_for_read(self, model, **hints):
        return "other" if model is Company else None


def test_relations_into_another_database_are_not_joined():
    class Out(Schema):
        name: str
        company: CompanyName | None

    fill()
    fill(using="other")
    Company.objects.using("other").update(name="of the other database")
    with override_settings(DATABASE_ROUTERS=[Router()]):
        _, planned = both(Person.objects.order_by("id").all, list[Out])
    assert {row["company"]["name"] for row in planned.data} == {"of the other database"}


def test_generic_foreign_keys_into_another_database_are_left_alone():
    class Target(Schema):
        id: int

    class Out(Schema):
        target: Target

    fill()
    with override_settings(DATABASE_ROUTERS=[Router()]):
        naive, planned = both(Comment.objects.order_by("id").all, list[Out])
    assert planned.queries == naive.queries


def test_only_knows_the_primary_key_by_its_other_name():
    class Out(Schema):
        pk: int

    fill()
    _, planned = both(Order.objects.order_by("id").all, list[Out], queries=Queries(only=True))
    assert '"tests_order"."note"' not in planned.queries[0]


@pytest.mark.parametrize("order", ["note", "-note"])
def test_only_reads_what_is_read(order):
    fill()
    queries = Queries(only=True)
    _, planned = both(Order.objects.order_by(order).all, list[OrderOut], queries=queries)
    assert len(planned.queries) == 4
    orders, _, lines, _ = planned.queries
    assert '"tests_order"."note"' in orders.partition("FROM")[0]
    assert '"tests_person"."email"' not in orders
    assert '"tests_country"."code"' not in orders
    assert '"tests_line"."hidden"' not in lines.partition("FROM")[0]
    assert '"tests_product"."price"' not in lines


def test_nothing_is_deferred_for_code_of_which_nothing_is_known():
    class Shouted(Schema):
        shouted: str
        greeting: str

    class Out(Schema):
        number: int
        customer: Shouted

    fill()
    _, planned = both(Order.objects.order_by("id").all, list[Out], queries=Queries(only=True))
    assert len(planned.queries) == 1
    assert '"tests_person"."email"' in planned.queries[0]
    assert '"tests_order"."note"' in planned.queries[0]


def test_only_keeps_the_keys_of_relations_that_are_not_joined():
    class DepotOut(Schema):
        name: str

    class Out(Schema):
        quantity: int
        depot: DepotOut | None

    fill()
    _, planned = both(Line.objects.order_by("id").all, list[Out], queries=Queries(only=True))
    assert len(planned.queries) == 2


class EmployeeOut(Schema):
    country: str = Field(alias="company.country.name")


class EmployerOut(Schema):
    people: list[EmployeeOut]


class HomeOut(Schema):
    id: int
    companies: list[EmployerOut]


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_only_reads_what_is_read_on_the_way_back(depth):
    fill()
    queries = Queries(only=True, depth=depth)
    _, planned = both(Country.objects.order_by("id").all, list[HomeOut], queries=queries)
    assert len(planned.queries) == (5 if depth == 1 else 3)
    # A relation that is not followed may read anything.
    assert ('"tests_country"."code"' in planned.queries[0]) is (depth < 4)


def test_only_reads_what_relations_on_the_way_back_read():
    class Employer(Schema):
        country_id: int

    class Customer(Schema):
        company: Employer

    class OrderedBy(Schema):
        customer: Customer

    class Out(Schema):
        name: str
        company: CompanyName
        orders: list[OrderedBy]

    fill()
    _, planned = both(Person.objects.order_by("id").all, list[Out], queries=Queries(only=True))
    assert len(planned.queries) == 2


def test_relations_on_the_way_back_are_completed():
    class Friend(Schema):
        name: str

    class Employee(Schema):
        name: str
        company: CompanyName

    class Customer(Schema):
        friends: list[Employee]

    class OrderedBy(Schema):
        customer: Customer

    class Out(Schema):
        friends: list[Friend]
        orders: list[OrderedBy]

    fill()
    _, planned = both(Person.objects.order_by("id").all, list[Out])
    # People, friends, orders, and the companies of friends.
    assert len(planned.queries) == 4


def test_the_way_back_is_found_from_lists_in_lists():
    class Employer(Schema):
        product_set: list[CompanyName]

    class Employee(Schema):
        company: Employer

    class Office(Schema):
        people: list[Employee]

    class Out(Schema):
        companies: list[Office]

    fill()
    _, planned = both(Country.objects.order_by("id").all, list[Out])
    assert len(planned.queries) == 4


def test_rows_that_a_library_makes_are_fetched_as_it_makes_them():
    class NoteOut(Schema):
        stamp: str
        author: CompanyName

    class Out(Schema):
        notes: list[NoteOut]

    fill()
    for person in Person.objects.all():
        Note.objects.create(about=person, author=person)
    rows = Person.objects.order_by("id")
    assert plan_queryset(rows, Out)._prefetch_related_lookups == ("notes",)
    _, planned = both(rows.all, list[Out])
    assert planned.data[0]["notes"][0]["stamp"] == "#1"


def test_only_spares_a_model_that_reads_its_columns_when_it_is_made():
    class Out(Schema):
        name: str

    Counted.objects.create(name="a", note="b")
    _, planned = both(Counted.objects.order_by("id").all, list[Out], queries=Queries(only=True))
    assert len(planned.queries) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.prefetch_related("customer"),
        lambda rows: rows.prefetch_related(Prefetch("lines", Line.objects.all(), to_attr="own")),
        lambda rows: rows.select_related("customer"),
        lambda rows: rows.annotate(number_of=Count("lines")),
        lambda rows: rows.distinct(),
    ],
)
def test_only_defers_nothing_that_the_view_needs(change):
    class Out(Schema):
        note: str

    fill()
    both(change(Order.objects.order_by("id")).all, list[Out], queries=Queries(only=True))


def test_only_keeps_the_key_of_a_related_managers_object():
    class Out(Schema):
        number: int

    fill()
    view = lambda: Person.objects.last().orders  # noqa: E731
    _, planned = both(view, list[Out], queries=Queries(only=True))
    assert len(planned.queries) == 2


def test_nothing_is_touched_where_nothing_is_needed():
    class Out(Schema):
        id: int
        name: str
        shouted: str

    rows = Person.objects.filter(name="x")
    assert plan_queryset(rows, Out).query.select_related is False
    assert shape(plan_queryset(rows, Out)) == shape(rows)


def test_the_labels_of_the_plan_are_those_of_the_default_manager():
    assert plan_queryset(Label.objects, list[LabelOut]).query.select_related


@pytest.mark.parametrize("schema", [int, dict, list[int], None])
def test_a_queryset_is_planned_for_a_schema(schema):
    with pytest.raises(TypeError, match="no schema"):
        plan_queryset(Label.objects.all(), schema)
