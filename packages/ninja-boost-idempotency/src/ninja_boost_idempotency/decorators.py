"""``@idempotent``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ninja_boost_core import attach
from ninja_boost_core.durations import Duration
from ninja_boost_core.views import attachment_of

from .hooks import IdempotencyHook
from .policies import Options
from .scopes import Scope
from .stores.base import Store

__all__ = ["idempotent"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def idempotent(
    ttl: Duration | None = None,
    *,
    required: bool = False,
    wait: float | None = None,
    scope: Scope = "principal",
    store: Store | type[Store] | str | None = None,
    allow_anonymous: bool = False,
    store_5xx: bool | None = None,
    lease: Duration | None = None,
) -> Callable[[ViewT], ViewT]:
    """Return a decorator that runs a view once for each key that a client sends.

    Args:
        ttl: how long a result is repeated; seconds, a timedelta or a text such as "24h". None
            is the TTL setting, as None is the setting of that name everywhere below.
        required: whether a request without a key is refused.
        wait: seconds, at most 60, for which a request waits for the result of one that runs,
            before it is told to come again. A sync view's worker waits, too.
        scope: whose keys are kept apart. "principal": each caller's, by ``request.auth``, and
            each tenant's if ctx has a "tenant_id"; "tenant": the tenant's alone; or a callable
            that takes ``(request, ctx)`` and returns a text, a number or a tuple of them.
        store: where keys are kept: the alias of a cache, a store, its class or a dotted path.
        allow_anonymous: let the view be called without authentication. All its callers then
            share their keys, so whoever knows a key and the request can read the result.
        store_5xx: whether failures are kept and repeated. Otherwise a failure frees the key,
            and a retry runs the view again.
        lease: how long a request may hold a key; after that, a retry may run although the
            request that holds it was never seen to end. Longer than the longest request.

    Raises:
        ValueError: if an argument makes no sense.
        TypeError: if the view has the decorator already.
    """
    if callable(ttl):
        raise TypeError("Write @idempotent(), with parentheses.")
    options = Options(ttl, required, wait, scope, store, allow_anonymous, store_5xx, lease)

    def decorate(view: ViewT) -> ViewT:
        known = attachment_of(view)
        if known and any(isinstance(hook, IdempotencyHook) for hook in known.hooks):
            raise TypeError(f"{view!r:.120} is idempotent already; keep one of the decorators.")
        named = getattr(view, "__qualname__", type(view).__qualname__)
        return attach(IdempotencyHook(options, f"{view.__module__}.{named}"))(view)

    return decorate
