"""Each assertion passes, and fails with a message that helps."""

import pytest
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse

from ninja_boost_testing import (
    aassert_queries_constant,
    assert_problem,
    assert_queries_constant,
    assert_rate_limited,
)

from .api import grow

pytestmark = pytest.mark.urls("tests.api")


def problem(status=409, **body):
    content = {"type": "about:blank", "status": status, "detail": "Taken.", "code": "taken"} | body
    return JsonResponse(content, status=status, content_type="application/problem+json")


def envelope(status=409, **body):
    content = {"ok": False, "error": "Taken.", "code": status} | body
    return JsonResponse(content, status=status)


def test_an_envelope(boost_client):
    body = assert_problem(boost_client.get("/auto/fail"), 409, text="taken", code=409)
    assert body == {"ok": False, "error": "It is taken.", "code": 409}


def test_problem_details(boost_client, settings):
    settings.NINJA_BOOST = {"ERRORS": "problem"}
    body = assert_problem(boost_client.get("/auto/fail"), 409, code="taken", text="is taken")
    assert body["title"] == "Conflict"


async def test_async_responses(async_boost_client):
    assert_problem(await async_boost_client.get("/auto/fail"), 409)


@pytest.mark.parametrize(
    ("response", "options", "message"),
    [
        (envelope(404), {}, r"The status is 404, not 409\.\napplication/json: .*Taken"),
        (envelope(code=400), {}, "envelope says 400, but the status is 409"),
        (envelope(ok=True), {}, "neither an error envelope nor problem details"),
        (envelope(), {"code": "taken"}, r'are in problem details alone: NINJA_BOOST\["ERRORS"\]'),
        (envelope(), {"code": 404}, "The code is 409, not 404"),
        (envelope(), {"text": "gone"}, "does not contain 'gone'"),
        (problem(status=409, code="other"), {"code": "taken"}, "The code is 'other', not 'taken'"),
        (JsonResponse({"status": 409, "detail": ""}, status=409), {}, "neither"),
        (JsonResponse({"detail": "Ninja's own"}, status=409), {}, "neither"),
        (HttpResponse("<h1>", status=409), {}, "no JSON.\ntext/html: <h1>"),
        (JsonResponse([1], status=409, safe=False), {}, "no JSON object"),
        (StreamingHttpResponse([b""], status=409), {}, "a stream"),
    ],
)
def test_what_is_no_such_problem(response, options, message):
    with pytest.raises(AssertionError, match=message):
        assert_problem(response, 409, **options)


def test_a_body_that_contradicts_its_status():
    wrong = problem(409)
    wrong.status_code = 410
    with pytest.raises(AssertionError, match="problem details says 409, but the status is 410"):
        assert_problem(wrong, 410)


def test_rate_limited():
    response = HttpResponse(status=429, headers={"Retry-After": "7"})
    assert assert_rate_limited(response) == 7


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (200, {}, "is 200, not 429; no headers about a limit, so the operation may have none"),
        (200, {"RateLimit": '"d";r=2'}, "is 200, not 429; .*RateLimit.*r=2"),
        (429, {}, "has no Retry-After"),
        (429, {"Retry-After": "0"}, "no positive number"),
        (429, {"Retry-After": "soon"}, "no positive number"),
    ],
)
def test_what_is_not_rate_limited(status, headers, message):
    with pytest.raises(AssertionError, match=message):
        assert_rate_limited(HttpResponse(status=status, headers=headers))


@pytest.mark.django_db
class TestQueries:
    def test_constant(self, boost_client):
        count = assert_queries_constant(lambda: boost_client.get("/auto/members"), grow=grow)
        assert count == 2

    def test_n_plus_one(self, boost_client):
        with pytest.raises(AssertionError) as caught:
            assert_queries_constant(
                lambda: boost_client.get("/auto/slow-members"), grow=grow, sizes=(2, 6)
            )
        message = str(caught.value)
        assert message.startswith("3 queries for 2 rows, 7 for 6 rows.")
        assert "\n  2 → 6  SELECT" in message
        assert "auth_user_groups" in message

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("/auto/constant", "made no query, so it measures nothing"),
            ("/auto/fail", "answered 409, so it measures nothing"),
            ("/auto/count", "The answer with 5 rows is the one with fewer"),
        ],
    )
    def test_what_measures_nothing(self, boost_client, url, message):
        with pytest.raises(AssertionError, match=message):
            assert_queries_constant(lambda: boost_client.get(url), grow=grow)

    def test_what_the_call_raises(self):
        def call():
            raise LookupError("broken")

        with pytest.raises(LookupError):
            assert_queries_constant(call, grow=grow)

    def test_async_in_sync_code(self, async_boost_client):
        with pytest.raises(TypeError, match="await aassert_queries_constant"):
            assert_queries_constant(lambda: async_boost_client.get("/auto/members"), grow=grow)

    @pytest.mark.parametrize("sizes", [(1,), (0, 5), (5, 1), (3, 3)])
    def test_sizes(self, sizes):
        with pytest.raises(ValueError, match="ascending"):
            assert_queries_constant(list, grow=grow, sizes=sizes)


@pytest.mark.django_db(transaction=True)
class TestAsyncQueries:
    @pytest.mark.parametrize("url", ["/auto/amembers", "/auto/members"])
    async def test_constant(self, async_boost_client, url):
        assert await aassert_queries_constant(lambda: async_boost_client.get(url), grow=grow) == 2

    async def test_n_plus_one(self, async_boost_client):
        with pytest.raises(AssertionError, match=r"2 queries for 1 row, 6 for 5 rows"):
            await aassert_queries_constant(
                lambda: async_boost_client.get("/auto/amembers?slow=true"), grow=grow
            )
