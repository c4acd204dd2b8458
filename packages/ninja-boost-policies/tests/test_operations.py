"""Policies in the request cycle: Ninja's own API and ours, sync and async."""

import threading

import pytest
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.test import AsyncClient, Client, override_settings
from ninja import NinjaAPI

from ninja_boost_core import Hook, Order, attach, event_bus
from ninja_boost_policies import (
    BasePolicy,
    PolicyDenied,
    decisions_of,
    policy,
    policy_objects,
    policy_registry,
)

from .models import Booking
from .support import NOBODY, Optional, Token, a_request, make, message, registered, serving, who

KINDS = pytest.mark.parametrize("kind", ["plain", "auto"])
ASYNC = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
pytestmark = pytest.mark.usefixtures("booking_policy")


class Fetch:
    """A get_obj without a database, which counts."""

    def __init__(self, **known):
        self.known = known
        self.calls = []

    def __call__(self, name, **kw):
        self.calls.append((name, kw))
        return self.known.get(name)

    async def asynchronous(self, name, **kw):
        return self(name, **kw)


def row(**values):
    return Booking(**values)


ROWS = {
    "mine": {"owner": 1},
    "closed": {"owner": 1, "state": "closed"},
    "theirs": {"owner": 2},
}


def bookings():
    return {name: row(**values) for name, values in ROWS.items()}


def a_view(is_async, answer):
    if is_async:

        async def view(request, name: str, flag: int = 0):
            return answer(request)
    else:

        def view(request, name: str, flag: int = 0):
            return answer(request)

    return view


def build(kind, is_async, *, auth=None, answer=None, get_obj=None, **options):
    api, router = make(kind, auth)
    fetch = Fetch(**bookings())
    get_obj = get_obj or (fetch.asynchronous if is_async else fetch)
    answer = answer or (lambda request: {"state": policy_objects(request)["booking"].state})
    decorated = policy("booking", "update", get_obj=get_obj, **options)(a_view(is_async, answer))
    router.put("/{name}")(decorated)
    api.add_router("", router)
    return api, fetch


@KINDS
@ASYNC
def test_allowed_and_denied(kind, is_async, denials):
    api, fetch = build(kind, is_async)
    with serving(api=api):
        client = Client()
        allowed = client.put("/api/mine", headers=who("alice"))
        assert allowed.status_code == 200
        data = allowed.json()
        assert (data.get("data") or data) == {"state": "open"}
        assert fetch.calls == [("mine", {"flag": 0})]  # once, with the validated arguments
        assert not denials

        theirs = client.put("/api/theirs", headers=who("alice"))
        assert (theirs.status_code, message(theirs)) == (403, "Permission denied.")

        closed = client.put("/api/closed", headers=who("alice"))
        assert (closed.status_code, message(closed)) == (403, "A closed booking cannot be changed.")
        if kind == "auto":
            assert closed.json()["ok"] is False
            assert closed.json()["details"] == {
                "code": "booking_closed",
                "resource": "booking",
                "action": "update",
            }

        assert client.put("/api/gone", headers=who("alice")).status_code == 404
        assert client.put("/api/mine").status_code == 401
        assert client.put("/api/theirs", headers=who("staff")).status_code == 200
    first, second = denials
    assert first["request"].path == "/api/theirs"
    assert first["ctx"]["user"]["user_id"] == 1
    assert (first["resource"], first["action"]) == ("booking", "update")
    assert second["decision"].as_dict()["code"] == "booking_closed"
    assert second["decision"].rule == "booking.update"


@KINDS
def test_problem_details_carry_the_code(kind):
    api, _ = build(kind, False)
    with serving(api=api), override_settings(NINJA_BOOST={"ERRORS": "problem"}):
        body = Client().put("/api/closed", headers=who("alice")).json()
    if kind == "auto":
        assert (body["status"], body["code"]) == (403, "booking_closed")


