"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping

from ninja_boost_core.conf import ObjectOrPath, SettingsSection, boost_settings
from ninja_boost_core.problems import Misconfigured

from .definitions import Definition, define_service

__all__ = ["ServicesSettings", "configured_services"]


class ServicesSettings(SettingsSection):
    """``SERVICES``: classes to register, or objects, or dotted paths to them."""

    SERVICES: tuple[ObjectOrPath, ...] = ()


def configured_services(registered: Mapping[str, Definition]) -> Iterable[Definition]:
    """Return the services of the settings that are not registered in code as well.

    Raises:
        ImproperlyConfigured: naming the key and what is wrong with it.
    """
    section = boost_settings.section(ServicesSettings)
    found: dict[str, Definition] = {}
    for path, service in zip(section.SERVICES, section.resolve("SERVICES"), strict=True):
        where = f"NINJA_BOOST: SERVICES is {path!r}"
        if inspect.isroutine(service) or inspect.ismodule(service):
            raise Misconfigured(
                f"{where}, which is no service.",
                "Name a class or an object with a name instead, or remove it from SERVICES.",
            )
        try:
            definition = define_service(service)
        except (TypeError, ValueError) as error:
            raise Misconfigured(
                f"{where}: {error}", "Correct the class, or remove it from SERVICES."
            ) from error
        known = registered.get(definition.name)
        if known is not None and service in (known.origin, type(known.origin)):
            continue
        known = known or found.get(definition.name)
        if known is not None:
            raise Misconfigured(
                f"{where}, but there is a service {definition.name!r} already: {known.origin!r}.",
                "Give one of them another name, or remove it from SERVICES.",
            )
        found[definition.name] = definition
    return found.values()
