"""Limits in the pipeline."""

from __future__ import annotations

import copy
import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

from ninja_boost_core import ApiError, Call, Hook, Order, event_bus
from ninja_boost_core.dependencies import build_context
from ninja_boost_core.events import ON_RATE_LIMIT_EXCEEDED

from .backends.base import Bucket
from .gcra import Decision
from .guard import count, current_guard, current_options
from .headers import policy, write_headers
from .identity import address_of, user_of
from .limiter import Limit
from .rates import PERIODS

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja.operation import Operation

    from ninja_boost_core import OperationDocs

__all__ = ["ON_RATE_LIMIT_SHADOWED", "DefaultLimit", "ExemptHook", "RateLimitHook", "hook_for"]

ON_RATE_LIMIT_SHADOWED = "on_rate_limit_shadowed"
"""As ON_RATE_LIMIT_EXCEEDED, for a limit in shadow mode, which refused nothing."""

logger: logging.Logger = logging.getLogger("ninja_boost.rate_limiting")


class Refusal(ApiError):
    """A 429 or 503 of ours; its one header is Retry-After."""

    def __init__(self, status: int, message: str, code: str, retry_after: int) -> None:
        super().__init__(status, message, code=code, headers={"Retry-After": str(retry_after)})


class Verdict(NamedTuple):
    """What follows from a decision that is not just a yes."""

    event: str | None
    error: Refusal | None
    retry_after: int


class RateLimitHook(Hook, ABC):
    """One limit at one operation.

    Several limits of an operation are asked from the shortest period to the longest; the first
    that refuses ends it, so a request that is refused for its speed takes nothing from the day.

    Args:
        limit: the limit.
        place: what is counted together if the view is called outside of any operation.
    """

    order: int = Order.RATE_LIMIT

    def __init__(self, limit: Limit, place: str = "") -> None:
        self.limit = limit
        self.policy: str = policy(limit)
        self._origin: RateLimitHook = self
        self._methods = ""
        self._direct = limit.bucket(f"view {place}")
        # By the route as Django has it; empty as long as the hook is bound to no operation.
        self._buckets: dict[str, Bucket] = {}
        # None where each request has to be asked.
        always = limit.methods is None and limit.exempt is None
        self._cost = limit.cost if always and isinstance(limit.cost, int) else None
        self.order = Order.RATE_LIMIT + list(PERIODS.values()).index(limit.quota.period)

    def bind(self, operation: Operation) -> Hook | None:
        bound = copy.copy(self)
        bound._methods = ",".join(operation.methods)
        bound._buckets = {}
        return bound

    def on_response(self, call: Call) -> None:
        # The first of several hooks finds what all of them left.
        outcomes = call.state.pop(RateLimitHook, None)
        if outcomes and call.response is not None:
            write_headers(call.response, outcomes)

    def document(self, docs: OperationDocs) -> None:
        if self.limit.shadow:
            return
        docs.error(429, "Too many requests.")
        if (self.limit.on_error or current_options().ON_ERROR) == "closed":
            docs.error(503, "Requests cannot be counted at the moment.")
        for name, schema, description in _HEADERS:
            docs.header(name, {"type": schema}, description=description)
        docs.header(
            "Retry-After", {"type": "integer"}, status=429, required=True, description="Seconds."
        )

    def describe(self) -> str:
        limit = self.limit
        key = limit.key if isinstance(limit.key, str) else "key"
        burst = f", burst {limit.burst}" if limit.burst else ""
        shadow = ", shadow" if limit.shadow else ""
        return f"rate limit {limit.rate} by {key}{burst}{shadow}"

    @abstractmethod
    def client(self, call: Call) -> str:
        """Return who is counted."""

    def _asked(self, call: Call) -> tuple[Bucket, str, int] | None:
        """Return what to take from where, or None if the request is not limited."""
        cost = self._cost
        if cost is None:
            cost = self._cost_of(call.request)
            if cost is None:
                return None
        # The requests of Ninja 1.5's test client have none.
        match = getattr(call.request, "resolver_match", None)
        bucket = None if match is None else self._buckets.get(match.route)
        return bucket or self._bucket(call), self.client(call), cost

    def _cost_of(self, request: HttpRequest) -> int | None:
        """Return what a request takes; None if it is not limited."""
        limit = self.limit
        if limit.methods is not None and request.method not in limit.methods:
            return None
        if limit.exempt is not None and limit.exempt(request):
            return None
        cost = limit.cost
        if not isinstance(cost, int):
            cost = cost(request)
            if type(cost) is not int or cost < 0:
                raise ValueError(f"cost= of {self.describe()} returned {cost!r}.")
            # One that costs more than everything takes everything.
            cost = min(cost, limit.quota.burst)
        return cost

    def _bucket(self, call: Call) -> Bucket:
        if call.operation is None:
            return self._direct
        # The route template with all its prefixes is known only when a request has come by it.
        place = f"{self._methods} {call.route or call.operation.path} {self._position(call)}"
        bucket = self.limit.bucket(place)
        match = getattr(call.request, "resolver_match", None)
        if match is not None:
            self._buckets[match.route] = bucket
        return bucket

    def _position(self, call: Call) -> str:
        """Return what tells this limit from the others of its operation."""
        limits = [hook for hook in call.hooks if isinstance(hook, RateLimitHook)]
        return str(limits.index(self._origin))

    def _enforce(self, call: Call) -> None:
        if (asked := self._asked(call)) is None:
            return
        decision = current_guard().hit(*asked)
        if (verdict := self._judge(call, decision)) is not None:
            if verdict.event and event_bus.has_handlers(verdict.event):
                event_bus.emit(verdict.event, **self._arguments(call, verdict))
            if verdict.error:
                raise verdict.error

    async def _aenforce(self, call: Call) -> None:
        if (asked := self._asked(call)) is None:
            return
        decision = await current_guard().ahit(*asked)
        if (verdict := self._judge(call, decision)) is not None:
            if verdict.event and event_bus.has_handlers(verdict.event):
                await event_bus.aemit(verdict.event, **self._arguments(call, verdict))
            if verdict.error:
                raise verdict.error

    def _judge(self, call: Call, decision: Decision | None) -> Verdict | None:
        limit = self.limit
        if decision is None:
            if limit.is_open():
                return None
            pause = current_guard().breaker.retry_after
            return Verdict(None, _unavailable(pause), pause)
        if not limit.shadow:
            call.state.setdefault(RateLimitHook, []).append((limit, self.policy, decision))
        if decision.allowed:
            return None
        wait = limit.quota.seconds(decision.retry_after)
        if limit.shadow:
            count("shadowed")
            logger.info("%s would have refused a request.", self.describe())
            return Verdict(ON_RATE_LIMIT_SHADOWED, None, wait)
        count("refused")
        return Verdict(ON_RATE_LIMIT_EXCEEDED, _refusal(wait), wait)

    def _arguments(self, call: Call, verdict: Verdict) -> dict[str, Any]:
        return {
            "request": call.request,
            "ctx": call.ctx or build_context(call.request),
            "limit": self.limit.rate,
            "retry_after": verdict.retry_after,
        }


