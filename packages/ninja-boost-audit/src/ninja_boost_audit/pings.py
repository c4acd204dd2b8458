"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.pings import Ping, PingFailed, probe_migrations, served_hooks

from .backends.base import AuditBackend
from .backends.current import configured_backend
from .backends.database import APP, DatabaseBackend
from .backends.log import LoggingBackend
from .backends.multi import MultiBackend
from .chain import Head
from .hooks import AuditHook
from .keys import key_ring
from .settings import AuditSettings, current_options

__all__ = ["find_pings"]


def find_pings() -> Iterator[Ping]:
    """Yield one for each backend, if an operation is audited or AUDIT is set."""
    configured = "AUDIT" in boost_settings.section(AuditSettings).model_fields_set
    if not configured and not any(served_hooks(AuditHook)):
        return
    closed = current_options().FAIL_CLOSED
    meanwhile = "audited operations get a 503" if closed else "they leave no trace"
    backend = configured_backend()
    for each in backend.backends if isinstance(backend, MultiBackend) else (backend,):
        yield Ping(
            f"audit: {type(each).__name__}",
            partial(_probe, each),
            f"See to where the records go; until then {meanwhile} (FAIL_CLOSED).",
        )


def _probe(backend: AuditBackend) -> str:
    if isinstance(backend, DatabaseBackend):
        return _probe_chains(backend)
    if isinstance(backend, LoggingBackend):
        return _probe_logger(backend.logger)
    backend.check()
    return ""


def _probe_chains(backend: DatabaseBackend) -> str:
    """Look at the tables, and whether the next record could be linked to what is there."""
    from .models import AuditStream

    probe_migrations(APP, backend.using)
    backend.check()
    ring = key_ring()
    columns = ("name", "sequence", "mac", "key_id", "seal")
    heads = AuditStream.objects.using(backend.using).filter(name__in=backend.names)
    found = [Head(*row) for row in heads.values_list(*columns)]
    if strange := sorted(head.name for head in found if not head.is_authentic(ring)):
        raise PingFailed(
            f"Chains end with a seal that no key of KEYS has made: {', '.join(strange)}.",
            "Run: manage.py audit_verify. If a key was removed from KEYS, put it back as the last.",
        )
    if found and len(found) < len(backend.names):
        raise PingFailed(
            f"{len(backend.names) - len(found)} of {len(backend.names)} chains are gone.",
            "Run: manage.py audit_verify",
        )
    records = sum(head.sequence for head in found)
    return f"database {backend.using}, {records} records, key {ring.current!r} signs"


def _probe_logger(logger: logging.Logger) -> str:
    if not logger.isEnabledFor(logging.INFO) or not logger.hasHandlers():
        raise PingFailed(
            f"The logger {logger.name!r} drops what is audited.",
            f"Give {logger.name!r} the level INFO and a handler in LOGGING.",
        )
    return f"logger {logger.name}"
