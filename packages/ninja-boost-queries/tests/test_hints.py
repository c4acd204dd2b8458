"""What resolvers and properties need is said by hints, which are checked at start."""

from functools import cached_property

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import functional
from ninja import Field, ModelSchema, Schema
from pydantic import AliasChoices, model_validator

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_queries import Queries, needs, plan_queries, plan_queryset

from .models import Label, Order, Person
from .support import both, fill
from .test_relations import PersonOut

pytestmark = pytest.mark.django_db


class Resolved(Schema):
    number: int
    buyer: str

    @staticmethod
    def resolve_buyer(order):
        customer = order.customer
        return f"{customer.name} of {customer.company.name}, {customer.company.country.name}"


class Declared(Schema):
    number: int
    buyer: str

    @staticmethod
    @needs("customer__company__country")
    def resolve_buyer(order):
        return Resolved.resolve_buyer(order)


class Nested(Schema):
    orders: list[Declared]


def test_a_resolver_without_a_hint_is_left_alone():
    fill()
    naive, planned = both(Order.objects.order_by("id").all, list[Resolved])
    assert planned.queries == naive.queries
    assert len(naive.queries) == 10


@pytest.mark.parametrize(
    ("schema", "hints"),
    [
        (Resolved, {"buyer": "customer__company__country"}),
        (Resolved, {"buyer": ["customer", "customer__company", "customer__company__country"]}),
        (Declared, {}),
    ],
)
@pytest.mark.parametrize("only", [False, True])
def test_a_hint_brings_what_a_resolver_reads(schema, hints, only):
    fill()
    queries = Queries(hints=hints, only=only)
    _, planned = both(Order.objects.order_by("id").all, list[schema], queries=queries)
    assert len(planned.queries) == 1
    # It may read anything of the objects on the way.
    assert '"tests_order"."note"' in planned.queries[0]
    assert '"tests_person"."email"' in planned.queries[0]


def test_a_hint_that_names_columns_brings_these_alone():
    fill()
    columns = ["customer__name", "customer__company__name", "customer__company__country__name"]
    queries = Queries(hints={"buyer": columns}, only=True)
    _, planned = both(Order.objects.order_by("id").all, list[Resolved], queries=queries)
    assert len(planned.queries) == 1
    assert '"tests_order"."note"' not in planned.queries[0]
    assert '"tests_person"."email"' not in planned.queries[0]


def test_a_resolver_deep_in_the_response_declares_its_own():
    fill()
    _, planned = both(Person.objects.order_by("id").all, list[Nested])
    assert len(planned.queries) == 4


def test_a_hint_names_many_rows_and_what_lies_behind_them():
    class Out(Schema):
        owners: list[str]

        @staticmethod
        def resolve_owners(order):
            return [label.owner.name for label in order.labels.all()]

    fill()
    queries = Queries(hints={"owners": "labels__owner"})
    _, planned = both(Order.objects.order_by("id").all, list[Out], queries=queries)
    assert len(planned.queries) == 2


def test_a_property_of_a_model_declares_what_it_reads():
    class PersonOrigin(Schema):
        origin: str

    class Out(Schema):
        customer: PersonOrigin
        country: str = Field(alias="customer.origin")

    fill()
    for only in (False, True):
        queries = Queries(only=only)
        _, planned = both(Order.objects.order_by("id").all, list[Out], queries=queries)
        assert len(planned.queries) == 1
    assert '"tests_person"."email"' not in planned.queries[0]


def test_a_hint_is_followed_beyond_the_depth():
    fill()
    queries = Queries(hints={"buyer": "customer__company__country"}, depth=1)
    _, planned = both(Order.objects.order_by("id").all, list[Resolved], queries=queries)
    assert len(planned.queries) == 1


def test_needs_marks_every_kind_of_code():
    class Code:
        @needs("a")
        @property
        def one(self): ...

        @needs("b")
        @cached_property
        def two(self): ...

        @needs("c")
        @staticmethod
        def three(): ...

        @needs("d")
        @functional.cached_property
        def four(self): ...

        @needs("e")
        @classmethod
        def five(cls): ...

    from ninja_boost_queries.hints import needs_of

    names = ("one", "two", "three", "four", "five")
    assert [needs_of(Code, name) for name in names] == [("a",), ("b",), ("c",), ("d",), ("e",)]
    with pytest.raises(TypeError, match="no function or property"):
        needs("a")(3)


