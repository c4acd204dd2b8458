"""``@cache_response`` and ``@if_match``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from ninja.utils import contribute_operation_callback

from ninja_boost_core import attach
from ninja_boost_core.durations import Duration
from ninja_boost_core.views import attachment_of, unwrapped

from .hooks import CacheHook, document_not_modified
from .policies import Key, Options, Tags
from .preconditions import PreconditionHook

__all__ = ["cache_response", "if_match"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def cache_response(
    ttl: Duration | None = None,
    key: Key | None = None,
    *,
    tags: Tags = (),
    vary: Iterable[str] = (),
    stale: Duration | None = None,
    max_age: Duration | None = None,
    lease: Duration | None = None,
    wait: Duration | None = None,
    client_no_cache: bool | None = None,
) -> Callable[[ViewT], ViewT]:
    """Return a decorator that keeps the answers of a view and sends them again.

    Only to callers who have just passed authentication, permissions, policies and validation.
    Durations are seconds, a timedelta or a text such as "5m". None is the setting of that name.

    Args:
        ttl: how long an answer is fresh.
        key: who gets it. "shared" or None: everybody (within ``ctx["tenant_id"]``, if there is
            one); "user": the caller alone, by ``request.auth``; or a callable that takes
            ``(request, ctx)`` and returns a text, a number or a tuple of them, or None for an
            answer that is not kept. Path and query always count.
        tags: texts for ``cache_manager.invalidate_tags``; ``"product:{product_id}"`` is filled
            in with the view's arguments. Or a callable over ``(request, ctx, **values)``.
        vary: the request headers that keep answers apart. Those that the view declares as
            arguments do so anyway.
        stale: for how long after ``ttl`` an answer is still sent while one request computes.
        max_age: how long clients may use an answer without asking; 0 has them ask each time.
        lease: how long one request may compute before another may, too.
        wait: how long a request waits for the one that computes, at most 60 s.
        client_no_cache: whether a client's ``Cache-Control: no-cache`` has it computed anew.

    Raises:
        ValueError: if an argument makes no sense.
        TypeError: if the view has the decorator already.
    """
    if callable(ttl):
        raise TypeError("Write @cache_response(), with parentheses.")
    if isinstance(vary, str):
        raise TypeError(f"vary={vary!r}: a sequence of names of request headers.")
    options = Options(ttl, key, tags, tuple(vary), stale, max_age, lease, wait, client_no_cache)

    def decorate(view: ViewT) -> ViewT:
        _refuse_twice(view, CacheHook)
        named = getattr(view, "__qualname__", type(view).__qualname__)
        with suppress(AttributeError):  # a bound method takes no attributes
            contribute_operation_callback(unwrapped(view), document_not_modified)
        return attach(CacheHook(options, f"{view.__module__}.{named}"))(view)

    return decorate


def if_match(etag: Callable[..., Any], *, required: bool = False) -> Callable[[ViewT], ViewT]:
    """Return a decorator that refuses a change of what has changed in the meantime.

    A request whose If-Match does not name the current ETag is answered with 412. Take the ETag
    from a version that changes with the row, and set the same in the view that reads it:
    ``response["ETag"] = f'"{row.version}"'``. The view has to check it once more when it writes
    (``filter(version=...).update(...)``) if two requests can be that close.

    Args:
        etag: takes ``(request, ctx, **values)``, values being the view's arguments, and returns
            the current ETag, quoted or not; None if there is nothing to change. A coroutine
            function on an async view is awaited, a plain one runs in a thread.
        required: answer 428 to a request without If-Match (RFC 6585).

    Raises:
        TypeError: if ``etag`` is no callable, or the view has the decorator already.
    """
    if not callable(etag):
        raise TypeError(f"etag={etag!r:.80}: a callable over (request, ctx, **values).")

    def decorate(view: ViewT) -> ViewT:
        _refuse_twice(view, PreconditionHook)
        return attach(PreconditionHook(etag, required))(view)

    return decorate


def _refuse_twice(view: Callable[..., Any], hook: type) -> None:
    known = attachment_of(view)
    if known and any(isinstance(each, hook) for each in known.hooks):
        raise TypeError(f"{view!r:.120} has this decorator already; keep one of them.")
