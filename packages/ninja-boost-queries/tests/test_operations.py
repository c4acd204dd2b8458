"""Every way in which plans come into an operation."""

from functools import partial

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from ninja import NinjaAPI, Router, Schema, responses

from ninja_boost_core import AutoAPI, AutoRouter, Hook, attach
from ninja_boost_core import Order as Place
from ninja_boost_core.inventory import routes
from ninja_boost_queries import Queries, plan_queries

from .models import Order, Person
from .models import Place as Location
from .support import api_with, ask, ask_async, both, fill, served
from .test_relations import LabelOut, OrderOut, PersonOut, ProfileOut

pytestmark = pytest.mark.django_db


def people(request):
    return Person.objects.order_by("id")


class People(Schema):
    items: list[PersonOut]
    total: int


def test_it_is_off_unless_it_is_asked_for():
    fill()
    assert len(ask(people, list[PersonOut], queries=None).queries) == 7
    assert len(ask(people, list[PersonOut], queries=False).queries) == 7
    assert len(ask(people, list[PersonOut], queries=True).queries) == 1


def test_a_router_gives_a_default():
    fill()
    api, router = AutoAPI(), AutoRouter(queries=True)
    router.get("/planned", response=list[PersonOut])(people)
    router.get("/own", response=list[PersonOut], queries=Queries(only=True))(people)
    router.get("/off", response=list[PersonOut], queries=False)(people)
    router.get("/other")(lambda request: "text")
    api.add_router("", router)
    with served(api):
        counts = {}
        for name in ("planned", "own", "off"):
            with CaptureQueriesContext(connection) as captured:
                assert Client().get(f"/api/{name}").status_code == 200
            counts[name] = len(captured), "email" in captured[0]["sql"]
        assert counts == {"planned": (1, True), "own": (1, False), "off": (7, True)}
        told = {route.path: route.hooks for route in routes()}
    assert told["/api/planned"] == ("queries: of PersonOut",)
    assert told["/api/off"] == told["/api/other"] == ()


def test_the_inventory_tells_the_plan_where_the_model_is_known():
    api = api_with(people, list[PersonOut], queries=Queries(model=Person))
    with served(api):
        [route] = routes()
    assert route.hooks == ("queries: of PersonOut with company, company.country",)


@pytest.mark.parametrize("queries", [True, Queries(), Queries(depth=2)])
def test_a_decorator_does_it_on_any_router(queries):
    fill()
    assert len(ask(people, list[PersonOut], plain=True, queries=queries).queries) == 1


def test_a_decorated_view_is_planned_once():
    fill()
    view = plan_queries(depth=1)(people)
    assert len(ask(view, list[PersonOut], queries=True).queries) == 4


def test_a_decorated_view_can_be_called_directly(rf):
    fill()
    rows = plan_queries(people)(rf.get("/"))
    # It knows no schema, so it plans nothing.
    assert rows.query.select_related is False


def test_wrong_arguments_are_errors_at_once():
    with pytest.raises(TypeError, match=r"GET /rows: queries is 3; give True, False, or Queries"):
        api_with(people, list[PersonOut], queries=3)
    with pytest.raises(TypeError, match="or keywords, not both"):
        plan_queries(Queries(), only=True)


def test_async_views_are_planned_alike():
    fill()

    async def view(request):
        return Person.objects.order_by("id")

    expected = ask(people, list[PersonOut]).data
    assert ask_async(view, list[PersonOut]) == expected


@pytest.mark.filterwarnings("ignore:Returning tuple:DeprecationWarning")
def test_the_first_of_two_statuses_and_the_other():
    fill()

    def view(request):
        if "none" in request.GET:
            return 404, [{"bio": "none", "country": None}]
        return 200, Person.objects.order_by("id")

    response = {200: list[PersonOut], 404: list[ProfileOut]}
    api = api_with(view, response)
    with served(api), CaptureQueriesContext(connection) as captured:
        assert len(Client().get("/api/rows").json()["data"]) == 3
        assert Client().get("/api/rows?none=1").status_code == 404
    assert len(captured) == 1


@pytest.mark.skipif(not hasattr(responses, "Status"), reason="Ninja has Status from 1.6 on")
def test_a_status_object_is_seen_through():
    fill()
    status = getattr(responses, "Status", None)
    view = lambda request: status(200, Person.objects.order_by("id"))  # noqa: E731
    assert len(ask(view, {200: list[PersonOut], 202: list[LabelOut]}).queries) == 1


def test_what_is_no_queryset_passes():
    fill()
    view = lambda request: HttpResponse("as it is", status=202)  # noqa: E731
    with served(api_with(view, list[PersonOut])):
        assert Client().get("/api/rows").content == b"as it is"
    items = lambda request: {"items": Person.objects.order_by("id"), "total": 3}  # noqa: E731
    assert len(ask(items, People).queries) == 7


class Pages(Hook):
    """Stands for a pagination: it runs after the plan, and slices."""

    order = Place.PAGINATION
    keeps_items = True

    def after_view(self, call, result):
        return {"items": result[1:3], "total": result.count()}