class AddressLimit(RateLimitHook):
    """Counts before authentication, so that failed logins count."""

    def client(self, call: Call) -> str:
        return address_of(call.request)

    def before_auth(self, call: Call) -> None:
        self._enforce(call)

    async def abefore_auth(self, call: Call) -> None:
        await self._aenforce(call)


class IdentityLimit(RateLimitHook):
    """Counts by what authentication and context say; by address where they say nothing."""

    def client(self, call: Call) -> str:
        key = self.limit.key
        if callable(key):
            value = key(call.request, call.ctx)
            client = None if value is None else f"key:{value}"
        else:
            client = user_of(call.request)
        return client or address_of(call.request)

    def after_auth(self, call: Call) -> None:
        self._enforce(call)

    async def aafter_auth(self, call: Call) -> None:
        await self._aenforce(call)


class DefaultLimit(Hook):
    """Stands for the DEFAULT setting at an operation without a limit of its own."""

    order: int = Order.RATE_LIMIT

    def bind(self, operation: Operation) -> Hook | None:
        options = current_options()
        if options.DEFAULT is None:
            return None
        limit = Limit(rate=options.DEFAULT, name="default", shadow=options.SHADOW)
        return _Default(limit).bind(operation)


class _Default(AddressLimit):
    def _position(self, call: Call) -> str:
        return "default"


class ExemptHook(Hook):
    """Marks an operation that has no limit, not even the default."""

    order: int = Order.RATE_LIMIT

    def bind(self, operation: Operation) -> Hook | None:
        return None


def hook_for(limit: Limit, place: str) -> RateLimitHook:
    """Return the hook that enforces ``limit``."""
    return AddressLimit(limit, place) if limit.key == "ip" else IdentityLimit(limit, place)


def _refusal(wait: int) -> Refusal:
    unit = "second" if wait == 1 else "seconds"
    message = f"Too many requests. Try again in {wait} {unit}."
    return Refusal(429, message, "rate_limited", wait)


def _unavailable(pause: int) -> Refusal:
    message = "Requests cannot be counted at the moment. Try again later."
    return Refusal(503, message, "rate_limit_unavailable", pause)


_HEADERS = (
    ("X-RateLimit-Limit", "integer", "Units of the tightest limit."),
    ("X-RateLimit-Remaining", "integer", "Units of it that are left."),
    ("X-RateLimit-Reset", "integer", "Seconds until all of them are back."),
    ("RateLimit-Policy", "string", "Every limit, as draft-ietf-httpapi-ratelimit-headers has it."),
    ("RateLimit", "string", "What is left of every limit, in the same form."),
)
