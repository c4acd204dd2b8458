"""Test clients that speak as a user, through the real middleware and the real pipeline."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from django.test import AsyncClient, Client
from ninja.operation import AsyncOperation, Operation

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.operation import BoostOperation

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["AsyncBoostClient", "BoostClient", "users_in_front"]

KEY = "ninja_boost_testing.principal"
"""Where a request carries its principal: no header of HTTP can get there."""

_in_force = 0


class _AsUser:
    """What both clients add to Django's."""

    cookies: Any
    principal: Any = None
    """Whom the requests come from; see ``as_user``."""

    def as_user(self, principal: Any) -> Self:
        """Return a client whose requests are authenticated as ``principal``.

        Operations that have an authentication get the principal from it, as ``request.auth``
        and ``ctx["user"]``, without asking the real one; a user of Django's becomes
        ``request.user`` as well. Permissions and all that follows decide as ever. Operations
        without authentication stay anonymous.

        Args:
            principal: what the API's own authentication would return; None for nobody.

        Raises:
            ValueError: for an empty principal, by which an authentication refuses.
            RuntimeError: if the client does not come from a fixture, so that nothing would
                look at the principal.
        """
        if principal is not None and not principal:
            raise ValueError(
                f"as_user({principal!r}): an authentication that returns this refuses; "
                "as_user(None) sends requests as nobody."
            )
        if not _in_force:
            raise RuntimeError(
                "as_user() works with the clients of the fixtures boost_client and "
                "async_boost_client only."
            )
        client = copy.copy(self)
        client.cookies = copy.deepcopy(self.cookies)
        client.principal = principal
        return client


class BoostClient(_AsUser, Client):
    """Django's test client, with ``as_user``."""

    def request(self, **request: Any) -> Any:
        return super().request(**{KEY: self.principal}, **request)


class AsyncBoostClient(_AsUser, AsyncClient):
    """Django's async test client, with ``as_user``."""

    async def request(self, **request: Any) -> Any:
        return await super().request(**{KEY: self.principal}, **request)


def _principal(request: HttpRequest) -> Any:
    """Return the request's principal and note it; None if it has none."""
    carrier = getattr(request, "scope", None) or request.META
    principal = carrier.get(KEY)
    if principal is not None and hasattr(principal, "is_authenticated"):
        request.user = principal
    return principal


class _Front:
    """Stands before the real authentication."""

    nonblocking = True

    def __call__(self, request: HttpRequest) -> Any:
        return _principal(request)


@contextmanager
def users_in_front() -> Iterator[None]:
    """Put the principals of ``as_user`` before each operation's authentication.

    It is done where operations ask for their authentication, so that it makes no difference
    which one that is, or whether router, API or setting name it.
    """
    global _in_force
    _in_force += 1
    undo = _install() if _in_force == 1 else None
    try:
        yield
    finally:
        _in_force -= 1
        if undo is not None:
            undo()


def _install() -> Callable[[], None]:
    ours = BoostOperation.__dict__["authentication"]
    sync_one = Operation._run_authentication
    async_one = AsyncOperation._run_authentication
    front = _Front()

    def authentication(self: BoostOperation) -> tuple[Callable[..., Any], ...]:
        callbacks: tuple[Callable[..., Any], ...] = ours.__get__(self)
        return (front, *callbacks) if callbacks else callbacks

    def run_authentication(self: Operation, request: HttpRequest) -> Any:
        principal = _principal(request)
        if principal is None:
            return sync_one(self, request)
        request.auth = principal  # type: ignore[attr-defined]
        return None

    async def arun_authentication(self: AsyncOperation, request: HttpRequest) -> Any:
        principal = _principal(request)
        if principal is None:
            return await async_one(self, request)
        request.auth = principal  # type: ignore[attr-defined]
        return None

    def put(one: Any, two: Any, three: Any) -> None:
        BoostOperation.authentication = one  # type: ignore[method-assign]
        Operation._run_authentication = two  # type: ignore[method-assign]
        AsyncOperation._run_authentication = three  # type: ignore[method-assign]
        # Operations that are compiled already have theirs.
        boost_settings.reload()

    put(property(authentication), run_authentication, arun_authentication)
    return lambda: put(ours, sync_one, async_one)
