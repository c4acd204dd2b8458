"""What the records of operations say, on every kind of API."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from ninja import NinjaAPI, Router, Schema
from ninja.errors import HttpError

from ninja_boost_audit import AuditBackend, AuditError, AuditRouter, annotate, audit_log, statistics
from ninja_boost_core import ApiError, AutoAPI, AutoRouter, Hook, Order, attach

from .models import Order as OrderModel
from .support import (
    ALICE,
    Bearer,
    answer,
    audit_settings,
    details,
    last,
    records,
    serving,
    to_database,
)

pytestmark = pytest.mark.django_db


class Payload(Schema):
    total: int


class Memory(AuditBackend):
    """Keeps records, or fails."""

    blocking = False

    def __init__(self):
        self.records = []
        self.error = None
        self.check_error = None

    def write(self, record):
        if self.error is not None:
            raise self.error
        self.records.append(record)

    def check(self):
        if self.check_error is not None:
            raise self.check_error

    @property
    def last(self):
        return self.records[-1]


@pytest.fixture
def memory():
    backend = Memory()
    with audit_settings(BACKEND=backend):
        yield backend


def call(api, method, url, *, who=ALICE, body=None):
    """Ask with the sync client, or with the async one where the API is async."""
    with serving(api=api):
        return Client(raise_request_exception=False).generic(
            method, url, body or b"", content_type="application/json", headers=who or {}
        )


async def acall(api, method, url, *, who=ALICE, body=None):
    with serving(api=api):
        return await AsyncClient(raise_request_exception=False).generic(
            method, url, body or b"", content_type="application/json", headers=who or {}
        )


class Orders:
    """The same operation in four ways: on which API, sync or async."""

    def __init__(self, kind, *, is_async, **options):
        self.end = lambda request: {"done": True}
        plain = kind == "plain"
        self.api = NinjaAPI(auth=Bearer()) if plain else AutoAPI(auth=Bearer())
        router = Router() if plain else AutoRouter()
        options.setdefault("resource_id", lambda number, **kw: number)
        decorate = audit_log(action="order.update", resource="order", **options)

        if is_async:

            @router.put(
                "/orders/{int:number}", response={200: dict, 202: dict, 409: dict, 503: dict}
            )
            @decorate
            async def update_async(request, number: int, payload: Payload):
                await asyncio.sleep(0)
                return self.end(request)
        else:

            @router.put(
                "/orders/{int:number}", response={200: dict, 202: dict, 409: dict, 503: dict}
            )
            @decorate
            def update(request, number: int, payload: Payload):
                return self.end(request)

        self.api.add_router("", router)
        self.is_async = is_async

    async def ask(self, who=ALICE, body=b'{"total": 5}', url="/api/orders/7"):
        if self.is_async:
            return await acall(self.api, "PUT", url, who=who, body=body)
        return await asyncio.to_thread(call, self.api, "PUT", url, who=who, body=body)


@pytest.fixture(params=["auto-sync", "auto-async", "plain-sync", "plain-async"])
def orders(request, memory):
    kind, how = request.param.split("-")
    return Orders(kind, is_async=how == "async")


async def test_a_success(orders, memory):
    before = datetime.now(UTC)
    assert (await orders.ask()).status_code == 200
    (record,) = memory.records
    assert before <= record.timestamp <= datetime.now(UTC)
    fields = record.as_dict()
    assert fields.pop("timestamp").endswith("Z")
    assert fields == {
        "actor_id": "alice",
        "action": "order.update",
        "resource": "order",
        "resource_id": "7",
        "outcome": "success",
        "ip": "127.0.0.1",
        "trace_id": None,
        "status": 200,
        "details": {"route": "PUT /api/orders/{number}"},
    }


def raising(error):
    def end(request):
        raise error

    return end


ENDS = {
    "a status of its own": (lambda request: answer(202), "success", 202),
    "a returned refusal": (lambda request: answer(409), "failure", 409),
    "a returned failure": (lambda request: answer(503), "error", 503),
    "a response": (lambda request: HttpResponse(status=204), "success", 204),
    "forbidden": (raising(HttpError(403, "no")), "denied", 403),
    "unauthorized": (raising(HttpError(401, "no")), "denied", 401),
    "not found": (raising(HttpError(404, "no")), "failure", 404),
    "an ApiError": (raising(ApiError(429, "no")), "failure", 429),
    "a server error": (raising(HttpError(502, "no")), "error", 502),
    "Django's PermissionDenied": (raising(PermissionDenied()), "denied", 403),
}


@pytest.mark.parametrize("name", ENDS)
async def test_every_outcome(orders, memory, name):
    orders.end, outcome, status = ENDS[name]
    response = await orders.ask()
    assert response.status_code == status
    (record,) = memory.records
    assert (record.outcome, record.status, record.actor_id) == (outcome, status, "alice")
    assert record.resource_id == "7"


async def test_an_unhandled_error(orders, memory):
    orders.end = raising(RuntimeError("secret of the database"))
    assert (await orders.ask()).status_code == 500
    (record,) = memory.records
    assert (record.outcome, record.status, record.actor_id) == ("error", 500, "alice")
    assert record.details["error"] == "RuntimeError"
    assert "secret" not in str(record.as_dict())


@pytest.mark.parametrize("who", [None, {"Authorization": "Bearer nobody"}])
async def test_a_caller_whom_authentication_refuses(orders, memory, who):
    assert (await orders.ask(who=who)).status_code == 401
    (record,) = memory.records
    assert (record.outcome, record.status, record.actor_id) == ("denied", 401, None)
    assert (record.resource_id, record.ip) == ("7", "127.0.0.1")


async def test_arguments_that_are_invalid(orders, memory):
    assert (await orders.ask(body=b'{"total": "many"}')).status_code == 422
    (record,) = memory.records
    assert (record.outcome, record.status, record.actor_id) == ("failure", 422, "alice")
    assert record.resource_id == "7"


class Forbid(Hook):
    """A permission, as the packages have them."""

    order = Order.PERMISSION

    def after_auth(self, call):
        raise ApiError(403, "Not you.")


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_caller_whom_a_permission_refuses_is_named(memory, is_async):
    api, router = AutoAPI(auth=Bearer()), AutoRouter()

    def view(request, number: int):
        raise AssertionError

    async def aview(request, number: int):
        raise AssertionError

    # The order of decorators does not matter.
    decorated = attach(Forbid())(audit_log("order.delete")(aview if is_async else view))
    router.delete("/orders/{number}")(decorated)
    api.add_router("", router)
    if is_async:
        response = await acall(api, "DELETE", "/api/orders/7")
    else:
        response = await asyncio.to_thread(call, api, "DELETE", "/api/orders/7")
    assert response.status_code == 403
    (record,) = memory.records
    assert (record.outcome, record.status, record.actor_id) == ("denied", 403, "alice")


def test_a_stored_answer_is_told_from_an_operation_that_ran(memory):
    class Store(Hook):
        order = Order.CACHE

        def before_view(self, call):
            return HttpResponse("stored")

    api, router = AutoAPI(auth=Bearer()), AutoRouter()

    @router.get("/orders")
    @audit_log("order.list")
    @attach(Store())
    def view(request):
        raise AssertionError

    api.add_router("", router)
    assert call(api, "GET", "/api/orders").content == b"stored"
    assert (memory.last.outcome, memory.last.details["entered"]) == ("success", False)


def test_the_actor_is_who_it_was_before_the_view(memory):
    """A user that deletes itself has no key afterwards."""

    class Self:
        pk = 42
        is_anonymous = False

    api, router = AutoAPI(auth=lambda request: Self()), AutoRouter()

    @router.delete("/me")
    @audit_log("user.delete")
    def view(request, ctx):
        ctx["user"].pk = None

    api.add_router("", router)
    assert call(api, "DELETE", "/api/me").status_code == 200
    assert memory.last.actor_id == 42


@pytest.mark.parametrize(
    ("principal", "actor"),
    [
        ({"user_id": 7}, 7),
        ({"sub": "auth0|1"}, "auth0|1"),
        ({"id": 0}, 0),
        ("key-1", "key-1"),
        (True, None),
        ({"name": "x"}, None),
        ({"user_id": True}, None),
        ({"user_id": "a\0b\ud800"}, "a\\x00b\\ud800"),
    ],
)
def test_actors(memory, principal, actor):
    api = NinjaAPI(auth=lambda request: principal)

    @api.get("/x")
    @audit_log("x")
    def view(request):
        return {}

    call(api, "GET", "/api/x")
    assert memory.last.actor_id == actor


def test_behind_a_trusted_proxy_the_address_is_the_clients(memory):
    orders = Orders("auto", is_async=False)
    settings = {"AUDIT": {"BACKEND": memory}, "TRUSTED_PROXIES": ["127.0.0.1"]}
    with override_settings(NINJA_BOOST=settings):
        call(orders.api, "PUT", "/api/orders/7", who={**ALICE, "X-Forwarded-For": "203.0.113.9"})
    assert memory.last.ip == "203.0.113.9"


class TestAuditRouter:
    def router(self):
        router = AuditRouter(tags=["Admin"])

        @router.get("/users")
        def listing(request):
            return []

        @router.post("/shops/{shop}/users/{int:number}")
        def change(request, shop: str, number: int):
            return {}

        @router.post("/reset/{token}")
        def reset(request, token: str):
            return {}

        @router.get("/quiet", audit=False)
        def quiet(request):
            return {}

        @router.get("/named", audit="admin.look")
        def named(request):
            return {}

        @router.get("/own")
        @audit_log("own.action", resource="own")
        async def own(request):
            return {}

        return router

    @pytest.mark.parametrize("kind", [AutoAPI, NinjaAPI])
    def test_every_operation_is_audited(self, memory, kind):
        api = kind(auth=Bearer())
        api.add_router("/admin", self.router())
        for method, path in (
            ("GET", "users"),
            ("POST", "shops/x/users/7"),
            ("POST", "reset/s3cr3t"),
            ("GET", "named"),
            ("GET", "own"),
        ):
            assert call(api, method, f"/api/admin/{path}").status_code == 200
        seen = [(r.action, r.resource, r.resource_id) for r in memory.records]
        users = "/api/admin/shops/{shop}/users/{number}"
        assert seen == [
            ("GET /api/admin/users", "/api/admin/users", None),
            (f"POST {users}", users, "shop=x,number=7"),
            ("POST /api/admin/reset/{token}", "/api/admin/reset/{token}", "[redacted]"),
            ("admin.look", None, None),
            ("own.action", "own", None),
        ]
        assert call(api, "GET", "/api/admin/quiet").status_code == 200
        assert len(memory.records) == 5
        assert call(api, "GET", "/api/admin/users", who=None).status_code == 401
        assert memory.last.outcome == "denied"

    def test_it_is_an_auto_router(self):
        assert isinstance(AuditRouter(tags=["Admin"]), AutoRouter)

    def test_the_option_is_known_to_every_auto_router(self, memory):
        api, router = AutoAPI(auth=Bearer()), AutoRouter(audit=True)

        @router.get("/x")
        def view(request):
            return {}

        api.add_router("", router)
        call(api, "GET", "/api/x")
        assert memory.last.action == "GET /api/x"

    def test_a_senseless_option_is_refused(self):
        router = AutoRouter()
        with pytest.raises(TypeError, match="audit=3"):
            router.get("/x", audit=3)(lambda request: None)


class TestResourceId:
    def ask(self, memory, resource_id, url="/api/orders/7", who=ALICE):
        api = NinjaAPI(auth=Bearer())

        @api.put("/orders/{number}")
        @audit_log("order.update", resource_id=resource_id)
        def view(request, number: str, payload: Payload):
            return {}

        call(api, "PUT", url, body=b'{"total": 5}', who=who)
        return memory.last

    def test_it_takes_what_it_names(self, memory):
        assert self.ask(memory, lambda number: number).resource_id == "7"
        assert self.ask(memory, lambda payload, **kw: payload.total).resource_id == "5"

    def test_of_a_refused_request_it_may_lack_arguments(self, memory):
        record = self.ask(memory, lambda payload, **kw: payload.total, who=None)
        assert (record.outcome, record.resource_id) == ("denied", None)

    def test_one_that_fails_costs_the_id_and_not_the_record(self, memory, caplog):
        assert self.ask(memory, lambda number: 1 / 0).resource_id is None
        assert "resource_id=) failed" in caplog.text

    def test_no_client_can_prevent_its_record(self, memory):
        record = self.ask(memory, lambda number: number, url="/api/orders/a%00b%ed%a0%80")
        assert "\0" not in record.resource_id
        assert record.resource_id.startswith("a\\x00b")
        record = self.ask(memory, lambda number: number, url=f"/api/orders/{'x' * 1000}")
        assert len(record.resource_id) == 255
        assert record.resource_id.endswith("x…")


@pytest.mark.parametrize("alias_of", ["default", "postgresql"])
def test_what_clients_send_is_storable(alias_of, settings):
    from .support import skip_if_missing

    skip_if_missing(alias_of)
    api = NinjaAPI(auth=Bearer())

    @api.get("/orders/{number}")
    @audit_log("x", resource_id=lambda number: number)
    def view(request, number: str):
        annotate(request, text="a\0b\ud800\u2028😀", **{"x" * 300: 1.5e300, "y": [float("nan")]})
        return {}

    with to_database(alias_of):
        response = call(api, "GET", f"/api/orders/%00{'😀' * 300}")
        assert response.status_code == 200
        record = last(alias_of)
    assert len(record.resource_id) == 255
    assert details(record)["text"] == "a\\x00b\\ud800\u2028😀"


class TestChanges:
    def api(self, snapshot, is_async=False):
        api = NinjaAPI(auth=Bearer())
        decorate = audit_log("order.update", snapshot=snapshot)

        def view(request, number: int, payload: Payload):
            order = OrderModel.objects.get(pk=number)
            order.total, order.password = payload.total, "new"
            order.save()
            if payload.total < 0:
                raise HttpError(400, "no")
            return {}

        async def aview(request, number: int, payload: Payload):
            await OrderModel.objects.filter(pk=number).aupdate(total=payload.total)
            return {}

        api.put("/orders/{number}")(decorate(aview if is_async else view))
        return api

    def snapshot(self, number, **kw):
        return OrderModel.objects.filter(pk=number).first()

    def test_a_snapshot_gives_the_difference_without_secrets(self, memory):
        order = OrderModel.objects.create(number="n", total=1, password="old")
        call(self.api(self.snapshot), "PUT", f"/api/orders/{order.pk}", body=b'{"total": 2}')
        assert memory.last.details["changes"] == {
            "total": [1, 2],
            "password": ["[redacted]", "[redacted]"],
        }

    def test_what_failed_has_changed_nothing(self, memory):
        order = OrderModel.objects.create(number="n", total=1)
        call(self.api(self.snapshot), "PUT", f"/api/orders/{order.pk}", body=b'{"total": -2}')
        assert memory.last.outcome == "failure"
        assert "changes" not in memory.last.details

    def test_a_view_says_it_itself(self, memory):
        api = NinjaAPI(auth=Bearer())

        @api.post("/orders")
        @audit_log("order.create", resource="order")
        def create(request, payload: Payload):
            annotate(
                request,
                resource_id=99,
                after={"total": 5, "api_key": "x"},
                channel="web",
                token="t",
            )
            return {}

        call(api, "POST", "/api/orders", body=b'{"total": 5}')
        assert memory.last.resource_id == "99"
        assert memory.last.details == {
            "channel": "web",
            "token": "[redacted]",
            "route": "POST /api/orders",
            "changes": {"total": [None, 5], "api_key": [None, "[redacted]"]},
        }

    @pytest.mark.parametrize("bad", [lambda: 1, lambda: {"a": 1 / 0}])
    def test_a_snapshot_that_fails_costs_the_operation_and_not_the_record(self, memory, bad):
        states = iter([dict, bad])
        api = AutoAPI(auth=Bearer())
        api.post("/x")(audit_log("x", snapshot=lambda: next(states)())(lambda request: {}))
        assert call(api, "POST", "/api/x").status_code == 500
        assert (memory.last.outcome, memory.last.actor_id) == ("error", "alice")

    def test_outside_an_operation_there_is_nothing_to_annotate(self):
        with pytest.raises(RuntimeError, match="emit"):
            annotate(RequestFactory().get("/"))

    def test_an_async_snapshot_needs_an_async_view(self, memory):
        async def snapshot(number, **kw):
            return None

        with pytest.raises(ImproperlyConfigured, match="snapshot"), serving(api=self.api(snapshot)):
            Client().put("/api/orders/1")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_async", [False, True])
async def test_snapshots_of_async_views(memory, is_async):
    order = await OrderModel.objects.acreate(number="n", total=1)

    async def asnapshot(number, **kw):
        return await OrderModel.objects.filter(pk=number).values().afirst()

    snapshot = asnapshot if is_async else TestChanges().snapshot
    api = TestChanges().api(snapshot, is_async=True)
    await acall(api, "PUT", f"/api/orders/{order.pk}", body=b'{"total": 3}')
    assert memory.last.details["changes"] == {"total": [1, 3]}


class TestFailures:
    """What becomes of an operation whose record cannot be written."""

    @pytest.mark.parametrize("error", [AuditError("full"), OSError("gone")])
    async def test_closed_refuses(self, orders, memory, error):
        memory.error = error
        before = statistics()
        response = await orders.ask()
        assert response.status_code == 503
        assert response["Retry-After"] == "1"
        assert statistics()["failed"] == before["failed"] + 1
        assert statistics()["refused"] == before["refused"] + 1

    async def test_closed_does_not_begin_what_it_could_not_record(self, orders, memory):
        memory.check_error = AuditError("full")
        orders.end = raising(AssertionError("the view ran"))
        assert (await orders.ask()).status_code == 503

    @pytest.mark.parametrize("name", ["forbidden", "not found", "a server error"])
    async def test_closed_keeps_an_answer_that_refuses_already(self, orders, memory, name):
        memory.error = AuditError("full")
        orders.end, _, status = ENDS[name]
        assert (await orders.ask()).status_code == status

    async def test_open_answers_logs_and_counts(self, orders, memory, caplog):
        memory.error = memory.check_error = AuditError("full")
        before = statistics()["failed"]
        with audit_settings(BACKEND=memory, FAIL_CLOSED=False):
            assert (await orders.ask()).status_code == 200
        assert statistics()["failed"] == before + 1
        (logged,) = [r for r in caplog.records if r.name == "ninja_boost.audit"]
        assert logged.levelno == logging.ERROR
        assert "order.update, success" in logged.getMessage()
        assert "alice" not in logged.getMessage()

    def test_an_operation_may_differ_from_the_setting(self, memory):
        memory.error = AuditError("full")
        api = NinjaAPI()
        api.get("/open")(audit_log("a", fail_closed=False)(lambda request: {}))
        api.get("/closed")(audit_log("a", fail_closed=True)(lambda request: {}))
        assert call(api, "GET", "/api/open").status_code == 200
        with audit_settings(BACKEND=memory, FAIL_CLOSED=False):
            assert call(api, "GET", "/api/closed").status_code == 503


class TestDirectCalls:
    def test_a_decorated_function_is_audited_when_it_is_called(self, memory):
        @audit_log("order.update", resource_id=lambda number: number)
        def update(request, number: int):
            return number

        request = RequestFactory().get("/")
        request.auth = {"user_id": 3}
        assert update(request, number=7) == 7
        record = memory.last
        assert (record.outcome, record.status, record.actor_id) == ("success", None, 3)
        assert record.resource_id == "7"

    @pytest.mark.parametrize(
        ("error", "outcome", "status"),
        [(PermissionDenied(), "denied", 403), (ValueError(), "error", 500)],
    )
    def test_what_it_raises_goes_on(self, memory, error, outcome, status):
        @audit_log("x")
        def update(request):
            raise error

        with pytest.raises(type(error)):
            update(RequestFactory().get("/"))
        assert (memory.last.outcome, memory.last.status) == (outcome, status)

    async def test_async(self, memory):
        @audit_log("x")
        async def update(request):
            return 1

        assert await update(RequestFactory().get("/")) == 1
        assert memory.last.action == "x"


async def test_a_cancelled_request_leaves_a_record(memory):
    api, entered = NinjaAPI(auth=Bearer()), asyncio.Event()

    @api.get("/slow")
    @audit_log("slow")
    async def slow(request):
        entered.set()
        await asyncio.sleep(60)

    with serving(api=api):
        task = asyncio.ensure_future(AsyncClient().get("/api/slow", headers=ALICE))
        await asyncio.wait_for(entered.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (memory.last.outcome, memory.last.status) == ("error", 499)


@pytest.mark.django_db(transaction=True)
async def test_async_views_write_to_the_database():
    orders = Orders("auto", is_async=True)
    with to_database():
        assert (await orders.ask()).status_code == 200
        assert (await orders.ask(who=None)).status_code == 401
    seen = await sync_to_async(records)()
    assert [record.outcome for record in seen] == ["success", "denied"]


async def test_a_backend_without_io_needs_no_thread(memory, monkeypatch):
    from ninja_boost_audit.backends import base

    def thread(*arguments, **keywords):
        raise AssertionError("a thread was used")

    monkeypatch.setattr(base, "sync_to_async", thread)
    orders = Orders("auto", is_async=True)
    assert (await orders.ask()).status_code == 200
    with audit_settings():  # LoggingBackend
        assert (await orders.ask()).status_code == 200


def test_the_document_tells_of_the_503():
    api = AutoAPI()
    router = AutoRouter()
    router.get("/closed")(audit_log("a")(lambda request: {}))
    router.get("/open")(audit_log("a", fail_closed=False)(lambda request: {}))
    api.add_router("", router)
    with audit_settings():
        paths = api.get_openapi_schema(path_prefix="/")["paths"]
    assert "503" in {str(status) for status in paths["/closed"]["get"]["responses"]}
    assert "503" not in {str(status) for status in paths["/open"]["get"]["responses"]}


class TestArguments:
    def test_it_needs_an_action(self):
        with pytest.raises(TypeError, match="Write @audit_log"):
            audit_log(lambda request: None)
        with pytest.raises(ValueError, match="characters"):
            audit_log("")

    def test_callables_can_be_called(self):
        with pytest.raises(TypeError, match="resource_id='id'"):
            audit_log("a", resource_id="id")

    def test_once_is_enough(self):
        with pytest.raises(TypeError, match="already"):
            audit_log("a")(audit_log("b")(lambda request: None))

    def test_it_describes_itself(self):
        from ninja_boost_audit.drafts import Options
        from ninja_boost_audit.hooks import AuditHook

        with audit_settings():
            assert AuditHook(Options("a")).describe() == "audited as a, fails closed"
            assert "method and route" in AuditHook(Options(fail_closed=False)).describe()


def test_a_plain_api_writes_and_fails_closed(memory):
    api = NinjaAPI(urls_namespace="at-once")

    @api.get("/fine")
    @audit_log("thing.view")
    def view(request):
        return 1

    memory.error = None
    assert call(api, "get", "/api/fine").status_code == 200
    assert memory.last.action == "thing.view"
    memory.error = ValueError("broken")
    assert call(api, "get", "/api/fine").status_code == 503