@KINDS
@ASYNC
@pytest.mark.parametrize("answer", [True, False, None, 1])
@pytest.mark.parametrize("nonblocking", [False, True])
def test_a_rule_without_an_object_is_asked_once(kind, is_async, answer, nonblocking, denials):
    asked = []

    class Reports(BasePolicy):
        resource_name = "report"

        def view(self, request, ctx, obj=None):
            asked.append(obj)
            return answer

    Reports.nonblocking = nonblocking
    api, router = make(kind)
    decided = []

    def answer_with(request):
        decided.extend(decisions_of(request))
        return {}

    router.get("/{name}")(policy("report", "view")(a_view(is_async, answer_with)))
    api.add_router("", router)
    with registered(Reports()), serving(api=api):
        status = Client().get("/api/x", headers=who("alice")).status_code
    assert asked == [None]
    assert status == (200 if answer is True else 403)
    assert len(denials) == (0 if answer is True else 1)
    assert [each.rule for each in decided] == (["report.view"] if answer is True else [])


@KINDS
@ASYNC
@pytest.mark.parametrize(("before", "status"), [(True, 200), (False, 403), (None, 403)])
def test_what_comes_before_a_rule_without_an_object(kind, is_async, before, status):
    class Reports(BasePolicy):
        resource_name = "report"
        nonblocking = True

        def before(self, request, ctx, action, obj=None):
            return before

        def view(self, request, ctx, obj=None):
            return before is False

    api, router = make(kind)
    router.get("/{name}")(policy("report", "view")(a_view(is_async, lambda request: {})))
    api.add_router("", router)
    with registered(Reports()), serving(api=api):
        assert Client().get("/api/x", headers=who("alice")).status_code == status


@KINDS
@pytest.mark.parametrize("nonblocking", [False, True])
async def test_a_rule_that_may_block_leaves_the_loop(kind, nonblocking):
    threads = []

    class Reports(BasePolicy):
        resource_name = "report"

        def view(self, request, ctx, obj=None):
            threads.append(threading.get_ident())
            return True

    Reports.nonblocking = nonblocking
    api, router = make(kind)
    router.get("/{name}")(policy("report", "view")(a_view(True, lambda request: {})))
    api.add_router("", router)
    with registered(Reports()), serving(api=api):
        response = await AsyncClient().get("/api/x", headers=who("alice"))
    assert response.status_code == 200
    assert (threads == [threading.get_ident()]) is nonblocking


@KINDS
@ASYNC
def test_nobody_gets_a_401_with_a_challenge(kind, is_async):
    api, _ = build(kind, is_async, auth=Optional())
    with serving(api=api):
        refused = Client().put("/api/mine")
        assert refused.status_code == 401
        assert refused["WWW-Authenticate"].startswith("Bearer")
        assert "closed" not in message(refused)
        assert Client().put("/api/theirs", headers=who("alice")).status_code == 403


@KINDS
@ASYNC
@pytest.mark.parametrize("name", [None, "alice"])
def test_hidden_is_like_missing(kind, is_async, name):
    """To the byte, for nobody and for somebody."""
    api, _ = build(kind, is_async, auth=Optional(), hide=True)
    with serving(api=api):
        hidden = Client().put("/api/theirs", headers=who(name))
        missing = Client().put("/api/no-such", headers=who(name))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content
    assert dict(hidden.headers) == dict(missing.headers)


@KINDS
@pytest.mark.parametrize("hide", [None, False, True])
def test_a_policy_may_hide_everything(kind, hide):
    class Hides(BasePolicy):
        resource_name = "hidden"
        hide = True

        def view(self, request, ctx, obj=None):
            return False

    api, router = make(kind)

    @router.get("/x")
    @policy("hidden", "view", hide=hide)
    def view(request):
        return {}

    api.add_router("", router)
    with serving(api=api), registered(Hides()):
        status = Client().get("/api/x", headers=who("alice")).status_code
    assert status == (403 if hide is False else 404)


