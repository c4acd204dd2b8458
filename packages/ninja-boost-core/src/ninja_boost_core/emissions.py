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

    # The request is no attribute: it holds this, and a cycle would keep both alive. Of most
    # requests nothing is noted, so that the class has what an instance does not.
    by_middleware: bool = False
    error: BaseException | None = None
    _announced: bool = False
    _reported: BaseException | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Emissions:
        """Return those of ``request``."""
        attributes = request.__dict__
        emissions: Emissions | None = attributes.get(_EMISSIONS)
        if emissions is None:
            emissions = attributes[_EMISSIONS] = cls()
        return emissions

    def forget(self) -> None:
        """Let go of the error; the request is over."""
        self.error = self._reported = None

    async def announce(self, request: HttpRequest, run_async: bool) -> None:
        """Emit before_request."""
        if not self._announced and event_bus.has_handlers(BEFORE_REQUEST):
            self._announced = True
            await _emit(request, run_async, BEFORE_REQUEST)

    async def report(
        self, request: HttpRequest, run_async: bool, error: BaseException, ctx: Context
    ) -> None:
        """Emit on_error for an unexpected exception, and remember it."""
        self.error = error
        if self._reported is not error and event_bus.has_handlers(ON_ERROR):
            self._reported = error
            await _emit(request, run_async, ON_ERROR, ctx, exc=error)

    async def conclude(
        self,
        request: HttpRequest,
        run_async: bool,
        response: HttpResponseBase,
        duration_ms: float,
    ) -> None:
        """Emit after_response."""
        if event_bus.has_handlers(AFTER_RESPONSE):
            arguments: dict[str, Any] = {"response": response, "duration_ms": duration_ms}
            await _emit(request, run_async, AFTER_RESPONSE, **arguments)


async def _emit(
    request: HttpRequest,
    run_async: bool,
    event: str,
    ctx: Context | None = None,
    **arguments: Any,
) -> None:
    arguments |= {"request": request, "ctx": ctx or context_of(request)}
    if run_async:
        await event_bus.aemit(event, **arguments)
    else:
        event_bus.emit(event, **arguments)


def context_of(request: HttpRequest) -> Context:
    """Return the context of the operation, or a new one where none was made."""
    call = current_call(request)
    return call.ctx if call is not None and call.ctx else build_context(request)
