"""Refusals as a client, a handler of events and the log see them."""

import asyncio
import logging

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.test import RequestFactory, override_settings
from ninja import NinjaAPI, Router, Schema
from ninja.security import APIKeyHeader

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, Hook, Order, attach, event_bus
from ninja_boost_core.events import ON_PERMISSION_DENIED
from ninja_boost_permissions import (
    AllowAny,
    BasePermission,
    DenyAll,
    HasPermission,
    IsAuthenticated,
    IsOwner,
    IsStaff,
    acheck_permission,
    async_require,
    check_permission,
    require,
)
from tests.support import TokenAuth, denials, serving

STAFF = {"user_id": 1, "is_staff": True}
CUSTOMER = {"user_id": 2}


def owner_is_pk(request, ctx, pk, **kw):
    return pk


class Broken(BasePermission):
    def has_permission(self, request, ctx):
        raise ZeroDivisionError("the secret is 42")


def auto(view, method="get", url="/{pk}", **options):
    router, api = AutoRouter(), AutoAPI()
    getattr(router, method)(url, **options)(view)
    api.add_router("", router)
    return api


def plain(view, method="get", url="/{pk}", **options):
    api = NinjaAPI(auth=TokenAuth())
    getattr(api, method)(url, **options)(view)
    return api


@pytest.fixture(params=[auto, plain], ids=["auto", "plain"])
def make(request):
    return request.param


def view_of(how, *permissions, **options):
    def view(request, pk: int):
        return {"pk": pk}

    return require(*permissions, **options)(how.view(view))


def test_somebody_passes_or_gets_a_403(make, how):
    with serving(api=make(view_of(how, IsStaff))):
        assert how.ask("get", "/api/7", STAFF).status_code == 200
        refused = how.ask("get", "/api/7", CUSTOMER)
    assert refused.status_code == 403
    assert "Permission denied." in refused.content.decode()
    assert "WWW-Authenticate" not in refused


def test_nobody_gets_a_401_with_a_challenge(make, how):
    with serving(api=make(view_of(how, IsStaff), auth=None)):
        refused = how.ask("get", "/api/7")
    assert refused.status_code == 401
    assert "Authentication required." in refused.content.decode()
    assert refused["WWW-Authenticate"].startswith("Bearer")


def test_the_challenge_is_that_of_the_operation(make, how):
    class Key(APIKeyHeader):
        nonblocking = True

        def authenticate(self, request, key):
            return AnonymousUser()

    with serving(api=make(view_of(how, IsAuthenticated), auth=Key())):
        refused = how.ask("get", "/api/7")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "ApiKey")


def test_who_has_no_name_but_valid_credentials_gets_a_403(make, how):
    with serving(api=make(view_of(how, IsAuthenticated))):
        assert how.ask("get", "/api/7", True).status_code == 403


def test_hide_answers_as_if_there_were_nothing(make, how):
    def missing(request, pk: int):
        raise Http404

    hidden = make(view_of(how, IsOwner(owner_is_pk), hide=True), auth=None)
    with (
        serving(api=hidden, other=make(missing)),
        denials() as seen,
    ):
        for principal in (CUSTOMER, None):
            refused = how.ask("get", "/api/7", principal)
            truly_missing = how.ask("get", "/other/7", CUSTOMER)
            assert refused.status_code == truly_missing.status_code == 404
            assert refused.content == truly_missing.content
            assert refused.headers == truly_missing.headers
    assert len(seen) == 2


def test_what_hides_comes_first_whatever_the_order_of_decorators(how):
    def view(request, pk: int):
        return {}

    late = IsOwner(owner_is_pk)
    above = require(late)(require(late, hide=True)(how.view(view)))
    below = require(late, hide=True)(require(late)(how.view(view)))
    with serving(a=auto(above), b=auto(below)):
        assert how.ask("get", "/a/7", CUSTOMER).status_code == 404
        assert how.ask("get", "/b/7", CUSTOMER).status_code == 404


def test_several_decorators_are_an_and(make, how):
    def view(request, pk: int):
        return {}

    view = require(IsOwner(owner_is_pk))(require(IsStaff)(how.view(view)))
    with serving(api=make(view)):
        assert how.ask("get", "/api/1", STAFF).status_code == 200
        assert how.ask("get", "/api/2", STAFF).status_code == 403
        assert how.ask("get", "/api/2", CUSTOMER).status_code == 403


