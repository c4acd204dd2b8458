"""Policies in the pipeline."""

from __future__ import annotations

import inspect
import logging
import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.http import Http404

from ninja_boost_core import Call, Hook, Order
from ninja_boost_core.steps import Steps, arun, run

from .asking import Ask, Failed, Together, judge, judge_at_once, parts_of, unknown_resource
from .base import CompiledPolicy, Rule
from .decisions import Decision
from .registry import policy_registry
from .trail import OBJECTS, has_asked, note, note_question

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase
    from ninja.operation import Operation

    from ninja_boost_core import OperationDocs

__all__ = ["AskedInViewHook", "Getter", "PolicyHook", "hooks_in_use", "listeners"]

logger: logging.Logger = logging.getLogger("ninja_boost.policies")

_in_use: weakref.WeakSet[_AboutPolicy] = weakref.WeakSet()

listeners: list[Callable[[str], None]] = []
"""Who is told of a view that did not ask the policy it declared."""


class _AboutPolicy(Hook):
    """What both hooks have in common.

    Args:
        resource: the resource's name.
        action: the rule's name.
        hide: whether a denial is a 404; None leaves that to the policy.
        view: the view's name, for messages.
    """

    order: int = Order.POLICY

    finds_object: bool = False
    """Whether the hook itself answers 404 for what does not exist."""

    _detail: str = ""

    def __init__(self, resource: str, action: str, hide: bool | None, view: str) -> None:
        self.resource: str = resource
        self.action: str = action
        self.hide: bool | None = hide
        self.view: str = view
        _in_use.add(self)

    def document(self, docs: OperationDocs) -> None:
        hidden = policy_registry.hides(self.resource, self.hide)
        what = f"{self.action} this {self.resource}"
        if hidden:
            docs.error(404, f"There is no such {self.resource}, or the caller may not {what}.")
            return
        if self.finds_object:
            docs.error(404, f"There is no such {self.resource}.")
        docs.error(401, "Authentication is required.")
        docs.error(403, f"The caller may not {what}.")

    def describe(self) -> str:
        hidden = ", hidden" if policy_registry.hides(self.resource, self.hide) else ""
        return f"policy {self.resource}.{self.action}{self._detail}{hidden}"


class PolicyHook(_AboutPolicy):
    """Asks a policy before the view, about what ``get_obj`` fetches."""

    def __init__(
        self, resource: str, action: str, hide: bool | None, view: str, getter: Getter | None
    ) -> None:
        super().__init__(resource, action, hide, view)
        self.getter: Getter | None = getter
        self.finds_object: bool = getter is not None
        self._detail = "" if getter is None else " of the object"

    def before_view(self, call: Call) -> HttpResponseBase | None:
        run(self._enforce(call, in_async=False))
        return None

    async def abefore_view(self, call: Call) -> HttpResponseBase | None:
        await arun(self._enforce(call, in_async=True))
        return None

    def _enforce(self, call: Call, *, in_async: bool) -> Steps[None]:
        request = call.request
        note_question(request, self.resource, self.action)
        objects = call.state.setdefault(OBJECTS, {})
        if call.ctx.get(OBJECTS, objects) is not objects:
            # A view called this one with its own context, and goes on to use it.
            call.ctx = dict(call.ctx)
        call.ctx[OBJECTS] = objects
        compiled = policy_registry.find(self.resource)
        if self.getter is None and compiled is not None:
            decision = judge_at_once(compiled, self.action, request, call.ctx, in_async=in_async)
            if decision:
                note(request, decision)
                return
        else:
            decision = None
        obj = None
        if decision is None:
            fetches = None if self.getter is None else self.getter.rule
            obj, decision = yield Together(
                partial(self._judge, call, compiled), (fetches, *parts_of(compiled, self.action))
            )
        yield from policy_registry.enforcing(request, call.ctx, decision, self.hide)
        if self.getter is not None:
            objects[self.resource] = obj

    def _judge(self, call: Call, compiled: CompiledPolicy | None) -> Steps[tuple[Any, Decision]]:
        if compiled is None:
            return None, unknown_resource(self.resource, self.action)
        obj = None
        if self.getter is not None:
            obj = yield self.getter.ask(call)
            if isinstance(obj, Failed):
                raise obj.error
            if obj is None:
                # To a rule, no object is all of them.
                raise Http404(f"get_obj found no {self.resource}.")
        decision = yield from judge(compiled, self.action, call.request, call.ctx, obj)
        return obj, decision


class AskedInViewHook(_AboutPolicy):
    """Stands for a policy that the view itself asks, and sees whether it did."""

    _detail = " in the view"

    def bind(self, operation: Operation) -> Hook | None:
        if getattr(operation, "stream_format", None) is not None:
            raise ImproperlyConfigured(
                f"{self.view}: @policy(in_view=True) on a stream, which has begun before the view "
                "can ask. Leave it to the decorator, with get_obj= if it needs an object."
            )
        return self

    def on_response(self, call: Call) -> None:
        if not call.entered_view or call.error is not None:
            return
        if call.response is not None and call.response.status_code >= 400:
            return
        if has_asked(call.request, self.resource, self.action):
            return
        message = (
            f"{call.request.method} {call.request.path} ({self.view}) declares the policy "
            f"{self.resource}.{self.action}, and answered without asking it. Call "
            f'policy_registry.authorize(request, ctx, "{self.resource}", "{self.action}", obj=…).'
        )
        logger.error("%s", message)
        for listener in tuple(listeners):
            listener(message)


class Getter:
    """``get_obj``, called with those of the view's arguments that it takes.

    Also with ``request`` and ``ctx``, if it names them.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.rule: Rule = Rule.of(function, "get_obj")
        parameters = inspect.signature(function).parameters.values()
        self.takes_all: bool = any(each.kind is each.VAR_KEYWORD for each in parameters)
        named = [each for each in parameters if each.kind is not each.VAR_KEYWORD]
        self.names: frozenset[str] = frozenset(each.name for each in named)
        self.required: frozenset[str] = frozenset(
            each.name
            for each in named
            if each.default is each.empty and each.kind is not each.VAR_POSITIONAL
        )

    def ask(self, call: Call) -> Ask:
        """Return the step that fetches the object."""
        given = {"request": call.request, "ctx": call.ctx}
        arguments = {name: value for name, value in given.items() if name in self.names}
        arguments |= {
            name: value
            for name, value in call.values.items()
            if self.takes_all or name in self.names
        }
        return Ask(self.rule, **arguments)


def hooks_in_use() -> list[_AboutPolicy]:
    """Return the hooks of all views, for system checks."""
    return sorted(_in_use, key=lambda hook: (hook.view, hook.resource, hook.action))
