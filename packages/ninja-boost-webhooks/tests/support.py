"""Serves APIs that a test builds, and lists the schemes with what each of them needs."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from django.test import override_settings
from django.urls import clear_url_caches, path

from ninja_boost_webhooks import (
    github_webhook,
    sign_generic,
    sign_github,
    sign_slack,
    sign_standard,
    sign_stripe,
    sign_twilio,
    slack_webhook,
    standard_webhook,
    stripe_webhook,
    twilio_webhook,
    verify_webhook,
)
from ninja_boost_webhooks.schemes import (
    GITHUB,
    SLACK,
    STRIPE,
    Scheme,
    generic_scheme,
    standard_scheme,
)
from ninja_boost_webhooks.twilio import TWILIO

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
HOST = "http://testserver"
SEED = base64.b64decode("6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=")
PRIVATE = "whsk_" + base64.b64encode(SEED).decode()
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="


@dataclass(frozen=True)
class Case:
    """One scheme: how to verify it, how to sign for it, and with what."""

    name: str
    scheme: Scheme
    decorator: Callable[..., Any]
    sign: Callable[..., dict[str, str]]
    secret: str
    other: str
    signing: str = ""
    timed: bool = False
    body: bytes = b'{"id": "evt_1", "event_id": "Ev1", "amount": 7}'
    content_type: str = JSON

    def __str__(self) -> str:
        return self.name

    def signed(
        self, body: bytes | None = None, secret: str = "", timestamp: int | None = None, url=""
    ) -> dict[str, str]:
        """Headers as the provider sends them, the content type among them."""
        body = self.body if body is None else body
        key = secret or self.signing or self.secret
        if self.scheme is TWILIO:
            headers = self.sign(url or f"{HOST}/api/hook", key, body)
        elif self.timed:
            headers = self.sign(body, key, timestamp=timestamp)
        else:
            headers = self.sign(body, key)
        return {**headers, "Content-Type": self.content_type}


def _whsec(fill: bytes) -> str:
    return "whsec_" + base64.b64encode(fill * 24).decode()


CASES = [
    Case("stripe", STRIPE, stripe_webhook, sign_stripe, "whsec_one", "whsec_two", timed=True),
    Case("github", GITHUB, github_webhook, sign_github, "one", "two"),
    Case("slack", SLACK, slack_webhook, sign_slack, "one", "two", timed=True),
    Case(
        "standard",
        standard_scheme(),
        standard_webhook,
        sign_standard,
        _whsec(b"1"),
        _whsec(b"2"),
        timed=True,
    ),
    Case(
        "ed25519",
        standard_scheme(),
        standard_webhook,
        sign_standard,
        PUBLIC,
        "whsk_" + base64.b64encode(b"2" * 32).decode(),
        signing=PRIVATE,
        timed=True,
    ),
    Case("generic", generic_scheme("X-Signature"), verify_webhook, sign_generic, "one", "two"),
    Case(
        "twilio",
        TWILIO,
        twilio_webhook,
        sign_twilio,
        "one",
        "two",
        body=b"From=%2B15550100&Body=Hello+World&MediaUrl=b&MediaUrl=a",
        content_type=FORM,
    ),
]
TIMED = [case for case in CASES if case.timed]
EACH = pytest.mark.parametrize("case", CASES, ids=str)
EACH_TIMED = pytest.mark.parametrize("case", TIMED, ids=str)
BOTH = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def now() -> int:
    return int(time.time())


def view_of(is_async: bool, entered: list[bytes], result: Any = None) -> Callable[..., Any]:
    """A view that notes the bodies it was entered with; ``result`` may be an exception."""

    def view(request):
        entered.append(request.body)
        if isinstance(result, BaseException):
            raise result
        return result() if callable(result) else result

    async def async_view(request):
        return view(request)

    return async_view if is_async else view


@contextmanager
def serving(**apis: Any) -> Iterator[ModuleType]:
    """Serve each API below a path of its keyword's name: ``serving(api=AutoAPI())``."""
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = [path(f"{name}/", api.urls) for name, api in apis.items()]
    clear_url_caches()
    with override_settings(ROOT_URLCONF=urls):
        yield urls
    clear_url_caches()


def post(client: Any, headers: dict[str, str], body: bytes, target: str = "/api/hook") -> Any:
    """Post as a provider does; a coroutine for an AsyncClient."""
    rest = dict(headers)
    content_type = rest.pop("Content-Type", JSON)
    return client.post(target, data=body, content_type=content_type, headers=rest)


def redis_url() -> str:
    """The address of a real Redis; without one the test is skipped, or fails with CI=true."""
    import redis

    url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    try:
        redis.Redis.from_url(url, socket_connect_timeout=15).ping()
    except redis.RedisError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Redis at {url}: {error}")
    return url
