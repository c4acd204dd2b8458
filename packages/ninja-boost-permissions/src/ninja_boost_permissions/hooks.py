"""Permissions in the pipeline."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from ninja_boost_core import Call, Hook, Order
from ninja_boost_core.steps import Steps, arun, run
from ninja_boost_core.views import CONTEXT_PARAMETER

from .asking import ObjectLoader, answer_to, begin
from .decisions import Answer, Literal, Node, compiled, literals, outcome, reasons
from .expressions import Expression
from .principals import principal_of
from .questions import OBJECT, Question
from .refusals import refuse
from .standard import AllowAny, DenyAll

if TYPE_CHECKING:
    from ninja_boost_core import OperationDocs

__all__ = ["PermissionHook", "hook_for"]


class PermissionHook(Hook):
    """One expression at one operation; several hooks of an operation are an AND.

    Each permission is asked once a call at most, however often it occurs in them. The expressions
    that hide come first, so that what they hide does not show in the error of another one.

    Args:
        expression: what is required.
        hide: answer 404 to whoever is refused.
        loader: loads the object that permissions take as ``obj``.
    """

    def __init__(
        self, expression: Expression, hide: bool = False, loader: Callable[..., Any] | None = None
    ) -> None:
        self.expression: Expression = expression
        self.hide: bool = hide
        self.order: int = Order.PERMISSION if hide else Order.PERMISSION + 1
        self._text = str(expression)
        self._node = compiled(expression, self)
        self._literals = tuple(literals(self._node))
        self._loader = None if loader is None else ObjectLoader(loader)
        self._defaults: dict[str, Any] = {}
        node = self._node
        self._only = node if isinstance(node, Literal) and node.question.is_early else None

    def at(self, view: Callable[..., Any]) -> PermissionHook:
        """Make sure that the view has the arguments that the permissions take.

        Raises:
            TypeError: naming the permission and the argument.
        """
        parameters = [
            each
            for each in list(inspect.signature(view).parameters.values())[1:]
            if each.name != CONTEXT_PARAMETER
        ]
        self._defaults = {
            each.name: each.default for each in parameters if each.default is not each.empty
        }
        names = {each.name for each in parameters}
        names |= {name for name, *_ in getattr(view, "_ninja_contribute_args", ())}
        where = getattr(view, "__qualname__", type(view).__qualname__)
        if self._loader is not None and OBJECT in names:
            raise TypeError(f"{where} has an argument {OBJECT!r}; rename it, or drop {OBJECT}=.")
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            self.expect(names, f"{where} has no such argument")
        return self

    def expect(self, names: Collection[str], otherwise: str) -> None:
        """Raise a TypeError if a permission takes something that is not in ``names``."""
        for question in self._questions():
            missing = question.required.difference(names)
            if self._loader is not None and question is not self._loader.question:
                missing -= {OBJECT}
            for name in sorted(missing):
                hint = f" Give require({OBJECT}=...)." if name == OBJECT else ""
                raise TypeError(f"{question.name} takes {name!r}, and {otherwise}.{hint}")

    def document(self, docs: OperationDocs) -> None:
        if _never_refuses(self._node):
            return
        if self.hide or self._loader is not None:
            docs.error(404, "Not found.")
        if self.hide:
            return
        docs.error(401, "Missing or wrong credentials.")
        docs.header("WWW-Authenticate", {"type": "string"}, status=401, required=True)
        docs.error(403, "Permission denied.")

    def describe(self) -> str:
        return f"requires {self._text}{', hidden' if self.hide else ''}"

    def enforce(self, call: Call, early: bool, run_async: bool) -> Steps[None] | None:
        """Ask what ``decide`` asks first; return the steps that are left, None if there are none.

        Most operations have one permission, which waits for nothing and permits.
        """
        literal = self._only
        if literal is None:
            return self.decide(call, early, run_async)
        answers: dict[Any, Answer] = call.state.setdefault(PermissionHook, {})
        answer = answers.get(literal.key)
        if answer is None:
            answer, begun = begin(literal.question, call, run_async)
            if answer is None:
                return self.decide(call, early, run_async, (literal, begun))
            answers[literal.key] = answer
        if answer.value is literal.wanted:
            return None
        return self.decide(call, early, run_async)

    def decide(
        self, call: Call, early: bool, run_async: bool, begun: tuple[Literal, Any] | None = None
    ) -> Steps[None]:
        """Ask until the expression is decided, as far as that can be now; raise if it refuses.

        Args:
            call: the call.
            early: whether there are no arguments yet.
            run_async: whether the view is async.
            begun: a permission that is being asked, and what that has come to.
        """
        answers: dict[Any, Answer] = call.state.setdefault(PermissionHook, {})
        if begun is not None:
            asked, given = begun
            answers[asked.key] = yield from answer_to(
                asked.question, call, {}, run_async, None, given
            )
        found = outcome(self._node, answers, early)
        while isinstance(found, Literal):
            answers[found.key] = yield from answer_to(
                found.question, call, self._values(call), run_async, self._loader
            )
            found = outcome(self._node, answers, early)
        if found is False:
            blamed = list(reasons(self._node, answers))
            yield from refuse(call, self._text, blamed, not_found=self._is_hidden(call))
        elif found is True and self._loader is not None and not early:
            yield from self._loader.load(call, self._values(call), run_async)

    def _questions(self) -> Iterable[Question]:
        if self._loader is not None:
            yield self._loader.question
        for literal in self._literals:
            yield literal.question

    def _values(self, call: Call) -> dict[str, Any]:
        # The pipeline fills in the view's defaults; a direct call leaves them to Python.
        return call.values if call.operation else {**self._defaults, **call.values}

    def _is_hidden(self, call: Call) -> bool:
        if self.hide:
            return True
        # Nobody is told what there is not, either.
        missing = self._loader is not None and self._loader.found_nothing(call)
        return missing and principal_of(call.request, call.ctx) is not None


class EarlyHook(PermissionHook):
    """All permissions can be asked before the arguments are parsed."""

    def after_auth(self, call: Call) -> None:
        if (left := self.enforce(call, early=True, run_async=False)) is not None:
            run(left)

    async def aafter_auth(self, call: Call) -> None:
        if (left := self.enforce(call, early=True, run_async=True)) is not None:
            await arun(left)


class LateHook(PermissionHook):
    """All permissions take arguments."""

    def before_view(self, call: Call) -> None:
        run(self.decide(call, early=False, run_async=False))

    async def abefore_view(self, call: Call) -> None:
        await arun(self.decide(call, early=False, run_async=True))


class MixedHook(EarlyHook, LateHook):
    """Some do; what the others decide is decided before."""


def hook_for(
    expression: Expression, *, hide: bool = False, loader: Callable[..., Any] | None = None
) -> PermissionHook:
    """Return the hook that enforces ``expression`` at as few points as it needs.

    Raises:
        TypeError: naming what cannot be asked.
    """
    early = {literal.question.is_early for literal in literals(compiled(expression, None))}
    kind = MixedHook if len(early) > 1 else EarlyHook if True in early else LateHook
    if loader is not None and early == {True}:
        raise TypeError(f"obj= is given, and nothing in {expression} has a parameter {OBJECT!r}.")
    return kind(expression, hide, loader)


def _never_refuses(node: Node) -> bool:
    """Return whether an expression permits everything, whatever there will be to ask."""
    permissions = {literal.key: type(literal.permission) for literal in literals(node)}
    constants = {
        key: Answer(kind is AllowAny)
        for key, kind in permissions.items()
        if kind in (AllowAny, DenyAll)
    }
    return outcome(node, constants, early=True) is True
