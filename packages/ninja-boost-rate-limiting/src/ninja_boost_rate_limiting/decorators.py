"""``@rate_limit``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Literal, TypeVar, overload

from ninja_boost_core import attach

from .hooks import ExemptHook, hook_for
from .limiter import Cost, Exempt, Key, Limit
from .settings import OnError

__all__ = ["rate_limit"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


@overload
def rate_limit(
    rate: str,
    *,
    key: Key = "ip",
    cost: Cost = 1,
    burst: int | None = None,
    scope: str | None = None,
    exempt: Exempt | None = None,
    methods: Collection[str] | None = None,
    shadow: bool = False,
    on_error: OnError | None = None,
    name: str = "",
) -> Callable[[ViewT], ViewT]: ...


@overload
def rate_limit(*, exempt: Literal[True]) -> Callable[[ViewT], ViewT]: ...


def rate_limit(
    rate: str | None = None, *, exempt: Exempt | Literal[True] | None = None, **options: Any
) -> Callable[[ViewT], ViewT]:
    """Return a decorator that limits how often a view may be called.

    May be used several times on a view. A view that has it is not subject to the DEFAULT
    setting. ``rate_limit(exempt=True)`` on its own means no limit at all.

    Args:
        rate: ``"<count>/<period>"``, the period being second, minute, hour or day. See
            ``gcra`` for what exactly it admits.
        key: whom to count. ``"ip"``: the client's address (IPv6: its network), before
            authentication, so that failed logins count. ``"user"``: ``request.auth``, after
            it, and the address for nobody. A callable that takes ``(request, ctx)``, after
            authentication, and returns whatever identifies the client; None is the address.
        cost: units that a request takes; a number, or a callable that takes the request.
        burst: units that an idle client may take at once; the count if it is None.
        scope: a name for a bucket that all views with this scope, rate and burst share.
            Without it, each operation has its own.
        exempt: a callable that takes the request and says whether not to count it. Before
            authentication (``key="ip"``) there is no ``request.auth`` yet.
        methods: HTTP methods that are limited; all of the operation's if it is None.
        shadow: count and report, refuse nothing, and tell the client nothing.
        on_error: while the backend fails, "open" admits and "closed" answers 503. None is
            the ON_ERROR setting.
        name: the limit's name in the headers.

    Raises:
        ValueError: if an argument makes no sense, such as a rate that is none.
        TypeError: if one is of a wrong type.
    """
    if exempt is True:
        if rate is not None or options:
            raise ValueError("exempt=True means no limit; give nothing else with it.")
        return attach(ExemptHook())
    if rate is None:
        raise ValueError("rate_limit() needs a rate such as '30/minute', or exempt=True.")
    limit = Limit(rate=rate, exempt=exempt, **options)

    def decorate(view: ViewT) -> ViewT:
        named = view if hasattr(view, "__qualname__") else type(view)
        return attach(hook_for(limit, f"{named.__module__}.{named.__qualname__}"))(view)

    return decorate
