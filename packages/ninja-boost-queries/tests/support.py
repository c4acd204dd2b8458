"""Asks operations that a test builds, through Django's whole request cycle."""

from __future__ import annotations

from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

from asgiref.sync import async_to_sync
from django.db import connections
from django.test import AsyncClient, Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import clear_url_caches, path
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_queries import plan_queries

from .models import (
    Category,
    Comment,
    Company,
    Country,
    Depot,
    Label,
    Line,
    Order,
    Person,
    Product,
    Profile,
    Restaurant,
    Seat,
)


class Answer(NamedTuple):
    data: Any
    queries: list[str]


@contextmanager
def served(api):
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = [path("api/", api.urls)]
    clear_url_caches()
    with override_settings(ROOT_URLCONF=urls):
        yield


def api_with(view, response, *, queries: Any = True, plain: bool = False) -> Any:
    """Return an API with the operation GET /rows, on a router of ours or of Ninja's."""
    if plain:
        api, router = NinjaAPI(), Router()
        view = plan_queries(view) if queries is True else plan_queries(queries)(view)
        router.get("/rows", response=response)(view)
    else:
        api, router = AutoAPI(), AutoRouter()
        router.get("/rows", response=response, queries=queries)(view)
    api.add_router("", router)
    return api


def ask(view, response, *, alias="default", **options: Any) -> Answer:
    """Return the answer of a view, and the statements that it took."""
    if not callable(view):
        rows = view
        view = lambda request: rows  # noqa: E731
    plain = options.get("plain", False)
    connections[alias].queries_log.clear()
    with (
        served(api_with(view, response, **options)),
        CaptureQueriesContext(connections[alias]) as captured,
    ):
        answer = Client().get("/api/rows")
        assert answer.status_code == 200, answer.content
    data = answer.json() if plain else answer.json()["data"]
    return Answer(data, [query["sql"] for query in captured.captured_queries])


def both(make, response, *, queries: Any = True, alias="default") -> tuple[Answer, Answer]:
    """Return the answer without a plan and the answer with it; ``make`` makes the rows anew."""
    naive = ask(lambda request: make(), response, queries=False, alias=alias)
    planned = ask(lambda request: make(), response, queries=queries, alias=alias)
    assert planned.data == naive.data
    assert len(planned.queries) <= len(naive.queries), (planned.queries, naive.queries)
    return naive, planned


def ask_async(view, response, **options: Any) -> Any:
    with served(api_with(view, response, **options)):
        answer = async_to_sync(AsyncClient().get)("/api/rows")
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def fill(count: int = 3, using: str = "default") -> None:
    """Make so many rows of everything, each with relations of its own."""
    shops = range(count)
    new = {"using": using}
    countries = [Country(code=f"C{n}", name=f"country {n}") for n in shops]
    Country.objects.using(using).bulk_create(countries)
    companies = [Company(name=f"company {n}", country=countries[n]) for n in shops]
    Company.objects.using(using).bulk_create(companies)
    people = []
    for n in shops:
        person = Person(name=f"person {n}", company=companies[n])
        person.mentor = people[-1] if people else None
        person.save(**new)
        people.append(person)
    for n, person in enumerate(people):
        person.friends.add(*people[:n])
        if n != 1:
            Profile(person=person, bio=f"bio {n}", country=countries[n]).save(**new)
    root = Category(name="root")
    root.save(**new)
    for n in shops:
        product = Product(code=f"P{n}", name=f"product {n}", maker=companies[n])
        product.save(**new)
        category = Category(name=f"category {n}", parent=root)
        category.save(**new)
        Category(name=f"subcategory {n}", parent=category).save(**new)
        product.categories.add(root, category)
        depot = Depot(name=f"depot {n}", country=countries[n])
        depot.save(**new)
        order = Order(number=n, note=f"note {n}", customer=people[n])
        order.save(**new)
        label = Label(name=f"label {n}", owner=people[n])
        label.save(**new)
        order.labels.add(label)
        for quantity in range(2):
            Line(order=order, product=product, depot=depot, quantity=quantity).save(**new)
        Line(order=order, product=product, hidden=True).save(**new)
        Seat(order=order, number=n, taken_by=people[n]).save(**new)
        Comment(text=f"of order {n}", author=people[n], target=order).save(**new)
        Comment(text=f"of person {n}", target=people[n]).save(**new)
        Restaurant(name=f"place {n}", owner=people[n], chef=people[n], stars=n).save(**new)
