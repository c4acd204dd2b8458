"""What the decorator does at an operation."""

import asyncio
import io
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import path
from ninja import File, Form, NinjaAPI, Router, UploadedFile
from ninja.errors import HttpError

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, Hook, Order, attach
from ninja_boost_idempotency import (
    CacheStore,
    RedisStore,
    Store,
    StoreError,
    idempotent,
    statistics,
)

from .support import ALICE, BOB, attempt, eventually, keyed, new_key, post, serving
from .urls import Bearer


class Broken(Store):
    """Fails at the operations that it is told to."""

    def __init__(self, *operations):
        self.operations = operations
        self.store = CacheStore()

    def _do(self, operation, *arguments):
        if operation in self.operations:
            raise StoreError(f"{operation} failed")
        return getattr(self.store, operation)(*arguments)

    def claim(self, *arguments):
        return self._do("claim", *arguments)

    async def aclaim(self, *arguments):
        return self._do("claim", *arguments)

    def complete(self, *arguments):
        return self._do("complete", *arguments)

    async def acomplete(self, *arguments):
        return self._do("complete", *arguments)

    def release(self, *arguments):
        return self._do("release", *arguments)

    async def arelease(self, *arguments):
        return self._do("release", *arguments)


class Project:
    """An API whose views count their runs; each view is there sync and async."""

    def __init__(self, api=None, router=None):
        self.api = api or AutoAPI(auth=Bearer())
        self.router = router or AutoRouter()
        self.runs = 0

    def add(self, answer=None, *decorators, methods=("POST",), response=None, **operation):
        """Register ``answer(request)`` at /sync and /async."""

        def run(request):
            self.runs += 1
            return answer(request) if answer else {"run": self.runs}

        def sync_view(request, ctx):
            return run(request)

        async def async_view(request, ctx):
            await asyncio.sleep(0)
            return run(request)

        for view, route in ((sync_view, "/sync"), (async_view, "/async")):
            for decorator in decorators:
                view = decorator(view)
            if response is not None:
                operation["response"] = response
            self.router.api_operation(list(methods), route, **operation)(view)
        self.api.add_router("", self.router)
        return self


@pytest.fixture(params=["sync", "async"])
def url(request):
    return f"/api/{request.param}"


def ask(url, headers, payload=None):
    client = Client(raise_request_exception=False)
    return post(client, url, payload or {"amount": 1}, headers)


def test_a_required_key_is_required(url):
    project = Project().add(None, idempotent(required=True))
    with serving(api=project.api):
        missing = ask(url, ALICE)
        assert missing.status_code == 400
        assert "X-Idempotency-Key is missing" in missing.json()["error"]
        assert project.runs == 0
        assert ask(url, keyed(new_key())).status_code == 200


def test_a_malformed_key_is_refused(url):
    project = Project().add(None, idempotent())
    with serving(api=project.api):
        assert ask(url, keyed("two words")).status_code == 400
        both = {**ALICE, "X-Idempotency-Key": "a", "Idempotency-Key": '"b"'}
        assert ask(url, both).status_code == 400
    assert project.runs == 0


def test_the_header_is_a_setting(url):
    project = Project().add(None, idempotent())
    options = {"IDEMPOTENCY": {"HEADER": "X-Request-Key"}}
    with override_settings(NINJA_BOOST=options), serving(api=project.api):
        headers = {**ALICE, "X-Request-Key": new_key()}
        assert ask(url, headers).content == ask(url, headers).content
        assert "X-Idempotency-Replay" in ask(url, headers)


def test_it_works_on_a_plain_ninja_api(url):
    project = Project(NinjaAPI(auth=Bearer()), Router()).add(None, idempotent())
    with serving(api=project.api):
        headers = keyed(new_key())
        first, again = ask(url, headers), ask(url, headers)
        assert first.json() == again.json() == {"run": 1}
        assert again["X-Idempotency-Replay"] == "true"
        assert ask(url, headers, {"amount": 2}).status_code == 422


