"""Pages over HTTP: on an AutoRouter and on a plain one, sync and async."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Annotated, Any
from urllib.parse import quote

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client, RequestFactory, override_settings
from ninja import NinjaAPI, Query, Router, Schema
from ninja.pagination import paginate as ninja_paginate

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.conf import boost_settings
from ninja_boost_pagination import (
    CursorPagination,
    OffsetPagination,
    auto_paginate,
    cursor_paginate,
    paginate,
)

from .models import Country
from .urls import by_code_in, plain_cursor, plain_offset

NUMBERS = itertools.count()

COMMITTED = pytest.mark.django_db(transaction=True)
"""For async views, which read in another thread, and so only what is committed."""

NAMES = ["a", "b", "b", "c", "d"]


class Filters(Schema):
    size: int = 1


@pytest.fixture
def rows(db: None) -> None:
    Country.objects.bulk_create(
        Country(id=n, name=name, code=f"c{n}") for n, name in enumerate(NAMES, 1)
    )


@pytest.fixture
def get(client: Client) -> Any:
    return lambda path, **query: client.get(f"/api{path}", query)


def data(response: Any) -> Any:
    assert response.status_code == 200, response.content
    body = response.json()
    assert body["ok"] is True
    return body["data"]


def ids(page: Any) -> list[int]:
    return [item["id"] for item in page["items"]]


@pytest.mark.usefixtures("rows")
class TestOffset:
    def test_a_list_becomes_a_page(self, get: Any) -> None:
        page = data(get("/countries"))
        assert {**page, "items": ids(page)} == {
            "items": [1, 2, 3, 4, 5],
            "page": 1,
            "size": 20,
            "total": 5,
            "pages": 1,
        }
        assert page["items"][0] == {"id": 1, "name": "a", "code": "c1"}

    def test_page_and_size_are_the_clients(self, get: Any) -> None:
        page = data(get("/countries", page=2, size=2))
        assert (ids(page), page["page"], page["pages"]) == ([3, 4], 2, 3)

    def test_the_whole_list_is_paged_with_its_filters(self, get: Any) -> None:
        assert data(get("/countries", name="b", size=1))["total"] == 2

    @pytest.mark.parametrize("name", ["page", "size"])
    @pytest.mark.parametrize("value", ["0", "-1", "x", "", "1.5", "9" * 5000, "null", "\0"])
    @pytest.mark.parametrize("path", ["/countries", "/async-countries", "/undeclared/list"])
    def test_no_positive_integer_is_a_422(self, get: Any, path: str, name: str, value: str) -> None:
        response = get(path, **{name: value})
        assert response.status_code == 422
        body = response.json()
        assert body["ok"] is False
        assert body["details"][0]["loc"] == ["query", name]

    def test_an_absurd_page_is_a_422_and_a_high_one_is_empty(self, get: Any) -> None:
        assert get("/countries", page=10**30).status_code == 422
        page = data(get("/countries", page=2**31 - 1, size=10**30))
        assert (page["items"], page["size"], page["total"]) == ([], 100, 5)

    def test_a_size_over_the_maximum_is_capped(self, get: Any) -> None:
        assert data(get("/countries", size=101))["size"] == 100
        page = data(get("/small", size=10**30))
        assert (ids(page), page["size"]) == ([1, 2, 3], 3)
        assert data(get("/small"))["size"] == 2

    def test_without_a_count_total_and_pages_are_null(self, get: Any) -> None:
        page = data(get("/uncounted", size=2))
        assert (page["total"], page["pages"]) == (None, None)

    def test_links_keep_the_other_parameters(self, get: Any) -> None:
        response = get("/countries", page=2, size=2, name="b", more="ä>\r\nX: y")
        assert links(response) == {
            "first": "/api/countries?size=2&name=b&more=%C3%A4%3E%0D%0AX%3A+y&page=1",
            "prev": "/api/countries?size=2&name=b&more=%C3%A4%3E%0D%0AX%3A+y&page=1",
            "last": "/api/countries?size=2&name=b&more=%C3%A4%3E%0D%0AX%3A+y&page=1",
        }
        assert links(get("/countries", page=2, size=2)) == {
            "first": "/api/countries?size=2&page=1",
            "prev": "/api/countries?size=2&page=1",
            "next": "/api/countries?size=2&page=3",
            "last": "/api/countries?size=2&page=3",
        }
        assert links(get("/countries", page=9, size=2))["prev"].endswith("page=3")
        assert set(links(get("/uncounted", size=2))) == {"first", "next"}

    def test_an_endless_header_is_left_out(self, get: Any) -> None:
        response = get("/countries", more="x" * 3000)
        assert data(response)["total"] == 5
        assert "Link" not in response.headers

    @COMMITTED
    async def test_async_views_are_paged_too(self, async_client: AsyncClient) -> None:
        response = await async_client.get("/api/async-countries", {"page": 2, "size": 2})
        page = data(response)
        assert (ids(page), page["total"]) == ([3, 4], 5)
        assert set(links(response)) == {"first", "prev", "next", "last"}


@pytest.mark.usefixtures("rows")
class TestKinds:
    @pytest.mark.parametrize("kind", ["list", "tuple", "pair", "set", "range", "generator", "keys"])
    @pytest.mark.parametrize("prefix", ["/undeclared", "/async-undeclared"])
    @pytest.mark.filterwarnings("ignore:Returning tuple:DeprecationWarning")
    def test_a_list_of_any_kind_is_paged(self, get: Any, prefix: str, kind: str) -> None:
        page = data(get(f"{prefix}/{kind}", page=3))
        assert page["items"] == [40, 41, 42, 43, 44]
        assert (page["total"], page["pages"]) == (45, 3)

    def test_what_has_no_order_keeps_the_one_it_has(self, get: Any) -> None:
        assert sorted(map(str, data(get("/undeclared/mixed-set"))["items"])) == ["1", "a"]

    def test_two_numbers_are_two_items(self, get: Any) -> None:
        assert data(get("/undeclared/two"))["items"] == [7, 404]

    async def test_an_async_iterator_is_paged(self, async_client: AsyncClient) -> None:
        response = await async_client.get("/api/async-undeclared/async-iterator", {"page": 2})
        page = data(response)
        assert (page["items"], page["total"]) == (list(range(20, 40)), 45)

    @pytest.mark.parametrize(
        ("kind", "items"),
        [
            ("queryset", [{"id": n, "code": f"c{n}"} for n in range(1, 6)]),
            ("values", [f"c{n}" for n in range(1, 6)]),
            ("raw", [f"c{n}" for n in range(1, 6)]),
            ("sliced", [{"code": "c2"}, {"code": "c3"}]),
            ("empty", []),
        ],
    )
    def test_querysets_of_any_kind_are_paged(self, get: Any, kind: str, items: Any) -> None:
        page = data(get(f"/undeclared/{kind}"))
        assert (page["items"], page["total"], page["pages"]) == (items, len(items), 1)

    def test_a_manager_is_all_its_rows(self) -> None:
        view = paginate(size=2)(lambda request: Country.objects)
        page = view(RequestFactory().get("/"))
        assert ([row.id for row in page["items"]], page["total"]) == ([1, 2], 5)

    def test_an_async_iterator_needs_an_async_view(self) -> None:
        async def items() -> AsyncIterator[int]:
            yield 1

        view = paginate(lambda request: items())
        with pytest.raises(TypeError, match=r"sync view returned async_generator.*async"):
            view(RequestFactory().get("/"))

    async def test_an_async_iterator_is_read_no_further_than_needed(self) -> None:
        async def view(request: Any) -> AsyncIterator[int]:
            async def items() -> AsyncIterator[int]:
                for number in endless():
                    yield number

            return items()

        page = await paginate(count="none")(view)(RequestFactory().get("/", {"size": 2}))
        assert page["items"] == [0, 1]

    def test_an_evaluated_source_can_be_infinite_only_without_a_count(self) -> None:
        pagination = OffsetPagination(count="none")
        view = paginate(pagination)(lambda request: endless())
        assert view(RequestFactory().get("/", {"page": 3, "size": 2}))["items"] == [4, 5]

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("dict", {"a": 1}),
            ("text", "abc"),
            ("record", [1, 2, 3]),
            ("model", {"a": 1}),
            ("nothing", None),
            ("number", 5),
        ],
    )
    @pytest.mark.parametrize("prefix", ["/undeclared", "/async-undeclared"])
    def test_one_thing_is_never_paged(self, get: Any, prefix: str, kind: str, body: Any) -> None:
        # And its page parameters are nobody's.
        response = get(f"{prefix}/{kind}", page="x")
        assert data(response) == body
        assert "Link" not in response.headers


@pytest.mark.usefixtures("rows")
class TestWiring:
    def test_paginate_false_leaves_a_list_alone(self, get: Any) -> None:
        assert [item["id"] for item in data(get("/off"))] == [1, 2, 3, 4, 5]

    def test_a_declared_object_is_left_alone(self, get: Any) -> None:
        assert len(data(get("/own"))["countries"]) == 5

    def test_a_view_with_its_own_page_pages_itself(self, get: Any) -> None:
        assert data(get("/own-page", page=3)) == [0, 1, 2]

    def test_only_get_is_paged_by_itself(self, client: Client) -> None:
        assert len(data(client.post("/api/created"))) == 5
        assert data(client.post("/api/search?size=2"))["pages"] == 3

    def test_a_decorator_is_not_doubled(self, get: Any) -> None:
        page = data(get("/twice"))
        assert (ids(page), page["size"]) == ([1, 2], 2)

    @pytest.mark.filterwarnings("ignore:Returning tuple:DeprecationWarning")
    def test_statuses_are_kept(self, get: Any) -> None:
        assert ids(data(get("/statuses/200"))) == [1, 2, 3, 4, 5]
        response = get("/statuses/404")
        assert response.status_code == 404
        assert response.json()["details"] == ["nothing here"]
        assert "Link" not in response.headers

    def test_a_response_is_left_alone(self, get: Any) -> None:
        response = get("/early")
        assert (response.status_code, response.content) == (202, b"as it is")

    def test_a_declared_page_is_accepted(self, get: Any) -> None:
        assert data(get("/page"))["total"] == 5

    def test_plain_routers_are_paged_by_decorators(self, client: Client) -> None:
        page = client.get("/other/plain/offset", {"size": 2}).json()
        assert (ids(page), page["total"]) == ([1, 2], 5)
        page = client.get("/other/plain/cursor").json()
        assert ids(page) == [5, 4]
        page = client.get("/other/plain/cursor", {"cursor": page["next_cursor"]}).json()
        assert ids(page) == [3, 2]

    def test_a_decorated_view_can_be_called(self) -> None:
        request = RequestFactory().get("/", {"size": "2"})
        page = plain_offset(request)
        assert ([row.id for row in page["items"]], page["total"]) == ([1, 2], 5)
        first = plain_cursor(request)
        request = RequestFactory().get("/", {"size": "2", "cursor": first["next_cursor"]})
        assert [row.id for row in plain_cursor(request)["items"]] == [3, 2]
        assert by_code_in(request=RequestFactory().get("/"), area=1)["size"] == 2


@pytest.mark.usefixtures("rows")
class TestCursor:
    def test_a_walk_forward_and_back(self, get: Any) -> None:
        first = data(get("/by-code"))
        assert set(first) == {
            "items", "next_cursor", "prev_cursor", "size", "has_next", "has_prev",
        }  # fmt: skip
        assert (ids(first), first["has_next"], first["has_prev"]) == ([1, 2], True, False)
        assert (first["prev_cursor"], first["size"]) == (None, 2)
        second = data(get("/by-code", cursor=first["next_cursor"]))
        third = data(get("/by-code", cursor=second["next_cursor"]))
        assert (ids(second), ids(third)) == ([3, 4], [5])
        assert (third["has_next"], third["has_prev"], third["next_cursor"]) == (False, True, None)
        assert data(get("/by-code", cursor=third["prev_cursor"])) == second
        assert data(get("/by-code", cursor=second["prev_cursor"])) == first

    def test_the_size_may_change_on_the_way(self, get: Any) -> None:
        first = data(get("/by-code", size=1))
        assert ids(data(get("/by-code", size=4, cursor=first["next_cursor"]))) == [2, 3, 4, 5]

    def test_an_empty_cursor_is_none(self, get: Any) -> None:
        assert ids(data(get("/by-code", cursor=""))) == [1, 2]

    def test_links_lead_where_the_cursors_do(self, get: Any) -> None:
        first = data(get("/by-code", name="b", size=1))
        second = get("/by-code", name="b", size=1, cursor=first["next_cursor"])
        cursor = data(second)["prev_cursor"]
        assert links(second) == {
            "first": "/api/by-code?name=b&size=1",
            "prev": f"/api/by-code?name=b&size=1&cursor={quote(cursor)}",
        }

    @pytest.mark.parametrize(
        "cursor", ["x", "1", "0" * 40, "é", "\0", "1" + "A" * 100_000, "eyJpZCI6IDQyfQ", "null"]
    )
    @pytest.mark.parametrize("path", ["/by-code", "/busiest"])
    def test_garbage_is_a_400(self, get: Any, path: str, cursor: str) -> None:
        response = get(path, cursor=cursor)
        assert response.status_code == 400
        body = response.json()
        assert body["ok"] is False
        assert "cursor is not valid for this list" in body["error"]

    def test_a_cursor_is_bound_to_its_list(self, get: Any) -> None:
        cursor = data(get("/by-code", name="b", size=1))["next_cursor"]
        assert get("/by-code", name="b", cursor=cursor).status_code == 200
        for path, query in (
            ("/by-code", {"name": "c"}),
            ("/by-code", {}),
            ("/by-code", {"name": "b", "more": "1"}),
            ("/areas/1/by-code", {"name": "b"}),
            ("/busiest", {"name": "b"}),
        ):
            assert get(path, cursor=cursor, **query).status_code == 400
        cursor = data(get("/areas/1/by-code"))["next_cursor"]
        assert get("/areas/1/by-code", cursor=cursor).status_code == 200
        assert get("/areas/2/by-code", cursor=cursor).status_code == 400

    def test_a_forger_learns_nothing(self, get: Any) -> None:
        cursor = data(get("/by-code"))["next_cursor"]
        answers = {
            get("/by-code", cursor=forged).content
            for forged in ("x", cursor[:-1], cursor.swapcase(), "2" + cursor[1:])
        }
        assert len(answers) == 1

    @COMMITTED
    async def test_a_cursor_whose_row_is_gone_leads_on_in_async_views(
        self, async_client: AsyncClient
    ) -> None:
        first = data(await async_client.get("/api/busiest"))
        await Country.objects.filter(id=ids(first)[-1]).adelete()
        page = data(await async_client.get("/api/busiest", {"cursor": first["next_cursor"]}))
        assert (len(page["items"]), page["has_prev"]) == (2, True)

    def test_a_cursor_of_an_older_model_is_a_400(self, get: Any) -> None:
        # Signed for this list, but its values no longer fit the columns.
        from ninja_boost_pagination._token import Cursor, encode

        view = by_code_in
        pagination = CursorPagination("code", size=2)
        request = RequestFactory().get("/api/areas/1/by-code")
        identity = f"{view.__module__}.{view.__qualname__}"
        scope, _ = pagination.prepare(request, pagination.query_model()(), identity)
        for values, status in ((("c2",), 200), (("c2", 3), 400), ((None,), 400)):
            cursor = encode(Cursor(values), scope)
            assert get("/areas/1/by-code", cursor=cursor).status_code == status

    @COMMITTED
    async def test_async_views_are_walked_too(self, async_client: AsyncClient) -> None:
        seen: list[int] = []
        query: dict[str, str] = {}
        while True:
            page = data(await async_client.get("/api/busiest", query))
            seen += ids(page)
            if not page["has_next"]:
                break
            query = {"cursor": page["next_cursor"]}
        assert sorted(seen) == [1, 2, 3, 4, 5]
        page = data(await async_client.get("/api/busiest", {"cursor": page["prev_cursor"]}))
        assert len(page["items"]) == 2
        assert page["has_next"]

    def test_a_list_cannot_be_walked(self, client: Client) -> None:
        client.raise_request_exception = False
        assert client.get("/api/listed").status_code == 500
        view = cursor_paginate(lambda request: [1, 2])
        with pytest.raises(TypeError, match=r"need a queryset; the view returned list.*offset"):
            view(RequestFactory().get("/"))


class TestConfiguration:
    @pytest.mark.parametrize(
        "response",
        [
            list[int],
            list,
            set[int],
            frozenset,
            Sequence[int],
            tuple[int, ...],
            tuple,
            Annotated[list[int], "one"],
            {200: list[int]},
            {frozenset({200, 201}): list[int]},
        ],
    )
    def test_list_types(self, response: Any) -> None:
        router = AutoRouter()
        router.get("/x", response=response)(lambda request: [1])
        assert call(router, "/x")["items"] == [1]

    @pytest.mark.parametrize(
        ("response", "result"),
        [
            (tuple[int, str, int], (1, "a", 2)),
            (dict[str, int], {"a": 1}),
            (int, 1),
            (list[int] | None, [1]),
            ({200: int, 404: list[int]}, 1),
            (None, None),
        ],
    )
    def test_types_that_are_no_lists(self, response: Any, result: Any) -> None:
        router = AutoRouter(paginate=True)
        router.get("/x", response=response)(lambda request: result)
        expected = list(result) if isinstance(result, tuple) else result
        assert response is None or call(router, "/x") == expected

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"order": "down"}, "order is 'down'; give 'asc' or 'desc'"),
            ({"field": "id", "fields": ["id"]}, "either fields"),
            ({"order": "asc", "fields": ["id"]}, "either fields"),
            ({"fields": []}, "at least one field"),
            ({"fields": "name"}, "fields is a string"),
            ({"field": "na me"}, "cannot order by 'na me'"),
            ({"size": 0}, "CursorPagination: size is 0"),
            ({"field": "nme", "model": Country}, "Country has no field 'nme'"),
        ],
    )
    def test_wrong_arguments_are_named(self, options: dict[str, Any], message: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=message):
            cursor_paginate(**options)

    def test_right_names_pass(self) -> None:
        assert CursorPagination("name", "desc", model=Country).keys[0].descending
        assert CursorPagination(fields=["pk"], model=Country)

    def test_paginate_takes_one_of_two(self) -> None:
        with pytest.raises(TypeError, match="not both"):
            paginate(OffsetPagination(), size=3)  # type: ignore[call-overload]

    @pytest.mark.parametrize("option", ["yes", 20, OffsetPagination, None.__class__])
    def test_an_option_that_is_none_is_refused(self, option: Any) -> None:
        with pytest.raises(TypeError, match=r"GET /x: paginate is .*give True, False, or"):
            AutoRouter().get("/x", paginate=option)(lambda request: [])

    def test_two_owners_of_a_parameter_are_told(self) -> None:
        def view(request: Any, filters: Query[Filters]) -> Any:
            return []

        with pytest.raises(ImproperlyConfigured, match="both have a parameter 'size'"):
            AutoRouter().get("/x", response=list[int])(view)
        AutoRouter().get("/x")(view)

    def test_a_decorated_object_is_told(self) -> None:
        api = NinjaAPI(urls_namespace="told")
        router = Router()

        @router.get("/x", response=int)
        @auto_paginate
        def view(request: Any) -> Any:
            return 1

        api.add_router("", router)
        _, operation = next(iter(operations_of(api)))
        with pytest.raises(ImproperlyConfigured, match=r"GET /x is paginated, but.*no list"):
            operation.plan()

    def test_ninjas_own_decorator_is_respected(self, client: Client) -> None:
        router = AutoRouter()

        @router.get("/x", response=list[int])
        @ninja_paginate
        def view(request: Any) -> Any:
            return [1, 2]

        assert call(router, "/x") == {"items": [1, 2], "count": 2}


class TestSettings:
    def test_sizes_are_the_settings(self, client: Client, rows: None) -> None:
        with boosted(PAGE_SIZE=2, MAX_PAGE_SIZE=3):
            page = data(client.get("/api/countries"))
            assert (page["size"], page["pages"]) == (2, 3)
            assert data(client.get("/api/countries?size=9"))["size"] == 3

    @pytest.mark.parametrize(
        ("setting", "key"),
        [
            ({"PAGE_SIZE": 0}, "PAGE_SIZE"),
            ({"PAGE_SIZE": 200}, "MAX_PAGE_SIZE"),
            ({"MAX_PAGE_SIZE": 10**9}, "MAX_PAGE_SIZE"),
            ({"PAGINATION": 3}, "PAGINATION"),
        ],
    )
    def test_wrong_ones_are_named(self, setting: dict[str, Any], key: str) -> None:
        with boosted(**setting):
            assert [problem.key for problem in boost_settings.find_problems()] == [key]

    @pytest.mark.parametrize("value", [OffsetPagination, "ninja_boost_pagination.Page"])
    def test_a_setting_that_is_no_decorator_is_told(self, value: Any) -> None:
        from ninja_boost_pagination._feature import feature

        assert list(feature.checks(deploy=False)) == []
        with boosted(PAGINATION=value):
            [message] = feature.checks(deploy=False)
        assert message.id == "ninja_boost_pagination.E001"
        assert "PAGINATION is" in message.msg

    @pytest.mark.parametrize(
        "value",
        [
            "ninja_boost.pagination.auto_paginate",
            "ninja_boost.async_support.async_paginate",
            OffsetPagination(),
            paginate(),
        ],
    )
    def test_ours_are_recognised(self, value: Any) -> None:
        with boosted(PAGINATION=value):
            router = AutoRouter()
            router.get("/x", response=list[int])(lambda request: [1])
            assert call(router, "/x")["pages"] == 1

    def test_cursors_can_be_the_default(self, rows: None) -> None:
        with boosted(PAGINATION=CursorPagination(size=2)):
            router = AutoRouter()
            router.get("/x")(lambda request: Country.objects.values("id"))
            page = call(router, "/x")
            assert page["items"] == [{"id": 1}, {"id": 2}]
            page = call(router, "/x", cursor=page["next_cursor"])
            assert page["items"] == [{"id": 3}, {"id": 4}]
            assert call(router, "/x", status=400, cursor="x")["ok"] is False

    @pytest.mark.parametrize("with_context", [True, False])
    @pytest.mark.parametrize("with_async", [True, False])
    def test_a_projects_own_decorator_is_applied_as_it_is(
        self, with_context: bool, with_async: bool
    ) -> None:
        def halve(view: Any) -> Any:
            if with_async:

                async def awaited(request: Any, ctx: Any, **values: Any) -> Any:
                    return [*await view(request, ctx, **values)][: int(ctx["user"] is None)]

                return awaited

            def wrapper(request: Any, ctx: Any, **values: Any) -> Any:
                return view(request, ctx, **values)[: int(ctx["user"] is None)]

            return wrapper

        def plain(request: Any, times: int) -> Any:
            return [1] * times

        def contextual(request: Any, ctx: Any, times: int) -> Any:
            return [1] * times

        async def plain_async(request: Any, times: int) -> Any:
            return [1] * times

        async def contextual_async(request: Any, ctx: Any, times: int) -> Any:
            return [1] * times

        views = {
            (False, False): plain,
            (False, True): plain_async,
            (True, False): contextual,
            (True, True): contextual_async,
        }
        with boosted(PAGINATION=halve):
            router = AutoRouter()
            router.get("/x", response=list[int])(views[with_context, with_async])
            router.get("/off", response=list[int], paginate=False)(lambda request: [1, 2])
            assert call(router, "/x", times="3") == [1]
            assert call(router, "/off") == [1, 2]


class TestDocument:
    @pytest.fixture
    def document(self, client: Client) -> Any:
        return client.get("/api/openapi.json").json()

    def operation(self, document: Any, path: str, method: str = "get") -> Any:
        return document["paths"][f"/api{path}"][method]

    def test_parameters_and_their_limits(self, document: Any) -> None:
        parameters = {
            item["name"]: item for item in self.operation(document, "/countries")["parameters"]
        }
        assert set(parameters) == {"page", "size", "name"}
        page, size = parameters["page"]["schema"], parameters["size"]["schema"]
        assert (page["minimum"], page["default"], page["maximum"]) == (1, 1, 2**31 - 1)
        assert (size["minimum"], size["default"]) == (1, 20)
        assert "More than 100 gives 100" in size["description"]
        assert not parameters["page"]["required"]

    def test_the_page_is_the_response(self, document: Any) -> None:
        operation = self.operation(document, "/countries")
        schema = resolve(document, operation["responses"]["200"])
        page = resolve(document, schema["properties"]["data"])
        assert set(page["properties"]) == {"items", "page", "size", "total", "pages"}
        assert set(page["required"]) == set(page["properties"])
        assert page["properties"]["items"]["items"]["$ref"].endswith("/CountryOut")
        assert "Link" in operation["responses"]["200"]["headers"]
        assert "422" in operation["responses"]
        assert "400" not in operation["responses"]

    def test_the_cursor_page_and_its_error(self, document: Any) -> None:
        operation = self.operation(document, "/by-code")
        page = resolve(
            document, resolve(document, operation["responses"]["200"])["properties"]["data"]
        )
        assert set(page["properties"]) == {
            "items", "next_cursor", "prev_cursor", "size", "has_next", "has_prev",
        }  # fmt: skip
        assert {item["name"] for item in operation["parameters"]} == {"cursor", "size", "name"}
        assert "cursor" in operation["responses"]["400"]["description"]

    def test_an_undeclared_list_has_its_parameters(self, document: Any) -> None:
        operation = self.operation(document, "/undeclared/{kind}")
        parameters = {item["name"]: item for item in operation["parameters"]}
        assert set(parameters) == {"kind", "page", "size"}
        assert parameters["page"]["description"].startswith("For a list: ")
        assert parameters["page"]["schema"]["minimum"] == 1
        assert "422" in operation["responses"]

    def test_what_is_not_paged_says_nothing(self, document: Any) -> None:
        for path in ("/off", "/own"):
            operation = self.operation(document, path)
            assert not operation.get("parameters")
            assert "Link" not in operation["responses"]["200"].get("headers", {})
        operation = self.operation(document, "/own-page")
        assert [item["name"] for item in operation["parameters"]] == ["page"]

    def test_an_error_list_stays_one(self, document: Any) -> None:
        operation = self.operation(document, "/statuses/{status}")
        assert "Page" not in str(operation["responses"]["404"])

    def test_a_plain_api_is_documented_too(self, client: Client) -> None:
        document = client.get("/other/openapi.json").json()
        operation = document["paths"]["/other/plain/cursor"]["get"]
        assert {item["name"] for item in operation["parameters"]} == {"cursor", "size"}
        page = resolve(document, operation["responses"]["200"])
        assert "next_cursor" in page["properties"]
        assert "Link" in operation["responses"]["200"]["headers"]
        assert "400" in operation["responses"]


def links(response: Any) -> dict[str, str]:
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers["Link"])
    return {relation: target for target, relation in found}


def resolve(document: Any, found: Any) -> Any:
    if "content" in found:
        found = found["content"]["application/json"]["schema"]
    while "$ref" in found:
        found = document["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    return found


def boosted(**settings: Any) -> Any:
    return override_settings(NINJA_BOOST={"AUTH": None, **settings})


def operations_of(api: NinjaAPI) -> Iterator[tuple[str, Any]]:
    _ = api.urls
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield path, operation


def endless() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def call(router: AutoRouter, path: str, status: int = 200, **query: str) -> Any:
    """Mount a router on an API of its own and get `path`."""
    from types import ModuleType

    from django.urls import path as url

    api = getattr(router, "_test_api", None)
    if api is None:
        api = AutoAPI(urls_namespace=f"call-{next(NUMBERS)}")
        api.add_router("", router)
        router._test_api = api  # type: ignore[attr-defined]
        router._test_urls = ModuleType("urls")  # type: ignore[attr-defined]
        router._test_urls.urlpatterns = [url("", api.urls)]  # type: ignore[attr-defined]
    with override_settings(ROOT_URLCONF=router._test_urls):  # type: ignore[attr-defined]
        response = Client().get(path, query)
    assert response.status_code == status, response.content
    body = response.json()
    return body["data"] if body["ok"] else body