@pytest.mark.parametrize("plain", [False, True])
def test_the_rows_of_a_page_are_planned(plain):
    fill(5)
    answer = ask(attach(Pages())(people), People, plain=plain)
    assert [item["name"] for item in answer.data["items"]] == ["person 1", "person 2"]
    count, page = answer.queries
    assert "COUNT" in count
    assert "JOIN" not in count
    assert "LIMIT 2 OFFSET 1" in page


def test_rows_that_core_reads_as_columns_stay_columns():
    class Customer(Schema):
        name: str

    class Out(Schema):
        number: int
        customer: Customer

    fill()
    for rows in (Order.objects.order_by("id"), Order.objects.order_by("id").only("note")):
        naive, planned = both(rows.all, list[Out])
        assert planned.queries == naive.queries
        assert len(planned.queries) == 1


def test_an_instance_is_left_alone_unless_it_is_asked_for():
    fill()
    order = lambda request: Order.objects.get(number=1)  # noqa: E731
    assert len(ask(order, OrderOut, queries=True).queries) == 17
    _, planned = both(
        partial(Order.objects.get, number=1), OrderOut, queries=Queries(instances=True)
    )
    # The order, labels with owners, lines with products, categories; customer, company, country.
    assert len(planned.queries) == 7


def test_hints_are_for_what_succeeds():
    class Missing(Schema):
        error: str

    class Out(Schema):
        owners: list[str]

        @staticmethod
        def resolve_owners(order):
            return [label.owner.name for label in order.labels.all()]

    fill()
    order = lambda request: Order.objects.get(number=1)  # noqa: E731
    queries = Queries(hints={"owners": "labels__owner"}, instances=True, model=Order)
    answer = ask(order, {200: Out, 404: Missing}, queries=queries)
    assert answer.data == {"owners": ["person 1"]}
    assert len(answer.queries) == 2


def test_an_instance_gets_no_query_that_saves_none():
    fill()
    person = lambda request: Person.objects.get(name="person 1")  # noqa: E731
    naive = ask(person, PersonOut, queries=False)
    planned = ask(person, PersonOut, queries=Queries(instances=True))
    assert planned == naive


def test_relations_of_an_instance_lead_through_objects_to_lists():
    class Customer(Schema):
        orders: list[OrderOut]

    class Out(Schema):
        customer: Customer

    fill()
    order = partial(Order.objects.get, number=1)
    naive, planned = both(order, Out, queries=Queries(instances=True, only=True))
    assert len(planned.queries) < len(naive.queries)


def test_what_relations_of_an_instance_lead_back_to_is_fetched_once():
    class OrderOf(Schema):
        labels: list[LabelOut]

    class Owner(Schema):
        orders: list[OrderOf]

    class ProfileOf(Schema):
        person: Owner

    class Out(Schema):
        profile: ProfileOf
        orders: list[OrderOut]

    fill()
    person = partial(Person.objects.get, name="person 2")
    _, planned = both(person, Out, queries=Queries(instances=True))
    # The person, the profile; orders, labels, lines, categories; the company and the country.
    assert len(planned.queries) == 8


def test_what_is_read_only_on_the_way_back_to_an_instance():
    class Customer(Schema):
        friends: list[PersonOut]

    class OrderOf(Schema):
        customer: Customer

    class Out(Schema):
        orders: list[OrderOf]

    fill()
    person = partial(Person.objects.get, name="person 2")
    naive, planned = both(person, Out, queries=Queries(instances=True))
    # The person, orders, friends, companies, countries.
    assert len(planned.queries) == 5 < len(naive.queries)


def test_an_instance_and_its_child_have_the_same_owner():
    class Friendly(Schema):
        friends: list[PersonOut]

    class KitchenOut(Schema):
        owner: Friendly

    class Out(Schema):
        owner: PersonOut
        restaurant: KitchenOut

    fill(1)
    naive, planned = both(Location.objects.get, Out, queries=Queries(instances=True))
    assert len(planned.queries) <= len(naive.queries)


def test_nothing_of_an_instance_is_deferred_for_code_of_which_nothing_is_known():
    class Shouted(Schema):
        shouted: str

    class Label(Schema):
        owner: Shouted

    class Out(Schema):
        labels: list[Label]

    fill()
    order = lambda request: Order.objects.get(number=1)  # noqa: E731
    assert len(ask(order, Out, queries=Queries(instances=True, only=True)).queries) == 2


@pytest.mark.django_db(transaction=True)
async def test_an_instance_of_an_async_view():
    from asgiref.sync import sync_to_async

    class LineOnly(Schema):
        labels: list[LabelOut]

    await sync_to_async(fill)()

    async def view(request):
        return await Order.objects.aget(number=1)

    with served(api_with(view, LineOnly, queries=Queries(instances=True))):
        answer = await AsyncClient().get("/api/rows")
    assert answer.json()["data"]["labels"][0]["owner"]["company"]["country"] == {
        "name": "country 1"
    }


@pytest.mark.parametrize("make", [AutoAPI, NinjaAPI])
def test_a_router_may_be_mounted_below_another(make):
    fill()
    api, router, outer = make(), AutoRouter(queries=True, auth=None), Router()
    router.get("/rows", response=list[PersonOut])(people)
    outer.add_router("", router)
    api.add_router("", outer)
    with served(api), CaptureQueriesContext(connection) as captured:
        assert Client().get("/api/rows").status_code == 200
    assert len(captured) == 1
