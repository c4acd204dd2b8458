"""The class that services may derive from."""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = ["BoostService"]


class BoostService:
    """A service with a name.

    The parameters of ``__init__`` that have no default are services: the parameter ``db`` gets
    the service ``"db"``, and ``request`` the request if the service is scoped. A service that is a
    context manager, sync or async, is entered when it is made and left when its scope ends; that
    holds for classes, an instance that is registered is nobody's to enter.
    """

    name: ClassVar[str]
    """What the service is called: ``ctx["services"]["email"]``, ``ctx["svc_email"]``."""

    scoped: ClassVar[bool] = False
    """Whether each request has an instance of its own."""

    def ping(self) -> Any:
        """Raise, or return False, if the service does not work; may be a coroutine function.

        Only a service that overrides it takes part in ``service_registry.pings()``.
        """
