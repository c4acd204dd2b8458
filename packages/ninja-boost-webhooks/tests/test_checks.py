"""What ``manage.py check`` says of endpoints, secrets and the cache."""

from __future__ import annotations

import sys

import pytest
from django.core.checks import registry, run_checks
from django.test import override_settings
from ninja import NinjaAPI, Router

from ninja_boost_core.checks import register
from ninja_boost_webhooks import (
    github_webhook,
    slack_webhook,
    standard_webhook,
    stripe_webhook,
    twilio_webhook,
    verify_webhook,
)
from ninja_boost_webhooks.hook import hooks

from .support import PRIVATE, PUBLIC, serving, view_of

BACKENDS = "django.core.cache.backends."


@pytest.fixture(autouse=True)
def registered():
    """What core's app does."""
    registered = set(registry.registry.registered_checks)
    deployment = set(registry.registry.deployment_checks)
    register()
    yield
    registry.registry.registered_checks = registered
    registry.registry.deployment_checks = deployment


def messages(*decorators, deploy=False, **settings):
    """The messages of this package, by id, for one endpoint per decorator."""
    hooks.clear()
    router = Router()
    for number, decorator in enumerate(decorators):
        router.post(f"/{number}")(decorator(view_of(False, [])))
    api = NinjaAPI(urls_namespace="checks")
    api.add_router("", router)
    with serving(api=api), override_settings(**settings):
        found = run_checks(include_deployment_checks=deploy, tags=["ninja_boost"])
    ours = [message for message in found if message.id.startswith("ninja_boost_webhooks")]
    return {message.id.rpartition(".")[2]: message for message in ours}


@pytest.mark.parametrize(
    ("decorator", "name"),
    [
        (stripe_webhook, "STRIPE_WEBHOOK_SECRET"),
        (github_webhook, "GITHUB_WEBHOOK_SECRET"),
        (slack_webhook, "SLACK_SIGNING_SECRET"),
        (standard_webhook, "STANDARD_WEBHOOK_SECRET"),
        (twilio_webhook, "TWILIO_AUTH_TOKEN"),
    ],
)
def test_an_unset_secret_is_an_error_that_names_the_variable(decorator, name, monkeypatch):
    monkeypatch.delenv(name, raising=False)
    error = messages(decorator())["E001"]
    assert name in error.msg
    assert "view_of" in error.msg
    assert name in error.hint
    monkeypatch.setenv(name, "  ")
    assert "E001" in messages(decorator())
    monkeypatch.setenv(name, "AAAA")
    assert messages(decorator()) == {}
    monkeypatch.delenv(name)
    assert messages(decorator(), **{name: ["AAAA", "BBBB"]}) == {}


def test_other_names(monkeypatch):
    decorator = verify_webhook(secret_env=["NEW_SECRET", "OLD_SECRET"], endpoint="shop.hook")
    error = messages(decorator)["E001"]
    assert error.msg == (
        "shop.hook: NEW_SECRET or OLD_SECRET is not set, so its webhooks are all refused."
    )
    monkeypatch.setenv("OLD_SECRET", "x")
    assert messages(decorator) == {}


def test_an_empty_argument():
    assert "its secret= is not set" in messages(github_webhook(""))["E001"].msg


def test_a_function_is_not_called():
    assert messages(github_webhook(lambda: 1 / 0)) == {}


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("whsec_*", "is not base64"),
        ("whsec_", "an empty key"),
        ("whpk_AAAA", "no Ed25519 public key of 32 bytes"),
        (PRIVATE, "the sender's private key"),
    ],
)
def test_a_secret_that_makes_no_key(secret, text):
    error = messages(standard_webhook(secret))["E002"]
    assert text in error.msg
    assert "secret 1 " in error.msg
    assert secret not in str(error)


