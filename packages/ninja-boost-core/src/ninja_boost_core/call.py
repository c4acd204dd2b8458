"""One request's passage through one operation, as hooks see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .dependencies import build_context, may_have
from .routes import route_template

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from ninja.operation import Operation

    from .contract import Context, Hook

__all__ = ["Call"]


class Call:
    """One request's passage through one operation.

    Attributes:
        request: the HTTP request.
        operation: the bound operation; None when a decorated function is called directly.
        path_params: the values of the URL pattern, not yet validated.
        values: the view's validated arguments by name; empty before point 5.
        arguments: the validated arguments that hooks added (``Hook.arguments``).
        response: the response, from the moment that there is one.
        error: the exception that ended the call, if one did.
        entered_view: whether the view was called.
        project: takes the queryset whose rows are the response's items, when no more will be asked
            of it, and returns one that reads what the response schema takes; None where the rows
            have to be model instances.
        started: ``time.perf_counter()`` at the start, in seconds.
        hooks: the hooks that the pipeline enforces for this call.
    """

    __slots__ = (
        "_ctx",
        "_state",
        "arguments",
        "entered_view",
        "error",
        "hooks",
        "operation",
        "path_params",
        "project",
        "request",
        "response",
        "started",
        "values",
    )

    def __init__(
        self,
        request: HttpRequest,
        operation: Operation | None,
        path_params: dict[str, Any],
        hooks: Sequence[Hook] = (),
    ) -> None:
        self.request: HttpRequest = request
        self.operation: Operation | None = operation
        self.path_params: dict[str, Any] = path_params
        self.hooks: Sequence[Hook] = hooks
        self._ctx: Context | None = {}
        self.values: dict[str, Any] = {}
        self.arguments: dict[str, Any] = {}
        self.response: HttpResponseBase | None = None
        self.error: BaseException | None = None
        self.entered_view: bool = False
        self.project: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None
        self.started: float = perf_counter()
        self._state: dict[Any, Any] | None = None

    @property
    def ctx(self) -> Context:
        """The context; empty until point 3, and from then on made when somebody asks for it."""
        if self._ctx is None:
            self._ctx = build_context(self.request)
        return self._ctx

    @ctx.setter
    def ctx(self, context: Context) -> None:
        self._ctx = context

    def from_ctx(self, name: str) -> Any:
        """Return ``ctx.get(name)``, without making a context that would not have it."""
        if self._ctx is None and not may_have(name):
            return None
        return self.ctx.get(name)

    @property
    def state(self) -> dict[Any, Any]:
        """Room for hooks to keep what belongs to this call; the hook itself is the key."""
        if self._state is None:
            self._state = {}
        return self._state

    @property
    def route(self) -> str | None:
        """The route template with all prefixes, ``/api/items/{id}``; None outside any URL."""
        return route_template(self.request)

    @property
    def duration_ms(self) -> float:
        """Milliseconds since the call started."""
        return (perf_counter() - self.started) * 1000.0