def test_operations_do_not_share_keys():
    project = Project().add(None, idempotent())
    with serving(api=project.api, other=project.api):
        headers = keyed(new_key())
        for url in ("/api/sync", "/api/async", "/other/sync", "/other/async"):
            assert "X-Idempotency-Replay" not in ask(url, headers)
    assert project.runs == 4


def test_methods_do_not_share_keys(url):
    project = Project().add(None, idempotent(), methods=("POST", "PUT"))
    with serving(api=project.api):
        headers = keyed(new_key())
        assert ask(url, headers).status_code == 200
        assert Client().put(url, headers=headers).status_code == 200
    assert project.runs == 2


class Holding:
    """A view that reports that it runs, and waits to be let go."""

    def __init__(self):
        self.entered, self.go = threading.Event(), threading.Event()

    def __call__(self, request):
        self.entered.set()
        assert self.go.wait(30)
        return {"done": True}


def test_while_it_runs_others_are_told_to_come_again(url):
    view = Holding()
    project = Project().add(view, idempotent())
    with serving(api=project.api), ThreadPoolExecutor() as pool:
        headers = keyed(new_key())
        first = pool.submit(ask, url, headers)
        assert view.entered.wait(30)
        busy = ask(url, headers)
        assert busy.status_code == 409
        assert busy["Retry-After"] == "1"
        assert ask(url, headers, {"amount": 2}).status_code == 422
        view.go.set()
        assert first.result(30).content == ask(url, headers).content
    assert project.runs == 1


def test_who_waits_gets_the_result(url):
    view = Holding()
    project = Project().add(view, idempotent(wait=30))
    with serving(api=project.api), ThreadPoolExecutor() as pool:
        headers = keyed(new_key())
        first = pool.submit(ask, url, headers)
        assert view.entered.wait(30)
        others = [pool.submit(ask, url, headers) for _ in range(3)]
        view.go.set()
        for other in others:
            assert other.result(30).content == first.result(30).content
            assert other.result(30)["X-Idempotency-Replay"] == "true"
    assert project.runs == 1


def test_waiting_is_bounded(url):
    store = CacheStore()
    project = Project().add(None, idempotent(store=store, wait=0.05))
    with serving(api=project.api), pytest.MonkeyPatch.context() as patch:
        asked = []
        patch.setattr(store, "claim", lambda *a: asked.append(a) or running)
        patch.setattr(store, "aclaim", lambda *a: answered(asked, a))
        assert ask(url, keyed(new_key())).status_code == 409
    assert len(asked) > 1
    assert project.runs == 0


class Running:
    fingerprint = None
    result = None


running = Running()


async def answered(asked, arguments):
    asked.append(arguments)
    return running


def fail(request):
    raise RuntimeError("no")


def refuse(request):
    raise ApiError(402, "declined", headers={"X-Reason": "funds"})


@pytest.mark.parametrize(
    "answer",
    [
        fail,
        lambda request: HttpResponse(status=500),
        lambda request: HttpResponse(status=503),
        lambda request: HttpResponse(status=429),
        lambda request: HttpResponse(status=408),
    ],
)
def test_a_failure_frees_the_key(url, answer):
    project = Project().add(answer, idempotent())
    with serving(api=project.api):
        headers = keyed(new_key())
        for _ in range(2):
            failed = ask(url, headers)
            assert failed.status_code in (500, 503, 429, 408)
            assert "X-Idempotency-Replay" not in failed
    assert project.runs == 2


@pytest.mark.parametrize("answer", [fail, lambda request: HttpResponse(status=500)])
def test_a_failure_is_kept_if_asked(url, answer):
    for decorator, setting in ((idempotent(store_5xx=True), False), (idempotent(), True)):
        project = Project().add(answer, decorator)
        options = {"IDEMPOTENCY": {"STORE_5XX": setting}}
        with override_settings(NINJA_BOOST=options), serving(api=project.api):
            headers = keyed(new_key())
            first, again = ask(url, headers), ask(url, headers)
            assert first.status_code == again.status_code == 500
            assert first.content == again.content
            assert again["X-Idempotency-Replay"] == "true"
        assert project.runs == 1