def test_several_permissions_are_an_and(how):
    with serving(api=auto(view_of(how, IsStaff, IsOwner(owner_is_pk)))):
        assert how.ask("get", "/api/1", STAFF).status_code == 200
        assert how.ask("get", "/api/2", STAFF).status_code == 403


def test_one_permission_is_asked_once_over_several_decorators(how):
    asked = []

    class Counted(BasePermission):
        def has_permission(self, request, ctx):
            asked.append(request.path)
            return True

    def view(request, pk: int):
        return {}

    view = require(Counted)(require(Counted & (IsOwner(owner_is_pk) | Counted))(how.view(view)))
    with serving(api=auto(view)):
        assert how.ask("get", "/api/7", CUSTOMER).status_code == 200
    assert asked == ["/api/7"]


@pytest.mark.parametrize(("answer", "status"), [(True, 200), (False, 403), (None, 403), (1, 403)])
@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize("nonblocking", [False, True])
def test_a_plain_permission_is_asked_once(make, how, answer, status, awaited, nonblocking):
    asked = []

    class Only(BasePermission):
        def has_permission(self, request, ctx):
            asked.append(ctx["user"])

            async def later():
                return answer

            return later() if awaited else answer

    Only.nonblocking = nonblocking
    with serving(api=make(view_of(how, Only))):
        assert how.ask("get", "/api/7", CUSTOMER).status_code == status
    assert asked == [CUSTOMER]


def test_a_permission_that_raises_is_asked_once(make, how):
    asked = []

    class Raising(BasePermission):
        nonblocking = True

        def has_permission(self, request, ctx):
            asked.append(request.path)
            raise ZeroDivisionError

    with serving(api=make(view_of(how, ~Raising()))):
        assert how.ask("get", "/api/7", STAFF).status_code == 403
    assert asked == ["/api/7"]


