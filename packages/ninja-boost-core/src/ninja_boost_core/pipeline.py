"""The one pipeline: what happens between a request and its response.

It is written once, as a coroutine. In a sync operation nothing that it awaits ever suspends,
so ``drive`` runs it in one step, without an event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from asgiref.sync import async_to_sync, sync_to_async
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from ninja.errors import AuthenticationError, HttpError
from ninja.operation import AsyncOperation

from .answers import Answers
from .call import Call
from .callables import drive, is_async
from .contract import Context, Hook, in_order
from .dependencies import build_context
from .emissions import Emissions
from .events import AFTER_RESPONSE, BEFORE_REQUEST, ON_AUTH_FAILURE, event_bus
from .projection import Projection
from .readers import Readers
from .views import OBSERVED, PassContext

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from ninja import NinjaAPI

    from .operation import BoostOperation

__all__ = ["Plan", "Steps"]

logger: logging.Logger = logging.getLogger("ninja_boost.pipeline")

Step = tuple[Callable[..., Any], bool]
"""A hook's method for one point, and whether its result is awaited."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The points of some hooks, each in the order in which it runs."""

    before_auth: tuple[Step, ...]
    after_auth: tuple[Step, ...]
    before_view: tuple[Step, ...]
    after_view: tuple[Step, ...]
    on_response: tuple[Step, ...]

    @classmethod
    def of(cls, hooks: Sequence[Hook], run_async: bool) -> Steps:
        """Compile ``hooks``; their ``a``-prefixed methods are taken if ``run_async``."""
        inward = in_order(hooks)
        outward = inward[::-1]

        def steps(point: str, ordered: Sequence[Hook]) -> tuple[Step, ...]:
            found = []
            for hook in ordered:
                if run_async and hook.implements(f"a{point}"):
                    found.append((getattr(hook, f"a{point}"), True))
                elif hook.implements(point):
                    found.append((getattr(hook, point), False))
            return tuple(found)

        return cls(
            steps("before_auth", inward),
            steps("after_auth", inward),
            steps("before_view", inward),
            steps("after_view", outward),
            steps("on_response", outward),
        )

    async def around(self, call: Call, view: Callable[[], Any], awaited: bool) -> Any:
        """Enforce the hooks around a view that is called directly, outside any operation."""
        try:
            for steps in (self.before_auth, self.after_auth, self.before_view):
                call.response = await ask(steps, call)
                if call.response is not None:
                    return call.response
            call.entered_view = True
            result = view()
            if awaited:
                result = await result
            result = await change(self.after_view, call, result)
            if isinstance(result, HttpResponseBase):
                call.response = result
            return result
        except BaseException as error:
            call.error = error
            raise
        finally:
            for step, step_awaited in self.on_response:
                outcome = step(call)
                if step_awaited:
                    await outcome


async def ask(steps: tuple[Step, ...], call: Call) -> HttpResponseBase | None:
    """Run a ``before`` point; return the response of the first hook that gives one."""
    for step, awaited in steps:
        answer = step(call)
        if awaited:
            answer = await answer
        if answer is not None:
            if not isinstance(answer, HttpResponseBase):
                raise TypeError(
                    f"{step.__qualname__} returned {type(answer).__name__}; "
                    "return an HttpResponse to answer early, or None."
                )
            return answer
    return None


async def change(steps: tuple[Step, ...], call: Call, result: Any) -> Any:
    """Run the ``after_view`` point and return the changed result."""
    for step, awaited in steps:
        result = step(call, result)
        if awaited:
            result = await result
    return result