def test_a_secret_of_a_wrong_type():
    error = messages(github_webhook(), GITHUB_WEBHOOK_SECRET=12345)["E002"]
    assert error.msg.endswith("A webhook secret is a int; it must be str or bytes.")
    assert "12345" not in error.msg


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    error = messages(standard_webhook(PUBLIC))["E002"]
    assert error.msg.endswith("secret 1 needs a library that is not installed.")
    assert error.hint == "pip install 'ninja-boost-webhooks[ed25519]'"


def test_white_space_around_a_secret():
    assert "W001" in messages(github_webhook("s\n"))
    assert messages(github_webhook("a secret")) == {}


class TestTheCache:
    hook = staticmethod(github_webhook("s"))
    allowing = staticmethod(github_webhook("s", replay="allow"))

    def cache(self, backend, **options):
        return {"default": {"BACKEND": f"{BACKENDS}{backend}", "OPTIONS": options}}

    def test_an_unknown_one(self):
        webhooks = {"WEBHOOKS": {"CACHE": "hooks"}}
        assert "'hooks'" in messages(self.hook, NINJA_BOOST=webhooks)["E003"].msg
        assert messages(self.allowing, NINJA_BOOST=webhooks) == {}
        assert messages(NINJA_BOOST=webhooks) == {}

    def test_one_that_keeps_nothing(self):
        caches = self.cache("dummy.DummyCache")
        assert "W002" in messages(self.hook, CACHES=caches)
        assert messages(self.allowing, CACHES=caches) == {}

    @pytest.mark.parametrize("backend", ["locmem.LocMemCache", "filebased.FileBasedCache"])
    def test_one_that_is_no_use_to_several_processes(self, backend):
        caches = self.cache(backend)
        assert "W003" in messages(self.hook, CACHES=caches, deploy=True)
        assert messages(self.hook, CACHES=caches) == {}

    def test_one_that_may_be_waited_for_without_end(self):
        caches = self.cache("redis.RedisCache")
        assert "W004" in messages(self.hook, CACHES=caches, deploy=True)
        caches = self.cache("redis.RedisCache", socket_timeout=1)
        assert messages(self.hook, CACHES=caches, deploy=True) == {}


def test_twilio_behind_a_proxy():
    database = {"BACKEND": f"{BACKENDS}db.DatabaseCache"}
    options = {"deploy": True, "CACHES": {"default": database}}
    assert "PUBLIC_URL" in messages(twilio_webhook("s"), **options)["W005"].hint
    assert messages(twilio_webhook("s", public_url="https://x.example"), **options) == {}
    webhooks = {"WEBHOOKS": {"PUBLIC_URL": "https://x.example"}}
    assert messages(twilio_webhook("s"), NINJA_BOOST=webhooks, **options) == {}


@pytest.mark.parametrize(
    ("webhooks", "key"),
    [
        ({"MAX_BODY": 0}, "WEBHOOKS.MAX_BODY"),
        ({"REPLAY": "deny"}, "WEBHOOKS.REPLAY"),
        ({"REPLAY_TTL": 1}, "WEBHOOKS.REPLAY_TTL"),
        ({"LEASE": 0}, "WEBHOOKS.LEASE"),
        ({"CACHE": ""}, "WEBHOOKS.CACHE"),
        ({"ON_ERROR": "shut"}, "WEBHOOKS.ON_ERROR"),
        ({"PUBLIC_URL": "api.example.com"}, "WEBHOOKS.PUBLIC_URL"),
        ({"PUBLIC_URL": "https://api.example.com/?a=1"}, "WEBHOOKS.PUBLIC_URL"),
        ({"PUBLIC_URL": "https://["}, "WEBHOOKS.PUBLIC_URL"),
        ({"MAX_BODI": 1}, "WEBHOOKS.MAX_BODI"),
    ],
)
def test_a_wrong_setting_is_an_error_that_names_it(webhooks, key):
    with override_settings(NINJA_BOOST={"WEBHOOKS": webhooks}):
        found = run_checks(tags=["ninja_boost"])
    assert [message.id for message in found] == ["ninja_boost_core.E001"]
    assert key in found[0].msg
