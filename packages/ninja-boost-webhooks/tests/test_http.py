"""Through Django's request cycle: who is let in, and what the others are told."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from ninja import NinjaAPI, Router, Schema
from ninja.security import APIKeyHeader

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, Hook, Order, attach, event_bus
from ninja_boost_webhooks import (
    github_webhook,
    sign_github,
    sign_standard,
    sign_stripe,
    sign_twilio,
    standard_webhook,
    stripe_webhook,
    twilio_webhook,
    verify_webhook,
)
from ninja_boost_webhooks.hook import ON_WEBHOOK_REFUSED

from .support import BOTH, CASES, EACH, EACH_TIMED, FORM, now, post, serving, view_of

LOGGER = "ninja_boost.webhooks"


class Payload(Schema):
    amount: int


def api_of(view, kind=AutoAPI, router=AutoRouter, **options):
    api = kind(urls_namespace="of-a-test")
    mounted = router()
    mounted.post("/hook", auth=None, **options)(view)
    api.add_router("", mounted)
    return api


@BOTH
@EACH
@pytest.mark.parametrize(
    ("kind", "router"), [(AutoAPI, AutoRouter), (NinjaAPI, AutoRouter), (NinjaAPI, Router)]
)
def test_every_answer(case, kind, router, is_async):
    entered: list[bytes] = []
    api = api_of(case.decorator(case.secret)(view_of(is_async, entered, "done")), kind, router)
    key = "error" if kind is AutoAPI else "detail"
    with serving(api=api):
        client = Client()

        wrong = post(client, case.signed(secret=case.other), case.body)
        altered = post(client, case.signed(), case.body.replace(b"1", b"2"))
        malformed = post(client, dict.fromkeys(case.signed(), "?"), case.body)
        assert {wrong.status_code, altered.status_code, malformed.status_code} == {401}
        assert len({wrong.content, altered.content, malformed.content}) == 1
        assert wrong.json()[key] == "Invalid signature."

        for name in case.scheme.headers:
            headers = case.signed()
            del headers[name]
            missing = post(client, headers, case.body)
            assert missing.status_code == 400
            assert missing.json()[key] == f"Missing header: {name}."
        assert entered == []

        right = post(client, case.signed(), case.body)
        assert right.status_code == 200
        assert right.json() == ({"ok": True, "data": "done"} if kind is AutoAPI else "done")
        assert entered == [case.body]

        again = post(client, case.signed(), case.body)
        if case.scheme.name == "standard":
            # A new id is a new delivery.
            assert again.status_code == 200
        else:
            assert again.status_code == 409
            assert again.json()[key] == "This delivery was received before."
            assert entered == [case.body]


@EACH
async def test_on_an_async_server(case):
    entered: list[bytes] = []
    api = api_of(case.decorator(case.secret)(view_of(True, entered)))
    with serving(api=api):
        client = AsyncClient()
        assert (await post(client, case.signed(secret=case.other), case.body)).status_code == 401
        assert (await post(client, {}, case.body)).status_code == 400
        headers = case.signed()
        assert (await post(client, headers, case.body)).status_code == 200
        assert (await post(client, headers, case.body)).status_code == 409
    assert entered == [case.body]


@EACH_TIMED
@BOTH
def test_old_and_future_timestamps_get_the_same_answer(case, is_async):
    entered: list[bytes] = []
    api = api_of(case.decorator(case.secret)(view_of(is_async, entered)))
    with serving(api=api):
        wrong = post(Client(), case.signed(secret=case.other), case.body)
        for offset in (-1000, 1000):
            answer = post(Client(), case.signed(timestamp=now() + offset), case.body)
            assert (answer.status_code, answer.content) == (401, wrong.content)
            assert answer["WWW-Authenticate"] == f'Signature realm="{case.scheme.name}"'
    assert entered == []


@BOTH
@pytest.mark.parametrize("kind", [AutoAPI, NinjaAPI])
@pytest.mark.parametrize("django_limit", [None, 100, 10_000])
@pytest.mark.parametrize("declared", [True, False])
def test_an_oversized_body_is_not_hashed(is_async, kind, django_limit, declared, monkeypatch):
    entered: list[bytes] = []
    hashed = []
    monkeypatch.setattr("ninja_boost_webhooks.hook.verify", lambda *a, **k: hashed.append(a))
    view = github_webhook("s", max_body=1000)(view_of(is_async, entered))
    body = b"x" * 1001
    with (
        serving(api=api_of(view, kind, Router)),
        override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=django_limit),
    ):
        rest = {"Content-Type": "application/json", **sign_github(body, "s")}
        if declared:
            answer = post(Client(), rest, body)
        else:
            # As of a sender who declares less than he sends, or nothing.
            factory = RequestFactory()
            request = factory.post("/api/hook", body, content_type="application/json", headers=rest)
            request.META["CONTENT_LENGTH"] = ""
            with pytest.raises(ApiError) as refused:
                answer = view(request) if not is_async else asyncio.run(view(request))
            answer = refused.value
    assert answer.status_code == 413
    assert entered == hashed == []


@BOTH
def test_a_body_that_says_that_it_is_too_long_is_not_read(is_async):
    class Unread:
        def read(self, *size):
            raise AssertionError("read")

        readline = read

    view = github_webhook("s", max_body=10)(view_of(is_async, []))
    headers = sign_github(b"", "s")
    with serving(api=api_of(view)):
        answer = Client().generic(
            "POST",
            "/api/hook",
            headers=headers,
            CONTENT_LENGTH="11",
            **{"wsgi.input": Unread()},
        )
    assert answer.status_code == 413


def test_the_longest_body_is_let_in():
    entered: list[bytes] = []
    view = github_webhook("s")(view_of(False, entered))
    body = b"x" * 1000
    with (
        serving(api=api_of(view)),
        override_settings(NINJA_BOOST={"WEBHOOKS": {"MAX_BODY": 1000}}),
    ):
        assert post(Client(), sign_github(body, "s"), body).status_code == 200
        assert post(Client(), sign_github(body + b"x", "s"), body + b"x").status_code == 413


@BOTH
def test_verification_comes_before_authentication_and_parsing(is_async):
    class Key(APIKeyHeader):
        param_name = "X-Key"

        def authenticate(self, request, key):
            return key == "right" or None

    if is_async:

        @github_webhook("s")
        async def view(request, ctx, payload: Payload):
            return payload.amount
    else:

        @github_webhook("s")
        def view(request, ctx, payload: Payload):
            return payload.amount

    router = AutoRouter()
    router.post("/hook", auth=Key())(view)
    api = AutoAPI(urls_namespace="auth")
    api.add_router("", router)
    with serving(api=api):
        for body, signed, key, status in [
            (b"{", "t", "wrong", 401),
            (b"{", "s", "right", 400),
            (b'{"amount": "x"}', "s", "right", 422),
            (b'{"amount": 7}', "s", "wrong", 401),
            (b'{"amount": 7}', "s", "right", 200),
            (b'{"amount": 7}', "s", "right", 409),
        ]:
            answer = post(Client(), {**sign_github(body, signed), "X-Key": key}, body)
            assert answer.status_code == status, (body, answer.content)


class TestSecrets:
    view = staticmethod(view_of(False, []))

    def status(self, decorator, secret="s"):
        body = json.dumps({"n": next(COUNTER)}).encode()
        with serving(api=api_of(decorator(self.view))):
            return post(Client(), sign_github(body, secret), body).status_code

    @pytest.mark.parametrize("value", [None, "", " ", [], [""]])
    def test_an_unset_one_lets_nothing_in(self, value, caplog, monkeypatch):
        monkeypatch.delenv("GITHUB_WEBHOOK_SECRET", raising=False)
        with override_settings(GITHUB_WEBHOOK_SECRET=value):
            assert self.status(github_webhook()) == 401
        (record,) = [each for each in caplog.records if each.name == LOGGER]
        assert record.levelno == logging.ERROR
        assert "set GITHUB_WEBHOOK_SECRET" in record.getMessage()

    def test_an_unset_one_looks_like_a_wrong_signature(self, monkeypatch):
        monkeypatch.delenv("GITHUB_WEBHOOK_SECRET", raising=False)
        headers = sign_github(b"x", "s")
        with serving(unset=api_of(github_webhook()(self.view)), set=self.other_api()):
            unset = post(Client(), headers, b"x", "/unset/hook")
            wrong = post(Client(), headers, b"x", "/set/hook")
        assert (unset.status_code, unset.content) == (wrong.status_code, wrong.content)
        assert unset.headers == wrong.headers

    def other_api(self):
        api = api_of(github_webhook("other")(self.view))
        api.urls_namespace = "other"
        return api

    def test_a_new_one_counts_at_once(self, monkeypatch):
        decorator = github_webhook()
        for secret in ("old", "new"):
            monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", secret)
            assert self.status(decorator, secret) == 200
        assert self.status(decorator, "old") == 401
        for secret in ("set", "reset"):
            with override_settings(GITHUB_WEBHOOK_SECRET=secret):
                assert self.status(decorator, secret) == 200
        box = ["old"]
        called = github_webhook(lambda: box[0])
        assert self.status(called, "old") == 200
        box[0] = "new"
        assert self.status(called, "new") == 200
        assert self.status(called, "old") == 401

    def test_two_during_a_rotation(self, monkeypatch):
        for decorator in (github_webhook(["new", "old"]), github_webhook(lambda: ("new", "old"))):
            assert [self.status(decorator, s) for s in ("old", "new", "x")] == [200, 200, 401]
        with override_settings(GITHUB_WEBHOOK_SECRET=["new", "old"]):
            assert [self.status(github_webhook(), s) for s in ("old", "new")] == [200, 200]
        decorator = github_webhook(secret_env=["HOOK_SECRET", "HOOK_SECRET_OLD"])
        monkeypatch.setenv("HOOK_SECRET", "new, with a comma")
        assert self.status(decorator, "new, with a comma") == 200
        monkeypatch.setenv("HOOK_SECRET_OLD", "old")
        assert self.status(decorator, "old") == 200

    @pytest.mark.parametrize("function_is_async", [False, True])
    @BOTH
    def test_a_function_may_be_async(self, is_async, function_is_async):
        def function():
            return "s"

        async def async_function():
            await asyncio.sleep(0)
            return "s"

        entered: list[bytes] = []
        given = async_function if function_is_async else function
        view = github_webhook(given)(view_of(is_async, entered))
        with serving(api=api_of(view)):
            assert post(Client(), sign_github(b"x", "s"), b"x").status_code == 200
            assert post(Client(), sign_github(b"y", "t"), b"y").status_code == 401

    def test_a_failing_function_lets_nothing_in(self):
        def broken():
            raise ConnectionError("the vault is away")

        entered: list[bytes] = []
        with serving(api=api_of(github_webhook(broken)(view_of(False, entered)))):
            client = Client(raise_request_exception=False)
            assert post(client, sign_github(b"x", "s"), b"x").status_code == 500
        assert entered == []

    def test_it_is_never_asked_for_a_request_without_a_signature(self):
        asked = []
        with serving(api=api_of(github_webhook(lambda: asked.append(1))(self.view))):
            assert post(Client(), {}, b"x").status_code == 400
        assert asked == []


COUNTER = iter(range(10_000))


class TestArguments:
    def test_a_secret_is_needed(self):
        with pytest.raises(TypeError, match="secret_env="):
            verify_webhook(header="X-Signature")
        with pytest.raises(TypeError, match="secret_env="):
            github_webhook(secret_env="")

    @pytest.mark.parametrize(
        "options", [{"tolerance": 0}, {"max_body": 0}, {"replay": "deny"}, {"tolerance": -300}]
    )
    def test_values_that_make_no_sense(self, options):
        with pytest.raises(ValueError, match=next(iter(options))):
            stripe_webhook("s", **options)
        with pytest.raises(ValueError, match="scheme and host"):
            twilio_webhook("s", public_url="api.example.com")

    def test_forgotten_parentheses(self):
        with pytest.raises(TypeError, match="parentheses"):

            @stripe_webhook
            def view(request):
                return None

    def test_a_secret_of_a_wrong_type(self):
        view = github_webhook(lambda: 7)(view_of(False, []))
        with serving(api=api_of(view)):
            client = Client(raise_request_exception=False)
            assert post(client, sign_github(b"x", "7"), b"x").status_code == 500


@BOTH
def test_a_direct_call_enforces_the_signature(is_async):
    entered: list[bytes] = []
    view = stripe_webhook("s")(view_of(is_async, entered, "done"))

    def call(headers):
        request = RequestFactory().post("/x", b"{}", "application/json", headers=headers)
        return asyncio.run(view(request)) if is_async else view(request)

    with pytest.raises(ApiError) as refused:
        call(sign_stripe(b"{}", "t"))
    assert refused.value.status_code == 401
    headers = sign_stripe(b"{}", "s")
    assert call(headers) == "done"
    with pytest.raises(ApiError) as refused:
        call(headers)
    assert refused.value.status_code == 409
    assert entered == [b"{}"]


@BOTH
def test_two_schemes_on_one_view_are_both_enforced(is_async):
    entered: list[bytes] = []
    view = github_webhook("g")(stripe_webhook("s")(view_of(is_async, entered)))
    both = {**sign_github(b"{}", "g"), **sign_stripe(b"{}", "s")}
    with serving(api=api_of(view)):
        assert post(Client(), sign_github(b"{}", "g"), b"{}").status_code == 400
        assert post(Client(), {**both, **sign_github(b"{}", "x")}, b"{}").status_code == 401
        assert post(Client(), both, b"{}").status_code == 200
        assert post(Client(), both, b"{}").status_code == 409
    assert entered == [b"{}"]


@EACH
@BOTH
async def test_the_log_has_the_reason_and_nothing_else(case, is_async, caplog):
    seen = []
    api = api_of(case.decorator(case.secret, endpoint="billing")(view_of(is_async, [])))
    headers = case.signed(secret=case.other)

    def note(request, reason, **kw):
        seen.append((request.path, reason, kw))

    event_bus.on(ON_WEBHOOK_REFUSED, note)
    try:
        with serving(api=api):
            await post(AsyncClient(), headers, case.body)
            await post(AsyncClient(), {}, case.body)
    finally:
        event_bus.off(ON_WEBHOOK_REFUSED, note)
    records = [record for record in caplog.records if record.name == LOGGER]
    assert [record.webhook_reason for record in records] == [
        "no signature matches",
        "missing header: " + ", ".join(case.scheme.headers),
    ]
    assert [reason for _, reason, _ in seen] == [record.webhook_reason for record in records]
    assert seen[0][2] == {"scheme": case.scheme.name, "endpoint": "billing"}
    text = "".join(record.getMessage() + str(vars(record)) for record in records)
    for hidden in (case.secret, case.body.decode(), *headers.values()):
        # A time stands in every record, and a word of three letters in any.
        if len(hidden) > 3 and not hidden.isdigit():
            assert hidden not in text


class TestTwilioBehindAProxy:
    """The proxy ends TLS, so that Django sees http://internal."""

    body = b"Body=hello"
    view = staticmethod(view_of(False, []))

    def status(self, decorator, url, **extra):
        headers = sign_twilio(url, "s", self.body)
        with serving(api=api_of(decorator(self.view))):
            return Client().post(
                "/api/hook?a=1", self.body, content_type=FORM, headers=headers, **extra
            ).status_code  # fmt: skip

    def test_the_host_of_the_request(self):
        assert self.status(twilio_webhook("s"), "http://testserver/api/hook?a=1") == 200
        assert self.status(twilio_webhook("s"), "https://api.example.com/api/hook?a=1") == 401

    def test_the_setting(self):
        for url in ("https://api.example.com", "https://api.example.com/"):
            with override_settings(NINJA_BOOST={"WEBHOOKS": {"PUBLIC_URL": url}}):
                decorator = twilio_webhook("s", replay="allow")
                assert self.status(decorator, "https://api.example.com/api/hook?a=1") == 200
                assert self.status(decorator, "http://testserver/api/hook?a=1") == 401

    def test_the_argument_wins(self):
        decorator = twilio_webhook("s", public_url="https://x.example/gateway/")
        with override_settings(NINJA_BOOST={"WEBHOOKS": {"PUBLIC_URL": "https://y.example"}}):
            assert self.status(decorator, "https://x.example/gateway/api/hook?a=1") == 200

    def test_djangos_own_proxy_setting(self):
        with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
            status = self.status(
                twilio_webhook("s"),
                "https://testserver/api/hook?a=1",
                HTTP_X_FORWARDED_PROTO="https",
            )
        assert status == 200

    def test_a_host_that_is_not_allowed(self):
        assert self.status(twilio_webhook("s"), "http://evil/api/hook?a=1", HTTP_HOST="evil") == 400

    def test_a_get_request(self):
        router = AutoRouter()
        router.get("/hook", auth=None)(twilio_webhook("s")(self.view))
        api = AutoAPI(urls_namespace="get")
        api.add_router("", router)
        with serving(api=api):
            headers = sign_twilio("http://testserver/api/hook?From=1", "s")
            assert Client().get("/api/hook?From=1", headers=headers).status_code == 200
            assert Client().get("/api/hook?From=2", headers=headers).status_code == 401