def test_an_answer_of_4xx_from_the_view_is_kept(url):
    project = Project().add(refuse, idempotent())
    with serving(api=project.api):
        headers = keyed(new_key())
        first, again = ask(url, headers), ask(url, headers)
        assert first.status_code == again.status_code == 402
        assert first.content == again.content
        assert again["X-Reason"] == "funds"
        assert again["X-Idempotency-Replay"] == "true"
    assert project.runs == 1


class Gate(Hook):
    """Refuses while it is closed."""

    def __init__(self, order, error=None):
        vars(self)["order"] = order
        self.error = error

    def before_view(self, call):
        if self.error:
            raise self.error


@pytest.mark.parametrize("status", [401, 403, 422, 429, 500])
@pytest.mark.parametrize("order", [Order.PERMISSION, Order.SERVICES])
def test_what_comes_before_the_view_is_not_kept(url, status, order):
    gate = Gate(order, HttpError(status, "refused"))
    project = Project().add(None, idempotent(), attach(gate))
    with serving(api=project.api):
        headers = keyed(new_key())
        assert ask(url, headers).status_code == status
        gate.error = None
        assert ask(url, headers).status_code == 200
        # And a replay never reaches whom it would refuse.
        if order < Order.IDEMPOTENCY:
            gate.error = HttpError(status, "refused")
            refused = ask(url, headers)
            assert refused.status_code == status
            assert "X-Idempotency-Replay" not in refused
    assert project.runs == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: StreamingHttpResponse(iter([b"a"])),
        lambda request: FileResponse(io.BytesIO(b"a")),
        lambda request: HttpResponse(b"a" * 101),
    ],
    ids=["stream", "file", "long"],
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_what_cannot_be_kept_never_runs_twice(url, answer):
    project = Project().add(answer, idempotent())
    options = {"IDEMPOTENCY": {"MAX_BODY": 100}}
    with override_settings(NINJA_BOOST=options), serving(api=project.api):
        headers = keyed(new_key())
        assert ask(url, headers).status_code == 200
        again = ask(url, headers)
        assert again.status_code == 409
        assert "Retry-After" not in again
        assert "cannot be repeated" in again.json()["error"]
    assert project.runs == 1


def test_a_declared_stream_is_a_configuration_error():
    sse = pytest.importorskip("ninja.streaming", reason="this Ninja has no streams").SSE

    api, router = AutoAPI(auth=Bearer()), AutoRouter()

    @router.post("/", response=sse[dict])
    @idempotent()
    def stream(request):
        yield {}

    api.add_router("", router)
    with pytest.raises(ImproperlyConfigured, match="stream"):
        plan(api)


def plan(api):
    return [operation.plan() for _, operation in api.operations()]


def test_operations_without_authentication_must_ask_for_it():
    project = Project().add(None, idempotent(), auth=None)
    with pytest.raises(ImproperlyConfigured, match="allow_anonymous"):
        plan(project.api)
    with serving(api=project.api), pytest.raises(ImproperlyConfigured):
        post(Client(), "/api/sync", {}, {})


def test_anonymous_callers_share_their_keys_if_asked(url):
    project = Project().add(None, idempotent(allow_anonymous=True), auth=None)
    with serving(api=project.api):
        headers = {"X-Idempotency-Key": new_key()}
        assert ask(url, headers).content == ask(url, headers).content
    assert project.runs == 1


def test_a_scope_of_its_own_needs_no_authentication(url):
    def device(request, ctx):
        return request.headers["X-Device"]

    project = Project().add(None, idempotent(scope=device), auth=None)
    with serving(api=project.api):
        key = new_key()
        for number in ("1", "1", "2"):
            ask(url, {"X-Idempotency-Key": key, "X-Device": number})
    assert project.runs == 2


