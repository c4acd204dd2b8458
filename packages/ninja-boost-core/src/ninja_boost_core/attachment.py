"""``attach``: makes hooks a decorator for views."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pydantic
from ninja.errors import ValidationError

from .call import Call
from .callables import drive, is_async, typed_signature
from .contract import Context, Hook
from .dependencies import build_context
from .operation import adopt
from .pipeline import Steps
from .views import (
    CONTEXT_PARAMETER,
    Attachment,
    PassContext,
    attachment_of,
    current_call,
    pass_context,
    set_current_call,
    without_context,
)

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["attach"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def attach(*hooks: Hook) -> Callable[[ViewT], ViewT]:
    """Return a decorator that puts ``hooks`` on a view.

    On any Ninja router the operation takes the hooks over and runs them in the pipeline, in
    the order of ``Order``. The decorated function stays callable: called directly with a
    request, it enforces its hooks itself and returns the view's result, or the response
    with which a hook answered early. Its ``ctx`` may then be left out.
    """

    def decorate(view: ViewT) -> ViewT:
        known = attachment_of(view)
        inherited = known.hooks if known else ()
        function = known.function if known and known.wrapper is view else view
        attachment = Attachment(function, (*inherited, *hooks))
        wrapper = _wrapper(attachment)
        attachment.put_on(wrapper)
        return cast(ViewT, wrapper)

    return decorate


def _wrapper(attachment: Attachment) -> Callable[..., Any]:
    function, hooks = attachment.function, attachment.hooks
    signature = typed_signature(function)
    direct = _DirectCall(attachment, pass_context(signature))
    wrapper: Any

    if is_async(function):

        @functools.wraps(function)
        async def async_wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            call = current_call(request)
            if call is not None and _enforces(call, hooks):
                return await direct.enter(call, args, kwargs)
            return await direct.run(request, args, kwargs)

        wrapper = async_wrapper
    else:

        @functools.wraps(function)
        def sync_wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            call = current_call(request)
            if call is not None and _enforces(call, hooks):
                return direct.enter(call, args, kwargs)
            return drive(direct.run(request, args, kwargs))

        wrapper = sync_wrapper

    # What a plain ninja.Router sees: no ctx, and a callback that makes the operation ours. Ninja
    # runs the callbacks in order, and ours must come before one that wraps the operation's run.
    wrapper.__signature__ = without_context(signature)
    others = getattr(function, "_ninja_contribute_to_operation", ())
    wrapper._ninja_contribute_to_operation = [
        adopt,
        *(callback for callback in others if callback is not adopt),
    ]
    arguments = {name: rest for name, *rest in getattr(function, "_ninja_contribute_args", ())}
    for hook in hooks:
        for argument in hook.arguments:
            arguments.setdefault(argument.name, [argument.annotation, argument.source])
    if arguments:
        wrapper._ninja_contribute_args = [(name, *rest) for name, rest in arguments.items()]
    return cast(Callable[..., Any], wrapper)


def _enforces(call: Call, hooks: tuple[Hook, ...]) -> bool:
    """Return whether the pipeline is inside the view of a call that enforces these hooks."""
    inside = call.entered_view and call.response is None and call.error is None
    return inside and all(hook in call.hooks for hook in hooks)


class _DirectCall:
    """Calls of a decorated function that do not come from the pipeline."""

    def __init__(self, attachment: Attachment, how: PassContext) -> None:
        self.function = attachment.function
        self.hooks = attachment.hooks
        self.how = how
        self.signature = without_context(typed_signature(attachment.function))
        self.is_async = is_async(attachment.function)
        self.steps = Steps.of(attachment.hooks, self.is_async)

    def enter(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the function below hooks that are enforced already."""
        context, args, kwargs = self.take_context(args, kwargs)
        return self.invoke(call.request, call.ctx if context is None else context, args, kwargs)

    async def run(self, request: HttpRequest, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        call = Call(request, None, {}, self.hooks)
        for hook in self.hooks:
            for argument in hook.arguments:
                given = argument.name in kwargs
                call.arguments[argument.name] = (
                    kwargs.pop(argument.name)
                    if given
                    else _read_query(argument.annotation, request)
                )
        context, args, kwargs = self.take_context(args, kwargs)
        call.ctx = build_context(request) if context is None else context
        _, *names = self.signature.bind(request, *args, **kwargs).arguments.items()
        call.values = dict(names)

        outer = current_call(request)
        set_current_call(request, call)
        try:
            return await self.steps.around(
                call, lambda: self.invoke(request, call.ctx, args, kwargs), self.is_async
            )
        finally:
            set_current_call(request, outer)

    def take_context(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Context | None, tuple[Any, ...], dict[str, Any]]:
        if self.how != "no":
            if CONTEXT_PARAMETER in kwargs:
                return kwargs.pop(CONTEXT_PARAMETER), args, kwargs
            if self.how == "positional" and args and isinstance(args[0], dict):
                return args[0], args[1:], kwargs
        return None, args, kwargs

    def invoke(
        self, request: HttpRequest, ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if self.how == "no":
            return self.function(request, *args, **kwargs)
        if self.how == "positional":
            return self.function(request, ctx, *args, **kwargs)
        return self.function(request, *args, **kwargs, **{CONTEXT_PARAMETER: ctx})


def _read_query(annotation: Any, request: HttpRequest) -> Any:
    try:
        return pydantic.TypeAdapter(annotation).validate_python(request.GET.dict())
    except pydantic.ValidationError as error:
        raise ValidationError(
            [
                {"type": item["type"], "loc": ("query", *item["loc"]), "msg": item["msg"]}
                for item in error.errors(include_url=False)
            ]
        ) from error
