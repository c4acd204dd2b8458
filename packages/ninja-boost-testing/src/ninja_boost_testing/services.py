"""Fakes in the place of services."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from .optional import optional_attribute

__all__ = ["override_service"]


def override_service(name: str, fake: Any) -> AbstractContextManager[Any]:
    """Return a context manager inside which the service ``name`` is ``fake``.

    It holds in this thread's or task's context and in the requests that are made in it; see
    ``ServiceRegistry.override``.

    Raises:
        MissingPackage: without ninja-boost-services.
        ServiceNotFound: a KeyError that names the nearest.
    """
    registry = optional_attribute("services", "service_registry")
    override: AbstractContextManager[Any] = registry.override(name, fake)
    return override