def test_the_order_of_the_decorators_does_not_matter():
    class Early(Hook):
        order = Order.RATE_LIMIT

        def before_auth(self, call):
            return HttpResponse(b"early")

    for body, view in (
        (b"x", attach(Early())(github_webhook("s")(view_of(False, [])))),
        (b"y", github_webhook("s")(attach(Early())(view_of(False, [])))),
    ):
        with serving(api=api_of(view)):
            assert post(Client(), sign_github(body, "t"), body).status_code == 401
            assert post(Client(), sign_github(body, "s"), body).content == b"early"


def test_the_originals_examples_as_written(monkeypatch):
    fulfilled = []
    for name in ("STRIPE_WEBHOOK_SECRET", "MY_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "s")
    router = AutoRouter()

    @router.post("/webhooks/stripe", auth=None)
    @stripe_webhook()
    def handle_stripe(request, ctx):
        event = json.loads(request.body)
        if event["type"] == "payment_intent.succeeded":
            fulfilled.append(event["data"]["object"]["id"])

    @router.post("/webhooks/mine", auth=None)
    @verify_webhook(secret_env="MY_WEBHOOK_SECRET", header="X-Signature")
    def handle_mine(request, ctx):
        return ctx["user"]

    api = AutoAPI(urls_namespace="original")
    api.add_router("", router)
    event = {"id": "evt_9", "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1"}}}
    body = json.dumps(event).encode()
    generic = CASES[5].sign(b"x", "s")
    with serving(api=api):
        answer = post(Client(), sign_stripe(body, "s"), body, "/api/webhooks/stripe")
        assert answer.json() == {"ok": True, "data": None}
        answer = post(Client(), generic, b"x", "/api/webhooks/mine")
        assert answer.json() == {"ok": True, "data": None}
    assert fulfilled == ["pi_1"]


@BOTH
async def test_ed25519_and_hmac_keys_side_by_side(is_async):
    ed25519, hmac_case = CASES[4], CASES[3]
    entered: list[bytes] = []
    view = standard_webhook([hmac_case.secret, ed25519.secret])(view_of(is_async, entered))
    with serving(api=api_of(view)):
        for key, status in (
            (hmac_case.secret, 200),
            (ed25519.signing, 200),
            (ed25519.other, 401),
            (hmac_case.other, 401),
            ([hmac_case.other, ed25519.signing], 200),
        ):
            answer = await post(AsyncClient(), sign_standard(b"{}", key), b"{}")
            assert answer.status_code == status
    assert len(entered) == 3