class Nameless(Bearer):
    def authenticate(self, request, token):
        return True


def test_a_principal_without_a_name_is_refused(url):
    project = Project(AutoAPI(auth=Nameless())).add(None, idempotent())
    with serving(api=project.api):
        assert ask(url, keyed(new_key())).status_code == 500
        assert ask(url, ALICE).status_code == 200
    assert project.runs == 1


def test_a_store_that_fails_refuses(url):
    project = Project().add(None, idempotent(store=Broken("claim")))
    before = statistics()["store_failures"]
    with serving(api=project.api):
        refused = ask(url, keyed(new_key()))
        assert refused.status_code == 503
        assert refused["Retry-After"] == "1"
    assert project.runs == 0
    assert statistics()["store_failures"] == before + 1


def test_a_store_that_fails_lets_through_if_asked(url):
    project = Project().add(None, idempotent(store=Broken("claim")))
    options = {"IDEMPOTENCY": {"ON_ERROR": "open"}}
    with override_settings(NINJA_BOOST=options), serving(api=project.api):
        headers = keyed(new_key())
        assert ask(url, headers).status_code == 200
        assert ask(url, headers).status_code == 200
    assert project.runs == 2


def test_a_redis_that_is_away_refuses_in_time(url):
    store = RedisStore("redis://127.0.0.1:1/0", timeout=0.2)
    project = Project().add(None, idempotent(store=store))
    with serving(api=project.api):
        assert ask(url, keyed(new_key())).status_code == 503
    assert project.runs == 0


def test_if_the_result_cannot_be_kept_the_client_still_gets_it(url, caplog):
    project = Project().add(None, idempotent(store=Broken("complete")))
    with serving(api=project.api):
        headers = keyed(new_key())
        assert ask(url, headers).status_code == 200
        assert "complete failed" in caplog.text
        # Until the lease is over, nobody runs it again.
        assert ask(url, headers).status_code == 409
    assert project.runs == 1


def test_if_the_key_cannot_be_freed_the_client_still_gets_the_error(url, caplog):
    project = Project().add(
        lambda request: HttpResponse(status=503), idempotent(store=Broken("release"))
    )
    with serving(api=project.api):
        assert ask(url, keyed(new_key())).status_code == 503
    assert "release failed" in caplog.text


async def test_a_cancelled_request_frees_the_key():
    entered, release = asyncio.Event(), asyncio.Event()
    api, router = AutoAPI(auth=Bearer()), AutoRouter()
    runs = []

    @router.post("/pay")
    @idempotent()
    async def pay(request):
        runs.append(1)
        entered.set()
        await release.wait()
        return {"paid": True}

    api.add_router("", router)
    with serving(api=api):
        headers = keyed(new_key())
        task = asyncio.create_task(post(AsyncClient(), "/api/pay", {}, headers))
        await asyncio.wait_for(entered.wait(), 30)
        assert (await post(AsyncClient(), "/api/pay", {}, headers)).status_code == 409
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        release.set()
        assert (await post(AsyncClient(), "/api/pay", {}, headers)).status_code == 200
    assert len(runs) == 2