@KINDS
@ASYNC
def test_no_object_is_not_all_objects(kind, is_async):
    """The rule would allow None, as the rule of a list does."""

    class Policy(BasePolicy):
        resource_name = "lenient"

        def view(self, request, ctx, obj=None):
            return obj is None or obj == "mine"

    api, router = make(kind)
    entered = []

    def get_obj(name):
        return None

    def answer(request):
        entered.append(1)

    router.get("/{name}")(policy("lenient", "view", get_obj=get_obj)(a_view(is_async, answer)))
    api.add_router("", router)
    with serving(api=api), registered(Policy()):
        assert Client().get("/api/x", headers=who("alice")).status_code == 404
    assert not entered


@KINDS
@ASYNC
@pytest.mark.parametrize("error", [KeyError("secret"), StopIteration(), Http404("secret")])
def test_a_failing_get_obj_never_lets_anybody_in(kind, is_async, error):
    def fail(name):
        raise error

    entered = []
    api, _ = build(kind, is_async, get_obj=fail, answer=lambda request: entered.append(1))
    with serving(api=api):
        client = Client(raise_request_exception=False)
        response = client.put("/api/mine", headers=who("alice"))
    assert response.status_code == (404 if isinstance(error, Http404) else 500)
    assert b"secret" not in response.content
    assert not entered


@KINDS
@ASYNC
def test_a_raising_rule_denies_and_the_event_says_so(kind, is_async, denials, caplog):
    error = ValueError("a secret")

    class Policy(BasePolicy):
        resource_name = "broken"

        def view(self, request, ctx, obj=None):
            raise error

    api, router = make(kind)
    entered = []

    def answer(request):
        entered.append(1)

    router.get("/{name}")(policy("broken", "view")(a_view(is_async, answer)))
    api.add_router("", router)
    with serving(api=api), registered(Policy()):
        response = Client().get("/api/x", headers=who("alice"))
    assert (response.status_code, message(response)) == (403, "Permission denied.")
    assert b"secret" not in response.content
    assert b"ValueError" not in response.content
    [denial] = denials
    assert denial["decision"].cause == "error"
    assert denial["decision"].error is error
    assert "The policy rule broken.view failed" in caplog.text
    assert not entered


@KINDS
@ASYNC
@pytest.mark.parametrize(("resource", "action"), [("bookin", "update"), ("booking", "updaet")])
def test_the_unknown_is_denied(kind, is_async, resource, action, denials):
    """To staff, too, to whom ``before`` allows everything."""
    api, router = make(kind)
    router.get("/{name}")(policy(resource, action)(a_view(is_async, lambda request: {})))
    api.add_router("", router)
    with serving(api=api):
        response = Client().get("/api/x", headers=who("staff"))
    assert response.status_code == 403
    assert resource not in message(response)
    assert denials[0]["decision"].cause == "unknown"


@KINDS
@ASYNC
def test_the_imperative_check(kind, is_async, denials):
    api, router = make(kind)
    rows = bookings()
    if is_async:

        @router.put("/{name}")
        @policy("booking", "update", in_view=True)
        async def update(request, ctx, name: str):
            await policy_registry.aauthorize(request, ctx, "booking", "update", obj=rows[name])
            return {"may_delete": await policy_registry.acan(request, ctx, "booking", "delete")}
    else:

        @router.put("/{name}")
        @policy("booking", "update", in_view=True)
        def update(request, ctx, name: str):
            policy_registry.authorize(request, ctx, "booking", "update", obj=rows[name])
            return {"may_delete": policy_registry.can(request, ctx, "booking", "delete")}

    api.add_router("", router)
    with serving(api=api):
        allowed = Client().put("/api/mine", headers=who("alice"))
        assert allowed.status_code == 200
        assert not denials  # can() is a question
        assert Client().put("/api/theirs", headers=who("alice")).status_code == 403
        closed = Client().put("/api/closed", headers=who("alice"))
        assert message(closed) == "A closed booking cannot be changed."
    assert [each["decision"].code for each in denials] == ["policy_denied", "booking_closed"]