@pytest.mark.parametrize(
    ("schema", "hints", "said"),
    [
        (
            Resolved,
            {"buyer": "custmer"},
            "Order has no relation 'custmer'. Name 'customer', or take the hint away.",
        ),
        (
            Resolved,
            {"buyer": ["customer", "customer__company__contry"]},
            "needs 'customer__company__contry', but Company has no relation 'contry'.",
        ),
        (
            Resolved,
            {"buyer": "customer__name__upper"},
            "Person has no relation 'name'. Name 'name', or take the hint away.",
        ),
        (
            Resolved,
            {"byer": "customer"},
            "Resolved has no field 'byer' that a hint could be for. Name 'buyer', or take",
        ),
        (
            Resolved,
            {"xyz": "customer"},
            "Name one of buyer, number, or take the hint away.",
        ),
    ],
)
def test_a_hint_that_names_nothing_is_an_error(schema, hints, said):
    with pytest.raises(ImproperlyConfigured) as raised:
        plan_queryset(Order.objects.all(), schema, Queries(hints=hints))
    assert said in str(raised.value)


def test_a_resolver_that_names_nothing_is_an_error():
    class Out(Schema):
        name: str

        @staticmethod
        @needs("onwer")
        def resolve_name(label): ...

    with pytest.raises(ImproperlyConfigured, match=r"Out.resolve_name needs 'onwer', but"):
        plan_queryset(Label.objects.all(), Out)


class LabelOut(ModelSchema):
    owner_name: str

    @staticmethod
    def resolve_owner_name(label):
        return label.owner.name

    class Meta:
        model = Label
        fields = ("name",)


def labels(request):
    return Label.objects.all()


@pytest.mark.parametrize(
    "register",
    [
        lambda router: router.get(
            "/labels", response=list[LabelOut], queries=Queries(hints={"owner_name": "ownr"})
        )(labels),
        lambda router: router.get("/labels", response=list[LabelOut])(
            plan_queries(hints={"owner_name": "ownr"})(labels)
        ),
        lambda router: router.get("/labels", response=list[Resolved])(
            plan_queries(hints={"buyer": "ownr"}, model=Label)(labels)
        ),
        lambda router: router.get("/labels", response=str)(
            plan_queries(hints={"owner_name": "owner"})(labels)
        ),
    ],
)
def test_wrong_hints_are_errors_when_the_operation_is_compiled(register):
    api, router = AutoAPI(), AutoRouter()
    register(router)
    api.add_router("", router)
    [(_, mounted), *_] = [each for each in api._routers if each[1] is router] or [(None, router)]
    [operation] = next(iter(mounted.path_operations.values())).operations
    operation.api = api
    with pytest.raises(ImproperlyConfigured, match=r"Name 'owner'|has no schema"):
        operation.plan()


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_is_positive(depth):
    with pytest.raises(ImproperlyConfigured, match="give a positive number"):
        Queries(depth=depth)


def test_a_field_with_several_sources_is_left_alone():
    class Out(Schema):
        labels: list[int] = Field([], validation_alias=AliasChoices("nothing", "neither"))
        number: int

    fill()
    for only in (False, True):
        queries = Queries(only=only)
        naive, planned = both(Order.objects.order_by("id").all, list[Out], queries=queries)
        assert planned.queries == naive.queries


def test_a_validator_that_gets_the_object_may_read_anything_of_it():
    class Out(Schema):
        number: int

        @model_validator(mode="before")
        @classmethod
        def _of_the_object(cls, order):
            return {"number": order.number + len(order._obj.note)}

    fill()
    _, planned = both(Order.objects.order_by("id").all, list[Out], queries=Queries(only=True))
    assert len(planned.queries) == 1
    assert '"tests_order"."note"' in planned.queries[0]


def test_a_nested_schema_and_hints_are_one_plan():
    class Out(Schema):
        customer: PersonOut
        mentor: str | None

        @staticmethod
        def resolve_mentor(order):
            return order.customer.mentor and order.customer.mentor.name

    fill()
    queries = Queries(hints={"mentor": "customer__mentor"})
    _, planned = both(Order.objects.order_by("id").all, list[Out], queries=queries)
    assert len(planned.queries) == 1
