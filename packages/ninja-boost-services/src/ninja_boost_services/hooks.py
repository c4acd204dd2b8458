"""What services do to a call."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from django.http import FileResponse

from ninja_boost_core import Call, Hook, Order
from ninja_boost_core.steps import Steps, arun, run

from .current import existing_services, services_of
from .request_scope import Services
from .streams import follow

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

__all__ = ["CleanUpHook", "InjectHook", "hooks_in_use"]

_in_use: weakref.WeakSet[InjectHook] = weakref.WeakSet()


class CleanUpHook(Hook):
    """Cleans up after the view, while what goes wrong can still become the response."""

    order: int = Order.SERVICES

    def on_response(self, call: Call) -> None:
        services = _to_close(call)
        if services is not None:
            services.close(call.error)

    async def aon_response(self, call: Call) -> None:
        services = _to_close(call)
        if services is not None:
            await services.aclose(call.error)

    def describe(self) -> str:
        return "cleans up services"


class InjectHook(CleanUpHook):
    """Puts services into the context: ``ctx["svc_<name>"]``.

    Args:
        names: the services.
        view: what they are injected into, for messages.
        in_async: whether that is async.
    """

    def __init__(self, names: tuple[str, ...], view: str, in_async: bool) -> None:
        self.names: tuple[str, ...] = names
        self.view: str = view
        self.in_async: bool = in_async
        _in_use.add(self)

    def before_view(self, call: Call) -> HttpResponseBase | None:
        run(self._inject(call))
        return None

    async def abefore_view(self, call: Call) -> HttpResponseBase | None:
        await arun(self._inject(call))
        return None

    def describe(self) -> str:
        return f"services {', '.join(self.names)}"

    def _inject(self, call: Call) -> Steps[None]:
        services = services_of(call.request)
        for name in self.names:
            call.ctx[f"svc_{name}"] = yield _Get(services, name)


class _Get:
    __slots__ = ("name", "services")

    def __init__(self, services: Services, name: str) -> None:
        self.services = services
        self.name = name

    def run(self) -> object:
        return self.services[self.name]

    async def arun(self) -> object:
        return await self.services.aget(self.name)


def hooks_in_use() -> list[InjectHook]:
    """Return the hooks of all views, for system checks."""
    return sorted(_in_use, key=lambda hook: hook.view)


def _to_close(call: Call) -> Services | None:
    """Return the services to clean up now, if somebody could have used them."""
    services = existing_services(call.request)
    if services is None:
        return None
    response = call.response
    if not services.made_any and (response is None or not response.streaming):
        return None
    if call.operation is None and call.request.resolver_match is not None:
        # One view called another; the request goes on.
        return None
    if response is not None and response.streaming:
        # A server may send a file by itself as long as nothing is wrapped around it. It is
        # closed with the request, like everything else that lasts until then.
        if not isinstance(response, FileResponse):
            follow(response, services)
        return None
    return services
