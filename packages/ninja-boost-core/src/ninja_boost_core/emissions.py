"""Each event of a request once, whether the pipeline or a middleware of ours emits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .dependencies import build_context
from .events import AFTER_RESPONSE, BEFORE_REQUEST, ON_ERROR, event_bus
from .views import current_call

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from .contract import Context

__all__ = ["Emissions"]

_EMISSIONS = "_boost_emissions"


class Emissions:
    """What has been emitted for one request.

    Attributes:
        by_middleware: whether a middleware emits before_request and after_response.
        error: the unexpected exception of the view, for whoever sees the request from outside.
    """

    __slots__ = ("_announced", "_reported", "by_middleware", "error", "request")

    def __init__(self, request: HttpRequest) -> None:
        self.request: HttpRequest = request
        self.by_middleware: bool = False
        self.error: BaseException | None = None
        self._announced = False
        self._reported: BaseException | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Emissions:
        """Return those of ``request``."""
        emissions: Emissions | None = getattr(request, _EMISSIONS, None)
        if emissions is None:
            emissions = cls(request)
            setattr(request, _EMISSIONS, emissions)
        return emissions

    async def announce(self, run_async: bool) -> None:
        """Emit before_request."""
        if not self._announced and event_bus.has_handlers(BEFORE_REQUEST):
            self._announced = True
            await self._emit(run_async, BEFORE_REQUEST)

    async def report(self, run_async: bool, error: BaseException, ctx: Context) -> None:
        """Emit on_error for an unexpected exception, and remember it."""
        self.error = error
        if self._reported is not error and event_bus.has_handlers(ON_ERROR):
            self._reported = error
            await self._emit(run_async, ON_ERROR, ctx, exc=error)

    async def conclude(
        self, run_async: bool, response: HttpResponseBase, duration_ms: float
    ) -> None:
        """Emit after_response."""
        if event_bus.has_handlers(AFTER_RESPONSE):
            await self._emit(run_async, AFTER_RESPONSE, response=response, duration_ms=duration_ms)

    async def _emit(
        self, run_async: bool, event: str, ctx: Context | None = None, **arguments: Any
    ) -> None:
        arguments |= {"request": self.request, "ctx": ctx or self.context()}
        if run_async:
            await event_bus.aemit(event, **arguments)
        else:
            event_bus.emit(event, **arguments)

    def context(self) -> Context:
        """Return the context of the operation, or a new one where none was made."""
        call = current_call(self.request)
        return call.ctx if call is not None and call.ctx else build_context(self.request)
