"""System checks, the documentation, and the route inventory."""

import gc
import json

import pytest
from django.test import override_settings
from ninja import NinjaAPI

from ninja_boost_core import AutoAPI, AutoRouter, Hook, Order, attach
from ninja_boost_core.checks import check_features
from ninja_boost_policies import BasePolicy, policy

from .policies import BookingPolicy, TicketPolicy
from .support import Token, make, registered, serving


def found(name):
    """The messages about views of this name."""
    gc.collect()  # hooks of earlier tests
    return [each for each in check_features() if name in each.msg]


@pytest.mark.parametrize("kind", ["plain", "auto"])
@pytest.mark.usefixtures("booking_policy")
def test_unknown_names_are_found(kind):
    api, router = make(kind)

    @router.get("/1")
    @policy("bokking", "view")
    def unknown_resource(request): ...

    @router.get("/2")
    @policy("zzz", "view")
    def nothing_near(request): ...

    @router.get("/3")
    @policy("booking", "updat", in_view=True)
    async def unknown_action(request): ...

    @router.get("/4")
    @policy("booking", "view", get_obj=lambda: None)
    def known(request): ...

    api.add_router("", router)
    with serving(api=api):
        [message] = found(".unknown_resource:")
        assert message.id == "ninja_boost_policies.E002"
        assert '@policy("bokking", "view") denies everybody' in message.msg
        assert message.hint == "Did you mean 'booking'?"
        [message] = found(".nothing_near:")
        assert "POLICIES" in message.hint
        [message] = found(".unknown_action:")
        assert message.id == "ninja_boost_policies.E003"
        assert "BookingPolicy has no rule updat(self, request, ctx, obj=None)" in message.msg
        assert message.hint == "Did you mean 'update'?"
        assert found(".known:") == []


def test_the_urls_are_imported_for_the_check():
    """A view that nobody has asked for yet."""
    from types import ModuleType

    class Lazy(ModuleType):
        @property
        def urlpatterns(self):
            api, router = make("auto")

            @router.get("/1")
            @policy("late", "view")
            def late_view(request): ...

            api.add_router("", router)
            self.api = api
            return []

    with override_settings(ROOT_URLCONF=Lazy("late")):
        assert [each.id for each in found(".late_view:")] == ["ninja_boost_policies.E002"]


@pytest.mark.usefixtures("booking_policy")
def test_a_stored_answer_goes_round_a_policy_in_the_view():
    class Cache(Hook):
        order = Order.CACHE

        def before_view(self, call): ...

        def describe(self):
            return "a cache"

    api, router = AutoAPI(auth=Token()), AutoRouter()

    @router.get("/1")
    @attach(Cache())
    @policy("booking", "view", in_view=True)
    def goes_round(request): ...

    @router.get("/2")
    @attach(Cache())
    @policy("booking", "view")
    def asks_before(request): ...

    api.add_router("", router)
    with serving(api=api):
        [message] = found(".goes_round")
        assert message.id == "ninja_boost_policies.W001"
        assert "GET /1" in message.msg.replace("//", "/")
        assert "a cache" in message.msg
        assert found(".asks_before") == []


# OpenAPI


class Hidden(BasePolicy):
    resource_name = "hidden"
    hide = True

    def view(self, request, ctx, obj=None):
        return True


@pytest.fixture
def documents():
    def document(kind):
        api, router = make(kind)

        @router.get("/object")
        @policy("booking", "update", get_obj=lambda: None)
        def with_object(request): ...

        @router.get("/open", auth=None)
        @policy("booking", "create")
        def without_auth(request): ...

        @router.get("/hidden")
        @policy("hidden", "view")
        def hidden(request): ...

        @router.get("/in-view")
        @policy("booking", "view", in_view=True)
        def in_view(request): ...

        api.add_router("", router)
        with serving(api=api), registered(BookingPolicy(), Hidden()):
            paths = json.loads(json.dumps(api.get_openapi_schema()))["paths"]
            described = [
                hook.describe()
                for _, router in api._routers
                for path_view in router.path_operations.values()
                for operation in path_view.operations
                for hook in operation.hooks
                if "policy" in hook.describe()
            ]
        return {path.rsplit("/", 1)[1]: item["get"] for path, item in paths.items()}, described

    return document


@pytest.mark.parametrize("kind", ["plain", "auto"])
def test_the_document_says_which_errors_there_are(kind, documents):
    operations, described = documents(kind)

    def errors(name):
        responses = operations[name]["responses"]
        others = {"200", "422"}  # pages have parameters
        return {status for status in responses if status.isdigit()} - others

    assert errors("object") == {"401", "403", "404"}
    assert errors("open") == {"401", "403"}
    assert errors("hidden") == ({"401", "404"} if kind == "auto" else {"404"})
    assert errors("in-view") == {"401", "403"}
    text = operations["object"]["responses"]["403"]["description"]
    assert text == "The caller may not update this booking."
    assert operations["hidden"]["responses"]["404"]["description"] == (
        "There is no such hidden, or the caller may not view this hidden."
    )
    assert described == [
        "policy booking.update of the object",
        "policy booking.create",
        "policy hidden.view, hidden",
        "policy booking.view in the view",
    ]


def test_a_disabled_feature_still_enforces():
    """What a decorator says holds; only the checks are off."""
    from django.test import Client

    from .support import who

    with override_settings(NINJA_BOOST={"DISABLED_FEATURES": ["policies"]}):
        api = NinjaAPI(auth=Token())

        @api.get("/x")
        @policy("ticket", "delete")
        def view(request):
            return {}

        with serving(api=api), registered(TicketPolicy()):
            assert Client().get("/api/x", headers=who("alice")).status_code == 403
