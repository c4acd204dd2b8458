"""Functions that a decision asks: which of the view's arguments they take, and how they are called.

Shared by permissions and by the function that loads the object.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import partial
from inspect import Parameter
from typing import TYPE_CHECKING, Any, NamedTuple

from asgiref.sync import async_to_sync, sync_to_async

from ninja_boost_core.callables import is_async
from ninja_boost_core.steps import Do, Steps

from .expressions import BasePermission
from .principals import is_unresolved, user_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["OBJECT", "Question"]

OBJECT = "obj"
"""The parameter that gets what ``require(obj=...)`` loaded."""

_NOTHING: Mapping[str, Any] = {}


class Question:
    """A function over ``(request, ctx, ...)``, plain or async.

    Args:
        name: what it is called in messages.
        plain: what sync operations call.
        asynchronous: what async operations call.
        readers: the functions whose parameters count.
        may_block: whether ``asynchronous`` is a plain function.
        nonblocking: whether it does no I/O all the same.

    Attributes:
        name: what it is called in messages.
        wants: the parameters behind ``ctx``; each gets the view's argument of its name.
        required: those of them that have no default.
        takes_all: whether all of the view's arguments are given to it.
        is_early: whether it can be asked before there are arguments.

    Raises:
        TypeError: if the function cannot be called like this.
    """

    __slots__ = (
        "_async",
        "_may_block",
        "_nonblocking",
        "_plain",
        "_reserved",
        "is_early",
        "name",
        "required",
        "takes_all",
        "wants",
    )

    def __init__(
        self,
        name: str,
        plain: Callable[..., Any],
        asynchronous: Callable[..., Any],
        readers: Collection[Callable[..., Any]],
        may_block: bool,
        nonblocking: bool = False,
    ) -> None:
        self.name: str = name
        self._plain = plain
        self._async = asynchronous
        self._may_block = may_block
        self._nonblocking = nonblocking
        first, *others = [_parameters(name, reader) for reader in readers]
        if any(other != first for other in others):
            raise TypeError(f"{name}: both has_permission methods must take the same parameters.")
        self.wants: frozenset[str] = first.wants
        self.required: frozenset[str] = first.required
        self.takes_all: bool = first.takes_all
        self.is_early: bool = not first.wants and not first.takes_all
        self._reserved = first.reserved

    @classmethod
    def about(cls, permission: BasePermission) -> Question:
        """Return the question that ``permission`` is."""
        name = str(permission)
        if hasattr(permission, "has_object_permission"):
            raise TypeError(
                f"{name}: has_object_permission is never called. Let has_permission have a "
                f"parameter {OBJECT!r}: it gets what require({OBJECT}=...) loads."
            )
        given = [each for each in ("has_permission", "ahas_permission") if permission._has(each)]
        if not given:
            raise TypeError(f"{name} has no has_permission(self, request, ctx).")
        may_block = not is_async(getattr(permission, given[-1]))
        # Found when it is called, so that a test may replace it.
        plain, asynchronous = (
            lambda request, ctx, _name=each, **values: getattr(permission, _name)(
                request, ctx, **values
            )
            for each in (given[0], given[-1])
        )
        readers = permission._readers()
        return cls(name, plain, asynchronous, readers, may_block, permission.nonblocking)

    def begin(
        self, request: HttpRequest, ctx: Context, values: Mapping[str, Any], run_async: bool
    ) -> Any:
        """Call the function; return its result, or something to wait for. See ``finish``."""
        function = self._async if run_async else self._plain
        arguments = _NOTHING if self.is_early else self._arguments(values)
        if run_async and self._blocks(request, ctx):
            call = partial(function, request, ctx, **arguments)
            return Do(call, sync_to_async(call))
        return function(request, ctx, **arguments)

    def finish(self, begun: Any) -> Steps[Any]:
        """Yield what has to be waited for, and return the function's result."""
        result = begun
        if type(result) is Do:
            result = yield result
        if not isinstance(result, bool) and inspect.isawaitable(result):
            result = yield _Await(result)
        return result

    def ask(
        self, request: HttpRequest, ctx: Context, values: Mapping[str, Any], run_async: bool
    ) -> Steps[Any]:
        """Return the function's result; see ``finish``."""
        return (yield from self.finish(self.begin(request, ctx, values, run_async)))

    def _blocks(self, request: HttpRequest, ctx: Context) -> bool:
        if self._nonblocking:
            # What only looks at the user would load a lazy one.
            return self._may_block and is_unresolved(user_in(request, ctx))
        return self._may_block

    def _arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        missing = sorted(self.required.difference(values))
        if missing:
            raise LookupError(f"{self.name} takes {missing[0]!r}, which the view does not have.")
        if self.takes_all:
            return {
                name: value
                for name, value in values.items()
                if name not in self._reserved and (name != OBJECT or name in self.wants)
            }
        return {name: values[name] for name in self.wants if name in values}


class _Parameters(NamedTuple):
    wants: frozenset[str]
    required: frozenset[str]
    takes_all: bool
    reserved: frozenset[str]


def _parameters(name: str, reader: Callable[..., Any]) -> _Parameters:
    """Return which of the view's arguments a function takes."""
    try:
        first, second, *rest = [
            parameter
            for parameter in inspect.signature(reader).parameters.values()
            if parameter.kind is not Parameter.VAR_POSITIONAL
        ]
    except ValueError as error:
        raise TypeError(f"{name} must be a function of (request, ctx, ...).") from error
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    if first.kind not in positional or second.kind not in positional:
        raise TypeError(f"{name} must take request and ctx by position.")
    named = [parameter for parameter in rest if parameter.kind is not Parameter.VAR_KEYWORD]
    for parameter in named:
        if parameter.kind is Parameter.POSITIONAL_ONLY:
            raise TypeError(
                f"{name}: {parameter.name!r} cannot be given by name; move it behind the slash."
            )
    return _Parameters(
        wants=frozenset(each.name for each in named),
        required=frozenset(each.name for each in named if each.default is Parameter.empty),
        takes_all=len(named) < len(rest),
        reserved=frozenset((first.name, second.name)),
    )


class _Await:
    """Waits for a coroutine, or whatever else can be awaited."""

    __slots__ = ("_awaitable",)

    def __init__(self, awaitable: Any) -> None:
        self._awaitable = awaitable

    def run(self) -> Any:
        try:
            return async_to_sync(self.arun)()
        finally:
            # Within a running event loop it has not been started.
            if inspect.iscoroutine(self._awaitable):
                self._awaitable.close()

    async def arun(self) -> Any:
        return await self._awaitable
