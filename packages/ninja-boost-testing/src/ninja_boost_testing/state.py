"""What packages of ours keep in the process: brought back to where it was."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.events import EventBus, event_bus
from ninja_boost_core.features import installed_features

from .optional import loaded

__all__ = ["forget", "isolated", "load_urls"]


def forget() -> None:
    """Forget what requests have left behind: settings as read, counts, cached answers, results.

    Only of what is in use. Raises what a backend raises that cannot be cleared.
    """
    boost_settings.reload()
    for alias in settings.CACHES:
        if isinstance(cache := caches[alias], LocMemCache):
            cache.clear()
    if module := loaded("ninja_boost_rate_limiting.guard"):
        module._reset_backend()
    if loaded("ninja_boost_caching.decorators"):
        alias = boost_settings.CACHE.ALIAS
        # A database's rows go with the test's transaction.
        if not isinstance(caches[alias], LocMemCache | DummyCache | DatabaseCache):
            import_module("ninja_boost_caching").cache_manager.invalidate_prefix("/")
    if module := loaded("ninja_boost_health.router"):
        module.runner.forget()


def load_urls(urlconf: str | None = None) -> None:
    """Import the URLs, and with them the modules that register handlers, services and checks.

    What they register when they are imported belongs to the project and not to the test that
    happens to make the first request.
    """
    for name in (getattr(settings, "ROOT_URLCONF", None), urlconf):
        if isinstance(name, str):
            import_module(name)


@contextmanager
def isolated() -> Iterator[None]:
    """Take away at the end what was registered inside, and put back what was removed."""
    # What a package holds is unknown until it is loaded, as it is with the first settings read.
    installed_features()
    health = "ninja_boost_health"
    checks = import_module(f"{health}.registry") if loaded(health) else None
    known = frozenset(sys.modules)
    with ExitStack() as stack:
        # Put back the last: plugins bring handlers with them.
        stack.callback(_events(event_bus, known))
        if module := loaded("ninja_boost_plugins"):
            stack.callback(_plugins(module.plugin_registry, known))
        if module := loaded("ninja_boost_services"):
            stack.callback(_services(module.service_registry, known))
        if checks:
            stack.callback(_health_checks(checks, known))
        yield


def _is_new(thing: Any, known: frozenset[str]) -> bool:
    """Whether the module of a thing was imported since: it registers only once in a process."""
    while hasattr(thing, "func"):
        thing = thing.func
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return module not in known


def _events(bus: EventBus, known: frozenset[str]) -> Callable[[], None]:
    with bus._lock:
        before = dict(bus._subscriptions)
        failures = bus._failures.copy()

    def restore() -> None:
        with bus._lock:
            after = dict(bus._subscriptions)
            bus._subscriptions.clear()
            for event in {**before, **after}:
                kept = before.get(event, ())
                new = [
                    each
                    for each in after.get(event, ())
                    if each not in kept and _is_new(each.handler, known)
                ]
                if subscriptions := sorted((*kept, *new), key=lambda each: -each.priority):
                    bus._subscriptions[event] = tuple(subscriptions)
            bus._failures.clear()
            bus._failures.update(failures)

    return restore


def _plugins(registry: Any, known: frozenset[str]) -> Callable[[], None]:
    def registered() -> list[Any]:
        # Those of the settings follow the settings, and all() would load them now.
        return [each.plugin for each in registry._entries if each.configured is None]

    before = registered()

    def restore() -> None:
        after = registered()
        for plugin in after:
            if plugin not in before and not _is_new(type(plugin), known):
                registry.unregister(plugin.name)
        for plugin in before:
            if plugin not in after:
                registry.register(plugin)

    return restore


def _services(registry: Any, known: frozenset[str]) -> Callable[[], None]:
    before: Mapping[str, Any] = dict(registry.definitions)

    def restore() -> None:
        for name, definition in list(registry.definitions.items()):
            if name not in before and not _is_new(definition.origin, known):
                # One that the settings name is not there to be unregistered.
                with suppress(KeyError):
                    registry.unregister(name)

    return restore


def _health_checks(module: Any, known: frozenset[str]) -> Callable[[], None]:
    before = {check.name: check for check in module.checks()}

    def restore() -> None:
        for check in module.checks():
            if check.name not in before and not _is_new(check.function, known):
                module.unregister_check(check.name)

    return restore
