"""Invalidation by raw key, path and tag."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import connections, transaction

from ninja_boost_core.steps import Steps, arun, run

from .backends import current_backend
from .keys import key_generations, prefix_generation, tag_generations

__all__ = ["CacheManager", "cache_manager"]


class CacheManager:
    """Invalidates cached answers; each method does one operation, however many there are.

    Within a transaction it happens after the commit, and never if that is rolled back: whoever
    reads in between reads the old rows. Answers whose computation began before are not kept.
    While the cache fails, the failure is logged and this process makes up for it later.
    """

    def invalidate_key(self, raw_key: str) -> None:
        """Invalidate one raw key for all users: ``"<module>.<view>:<path>:<query string>"``.

        Raises:
            ValueError: if it has another form.
        """
        run(_invalidate(_of_key(raw_key)))

    async def ainvalidate_key(self, raw_key: str) -> None:
        """See ``invalidate_key``."""
        await arun(_invalidate(_of_key(raw_key)))

    def invalidate_prefix(self, path_prefix: str) -> None:
        """Invalidate a path and everything below it; ``"/"`` is all.

        Whole segments count: ``"/api/products"`` is ``/api/products/7``, too, but not
        ``/api/products-old``.

        Raises:
            ValueError: if it is no path.
        """
        run(_invalidate(_of_prefix(path_prefix)))

    async def ainvalidate_prefix(self, path_prefix: str) -> None:
        """See ``invalidate_prefix``."""
        await arun(_invalidate(_of_prefix(path_prefix)))

    def invalidate_tags(self, *tags: str) -> None:
        """Invalidate every answer that has one of the tags."""
        run(_invalidate(tag_generations(_texts(tags))))

    async def ainvalidate_tags(self, *tags: str) -> None:
        """See ``invalidate_tags``."""
        await arun(_invalidate(tag_generations(_texts(tags))))


cache_manager: CacheManager = CacheManager()


def _invalidate(generations: tuple[str, ...]) -> Steps[None]:
    if not generations:
        return
    pending = _open_transactions()
    for alias in pending:
        later = partial(_after_commit, generations)
        transaction.on_commit(later, using=alias)
    if not pending:
        yield from current_backend().invalidate(generations)


def _after_commit(generations: tuple[str, ...]) -> None:
    run(current_backend().invalidate(generations))


def _open_transactions() -> list[str]:
    """Return the databases with a transaction that will be committed; a TestCase's is not."""
    return [
        connection.alias
        for connection in connections.all(initialized_only=True)
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    ]


def _of_key(raw_key: str) -> tuple[str, ...]:
    if raw_key.count(":") < 2 or raw_key.startswith(("/", ":")):
        raise ValueError(
            f"{raw_key!r} is no raw key; it is '<module>.<view>:<path>:<query string>', such as "
            "'shop.views.products:/api/products:'."
        )
    return key_generations(raw_key)


def _of_prefix(path_prefix: str) -> tuple[str, ...]:
    if not path_prefix.startswith("/") or "?" in path_prefix:
        raise ValueError(
            f"{path_prefix!r} is no path; give one that begins with a slash, without a query, "
            "such as '/api/products'."
        )
    return (prefix_generation(path_prefix),)


def _texts(tags: Iterable[Any]) -> Iterable[str]:
    for tag in tags:
        if not isinstance(tag, str) or not tag:
            raise ValueError(f"{tag!r} is no tag; give a text that is not empty.")
    return tags