@KINDS
def test_several_policies_and_objects(kind):
    class Ticket(BasePolicy):
        resource_name = "ticket"

        def view(self, request, ctx, obj=None):
            return obj == "ticket 7"

    api, router = make(kind)

    @router.get("/{name}/{number}")
    @policy("booking", "view", get_obj=lambda name: row(**ROWS[name]))
    @policy("ticket", "view", get_obj=lambda number: f"ticket {number}")
    def view(request, ctx, name: str, number: int):
        objects = ctx["policy_objects"]
        assert objects is policy_objects(request)
        return {"owner": objects["booking"].owner, "ticket": objects["ticket"]}

    api.add_router("", router)
    with serving(api=api), registered(Ticket()):
        client = Client(headers=who("alice"))
        both = client.get("/api/mine/7").json()
        assert (both.get("data") or both) == {"owner": 1, "ticket": "ticket 7"}
        assert client.get("/api/mine/8").status_code == 403


@ASYNC
def test_get_obj_may_ask_for_request_and_ctx(is_async):
    seen = {}

    def get_obj(request, ctx, name):
        seen.update(request=request, user=ctx["user"], name=name)
        return row(owner=1)

    api, _ = build("auto", is_async, get_obj=get_obj)
    with serving(api=api):
        assert Client().put("/api/mine", headers=who("alice")).status_code == 200
    assert (seen["request"].path, seen["user"]["user_id"], seen["name"]) == ("/api/mine", 1, "mine")


@pytest.mark.django_db
@KINDS
def test_the_object_costs_one_query(kind, django_assert_num_queries):
    api, router = make(kind)

    @router.put("/{pk}")
    @policy("booking", "update", get_obj=lambda pk, **kw: get_object_or_404(Booking, pk=pk))
    def update(request, pk: int):
        return {"id": policy_objects(request)["booking"].pk}

    api.add_router("", router)
    mine = Booking.objects.create(owner=1)
    with serving(api=api):
        client = Client(headers=who("alice"))
        client.put(f"/api/{mine.pk}")
        with django_assert_num_queries(1):
            response = client.put(f"/api/{mine.pk}").json()
        assert (response.get("data") or response) == {"id": mine.pk}
        with django_assert_num_queries(1):
            assert client.put("/api/0").status_code == 404
        with django_assert_num_queries(0):  # parameters are validated first
            assert client.put("/api/x").status_code == 422


@pytest.mark.django_db
@KINDS
def test_a_list_shows_what_may_be_seen(kind):
    api, router = make(kind, Optional())

    @router.get("/", response=list[int])
    @policy("booking", "view", in_view=True)
    def listing(request, ctx):
        visible = policy_registry.scope(request, ctx, "booking", Booking.objects.order_by("pk"))
        return list(visible.values_list("owner", flat=True))

    api.add_router("", router)
    for owner, public in ((1, False), (2, False), (4, True)):
        Booking.objects.create(owner=owner, public=public)

    def listed(name):
        found = Client().get("/api/", headers=who(name)).json()
        while isinstance(found, dict):
            found = found.get("data", found.get("items"))
        return found

    with serving(api=api):
        assert listed("alice") == [1, 4]
        assert listed("bob") == [2, 4]
        assert listed("staff") == [1, 2, 4]
        assert listed(None) == [4]


@pytest.mark.django_db
@KINDS
@ASYNC
def test_the_session_user_is_somebody(kind, is_async, client, django_user_model):
    """An operation without authentication, whose caller has logged in to the site."""
    api, router = make(kind)
    view = a_view(is_async, lambda request: {})
    router.get("/{name}", auth=None)(policy("booking", "delete")(view))
    api.add_router("", router)
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    sessions = "django.contrib.sessions.backends.signed_cookies"
    with (
        serving(api=api),
        override_settings(MIDDLEWARE=middleware, SESSION_ENGINE=sessions),
    ):
        assert client.get("/api/x").status_code == 401
        client.force_login(django_user_model.objects.create_user("ann"))
        assert client.get("/api/x").status_code == 403


