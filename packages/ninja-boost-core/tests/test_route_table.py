"""The route table resolves each path as Django does, and reverses as Django does."""

import re

import pytest
from django.test import Client
from django.urls import (
    NoReverseMatch,
    Resolver404,
    URLResolver,
    path,
    re_path,
    register_converter,
)
from django.urls.resolvers import RoutePattern
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st
from ninja import NinjaAPI

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.route_table import Routes, RouteTable

from .support import serving


class EvenConverter:
    """Holds a slash, and refuses some of what its expression takes."""

    regex = r"[0-9/]+"

    def to_python(self, value):
        if value.strip("/")[-1:] not in "02468":
            raise ValueError
        return value

    def to_url(self, value):
        return value


if "even" not in __import__("django.urls.converters", fromlist=["x"]).get_converters():
    register_converter(EvenConverter, "even")

SEGMENTS = [
    *("a", "b", "1", "22", "", "a-1"),
    *("<x>", "<int:x>", "<slug:x>", "<uuid:x>", "<path:x>", "<even:x>"),
    *("a-<int:x>", "<x>.json", "<int:x>-<y>"),
]
PARTS = ["a", "b", "1", "22", "23", "", "a-1", "a-x", "c.json", "1-2", "\n", "ü", "a/b"]
PARTS += ["11111111-1111-1111-1111-111111111111"]


def view(request, **values):
    return None


def named(segments):
    """Give each parameter of a route a name of its own."""
    route, number = "/".join(segments), 0
    while match := re.search(r"([<:])[xy]>", route):
        route = f"{route[: match.start()]}{match[1]}p{number}>{route[match.end() :]}"
        number += 1
    return route


routes_of = st.lists(
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map(named), max_size=12
)


def patterns(routes):
    result = [path(route, view, name=f"r{number}") for number, route in enumerate(routes)]
    if len(routes) % 3 == 2:
        result.insert(1, re_path(r"^b/(?P<r>[0-9]+)$", view, name="regular"))
    if len(routes) % 4 == 3:
        result.insert(2, path("a/", ([path("b", view, name="inner")], "x", "x")))
    if len(routes) % 5 == 4:
        result.insert(1, path(gettext_lazy("a"), view, name="lazy"))
    return result


def both(routes):
    made = patterns(routes)
    return (
        URLResolver(RoutePattern("", is_endpoint=False), made),
        URLResolver(RoutePattern("", is_endpoint=False), Routes(made)),
    )


def found(resolver, asked):
    try:
        match = resolver.resolve(asked)
    except Resolver404 as error:
        return len(error.args[0]["tried"])
    return (
        *(match.url_name, match.kwargs, match.args, match.route, match.captured_kwargs),
        *(match.extra_kwargs, match.app_names, match.namespaces),
    )


@settings(max_examples=400, derandomize=True, deadline=None)
@given(routes_of, st.lists(st.lists(st.sampled_from(PARTS), max_size=4).map("/".join)))
def test_paths_are_resolved_as_by_django(routes, asked):
    django, ours = both(routes)
    for each in (*asked, *(re.sub("<[^>]*>", "22", route) for route in routes)):
        expected, answer = found(django, each), found(ours, each)
        if not isinstance(expected, int):
            assert answer == expected
        else:
            assert isinstance(answer, int)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(routes_of)
def test_names_are_reversed_as_by_django(routes):
    def reversed_by(resolver, name, values):
        try:
            return resolver.reverse(name, **values)
        except NoReverseMatch:
            return None

    django, ours = both(routes)
    for number in range(len(routes)):
        for values in ({}, {"p0": "22"}, {"p0": 22, "p1": 2}):
            expected = reversed_by(django, f"r{number}", values)
            assert reversed_by(ours, f"r{number}", values) == expected


def test_few_routes_are_tried(monkeypatch):
    tried = []
    resolve = type(path("x", view)).resolve
    monkeypatch.setattr(
        "django.urls.resolvers.URLPattern.resolve",
        lambda self, asked: tried.append(self) or resolve(self, asked),
    )
    table = RouteTable([path(f"r{n}/<int:x>/b", view) for n in range(100)])
    assert table.resolve("r99/5/b").kwargs == {"x": 5}
    assert len(tried) == 1
    fixed = RouteTable([path(f"r{n}", view, name=f"r{n}") for n in range(100)])
    fixed.resolve("r1")
    tried.clear()
    assert fixed.resolve("r99").url_name == "r99"
    assert tried == []


def test_the_routes_of_an_api():
    api, router = AutoAPI(auth=None), AutoRouter()

    @router.get("/things/{int:number}")
    def thing(request, number: int):
        return number

    @router.get("/things/new")
    def new(request):
        return "new"

    @router.post("/things/new")
    def create(request):
        return "created"

    api.add_router("", router)
    assert isinstance(api.urls[0], Routes)
    # Who looks at the list finds the routes, as in Ninja's.
    assert [url.name for url in api.urls[0]] == [
        *(url.name for url in NinjaAPI(urls_namespace="x").urls[0][:-1]),
        *("thing", "new", "create", "api-root"),
    ]
    with serving(api=api):
        client = Client()
        assert client.get("/api/things/7").json()["data"] == 7
        assert client.get("/api/things/new").json()["data"] == "new"
        assert client.post("/api/things/new").json()["data"] == "created"
        assert client.get("/api/things/7/x").status_code == 404
        assert client.get("/api/things/7").resolver_match.route == "api/things/<int:number>"


@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_path_says_what_was_tried(settings, debug):
    settings.DEBUG = debug
    with serving(api=AutoAPI(auth=None)):
        response = Client().get("/api/nothing")
    assert response.status_code == 404
    assert (b"api-root" in response.content) == debug
