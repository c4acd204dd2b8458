"""What is made of Django's own settings, once for as long as they are the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.core.signals import setting_changed

__all__ = ["made_of"]

T = TypeVar("T")


def made_of(*names: str) -> Callable[[Callable[[], T]], Callable[[], T]]:
    """Keep what a function returns until a test changes one of the settings that it reads.

    Args:
        names: of the settings.
    """

    def decorate(function: Callable[[], T]) -> Callable[[], T]:
        kept = cache(function)

        def follow(*, setting: str, **kwargs: Any) -> None:
            if setting in names:
                kept.cache_clear()

        # Nobody else holds it.
        setting_changed.connect(follow, weak=False)
        return kept

    return decorate
