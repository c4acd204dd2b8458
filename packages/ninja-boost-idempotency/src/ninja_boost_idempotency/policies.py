"""What an operation was told, and what follows with the settings as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ninja_boost_core.durations import Duration, seconds

from .scopes import Scope
from .settings import current_options
from .stores.base import Store
from .stores.current import configured_store, store_of

__all__ = ["LONGEST_WAIT", "Options", "Policy"]

LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How an operation treats keys."""

    header: str
    required: bool
    store: Store
    ttl: float
    lease: float
    wait: float
    store_5xx: bool
    max_body: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Options:
    """The arguments of ``idempotent``; None is the setting."""

    ttl: Duration | None = None
    required: bool = False
    wait: float | None = None
    scope: Scope = "principal"
    store: Any = None
    allow_anonymous: bool = False
    store_5xx: bool | None = None
    lease: Duration | None = None

    def __post_init__(self) -> None:
        for value in (self.ttl, self.lease):
            if value is not None:
                seconds(value)
        if self.wait is not None and not 0 <= self.wait <= LONGEST_WAIT:
            raise ValueError(f"wait={self.wait!r}: from 0 to {LONGEST_WAIT:g} seconds.")
        if self.scope not in ("principal", "tenant") and not callable(self.scope):
            raise ValueError(
                f"scope={self.scope!r}: 'principal', 'tenant', or a callable over (request, ctx)."
            )

    def policy(self) -> Policy:
        """Return what follows.

        Raises:
            ImproperlyConfigured: naming the setting or argument that is wrong.
        """
        settings = current_options()
        return Policy(
            header=settings.HEADER,
            required=self.required,
            store=configured_store() if self.store is None else self._own_store(),
            ttl=settings.TTL if self.ttl is None else seconds(self.ttl),
            lease=settings.LEASE if self.lease is None else seconds(self.lease),
            wait=settings.WAIT if self.wait is None else self.wait,
            store_5xx=settings.STORE_5XX if self.store_5xx is None else self.store_5xx,
            max_body=settings.MAX_BODY,
            closed=settings.ON_ERROR == "closed",
        )

    def _own_store(self) -> Store:
        return store_of(self.store, "idempotent(store=...)")