@pytest.mark.parametrize("hide", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_the_event_fires_once_for_each_denial(make, how, hide, late):
    required = IsAuthenticated & (IsOwner(owner_is_pk) if late else IsStaff)
    with serving(api=make(view_of(how, required, hide=hide))), denials() as seen:
        how.ask("get", "/api/2", {**STAFF, "user_id": 2})
        assert seen == []
        how.ask("get", "/api/7", CUSTOMER)
    (event,) = seen
    assert event["request"].path == "/api/7"
    assert event["ctx"]["user"] == CUSTOMER
    assert event["permission"] == str(required)
    assert event["reason"] == ("IsOwner(owner_is_pk) denied" if late else "IsStaff denied")


def test_the_event_fires_once_with_two_decorators_that_both_refuse(how):
    def view(request, pk: int):
        return {}

    with serving(api=auto(require(DenyAll)(require(IsStaff)(how.view(view))))), denials() as seen:
        how.ask("get", "/api/7", CUSTOMER)
    assert len(seen) == 1


def test_an_async_handler_gets_the_event(how):
    seen = []

    async def handler(request, reason, **kw):
        seen.append(reason)

    event_bus.on(ON_PERMISSION_DENIED, handler)
    try:
        with serving(api=auto(view_of(how, ~IsAuthenticated))):
            how.ask("get", "/api/7", CUSTOMER)
    finally:
        event_bus.off(ON_PERMISSION_DENIED, handler)
    assert seen == ["IsAuthenticated permitted"]


@pytest.mark.parametrize("required", [Broken, ~Broken(), ~(Broken | IsStaff), ~~Broken])
def test_a_permission_that_raises_permits_nothing_and_the_event_says_so(how, required, caplog):
    with serving(api=auto(view_of(how, required))), denials() as seen:
        refused = how.ask("get", "/api/7", CUSTOMER)
    assert refused.status_code == 403
    assert "42" not in refused.content.decode()
    assert seen[0]["reason"] == "Broken raised ZeroDivisionError"
    (record,) = (each for each in caplog.records if each.levelno == logging.ERROR)
    assert record.name == "ninja_boost.permissions"
    assert record.exc_info[0] is ZeroDivisionError
    assert "42" not in record.getMessage()


def test_another_permission_may_still_permit(how):
    with serving(api=auto(view_of(how, Broken | IsStaff))):
        assert how.ask("get", "/api/7", STAFF).status_code == 200
        assert how.ask("get", "/api/7", CUSTOMER).status_code == 403


@pytest.mark.parametrize("answer", ["true", 1, 0, "", [], object()])
@pytest.mark.parametrize("inverse", [False, True])
def test_only_the_two_bools_are_answers(how, answer, inverse, caplog):
    class Sloppy(BasePermission):
        def has_permission(self, request, ctx):
            return answer

    required = ~Sloppy() if inverse else Sloppy
    with serving(api=auto(view_of(how, required))), denials() as seen:
        assert how.ask("get", "/api/7", CUSTOMER).status_code == 403
    assert seen[0]["reason"] == f"Sloppy returned {type(answer).__name__}"
    assert "return a bool" in caplog.text


def test_a_permission_says_what_was_missing(how):
    class IsPremium(BasePermission):
        message = "This needs a premium plan."
        code = "premium_required"

        def has_permission(self, request, ctx):
            return False

    with override_settings(NINJA_BOOST={"AUTH": TokenAuth, "ERRORS": "problem"}):
        with serving(api=auto(view_of(how, IsAuthenticated & IsPremium))):
            problem = how.ask("get", "/api/7", CUSTOMER).json()
        assert problem["code"] == "premium_required"
        assert "This needs a premium plan." in problem.values()
        with serving(api=auto(view_of(how, IsStaff))):
            assert how.ask("get", "/api/7", CUSTOMER).json()["code"] == "permission_denied"
        with serving(api=auto(view_of(how, IsStaff), auth=None)):
            assert how.ask("get", "/api/7").json()["code"] == "not_authenticated"


def test_nobody_is_refused_before_the_body_is_parsed(make, how):
    class Payload(Schema):
        amount: int

    def view(request, pk: int, payload: Payload):
        return {}

    cheap = require(IsAuthenticated & IsOwner(owner_is_pk))(how.view(view))
    with serving(api=make(cheap, "post", auth=None)):
        assert how.ask("post", "/api/7", data={"amount": "much"}).status_code == 401
    with serving(api=make(cheap, "post")):
        assert how.ask("post", "/api/7", CUSTOMER, data={"amount": "much"}).status_code == 422
        assert how.ask("post", "/api/7", CUSTOMER, data={"amount": 1}).status_code == 403
        assert how.ask("post", "/api/2", CUSTOMER, data={"amount": 1}).status_code == 200


def test_permissions_get_the_validated_arguments(make, how):
    class Payload(Schema):
        amount: int

    got = []

    class Typed(BasePermission):
        def has_permission(self, request, ctx, payload, *, pk, page=1, other="default"):
            got.append((pk, payload.amount, page, other))
            return True

    class Everything(BasePermission):
        async def has_permission(self, request, ctx, **values):
            got.append(sorted(values))
            return True

    def view(request, pk: int, payload: Payload, page: int = 3):
        return {}

    with serving(api=make(require(Typed & Everything)(how.view(view)), "post")):
        assert how.ask("post", "/api/7", CUSTOMER, data={"amount": 5}).status_code == 200
    assert got == [(7, 5, 3, "default"), ["page", "payload", "pk"]]


def test_an_object_is_loaded_once_for_the_permissions_and_the_view(make, how):
    loaded = []

    def load(request, ctx, pk):
        loaded.append(pk)
        return {"owner": pk} if pk < 100 else None

    class Owns(BasePermission):
        nonblocking = True

        def has_permission(self, request, ctx, obj):
            return obj["owner"] == ctx["user"]["user_id"]

    def view(request, ctx, pk: int):
        return {"owner": ctx["obj"]["owner"]}

    either = IsStaff | (Owns() & ~IsOwner(lambda request, ctx, obj: 9999))
    required = require(IsAuthenticated & either, obj=load)(how.view(view))
    with serving(api=make(required), nobody=make(required, auth=None)), denials() as seen:
        assert how.ask("get", "/api/2", CUSTOMER).status_code == 200
        assert how.ask("get", "/api/3", CUSTOMER).status_code == 403
        assert how.ask("get", "/api/4", STAFF).status_code == 200
        assert loaded == [2, 3, 4]
        assert how.ask("get", "/nobody/5").status_code == 401
        assert loaded == [2, 3, 4]
        assert len(seen) == 2
        assert how.ask("get", "/api/100", STAFF).status_code == 404
        assert len(seen) == 2
        assert how.ask("get", "/api/100", CUSTOMER).status_code == 404
    assert seen[-1]["reason"] == "IsStaff denied; Owns found no object"


@pytest.mark.parametrize(
    ("error", "status"), [(Http404(), 404), (ValueError(), 403)], ids=["missing", "broken"]
)
def test_a_loader_that_raises_permits_nothing(how, error, status):
    async def load(request, ctx):
        raise error

    class Any(BasePermission):
        def has_permission(self, request, ctx, obj):
            return True

    with serving(
        api=auto(view_of(how, Any, obj=load)),
        other=auto(view_of(how, ~Any(), obj=load)),
        nobody=auto(view_of(how, Any, obj=load), auth=None),
    ):
        assert how.ask("get", "/api/7", CUSTOMER).status_code == status
        assert how.ask("get", "/other/7", CUSTOMER).status_code == status
        assert how.ask("get", "/nobody/7").status_code == 401


def test_a_loader_that_breaks_is_an_error_for_who_is_permitted(how):
    def load(request, ctx):
        raise ZeroDivisionError

    required = IsStaff | IsOwner(lambda request, ctx, obj: obj)
    with serving(api=auto(view_of(how, required, obj=load))):
        assert how.ask("get", "/api/7", STAFF).status_code == 500
        assert how.ask("get", "/api/7", CUSTOMER).status_code == 403


def test_direct_calls_are_enforced(how):
    def view(request, ctx, pk: int = 7):
        return {"pk": pk, "user": ctx["user"]}

    view = require(IsAuthenticated & IsOwner(owner_is_pk))(how.view(view))
    request = RequestFactory().get("/")
    with pytest.raises(ApiError) as refused:
        how.call(view(request, pk=2))
    assert refused.value.status_code == 401
    assert refused.value.headers["WWW-Authenticate"]
    request.auth = CUSTOMER
    with pytest.raises(ApiError) as refused:
        how.call(view(request))
    assert refused.value.status_code == 403
    request.auth = {"user_id": 7}
    assert how.call(view(request))["pk"] == 7  # the view's own default
    assert how.call(view(request, {"user": CUSTOMER}, 2))["pk"] == 2


def test_a_custom_context_names_the_caller(how):
    def with_tenant(view):
        def wrapper(request, *args, **kwargs):
            return view(request, {"user": {"user_id": 5, "is_staff": True}}, *args, **kwargs)

        return wrapper

    settings = {"AUTH": TokenAuth, "DI": with_tenant}
    with (
        override_settings(NINJA_BOOST=settings),
        serving(api=auto(view_of(how, IsStaff), auth=None)),
    ):
        assert how.ask("get", "/api/7").status_code == 200


def test_a_stored_response_never_reaches_who_is_refused(how):
    class Store(Hook):
        order = Order.CACHE

        def before_view(self, call):
            raise AssertionError("a store was asked")

    def view(request, pk: int):
        return {}

    view = attach(Store())(require(IsOwner(owner_is_pk))(how.view(view)))
    with serving(api=auto(view)):
        assert how.ask("get", "/api/7", CUSTOMER).status_code == 403


def test_permissions_work_on_a_plain_router_of_an_auto_api(how):
    router, api = Router(), AutoAPI()
    router.get("/{pk}")(view_of(how, IsStaff))
    api.add_router("", router)
    with serving(api=api):
        assert how.ask("get", "/api/7", CUSTOMER).status_code == 403
        assert how.ask("get", "/api/7", STAFF).status_code == 200


def test_inside_a_view(how):
    required = IsStaff | IsOwner(lambda request, ctx, obj: obj["owner"])

    async def asynchronous(request, ctx, pk: int):
        await acheck_permission(required, request, ctx, obj={"owner": pk})
        return {}

    def synchronous(request, ctx, pk: int):
        check_permission(required, request, obj={"owner": pk})
        return {}

    with serving(api=auto(asynchronous if how.is_async else synchronous)), denials() as seen:
        assert how.ask("get", "/api/2", CUSTOMER).status_code == 200
        assert how.ask("get", "/api/3", STAFF).status_code == 200
        assert how.ask("get", "/api/3", CUSTOMER).status_code == 403
    assert [event["reason"] for event in seen] == ["IsStaff denied; IsOwner(...) denied"]


def test_inside_anything_else():
    request = RequestFactory().get("/")
    check_permission(AllowAny, request)
    with pytest.raises(ApiError):
        check_permission(IsAuthenticated, request)
    with pytest.raises(Http404):
        asyncio.run(acheck_permission(IsAuthenticated, request, hide=True))
    with pytest.raises(TypeError, match="takes 'pk'"):
        check_permission(IsOwner(owner_is_pk), request)


class TestOption:
    def test_holds_for_the_operations_of_a_router(self, how):
        def view(request):
            return {}

        router, api = AutoRouter(permissions=IsStaff), AutoAPI()
        router.get("/default")(how.view(view))
        router.get("/other", permissions=[IsAuthenticated, HasPermission("a.b")])(how.view(view))
        router.get("/none", permissions=None)(how.view(view))
        router.get("/both")(require(HasPermission("a.b"))(how.view(view)))
        api.add_router("", router)
        allowed = {**CUSTOMER, "permissions": ["a.b"]}
        with serving(api=api):
            codes = {
                name: [how.ask("get", f"/api/{name}", p).status_code for p in (STAFF, allowed)]
                for name in ("default", "other", "none", "both")
            }
        assert codes == {
            "default": [200, 403],
            "other": [403, 200],
            "none": [200, 200],
            "both": [403, 403],
        }

    @pytest.mark.parametrize("option", ["staff", object, [], [None], True])
    def test_refuses_what_is_no_permission(self, option):
        with pytest.raises(TypeError, match="GET /: permissions="):
            AutoRouter().get("/", permissions=option)(lambda request: {})

    def test_refuses_what_the_view_cannot_serve(self):
        router = AutoRouter(permissions=IsOwner(owner_is_pk))
        with pytest.raises(TypeError, match="takes 'pk'"):
            router.get("/")(lambda request: {})


def test_the_decorator_stands_where_the_feature_is_switched_off(how):
    settings = {"AUTH": TokenAuth, "DISABLED_FEATURES": ["permissions"]}
    with override_settings(NINJA_BOOST=settings), serving(api=auto(view_of(how, IsStaff))):
        assert how.ask("get", "/api/7", CUSTOMER).status_code == 403


def test_the_option_is_refused_where_the_feature_is_switched_off():
    off = override_settings(NINJA_BOOST={"DISABLED_FEATURES": ["permissions"]})
    with off, pytest.raises(TypeError, match="guards nothing while DISABLED_FEATURES"):
        AutoRouter(permissions=IsStaff)
    router = AutoRouter()
    with off, pytest.raises(TypeError, match="guards nothing while DISABLED_FEATURES"):
        router.get("/", permissions=IsStaff)(lambda request: {})


class TestDocumentation:
    def responses(self, api):
        details = api.get_openapi_schema()["paths"]["/api/{pk}"]["get"]
        return {status: each for status, each in details["responses"].items() if status != 200}

    @pytest.mark.parametrize(
        ("options", "required", "errors"),
        [
            ({}, IsStaff, {401, 403}),
            ({"hide": True}, IsStaff, {404}),
            ({}, AllowAny, set()),
            ({}, AllowAny | IsStaff, set()),
            ({}, DenyAll, {401, 403}),
            (
                {"obj": lambda request, ctx: 1},
                IsOwner(lambda request, ctx, obj: obj),
                {401, 403, 404},
            ),
        ],
    )
    def test_names_each_error(self, make, how, options, required, errors):
        api = make(view_of(how, required, **options), auth=None)
        with serving(api=api):
            responses = self.responses(api)
        assert errors == {status for status in (401, 403, 404) if status in responses}
        if 401 in errors:
            assert "WWW-Authenticate" in responses[401]["headers"]

    def test_describes_itself(self):
        hook = view_hooks(require(IsAuthenticated & IsOwner(lambda req, ctx: 1), hide=True))
        assert hook == ["requires IsAuthenticated & IsOwner(...), hidden"]


def view_hooks(decorator):
    from ninja_boost_core.views import attachment_of

    return [hook.describe() for hook in attachment_of(decorator(lambda request: {})).hooks]


def test_the_async_name_is_the_same():
    assert async_require is require