def test_uploads_are_repeated_with_another_boundary():
    api, router = AutoAPI(auth=Bearer()), AutoRouter()
    seen = []

    @router.post("/upload")
    @idempotent()
    async def upload(request, note: Form[str], file: File[UploadedFile]):
        seen.append(file.read())
        return {"note": note}

    api.add_router("", router)

    def send(boundary, headers, content=b"scan"):
        body = (
            (
                f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n'
                f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            ).encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        kind = f"multipart/form-data; boundary={boundary}"
        return Client().post("/api/upload", body, content_type=kind, headers=headers)

    with serving(api=api):
        headers = keyed(new_key())
        assert send("one", headers).status_code == 200
        assert send("two", headers)["X-Idempotency-Replay"] == "true"
        assert send("three", headers, b"other").status_code == 422
    assert seen == [b"scan"]


def test_the_original_example():
    """As the readme of the original has it: a form, and the demonstration token."""
    api, router = AutoAPI(), AutoRouter()
    charged = []

    @router.post("/payments")
    @idempotent(ttl="24h")
    def charge_card(request, ctx, amount: int = Form(...)):
        charged.append(amount)
        return {"charge": len(charged)}

    api.add_router("", router)
    with override_settings(DEBUG=True), serving(api=api):
        headers = {"HTTP_AUTHORIZATION": "Bearer demo", "HTTP_X_IDEMPOTENCY_KEY": new_key()}
        r1 = Client().post("/api/payments", data={"amount": 100}, **headers)
        r2 = Client().post("/api/payments", data={"amount": 100}, **headers)
        assert r1.status_code == 200
        assert r1.json() == r2.json()
        assert r2["X-Idempotency-Replay"] == "true"
    assert charged == [100]


def direct_request(key=None, auth="alice", body=b"{}"):
    headers = {"X-Idempotency-Key": key} if key else {}
    request = RequestFactory().post("/pay", body, content_type="application/json", headers=headers)
    request.auth = auth
    return request


def test_called_directly_it_still_runs_once():
    runs = []

    @idempotent()
    def pay(request, amount):
        runs.append(amount)
        return HttpResponse(f"paid {amount}")

    key = new_key()
    assert pay(direct_request(key), 5).content == b"paid 5"
    again = pay(direct_request(key), 5)
    assert again.content == b"paid 5"
    assert again["X-Idempotency-Replay"] == "true"
    assert pay(direct_request(), 5).content == b"paid 5"
    assert len(runs) == 2


async def test_called_directly_without_a_response_it_runs_once():
    runs = []

    @idempotent()
    async def pay(request, amount):
        runs.append(amount)
        return {"paid": amount}

    key = new_key()
    assert await pay(direct_request(key), 5) == {"paid": 5}
    with pytest.raises(ApiError, match="cannot be repeated"):
        await pay(direct_request(key), 5)
    assert len(runs) == 1


def test_a_view_called_directly_that_fails_frees_the_key():
    runs = []

    @idempotent()
    def pay(request):
        runs.append(1)
        raise ValueError("no")

    key = new_key()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            pay(direct_request(key))
    assert len(runs) == 2


def test_two_decorators_are_one_too_many():
    @idempotent()
    def pay(request): ...

    with pytest.raises(TypeError, match="already"):
        idempotent()(pay)


def test_the_parentheses_are_needed():
    with pytest.raises(TypeError, match="parentheses"):

        @idempotent
        def pay(request): ...


@pytest.mark.parametrize(
    "arguments",
    [
        {"ttl": "24 hours"},
        {"ttl": 0},
        {"ttl": -1},
        {"ttl": True},
        {"ttl": timedelta(0)},
        {"ttl": float("inf")},
        {"lease": "soon"},
        {"wait": -1},
        {"wait": 61},
        {"scope": "user"},
    ],
)
def test_an_argument_that_makes_no_sense_is_an_error(arguments):
    (value,) = arguments.values()
    with pytest.raises(ValueError, match=re.escape(repr(value))):
        idempotent(**arguments)


@pytest.mark.parametrize(
    ("ttl", "expected"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("24h", 86400),
        ("7d", 604800),
        ("1.5h", 5400),
        (60, 60),
        (timedelta(minutes=1), 60),
    ],
)
def test_durations(ttl, expected):
    from ninja_boost_core.durations import seconds

    assert seconds(ttl) == expected


@pytest.mark.parametrize("store", ["nowhere", "dummy", "tests.nowhere", "tests.urls.Guest", 5])
def test_a_store_that_is_none_is_a_configuration_error(store):
    project = Project().add(None, idempotent(store=store))
    with pytest.raises(ImproperlyConfigured):
        plan(project.api)


def test_the_schema_tells_the_truth():
    project = Project().add(None, idempotent(required=True))
    with serving(api=project.api):
        schema = json.loads(Client().get("/api/openapi.json").content)
        operation = schema["paths"]["/api/sync"]["post"]
    parameters = {item["name"]: item for item in operation["parameters"]}
    assert parameters["X-Idempotency-Key"]["required"] is True
    assert parameters["X-Idempotency-Key"]["in"] == "header"
    assert parameters["Idempotency-Key"]["required"] is False
    assert {"400", "409", "422", "503"} <= {str(status) for status in operation["responses"]}
    assert "X-Idempotency-Replay" in operation["responses"]["200"]["headers"]


def test_each_hook_describes_itself():
    project = Project().add(None, idempotent(ttl="1h", required=True))
    (line,) = {
        hook.describe()
        for _, operation in project.api.operations()
        for hook in operation.hooks
        if type(hook).__name__ == "IdempotencyHook"
    }
    assert line == "idempotent for 3600 s, lease 60 s, required"


MIDDLEWARE = ["ninja_boost_idempotency.IdempotencyMiddleware"]


def test_the_middleware_covers_every_operation_that_changes_something(url):
    project = Project().add(None, methods=("POST",))
    headers = keyed(new_key())
    with serving(api=project.api):
        assert ask(url, headers).content != ask(url, headers).content
        with override_settings(MIDDLEWARE=MIDDLEWARE):
            again = new_key()
            assert ask(url, keyed(again)).content == ask(url, keyed(again)).content
            assert "X-Idempotency-Replay" not in ask(url, keyed(again, BOB))
            assert ask(url, keyed(again, {})).status_code == 401
    assert project.runs == 4


def test_the_middleware_leaves_the_rest_alone():
    reading = Project().add(None, methods=("GET",))
    public = Project().add(None, auth=None)
    with override_settings(MIDDLEWARE=MIDDLEWARE):
        for project in (reading, public):
            for _, operation in project.api.operations():
                assert not any("idempotent" in hook.describe() for hook in operation.hooks)


async def test_the_middleware_works_under_asgi():
    project = Project().add()
    with override_settings(MIDDLEWARE=MIDDLEWARE), serving(api=project.api):
        headers = keyed(new_key())
        first = await post(AsyncClient(), "/api/async", {}, headers)
        again = await post(AsyncClient(), "/api/async", {}, headers)
        assert first.content == again.content
    assert project.runs == 1


def test_a_plain_view_is_not_covered_by_the_middleware():
    runs = []

    def view(request):
        runs.append(1)
        return HttpResponse("")

    with override_settings(MIDDLEWARE=MIDDLEWARE), serving(path("plain", view)):
        for _ in range(2):
            assert Client().post("/plain", headers=keyed("key")).status_code == 200
    assert len(runs) == 2


def test_the_result_is_kept_for_its_time(url):
    project = Project().add(None, idempotent(ttl=0.05, lease=0.05))
    with serving(api=project.api):
        headers = keyed(new_key())
        first = ask(url, headers)
        eventually(lambda: ask(url, headers).content != first.content)


def test_the_store_is_asked_for_the_ttl_and_lease_of_the_operation(url):
    store = CacheStore()
    seen = []
    project = Project().add(None, idempotent(ttl="1h", lease="5m", store=store))
    with serving(api=project.api), pytest.MonkeyPatch.context() as patch:

        def claim(name, mine):
            seen.append(mine)

        async def aclaim(name, mine):
            seen.append(mine)

        patch.setattr(store, "claim", claim)
        patch.setattr(store, "aclaim", aclaim)
        assert ask(url, keyed(new_key())).status_code == 200
    assert (seen[0].ttl, seen[0].lease) == (3600, 300)
    assert attempt().token != attempt().token
