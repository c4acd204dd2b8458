"""From what the settings name to a backend."""

from __future__ import annotations

import threading
from typing import Any

from ninja_boost_audit.settings import current_options
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import Misconfigured

from .base import AuditBackend
from .multi import MultiBackend

__all__ = ["configured_backend"]

_lock = threading.RLock()
_backend: AuditBackend | None = None


def configured_backend() -> AuditBackend:
    """Return the backend that BACKEND names, with all that it needs.

    Raises:
        ImproperlyConfigured: it is none, or cannot work.
    """
    global _backend
    with _lock:
        if _backend is None:
            value = current_options().resolve("BACKEND")
            if isinstance(value, list | tuple):
                if not value:
                    raise Misconfigured(
                        "NINJA_BOOST: AUDIT.BACKEND is an empty list.",
                        "Name a backend in it, or remove AUDIT.BACKEND: the log is the default.",
                    )
                backend: AuditBackend = MultiBackend([_backend_of(item) for item in value])
            else:
                backend = _backend_of(value)
            backend.check_configuration()
            _backend = backend
        return _backend


@boost_settings.on_change
def _forget_backend() -> None:
    global _backend
    _backend = None


def _backend_of(value: Any) -> AuditBackend:
    if isinstance(value, type) and issubclass(value, MultiBackend):
        raise Misconfigured(
            "NINJA_BOOST: AUDIT.BACKEND names MultiBackend.",
            "Make AUDIT.BACKEND a list of the backends instead.",
        )
    if isinstance(value, type) and issubclass(value, AuditBackend):
        value = value.from_settings(current_options())
    if not isinstance(value, AuditBackend):
        raise Misconfigured(
            f"NINJA_BOOST: AUDIT.BACKEND is {value!r:.80}.",
            "Make it a subclass of ninja_boost_audit.AuditBackend, an instance of one, a dotted "
            "path to either such as 'ninja_boost_audit.LoggingBackend', or a list of such.",
        )
    return value