class Plan:
    """One bound operation, compiled: everything that can be decided before a request comes.

    Args:
        operation: the bound operation.
        view: what to call, with ``ctx`` or without.
        how: how the view takes its context.
        hooks: the hooks that run, bound to the operation.
        owned: the hooks as attached, which a decorated view must not enforce again.
        auth: authentication callbacks.
        injector: a custom ``DI`` decorator, or None for our own context.
    """

    __slots__ = (
        "answers",
        "api",
        "arguments",
        "auth",
        "enter",
        "first",
        "how",
        "is_async",
        "operation",
        "owned",
        "projection",
        "readers",
        "reads",
        "steps",
        "stream",
        "view",
    )

    def __init__(
        self,
        operation: BoostOperation,
        *,
        view: Callable[..., Any],
        how: PassContext,
        hooks: Sequence[Hook],
        owned: Sequence[Hook],
        auth: Sequence[Callable[..., Any]],
        injector: Callable[..., Any] | None,
    ) -> None:
        self.operation: BoostOperation = operation
        self.api: NinjaAPI = operation.api
        self.is_async: bool = operation.is_async
        self.stream: bool = getattr(operation, "stream_format", None) is not None
        for hook in reversed(in_order(hooks)):
            view = hook.wrap_view(view)
        self.view: Callable[..., Any] = view
        self.how: PassContext = how
        self.owned: tuple[Hook, ...] = tuple(owned)
        self.arguments: tuple[str, ...] = tuple(a.name for hook in owned for a in hook.arguments)
        self.steps: Steps = Steps.of(hooks, self.is_async)
        self.answers: Answers | None = Answers.of(operation)
        self.auth: tuple[tuple[Callable[..., Any], str], ...] = tuple(
            (callback, self._auth_mode(callback)) for callback in auth
        )
        self.enter: Callable[[Call], Any] | None = (
            None if injector is None else self._injected(injector)
        )
        self.projection: Projection | None = (
            None if self.answers is None else self.answers.projection(hooks)
        )
        self.readers: Readers | None = Readers.of(operation)
        self.reads: bool = bool(operation.models) or operation.signature.response_arg is not None
        # Of the points before the context there may be nothing to do at all.
        is_open = not (auth or self.steps.before_auth or operation.throttle_objects)
        is_open = is_open and injector is None and not operation.csrf_exempt
        self.first: Callable[[Call], Coroutine[Any, Any, HttpResponseBase]] = (
            self._open if is_open else self._answer
        )

    async def run(self, request: HttpRequest, path_params: dict[str, Any]) -> HttpResponseBase:
        """Answer one request."""
        call = Call(request, self.operation, path_params, self.owned)
        call.project = self.projection
        request._boost_call = call  # type: ignore[attr-defined]
        unhandled: Exception | None = None
        if event_bus.has_handlers(BEFORE_REQUEST):
            await Emissions.of(request).announce(request, self.is_async)
        try:
            call.response = await self.first(call)
        except Exception as error:  # noqa: BLE001 - the API decides; it may raise it again
            unhandled = await self._fail(call, error)
        except BaseException as error:
            call.error = error
            await self._close(call, self.steps.on_response)
            raise
        for number, (step, awaited) in enumerate(self.steps.on_response, start=1):
            try:
                outcome = step(call)
                if awaited:
                    await outcome
            except Exception as error:  # noqa: BLE001 - as above; the other hooks still run
                unhandled = await self._fail(call, error)
            except BaseException as error:
                call.error = error
                await self._close(call, self.steps.on_response[number:])
                raise
        if event_bus.has_handlers(AFTER_RESPONSE) and call.response is not None:
            emissions = Emissions.of(request)
            if not emissions.by_middleware:
                await emissions.conclude(request, self.is_async, call.response, call.duration_ms)
        if call.response is None:
            raise unhandled or RuntimeError("A hook took the response away.")
        if not self.stream and not hasattr(request, OBSERVED):
            # Nobody asks for the call any more, and a cycle costs more than the whole pipeline.
            request._boost_call = None  # type: ignore[attr-defined]
            call.error = None
        return call.response

    async def _close(self, call: Call, steps: Sequence[Step]) -> None:
        """Let hooks close what they opened; the task was cancelled, as by a disconnect."""
        for step, awaited in steps:
            try:
                outcome = step(call)
                if awaited:
                    await outcome
            except Exception:
                # Nobody is left to answer, and the other hooks have to close theirs.
                logger.exception("%s failed in a cancelled request.", step.__qualname__)

    async def _answer(self, call: Call) -> HttpResponseBase:
        request = call.request
        if self.steps.before_auth:
            early = await ask(self.steps.before_auth, call)
            if early is not None:
                return early
        if self.operation.csrf_exempt:
            # Ninja's cookie authentication reads this flag.
            request._ninja_csrf_exempt = True  # type: ignore[attr-defined]
        if self.auth:
            await self._authenticate(call)
        if self.operation.throttle_objects:
            refused = self.operation._check_throttles(request)
            if refused is not None:
                return refused
        if self.enter is not None:
            result = await self.enter(call)
            if isinstance(result, HttpResponseBase):
                return result
            # The decorator answered in the view's place.
            return self._respond(request, result, None)
        return await self._open(call)

    def _open(self, call: Call) -> Coroutine[Any, Any, HttpResponseBase]:
        """Point 3 and all that follows."""
        call._ctx = None  # made when somebody asks for it
        return self._continue(call)

    async def _continue(self, call: Call) -> HttpResponseBase:
        """Everything after the context: points 4 to 9."""
        request, steps = call.request, self.steps
        if steps.after_auth:
            early = await ask(steps.after_auth, call)
            if early is not None:
                return early
        temporal = self.api.create_temporal_response(request) if self.answers is None else None
        values = self._read(call, temporal) if self.reads else {}
        if steps.before_view:
            early = await ask(steps.before_view, call)
            if early is not None:
                return early
        call.entered_view = True
        if self.how == "positional":
            result = self.view(request, call.ctx, **values)
        elif self.how == "keyword":
            result = self.view(request, ctx=call.ctx, **values)
        else:
            result = self.view(request, **values)
        if self.stream:
            return await self._stream(request, result, temporal)
        if self.is_async:
            result = await result
        if steps.after_view:
            result = await change(steps.after_view, call, result)
        if self.is_async and isinstance(result, QuerySet):
            # Ninja would read it on the event loop, which Django forbids.
            result = [row async for row in self._projected(result)]
        return self._respond(request, result, temporal)

    def _projected(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.projection is None else self.projection(queryset)

    def _read(self, call: Call, temporal: HttpResponse | None) -> dict[str, Any]:
        if self.readers is not None:
            values = self.readers(call.request, call.path_params)
        else:
            response = cast("HttpResponse", temporal)
            values = self.operation._get_values(call.request, call.path_params, response)
        call.values = values
        for name in self.arguments:
            call.arguments[name] = values.pop(name)
        return values

    def _respond(
        self, request: HttpRequest, result: Any, temporal: HttpResponse | None
    ) -> HttpResponseBase:
        if self.answers is not None:
            if isinstance(result, QuerySet):
                result = self._projected(result)
            response = self.answers(result)
            if response is not None:
                return response
        if temporal is None:
            temporal = self.api.create_temporal_response(request)
        return self.operation._result_to_response(request, result, temporal)

    async def _stream(self, request: HttpRequest, result: Any, temporal: Any) -> HttpResponseBase:
        if self.is_async:
            operation = cast(AsyncOperation, self.operation)
            return await operation._async_stream_response(request, result, temporal)
        return self.operation._stream_response(request, result, temporal)

    def _auth_mode(self, callback: Callable[..., Any]) -> str:
        if is_async(callback) or getattr(callback, "is_async", False):
            return "async"
        if not self.is_async or getattr(callback, "nonblocking", False):
            return "inline"
        return "thread"

    async def _authenticate(self, call: Call) -> None:
        for callback, mode in self.auth:
            if mode == "thread":
                result = await sync_to_async(callback)(call.request)
            else:
                result = callback(call.request)
                if mode == "async" and asyncio.iscoroutine(result):
                    result = await result if self.is_async else async_to_sync(_value_of)(result)
            if result:
                call.request.auth = result  # type: ignore[attr-defined]
                return
        if event_bus.has_handlers(ON_AUTH_FAILURE):
            arguments = {"request": call.request, "ctx": self._context(call)}
            if self.is_async:
                await event_bus.aemit(ON_AUTH_FAILURE, **arguments)
            else:
                event_bus.emit(ON_AUTH_FAILURE, **arguments)
        raise AuthenticationError

    async def _fail(self, call: Call, error: Exception) -> Exception | None:
        """Turn ``error`` into ``call.response``; return it if the API does not handle it."""
        if isinstance(error, TypeError) and "required positional argument" in str(error):
            error.args = (f"{error}: Did you fail to use functools.wraps() in a decorator?",)
        call.error = error
        unhandled: Exception | None = None
        try:
            response = self.api.on_exception(call.request, error)
            # A plain NinjaAPI knows nothing of an ApiError's headers.
            for name, value in getattr(error, "headers", {}).items():
                response.setdefault(name, value)
            call.response = response
        except Exception as raised:  # noqa: BLE001 - raised again by run
            call.response, unhandled = None, raised
        expected = isinstance(error, HttpError) or (
            call.response is not None and call.response.status_code < 500
        )
        if not expected:
            emissions = Emissions.of(call.request)
            await emissions.report(call.request, self.is_async, error, self._context(call))
        return unhandled

    def _context(self, call: Call) -> Context:
        if not call.ctx:
            call.ctx = build_context(call.request)
        return call.ctx

    def _injected(self, injector: Callable[..., Any]) -> Callable[[Call], Any]:
        """Put a custom ``DI`` decorator, written for ``func(request, ctx, ...)``, around the rest.

        Exceptions pass through the decorator, so that one which opens a transaction or a
        ``with`` block sees them.
        """
        if self.is_async:

            async def rest(request: HttpRequest, ctx: Context, *_: Any, **__: Any) -> Any:
                call = _call_of(request)
                call.ctx = ctx
                return await self._continue(call)

            decorated = injector(rest)
            if is_async(decorated):

                async def enter_async(call: Call) -> Any:
                    return await decorated(call.request)

                return enter_async

            # A sync decorator may query the database: its part runs in a thread, and the
            # coroutine that it returns runs here.
            async def enter_in_thread(call: Call) -> Any:
                result = await sync_to_async(decorated)(call.request)
                return await result if asyncio.iscoroutine(result) else result

            return enter_in_thread

        def sync_rest(request: HttpRequest, ctx: Context, *_: Any, **__: Any) -> Any:
            call = _call_of(request)
            call.ctx = ctx
            return drive(self._continue(call))

        decorated = injector(sync_rest)

        async def enter(call: Call) -> Any:
            return decorated(call.request)

        return enter


def _call_of(request: HttpRequest) -> Call:
    call: Call = request._boost_call  # type: ignore[attr-defined]
    return call


async def _value_of(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return await coroutine