@KINDS
def test_policies_come_before_stored_answers(kind):
    """Invariant: a stored answer never reaches a caller whom a policy refuses."""

    class Stored(Hook):
        order = Order.CACHE

        def before_view(self, call):
            return call.operation.api.create_response(call.request, {"stored": 1}, status=200)

    api, router = make(kind)

    @router.get("/{name}")
    @attach(Stored())
    @policy("booking", "view", get_obj=lambda name: row(**ROWS[name]))
    def inside(request, name: str):
        return {}

    @router.get("/2/{name}")
    @policy("booking", "view", get_obj=lambda name: row(**ROWS[name], team="blue"))
    @attach(Stored())
    def outside(request, name: str):
        return {}

    class Secret(BasePolicy):
        resource_name = "never"

        def view(self, request, ctx, obj=None):
            return False

    @router.get("/3/{name}")
    @policy("never", "view")
    @attach(Stored())
    def third(request, name: str):
        return {}

    api.add_router("", router)
    with serving(api=api), registered(Secret()):
        client = Client(headers=who("alice"))
        assert b"stored" in client.get("/api/mine").content
        assert b"stored" in client.get("/api/2/mine").content
        assert client.get("/api/3/mine").status_code == 403


# Direct calls


def test_a_direct_call_is_enforced(denials):
    fetch = Fetch(**bookings())

    @policy("booking", "update", get_obj=fetch)
    def update(request, ctx, name: str):
        return ctx["policy_objects"]["booking"]

    @policy("booking", "update", get_obj=fetch)
    def without_ctx(request, name: str):
        return policy_objects(request)["booking"]

    request = a_request({"user_id": 1})
    assert update(request, name="mine") is fetch.known["mine"]
    assert update(request, {"user": {"user_id": 1}}, "mine") is fetch.known["mine"]
    assert without_ctx(request, "mine") is fetch.known["mine"]
    with pytest.raises(PolicyDenied) as caught:
        update(request, name="closed")
    assert caught.value.decision.code == "booking_closed"
    assert caught.value.status_code == 403
    with pytest.raises(PolicyDenied) as caught:
        update(a_request(), name="mine")
    assert caught.value.status_code == 401
    assert caught.value.headers == {"WWW-Authenticate": 'Bearer realm="api"'}
    with pytest.raises(Http404):
        update(request, name="no-such")
    assert [each["decision"].code for each in denials] == ["booking_closed", "policy_denied"]


async def test_an_async_direct_call_is_enforced():
    fetch = Fetch(**bookings())

    @policy("booking", "update", get_obj=fetch.asynchronous)
    async def update(request, ctx, name: str):
        return ctx["policy_objects"]["booking"]

    request = a_request({"user_id": 1})
    assert await update(request, name="mine") is fetch.known["mine"]
    with pytest.raises(PolicyDenied):
        await update(request, name="theirs")


def test_a_view_that_calls_another_keeps_its_objects():
    fetch = Fetch(**bookings())

    @policy("booking", "view", get_obj=fetch)
    def inner(request, name: str):
        return policy_objects(request)["booking"].state

    @policy("booking", "update", get_obj=fetch)
    def outer(request, name: str):
        inner(request, "closed")
        return policy_objects(request)["booking"].state

    assert outer(a_request({"user_id": 1}), "mine") == "open"

    @policy("booking", "view", get_obj=fetch)
    def inner_with_ctx(request, ctx, name: str):
        return ctx["policy_objects"]["booking"].state

    @policy("booking", "update", get_obj=fetch)
    def outer_with_ctx(request, ctx, name: str):
        inside = inner_with_ctx(request, ctx, "closed")
        return inside, ctx["policy_objects"]["booking"].state

    assert outer_with_ctx(a_request({"user_id": 1}), name="mine") == ("closed", "open")


def test_outside_of_views():
    """With a request alone; ``ctx`` is made of it."""
    request = a_request({"user_id": 1})
    mine = row(owner=1)
    assert policy_registry.authorize(request, None, "booking", "update", mine).allowed
    with pytest.raises(PolicyDenied) as caught:
        policy_registry.authorize(request, None, "booking", "update", row(owner=2))
    assert caught.value.status_code == 403
    with pytest.raises(Http404):
        policy_registry.authorize(request, None, "booking", "update", row(owner=2), hide=True)
    assert policy_objects(request) == {}


