"""The checks that every project has."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from django.conf import settings
from django.core.cache import caches
from django.db import connections

from ninja_boost_core.conf import boost_settings

from .settings import HealthOptions, HealthSettings

__all__ = ["BUILT_IN", "CheckFailed"]


class CheckFailed(Exception):
    """Raised by a check that found something wrong; its text is shown with the details."""


def check_databases() -> None:
    """Every database answers a query. The connection is new, so none can be stale."""
    for alias in _databases():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()


def check_caches() -> None:
    """Every cache gives back what was written to it."""
    aliases = _options().CACHES
    for alias in settings.CACHES if aliases is None else aliases:
        cache = caches[alias]
        if cache.__class__.__name__ == "DummyCache":
            continue
        key, value = "ninja_boost_health", secrets.token_hex(4)
        cache.set(key, value, timeout=60)
        # Another process may have written its own in between.
        if cache.get(key) is None:
            raise CheckFailed(f"The cache {alias!r} did not keep what was written to it.")


def check_migrations() -> None:
    """No migration waits to be applied."""
    from django.db.migrations.executor import MigrationExecutor

    for alias in _databases():
        executor = MigrationExecutor(connections[alias])
        targets = executor.loader.graph.leaf_nodes()
        if plan := executor.migration_plan(targets):
            names = ", ".join(
                f"{migration.app_label}.{migration.name}" for migration, _ in plan[:3]
            )
            raise CheckFailed(f"{len(plan)} migrations of {alias!r} wait: {names}")


def _options() -> HealthOptions:
    return boost_settings.section(HealthSettings).HEALTH


def _databases() -> Iterable[str]:
    aliases = _options().DATABASES
    if aliases is not None:
        return aliases
    dummy = "django.db.backends.dummy"
    return [a for a in connections if connections.settings[a]["ENGINE"] != dummy]


BUILT_IN: dict[str, Callable[[], None]] = {
    "database": check_databases,
    "cache": check_caches,
    "migrations": check_migrations,
}
