"""System checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import as_error

from .errors import nearest
from .graph import flaws
from .hooks import hooks_in_use
from .registry import service_registry

__all__ = ["check_services"]

_IDS: Final = {
    "missing": "ninja_boost_services.E003",
    "circle": "ninja_boost_services.E004",
    "captive": "ninja_boost_services.E005",
}


def check_services() -> Iterator[checks.CheckMessage]:
    """What cannot work about services.

    E001: the settings' services cannot be registered. E002: a view asks for a service that is not
    there. E003: a service does. E004: services depend on each other in a circle. E005: a singleton
    depends on a service of one request. E006: a sync view asks for an async service.
    """
    if boost_settings.find_problems(imports=True):
        return  # Core reports these.
    try:
        definitions = service_registry.definitions
    except ImproperlyConfigured as error:
        yield as_error(error, "ninja_boost_services.E001")
        return
    broken = set()
    for flaw in flaws(definitions):
        broken.add(flaw.service)
        yield checks.Error(flaw.message, hint=flaw.hint, id=_IDS[flaw.kind])
    if getattr(settings, "ROOT_URLCONF", None):
        # The operations exist once the URLs have been imported.
        _ = get_resolver().url_patterns
    for hook in hooks_in_use():
        for name in hook.names:
            if name not in definitions:
                yield checks.Error(
                    f"{hook.view} injects {name!r}, but there is no such service.",
                    hint=nearest(name, definitions),
                    id="ninja_boost_services.E002",
                )
            elif not broken and not hook.in_async and service_registry.needs_async(name):
                yield checks.Error(
                    f"{hook.view} is sync but injects {name!r}, which only async code can make.",
                    hint="Make the view async, or the service's factory and dependencies sync.",
                    id="ninja_boost_services.E006",
                )
