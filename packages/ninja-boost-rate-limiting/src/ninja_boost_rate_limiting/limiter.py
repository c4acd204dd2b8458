"""Limits, and their use outside of views."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ninja_boost_core.callables import is_async

from .backends.base import Bucket
from .gcra import Decision, Quota
from .guard import count, current_guard, current_options
from .rates import parse_rate
from .settings import OnError

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["Limit", "RateLimiter", "Result"]

Key = Literal["ip", "user"] | Callable[["HttpRequest", "Context"], Any]
Cost = int | Callable[["HttpRequest"], int]
Exempt = Callable[["HttpRequest"], bool]

# What a string of RFC 9651 holds without escapes.
_NAME = re.compile(r"[ !#-\[\]-~]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What ``rate_limit`` was told; see there.

    Raises:
        ValueError: naming the argument that is wrong.
        TypeError: if one is of a wrong type.
    """

    rate: str
    key: Key = "ip"
    cost: Cost = 1
    burst: int | None = None
    scope: str | None = None
    exempt: Exempt | None = None
    methods: Collection[str] | None = None
    shadow: bool = False
    on_error: OnError | None = None
    name: str = ""
    quota: Quota = field(init=False)

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "quota", parse_rate(self.rate, self.burst))
        if not self.name:
            by = self.key if isinstance(self.key, str) else "key"
            set_field(self, "name", self.scope or f"{self.rate.replace('/', '-')}-{by}")
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"{self.name!r} goes into headers as the limit's name; use up to 64 ASCII "
                "characters without quotes and backslashes."
            )
        if self.scope is not None and not self.scope:
            raise ValueError("scope='' names nothing; leave it out for a bucket per operation.")
        if self.on_error not in (None, "open", "closed"):
            raise ValueError(f"on_error={self.on_error!r}; it is 'open' or 'closed'.")
        if self.methods is not None:
            if isinstance(self.methods, str) or not self.methods:
                raise ValueError(f"methods={self.methods!r}; give a list such as ['POST'].")
            set_field(self, "methods", frozenset(method.upper() for method in self.methods))
        self._check_callables()

    def _check_callables(self) -> None:
        if not callable(self.key) and self.key not in ("ip", "user"):
            raise ValueError(
                f"key={self.key!r}; it is 'ip', 'user' or a callable that takes (request, ctx)."
            )
        if not callable(self.cost):
            if type(self.cost) is not int:
                raise TypeError(f"cost={self.cost!r}; it is a whole number or a callable.")
            if not 0 <= self.cost <= self.quota.burst:
                raise ValueError(
                    f"cost={self.cost!r} can never be admitted: it must be from 0 to the burst, "
                    f"which is {self.quota.burst}."
                )
        if self.exempt is not None and not callable(self.exempt):
            raise TypeError(f"exempt={self.exempt!r}; it is True or a callable.")
        for argument in ("key", "cost", "exempt"):
            if is_async(getattr(self, argument)):
                raise TypeError(
                    f"{argument}= is asynchronous; it must be a plain function that does no I/O. "
                    "What it needs can be put into ctx by a DI decorator."
                )

    def bucket(self, place: str) -> Bucket:
        """Return the bucket of the scope, or else of the place that the limit stands at."""
        return Bucket.named(f"scope {self.scope}" if self.scope else place, self.quota)

    def is_open(self) -> bool:
        """Whether requests are admitted while there is no backend; counts one that meets that."""
        opened = (self.on_error or current_options().ON_ERROR) == "open" or self.shadow
        count("admitted_unchecked" if opened else "refused_unchecked")
        return opened


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of a ``RateLimiter``.

    Attributes:
        allowed: whether the caller may go on.
        limit: units of a full bucket.
        remaining: units that are left.
        reset_after: seconds until the bucket is full.
        retry_after: seconds until the same would be admitted; 0 if it was.
        checked: False if the backend failed, and ``on_error`` decided.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_after: int
    retry_after: int
    checked: bool = True


class RateLimiter:
    """A limit for code that is no view: a task, a command, a step inside a view.

    Args:
        rate: such as ``"5/minute"``.
        scope: the name of the bucket; a ``rate_limit`` of the same scope, rate and burst counts
            in it too, where it has the same clients.
        burst: units that an idle client may take at once; the count if it is None.
        on_error: "open" or "closed", in place of the ON_ERROR setting.

    Raises:
        ValueError: if an argument is wrong.
    """

    def __init__(
        self,
        rate: str,
        *,
        scope: str,
        burst: int | None = None,
        on_error: OnError | None = None,
    ) -> None:
        self._limit = Limit(rate=rate, scope=scope, burst=burst, on_error=on_error)
        self._bucket = self._limit.bucket("")

    def hit(self, client: str, cost: int = 1) -> Result:
        """Take ``cost`` units of the client's; with 0, only look.

        Raises:
            ValueError: if the cost is negative or more than the burst.
        """
        return self._result(current_guard().hit(self._bucket, client, self._checked(cost)))

    async def ahit(self, client: str, cost: int = 1) -> Result:
        """``hit`` for async code."""
        guard = current_guard()
        return self._result(await guard.ahit(self._bucket, client, self._checked(cost)))

    def _checked(self, cost: int) -> int:
        if not 0 <= cost <= self._limit.quota.burst:
            raise ValueError(f"cost={cost!r}; it must be from 0 to {self._limit.quota.burst}.")
        return cost

    def _result(self, decision: Decision | None) -> Result:
        quota = self._limit.quota
        if decision is None:
            opened = self._limit.is_open()
            pause = current_guard().breaker.retry_after
            return Result(opened, quota.burst, 0, pause, 0 if opened else pause, checked=False)
        return Result(
            decision.allowed,
            quota.burst,
            decision.remaining,
            quota.seconds(decision.reset),
            quota.seconds(decision.retry_after),
        )
