"""What bad input gets, and what errors look like."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpResponse
from django.test import Client, override_settings
from ninja import File, Form, NinjaAPI, Router, Schema, UploadedFile
from ninja.errors import HttpError
from ninja.security import HttpBasicAuth
from pydantic import Field, field_validator

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, register_exception_handlers
from ninja_boost_core.unmatched import answer_unknown_route

from .support import DEMO, Status, serving

pytestmark = pytest.mark.django_db


class Payment(Schema):
    amount: int = Field(gt=0)
    currency: str = Field(min_length=3, max_length=3)
    lines: list[dict[str, int]] = Field(default=[])

    @field_validator("currency")
    @classmethod
    def known(cls, value):
        if value == "XXX":
            raise ValueError("no such currency")
        return value


def payments_api() -> AutoAPI:
    router = AutoRouter()

    @router.post("/payments", response={201: Payment})
    def pay(request, ctx, payload: Payment):
        return Status(201, payload)

    @router.post("/form")
    def form(request, ctx, amount: Form[int], receipt: File[UploadedFile] = None):
        return {"amount": amount}

    @router.get("/model")
    def model(request, ctx):
        raise ValidationError({"amount": ["Too much."]})

    @router.get("/plain")
    def plain(request, ctx):
        raise ValidationError("Wrong all over.")

    @router.get("/bad")
    def bad(request, ctx):
        raise BadRequest("secret")

    api = AutoAPI()
    api.add_router("", router)
    return api


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"\xff\xfe\x00", 400),
        (b'{"amount": "x", "currency": "EUR"}', 422),
        (b'{"amount": -1, "currency": "EUR"}', 422),
        (b'{"amount": 1, "currency": "XXX"}', 422),
        (b'{"amount": 1e999, "currency": "EUR"}', 422),
        (b'{"amount": NaN, "currency": "EUR"}', 422),
        (b'{"amount": 1, "currency": "\\ud800ab"}', 422),
        (b'{"amount": 1, "currency": "EUR", "lines": [{"a": "b"}]}', 422),
        (b"[" * 100_000, 400),
        (b'{"amount": ' + b"9" * 5000 + b', "currency": "EUR"}', 400),
        (b'{"amount": 5, "currency": "EUR"}', 201),
    ],
)
def test_bodies(body, status):
    with serving(api=payments_api()), override_settings(DEBUG=True):
        answer = Client().post("/api/payments", body, content_type="application/json", headers=DEMO)
    assert answer.status_code == status, answer.content
    parsed = json.loads(answer.content)
    assert parsed["ok"] is (status < 400)
    if status == 422:
        assert parsed["error"] == "Validation failed."
        assert all({"type", "loc", "msg"} <= item.keys() for item in parsed["details"])
        assert all(item["loc"][0] == "body" for item in parsed["details"])


def test_forms_and_limits():
    with serving(api=payments_api()), override_settings(DEBUG=True):
        client = Client()
        assert client.post("/api/form", {"amount": "3"}, headers=DEMO).status_code == 200
        assert client.post("/api/form", {"amount": "x"}, headers=DEMO).status_code == 422
        broken = client.post(
            "/api/form", b"--x", content_type="multipart/form-data; boundary=", headers=DEMO
        )
        assert (broken.status_code, broken.json()["ok"]) == (400, False)
        with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
            large = client.post(
                "/api/payments",
                b'{"amount": 5, "currency": "EUR"}',
                content_type="application/json",
                headers=DEMO,
            )
        assert (large.status_code, large.json()["code"]) == (413, 413)


def test_djangos_own_errors():
    with serving(api=payments_api()), override_settings(DEBUG=True):
        client = Client()
        model = client.get("/api/model", headers=DEMO)
        assert model.status_code == 422
        assert model.json()["details"] == [
            {"type": "value_error", "loc": ["body", "amount"], "msg": "Too much."}
        ]
        assert (
            client.get("/api/plain", headers=DEMO).json()["details"][0]["msg"] == "Wrong all over."
        )
        bad = client.get("/api/bad", headers=DEMO)
        assert bad.status_code == 400
        assert b"secret" not in bad.content


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "bearer wrong",
        "Basic ZGVtbzpkZW1v",
        "Bearer demo demo",
        "Bearer \x00",
        "Bearer dém\xf6",
        "demo",
        "Bearer " + "x" * 8000,
    ],
)
def test_garbage_credentials(header):
    with serving(api=payments_api()), override_settings(DEBUG=True):
        answer = Client().get("/api/model", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert ("invalid_token" in answer["WWW-Authenticate"]) is header.lower().startswith("bearer")
    assert answer.json()["ok"] is False


def test_the_challenge_names_the_scheme_of_the_operation():
    class Basic(HttpBasicAuth):
        def authenticate(self, request, username, password):
            return None

    router = AutoRouter()

    @router.get("/basic", auth=Basic())
    def basic(request, ctx):
        return {}

    @router.post("/login", auth=None)
    def login(request, ctx):
        raise HttpError(401, "Invalid credentials.")

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        answer = Client().get("/api/basic")
        assert answer["WWW-Authenticate"] == 'Basic realm="api", charset="UTF-8"'
        answer = Client().post("/api/login")
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
        assert answer.json() == {"ok": False, "error": "Invalid credentials.", "code": 401}


def test_problem_details():
    with (
        serving(api=payments_api()),
        override_settings(DEBUG=True, NINJA_BOOST={"ERRORS": "problem"}),
    ):
        answer = Client().post(
            "/api/payments",
            b'{"amount": -1, "currency": "EUR", "lines": [{"a/b": "x"}]}',
            content_type="application/json",
            headers=DEMO,
        )
        document = Client().get("/api/openapi.json").json()
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": answer.json()["title"],
        "status": 422,
        "detail": "Validation failed.",
        "instance": "/api/payments",
        "code": "validation_failed",
        "errors": [
            {
                "detail": "Input should be greater than 0",
                "code": "greater_than",
                "pointer": "/amount",
            },
            {
                "detail": answer.json()["errors"][1]["detail"],
                "code": "int_parsing",
                "pointer": "/lines/0/a~1b",
            },
        ],
    }
    responses = document["paths"]["/api/payments"]["post"]["responses"]
    assert "application/problem+json" in responses["422"]["content"]


def test_an_error_that_a_view_returns():
    router = AutoRouter(auth=None)

    class Missing(Schema):
        detail: str
        tried: int = 0

    @router.get("/schema", response={200: dict, 404: Missing})
    def schema(request, ctx):
        return Status(404, {"detail": "No such flight.", "tried": 3})

    @router.get("/text", response={200: dict, 409: str})
    def text(request, ctx):
        return Status(409, "Already booked.")

    @router.get("/unauthorised", response={200: dict, 401: str, 503: str})
    def unauthorised(request, ctx, status: int = 401):
        return Status(status, "Not you.")

    @router.get("/response")
    def response(request, ctx):
        return HttpResponse(b"my own", status=418)

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        client = Client()
        assert client.get("/api/schema").json() == {
            "ok": False,
            "error": "No such flight.",
            "code": 404,
            "details": {"detail": "No such flight.", "tried": 3},
        }
        assert client.get("/api/text").json() == {
            "ok": False,
            "error": "Already booked.",
            "code": 409,
        }
        assert client.get("/api/response").content == b"my own"
        assert client.get("/api/unauthorised")["WWW-Authenticate"] == 'Bearer realm="api"'
        assert client.get("/api/unauthorised?status=503")["Retry-After"] == "1"


def test_handlers_serve_a_plain_api_and_respect_the_projects_own():
    router = Router()

    @router.get("/missing")
    def missing(request):
        raise HttpError(404, "Gone.")

    @router.get("/own")
    def own(request):
        raise LookupError("mine")

    @router.get("/api-error")
    def api_error(request):
        raise ApiError(409, "Taken.", details={"by": 3}, headers={"X-Taken": "3"})

    api = NinjaAPI(urls_namespace="plain-handlers")
    api.add_router("", router)
    api.add_exception_handler(
        LookupError, lambda request, exc: api.create_response(request, {"own": True}, status=410)
    )
    register_exception_handlers(api)
    register_exception_handlers(api)
    with serving(api=api):
        client = Client()
        assert client.get("/api/missing").json() == {"ok": False, "error": "Gone.", "code": 404}
        assert client.get("/api/own").json() == {"own": True}
        taken = client.get("/api/api-error")
        assert taken["X-Taken"] == "3"
        assert taken.json() == {"ok": False, "error": "Taken.", "code": 409, "details": {"by": 3}}


def test_a_plain_api_sends_the_headers_of_an_error():
    router = AutoRouter(auth=None)

    @router.get("/busy")
    def busy(request, ctx):
        raise ApiError(429, "Slow down.", headers={"Retry-After": "7"})

    api = NinjaAPI(urls_namespace="plain-headers")
    api.add_router("", router)
    with serving(api=api):
        answer = Client().get("/api/busy")
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")
    assert answer.json() == {"detail": "Slow down."}


def test_a_model_without_a_schema_is_sent_as_its_key_alone(caplog, django_user_model):
    user = django_user_model.objects.create(username="ada", password="secret-hash")
    api = AutoAPI(auth=None)

    @api.get("/user")
    def view(request):
        return {"user": user}

    @api.get("/set")
    def unserialisable(request):
        return {"set": object()}

    with serving(api=api):
        answer = Client().get("/api/user")
        with pytest.raises(TypeError, match="not JSON serializable"):
            Client().get("/api/set")
    assert answer.json() == {"ok": True, "data": {"user": {"id": user.pk}}}
    assert "Declare response=" in caplog.text
    assert "secret-hash" not in caplog.text


def test_a_projects_handler_stays_on_an_auto_api():
    api = AutoAPI()

    @api.exception_handler(HttpError)
    def mine(request, exc):
        return api.create_response(request, {"message": "mine"}, status=exc.status_code)

    register_exception_handlers(api)

    @api.get("/x", auth=None)
    def view(request):
        raise HttpError(418, "Teapot.")

    with serving(api=api):
        assert Client().get("/api/x").json() == {
            "ok": False,
            "error": "mine",
            "code": 418,
            "details": {"message": "mine"},
        }


class UnknownRoutes:
    """What any middleware of ours does with unknown routes."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return answer_unknown_route(request, self.get_response(request))


