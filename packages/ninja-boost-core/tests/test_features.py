"""Finding features, and what they contribute."""

from __future__ import annotations

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings

from ninja_boost_core import AutoAPI, AutoRouter, Feature, Hook
from ninja_boost_core import features as features_module
from ninja_boost_core.checks import (
    check_demo_auth,
    check_features,
    check_features_for_deployment,
    check_settings,
    register,
)
from ninja_boost_core.conf import boost_settings

from .support import serving

pytestmark = pytest.mark.django_db


class Stamp(Hook):
    def __init__(self, text):
        self.text = text

    def on_response(self, call):
        call.response["X-Stamp"] = self.text


class StampFeature(Feature):
    name = "stamp"
    distribution = "ninja-boost-stamp"
    options = frozenset({"stamp"})

    def __init__(self):
        self.apis = []

    def hooks(self, spec):
        text = spec.options.get("stamp", "default")
        if text:
            yield Stamp(f"{text}{'' if spec.auto else ' plain'}")

    def context(self):
        return {"stamped": lambda request: request.path}

    def checks(self, deploy):
        yield checks.Warning("deploy" if deploy else "always", id="stamp.W001")

    def api_created(self, api):
        self.apis.append(api)


class Entry:
    def __init__(self, name, loaded):
        self.name, self.value, self.loaded = name, f"{name}.module:feature", loaded

    def load(self):
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


@pytest.fixture
def install(monkeypatch):
    """Install features for a test, as their entry points would."""

    def install(*entries):
        found = [e if isinstance(e, Entry) else Entry(e.name, e) for e in entries]
        monkeypatch.setattr(features_module, "entry_points", lambda group: found)
        features_module.installed_features.cache_clear()
        boost_settings.reload()

    yield install
    monkeypatch.undo()
    features_module.installed_features.cache_clear()
    boost_settings.reload()


def test_a_feature_wires_itself(install):
    feature = StampFeature()
    install(feature)
    api = AutoAPI(auth=None)
    router = AutoRouter()

    @router.get("/default")
    def default(request, ctx):
        return {"stamped": ctx["stamped"]}

    @router.get("/option", stamp="own")
    def option(request, ctx):
        return {}

    @router.get("/off", stamp=None)
    def off(request, ctx):
        return {}

    @api.get("/plain")
    def plain(request):
        return {}

    quiet = AutoRouter(stamp="router")

    @quiet.get("/router")
    def of_router(request, ctx):
        return {}

    api.add_router("", router)
    api.add_router("", quiet)
    assert feature.apis == [api]
    with serving(api=api):
        client = Client()
        answer = client.get("/api/default")
        assert answer["X-Stamp"] == "default"
        assert answer.json()["data"] == {"stamped": "/api/default"}
        assert client.get("/api/option")["X-Stamp"] == "own"
        assert "X-Stamp" not in client.get("/api/off")
        assert client.get("/api/plain")["X-Stamp"] == "default plain"
        assert client.get("/api/router")["X-Stamp"] == "router"
    assert [m.msg for m in check_features()] == ["always"]
    assert [m.msg for m in check_features_for_deployment()] == ["deploy"]


def test_a_disabled_feature_does_nothing_but_its_options_are_known(install):
    feature = StampFeature()
    install(feature)
    with override_settings(NINJA_BOOST={"DISABLED_FEATURES": {"stamp"}}):
        router = AutoRouter()

        @router.get("/x", stamp="own")
        def view(request, ctx):
            return sorted(ctx)

        api = AutoAPI(auth=None)
        api.add_router("", router)
        with serving(api=api):
            answer = Client().get("/api/x")
        assert "X-Stamp" not in answer
        assert "stamped" not in answer.json()["data"]
        assert feature.apis == []
        assert list(check_features()) == []
    with override_settings(NINJA_BOOST={"DISABLED_FEATURES": {"stmp"}}):
        (message,) = check_settings()
        assert message.id == "ninja_boost_core.W001"
        assert "'stamp'" in message.hint


@pytest.mark.parametrize(
    ("loaded", "named"),
    [(ImportError("no module named redis"), "redis"), (object(), "object"), (StampFeature, "type")],
)
def test_a_feature_that_does_not_load_stops_the_start(install, loaded, named):
    install(Entry("broken", loaded))
    with pytest.raises(ImproperlyConfigured, match=f"broken.*{named}"):
        AutoRouter()


def test_two_features_that_claim_one_option_stop_the_start(install):
    class Other(StampFeature):
        name = "other"
        distribution = "someones-stamp"

    install(StampFeature(), Other())
    with pytest.raises(ImproperlyConfigured, match=r"option 'stamp'.*ninja-boost-stamp"):
        AutoRouter()


def test_the_demo_token_fails_the_deployment_check():
    register()
    (message,) = check_demo_auth()
    assert message.id == "ninja_boost_core.E003"
    with override_settings(NINJA_BOOST={"AUTH": None, "ALLOW_DEMO_AUTH": True}):
        (message,) = check_demo_auth()
        assert message.id == "ninja_boost_core.E004"
    with override_settings(NINJA_BOOST={"AUTH": None}):
        assert check_demo_auth() == []


def test_without_settings_the_package_still_imports():
    import subprocess
    import sys

    code = "import ninja_boost_core, ninja_boost_core.conf; dir(ninja_boost_core)"
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_a_view_may_leave_features_out(install):
    install(StampFeature())
    api, router = AutoAPI(auth=None), AutoRouter()

    @router.get("/with")
    def with_stamp(request, ctx): ...

    @router.get("/without")
    @features_module.without_features("stamp")
    def without_stamp(request, ctx): ...

    @api.get("/plain")
    @features_module.without_features("stamp")
    def plain(request): ...

    api.add_router("", router)
    with serving(api=api):
        assert Client().get("/api/with")["X-Stamp"] == "default"
        assert "X-Stamp" not in Client().get("/api/without")
        assert "X-Stamp" not in Client().get("/api/plain")
