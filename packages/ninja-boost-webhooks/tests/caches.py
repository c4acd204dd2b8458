"""A cache that can go away."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache


class FailingCache(LocMemCache):
    """Raises what a client raises while ``down`` is True."""

    down: ClassVar[bool] = False

    def set(self, *args: Any, **kwargs: Any) -> None:
        if FailingCache.down:
            raise ConnectionError
        super().set(*args, **kwargs)