@pytest.mark.parametrize("common", [True, False])
@pytest.mark.parametrize("debug", [True, False])
def test_unknown_routes(debug, common):
    api = AutoAPI()
    deeper = AutoAPI(urls_namespace="deeper")

    @api.get("/with-slash/", auth=None)
    def view(request):
        return {}

    @deeper.get("/x", auth=None)
    def x(request):
        return {}

    middleware = [
        "tests.test_errors.UnknownRoutes",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
    if common:
        middleware.append("django.middleware.common.CommonMiddleware")
    from django.urls import path

    with (
        serving(path("api/v2/", deeper.urls), api=api),
        override_settings(MIDDLEWARE=middleware, DEBUG=debug),
    ):
        client = Client()
        answer = client.get("/api/unknown")
        assert (answer.status_code, answer.json()["error"]) == (404, "Not found.")
        assert client.get("/api/v2/x").status_code == 200
        elsewhere = client.get("/elsewhere")
        assert elsewhere["Content-Type"].startswith("text/html")
        assert answer["X-Frame-Options"] == "DENY"
        assert ("Content-Length" in answer) is common
        if common:
            assert int(answer["Content-Length"]) == len(answer.content)
        redirected = client.get("/api/with-slash")
        assert redirected.status_code == (301 if common else 404)


class Refusing:
    """A middleware that hides a route."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path == "/api/hidden":
            return HttpResponse(b"hidden", status=404, headers={"X-Why": "mine"})
        return self.get_response(request)


def test_a_404_that_another_middleware_gave_stays():
    api = AutoAPI()

    @api.get("/hidden", auth=None)
    def view(request):
        return {}

    middleware = ["tests.test_errors.UnknownRoutes", "tests.test_errors.Refusing"]
    with serving(api=api), override_settings(MIDDLEWARE=middleware):
        answer = Client().get("/api/hidden")
        assert (answer.content, answer["X-Why"]) == (b"hidden", "mine")


def test_the_demo_auth_never_logs_what_was_sent(caplog):
    with serving(api=payments_api()), override_settings(DEBUG=True), caplog.at_level("DEBUG"):
        answer = Client().get("/api/model", headers={"Authorization": "Basic c2VjcmV0"})
    assert answer.status_code == 401
    assert "c2VjcmV0" not in caplog.text


def test_handler404():
    from ninja_boost_core import unmatched

    api = AutoAPI()
    with serving(api=api) as urls, override_settings(DEBUG=False):
        urls.handler404 = unmatched.handler404
        assert Client().get("/api/unknown").json()["code"] == 404
        assert Client().get("/elsewhere")["Content-Type"].startswith("text/html")


def test_trace_id_in_errors():
    class Traced:
        def __init__(self, get_response):
            self.get_response = get_response

        def __call__(self, request):
            request.trace_id = "abc"
            return self.get_response(request)

    import sys

    sys.modules[__name__].Traced = Traced
    with serving(api=payments_api()), override_settings(MIDDLEWARE=["tests.test_errors.Traced"]):
        assert Client().get("/api/model").json()["trace_id"] == "abc"
