"""System checks of the endpoints and their cache."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.urls import get_resolver

from ninja_boost_core.problems import as_error

from .hook import WebhookHook, hooks, options
from .twilio import TWILIO
from .verification import usable_keys

__all__ = ["check_deployment", "check_endpoints"]

BACKENDS = "django.core.cache.backends."


def check_endpoints() -> Iterator[checks.CheckMessage]:
    """E001: no secret. E002: an unusable one. E003: no such cache. W001, W002: see there."""
    endpoints = _endpoints()
    for hook in endpoints:
        yield from _check_secrets(hook)
    if not _remembering(endpoints):
        return
    alias = options().CACHE
    if alias not in settings.CACHES:
        yield checks.Error(
            f"NINJA_BOOST: WEBHOOKS.CACHE is {alias!r}, which is not in CACHES.",
            hint="Set NINJA_BOOST['WEBHOOKS']['CACHE'] to one of "
            f"{', '.join(map(repr, settings.CACHES))}.",
            id="ninja_boost_webhooks.E003",
        )
    elif _backend(alias).endswith("DummyCache"):
        yield checks.Warning(
            f"The cache {alias!r} keeps nothing, so replayed webhooks are let in.",
            hint="Name another cache in NINJA_BOOST['WEBHOOKS']['CACHE'].",
            id="ninja_boost_webhooks.W002",
        )


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W003: a cache that each process has for itself, or that two can claim an entry of at once.
    W004: a cache that may be waited for without end. W005: a URL taken from the Host header.
    """
    endpoints = _endpoints()
    alias = options().CACHE
    if _remembering(endpoints) and alias in settings.CACHES:
        backend = _backend(alias)
        if backend.startswith((f"{BACKENDS}locmem", f"{BACKENDS}filebased")):
            yield checks.Warning(
                f"The cache {alias!r} ({backend.rpartition('.')[2]}) cannot tell replayed webhooks "
                "from new ones across processes.",
                hint="Name a cache on Redis, Memcached or a database in "
                "NINJA_BOOST['WEBHOOKS']['CACHE'].",
                id="ninja_boost_webhooks.W003",
            )
        redis_options = settings.CACHES[alias].get("OPTIONS", {})
        if backend.startswith(f"{BACKENDS}redis") and "socket_timeout" not in redis_options:
            yield checks.Warning(
                f"The cache {alias!r} has no socket_timeout: a webhook waits for a hung Redis.",
                hint=f"Set CACHES[{alias!r}]['OPTIONS'] to "
                "{'socket_timeout': 0.5, 'socket_connect_timeout': 0.5}.",
                id="ninja_boost_webhooks.W004",
            )
    for hook in endpoints:
        if hook.scheme is TWILIO and hook.public_url() is None:
            yield checks.Warning(
                f"{hook.endpoint} takes the URL that Twilio signed from the Host header.",
                hint="Set NINJA_BOOST['WEBHOOKS']['PUBLIC_URL'] to the scheme and host of the API, "
                "such as 'https://api.example.com'.",
                id="ninja_boost_webhooks.W005",
            )


def _check_secrets(hook: WebhookHook) -> Iterator[checks.CheckMessage]:
    source = hook.source
    if not source.readable_at_start:
        return
    try:
        secrets = source.read()
    except TypeError as error:
        yield checks.Error(
            f"{hook.endpoint}: {error}",
            hint=f"Make {source} a str or bytes.",
            id="ninja_boost_webhooks.E002",
        )
        return
    if not secrets:
        yield checks.Error(
            f"{hook.endpoint}: {source} is not set, so its webhooks are all refused.",
            hint=f"Set {source} to the secret that the sender signs with.",
            id="ninja_boost_webhooks.E001",
        )
    for problem in usable_keys(hook.scheme, secrets)[1]:
        yield as_error(problem, "ninja_boost_webhooks.E002", f"{hook.endpoint}: {source}")
    if any(secret != secret.strip() for secret in secrets):
        yield checks.Warning(
            f"{hook.endpoint}: {source} begins or ends with white space.",
            hint="Take the white space away, such as the line feed at the end of a file.",
            id="ninja_boost_webhooks.W001",
        )


def _endpoints() -> list[WebhookHook]:
    if getattr(settings, "ROOT_URLCONF", None):
        # Importing the URLs imports the views.
        _ = get_resolver().url_patterns
    return sorted(hooks, key=lambda hook: hook.endpoint)


def _remembering(endpoints: list[WebhookHook]) -> bool:
    return any(hook.replay != "allow" for hook in endpoints)


def _backend(alias: str) -> str:
    return str(settings.CACHES[alias].get("BACKEND", ""))
