"""What stands between a view as it was written and a view as Ninja sees it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast

from .callables import is_async, typed_signature

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .call import Call
    from .contract import Hook

CONTEXT_PARAMETER = "ctx"
_ATTACHMENT = "_boost_attachment"
_CALL = "_boost_call"
OBSERVED = "_boost_observed"
"""The attribute of a request that a middleware of ours follows; it asks for the call at its end."""

PassContext = Literal["no", "positional", "keyword"]


class Attachment:
    """The hooks that decorators put on one function.

    A foreign decorator's ``functools.wraps`` copies the attachment to its own wrapper; so the
    hooks are found through it, and ``wrapper`` tells whose attachment this is.
    """

    __slots__ = ("function", "hooks", "wrapper")

    def __init__(self, function: Callable[..., Any], hooks: tuple[Hook, ...]) -> None:
        self.function: Callable[..., Any] = function
        self.hooks: tuple[Hook, ...] = hooks
        self.wrapper: Callable[..., Any] = function

    def put_on(self, wrapper: Callable[..., Any]) -> None:
        self.wrapper = wrapper
        setattr(wrapper, _ATTACHMENT, self)


def attachment_of(view: Callable[..., Any]) -> Attachment | None:
    """Return the attachment of ``view`` or of a function that it wraps."""
    attachment: Attachment | None = getattr(view, _ATTACHMENT, None)
    return attachment


def unwrapped(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function below our own wrapper, if ``view`` is one."""
    attachment = attachment_of(view)
    return attachment.function if attachment and attachment.wrapper is view else view


def current_call(request: HttpRequest) -> Call | None:
    """Return the call that the pipeline is running for ``request``.

    Below a middleware of ours it stays until the exchange is complete.
    """
    call: Call | None = getattr(request, _CALL, None)
    return call


def set_current_call(request: HttpRequest, call: Call | None) -> None:
    setattr(request, _CALL, call)


def pass_context(signature: inspect.Signature) -> PassContext:
    """Return how a view with this signature takes its context."""
    names = list(signature.parameters)
    if CONTEXT_PARAMETER not in names:
        return "no"
    return "positional" if names.index(CONTEXT_PARAMETER) == 1 else "keyword"


def without_context(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(
        parameters=[p for p in signature.parameters.values() if p.name != CONTEXT_PARAMETER]
    )


def facade(
    view: Callable[..., Any], hooks: tuple[Hook, ...], *, inject: bool = True
) -> Callable[..., Any]:
    """Return the function that is given to Ninja in the place of ``view``.

    Its signature hides ``ctx``, its string annotations are resolved, and it carries what the
    hooks add. The pipeline calls ``view`` itself; the facade runs only below a decorator that
    Ninja's ``add_decorator`` puts around it, and then takes the context from the call.
    """
    signature = typed_signature(view)
    how = pass_context(signature) if inject else "no"

    def arguments(request: HttpRequest, values: dict[str, Any]) -> tuple[Any, ...]:
        if how == "no":
            return (request,)
        call = current_call(request)
        context = call.ctx if call else {}
        if how == "keyword":
            values[CONTEXT_PARAMETER] = context
            return (request,)
        return (request, context)

    function: Any
    if inspect.isasyncgenfunction(inspect.unwrap(view)):

        async def asyncgen_facade(request: HttpRequest, **values: Any) -> Any:
            async for item in view(*arguments(request, values), **values):
                yield item

        function = asyncgen_facade
    elif is_async(view):

        async def async_facade(request: HttpRequest, **values: Any) -> Any:
            return await view(*arguments(request, values), **values)

        function = async_facade
    else:

        def sync_facade(request: HttpRequest, **values: Any) -> Any:
            return view(*arguments(request, values), **values)

        function = sync_facade

    functools.update_wrapper(function, view)
    _name_like(function, view)
    function.__signature__ = without_context(signature) if inject else signature
    contributed = [*getattr(view, "_ninja_contribute_args", ())]
    contributed += [
        (argument.name, argument.annotation, argument.source)
        for hook in hooks
        for argument in hook.arguments
        if all(argument.name != name for name, *_ in contributed)
    ]
    if contributed:
        function._ninja_contribute_args = contributed
    return cast(Callable[..., Any], function)


def _name_like(function: Callable[..., Any], view: Callable[..., Any]) -> None:
    # A partial or a callable instance has no name; Ninja needs one for the operation id.
    if not hasattr(view, "__name__"):
        named = view.func if isinstance(view, functools.partial) else type(view)
        function.__name__ = getattr(named, "__name__", type(view).__name__)
        function.__module__ = getattr(named, "__module__", function.__module__)
