"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.pings import Ping, probe_cache, served_hooks

from .hooks import CacheHook
from .settings import CacheSettings, current_options

__all__ = ["find_pings"]


def find_pings() -> Iterator[Ping]:
    """Yield one for the cache, if an operation is cached or CACHE is set."""
    configured = "CACHE" in boost_settings.section(CacheSettings).model_fields_set
    if not configured and not any(served_hooks(CacheHook)):
        return
    options = current_options()
    opened = options.ON_ERROR == "open"
    meanwhile = "every answer is computed" if opened else "cached operations answer 503"
    yield Ping(
        f"cached answers: cache {options.ALIAS}",
        partial(probe_cache, options.ALIAS),
        f"See to the server that CACHES[{options.ALIAS!r}] names; until then {meanwhile} "
        "(ON_ERROR).",
    )