def test_principals():
    """Whom a denial asks to authenticate."""

    def status(auth=None, user=None):
        with pytest.raises(PolicyDenied) as caught:
            policy_registry.authorize(a_request(auth), {"user": user}, "booking", "delete")
        return caught.value.status_code

    assert status() == 401
    assert status(auth=NOBODY) == 401
    assert status(user=NOBODY) == 401
    assert status(auth=True) == 403  # a key that names nobody, and is right
    assert status(user={"user_id": 1}) == 403
    assert status(auth="alice") == 403


# The trail


def test_the_trail_has_what_was_enforced():
    request = a_request({"user_id": 1})
    ctx = {"user": {"user_id": 1}}
    assert decisions_of(request) == ()
    policy_registry.can(request, ctx, "booking", "view", row(owner=1))
    policy_registry.decide(request, ctx, "booking", "delete")
    assert decisions_of(request) == ()
    for _ in range(3):
        policy_registry.authorize(request, ctx, "booking", "update", row(owner=1))
    with pytest.raises(PolicyDenied):
        policy_registry.authorize(request, ctx, "booking", "delete")
    allowed, denied = decisions_of(request)
    assert (allowed.rule, allowed.allowed) == ("booking.update", True)
    assert (denied.rule, denied.allowed) == ("booking.delete", False)
    assert [each.rule for each in request.policy_decisions] == ["booking.update", "booking.delete"]


@KINDS
@ASYNC
def test_a_hook_around_the_operation_sees_the_decisions(kind, is_async):
    """As an audit trail does."""
    seen = []

    class Audit(Hook):
        order = Order.AUDIT

        def on_response(self, call):
            seen.append([each.as_dict() for each in call.request.policy_decisions])
            seen.append(getattr(call.error, "decision", None))

    api, router = make(kind)
    view = a_view(is_async, lambda request: {})
    decorated = policy("booking", "update", get_obj=Fetch(**bookings()))(view)
    router.put("/{name}")(attach(Audit())(decorated))
    api.add_router("", router)
    with serving(api=api):
        Client().put("/api/mine", headers=who("alice"))
        Client().put("/api/closed", headers=who("alice"))
    assert seen[0][0]["allowed"] is True
    assert seen[1] is None
    assert seen[2][0]["reason"] == "A closed booking cannot be changed."
    assert seen[3].code == "booking_closed"


async def test_async_handlers_hear_of_denials(async_client):
    heard = []

    async def listen(decision, **kw):
        heard.append((decision.rule, threading.get_ident()))

    event_bus.on("on_policy_denied", listen)
    try:
        api, _ = build("auto", True)
        with serving(api=api):
            response = await async_client.put("/api/theirs", headers=who("alice"))
        assert response.status_code == 403
    finally:
        event_bus.off("on_policy_denied", listen)
    assert heard == [("booking.update", threading.get_ident())]


# What is wrong where it is written


def test_bad_arguments():
    def view(request, ctx, number: int): ...

    with pytest.raises(TypeError, match="get_obj of @policy needs 'pk', which the view does not"):
        policy("booking", "view", get_obj=lambda pk, **kw: None)(view)
    with pytest.raises(TypeError, match="one of the two asks"):
        policy("booking", "view", get_obj=lambda number: None, in_view=True)
    with pytest.raises(TypeError, match="two names"):
        policy(BasePolicy, "view")
    policy("booking", "view", get_obj=lambda number, other=1: None)(view)
    policy("booking", "view", get_obj=lambda *args, **kw: None)(view)
    policy("booking", "view", get_obj=lambda anything: None)(lambda request, **kw: None)


def test_a_stream_cannot_ask_in_the_view():
    streaming = pytest.importorskip("ninja.streaming")
    from django.core.exceptions import ImproperlyConfigured
    from ninja import Schema

    class Item(Schema):
        id: int

    api = NinjaAPI(auth=Token())

    @api.get("/x", response=streaming.SSE[Item])
    @policy("booking", "view", in_view=True)
    def view(request):
        yield {"id": 1}

    with serving(api=api), pytest.raises(ImproperlyConfigured, match="on a stream"):
        Client().get("/api/x", headers=who("alice"))
