"""Asks a policy: one logic for sync and async code, with as few threads as it can do with."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from asgiref.sync import async_to_sync, sync_to_async
from django.db.models import Q

from ninja_boost_core.steps import Steps, arun, run

from .base import CompiledPolicy, Rule
from .decisions import Decision, allow, decide, failure, refusal

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["VIEW", "Ask", "Failed", "Together", "judge", "judge_at_once", "judge_scope", "parts_of"]

logger: logging.Logger = logging.getLogger("ninja_boost.policies")

VIEW: Final = "view"
"""The action that ``scope`` belongs to."""

T = TypeVar("T")


class Failed:
    """Stands for the answer of a callable that raised."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error: Exception = error


class Ask:
    """The step that calls a rule; its answer is what that returned, or ``Failed``.

    An exception is an answer, too, because a thread cannot raise a StopIteration to its caller.
    """

    __slots__ = ("arguments", "keywords", "rule")

    def __init__(self, rule: Rule, *arguments: Any, **keywords: Any) -> None:
        self.rule: Rule = rule
        self.arguments: tuple[Any, ...] = arguments
        self.keywords: dict[str, Any] = keywords

    def run(self) -> Any:
        if not self.rule.is_async:
            return self.call()
        if _in_event_loop():
            raise RuntimeError(
                f"{self.rule.name} is async, and this is async code: await the a-prefixed method "
                "of policy_registry, such as aauthorize()."
            )
        return async_to_sync(self._acall)()

    async def arun(self) -> Any:
        if self.rule.is_async:
            return await self._acall()
        if self.rule.blocking:
            return await sync_to_async(self.call)()
        return self.call()

    def call(self) -> Any:
        """Call a plain function."""
        try:
            answer = self.rule.call(*self.arguments, **self.keywords)
        except Exception as error:  # noqa: BLE001 - a rule that raises denies
            return Failed(error)
        if inspect.iscoroutine(answer):
            # A function that is not known to be async; unawaited, its coroutine would be a truth.
            answer.close()
            return Failed(TypeError(f"{self.rule.name} returned a coroutine; make it async def."))
        return answer

    async def _acall(self) -> Any:
        try:
            return await self.rule.call(*self.arguments, **self.keywords)
        except Exception as error:  # noqa: BLE001 - a rule that raises denies
            return Failed(error)


class Together:
    """The step that does several: in one thread if all are sync, without one if none blocks."""

    __slots__ = ("make", "parts")

    def __init__(self, make: Callable[[], Steps[Any]], parts: Iterable[Rule | None]) -> None:
        self.make: Callable[[], Steps[Any]] = make
        self.parts: Iterable[Rule | None] = parts

    def run(self) -> Any:
        return run(self.make())

    async def arun(self) -> Any:
        blocking = False
        for part in self.parts:
            if part is not None:
                if part.is_async:
                    return await arun(self.make())
                blocking = blocking or part.blocking
        if blocking:
            return await sync_to_async(partial(run, self.make()))()
        return run(self.make())


def parts_of(compiled: CompiledPolicy | None, action: str) -> tuple[Rule | None, ...]:
    """Return what is called to decide about an action."""
    return () if compiled is None else (compiled.before, compiled.rules.get(action))


def judge(
    compiled: CompiledPolicy, action: str, request: HttpRequest, ctx: Context, obj: Any
) -> Steps[Decision]:
    """Decide about an action."""
    resource = compiled.resource
    rule = compiled.rules.get(action)
    if rule is None:
        return _logged(unknown_action(compiled, action))
    if compiled.before is not None:
        first = yield Ask(compiled.before, request, ctx, action, obj)
        if first is not None:
            return _understood(first, resource, action, compiled.before)
    answer = yield Ask(rule, request, ctx, obj=obj)
    return _understood(answer, resource, action, rule)


def judge_at_once(
    compiled: CompiledPolicy, action: str, request: HttpRequest, ctx: Context, *, in_async: bool
) -> Decision | None:
    """Decide about an action without an object, as ``judge`` does, if that needs no waiting.

    None if it does, or if there is more to it than one rule.
    """
    rule = compiled.rules.get(action)
    if rule is None or compiled.before is not None or rule.is_async:
        return None
    if in_async and rule.blocking:
        return None
    answer = Ask(rule, request, ctx, obj=None).call()
    return _understood(answer, compiled.resource, action, rule)


def judge_scope(
    compiled: CompiledPolicy, request: HttpRequest, ctx: Context
) -> Steps[tuple[Decision, Q | None]]:
    """Decide which rows may be seen: a Q, or None for those that the decision says, all or none."""
    resource, rule = compiled.resource, compiled.scope
    if compiled.before is not None:
        first = yield Ask(compiled.before, request, ctx, VIEW, None)
        if first is not None:
            return _understood(first, resource, VIEW, compiled.before), None
    if rule is None:
        reason = f"{type(compiled.policy).__name__} has no scope(), so nothing may be seen."
        return _logged(refusal(resource, VIEW, "abstained", reason, rule=f"{resource}.scope")), None
    answer = yield Ask(rule, request, ctx)
    if not isinstance(answer, Q):
        return _understood(answer, resource, VIEW, rule), None
    if not _limits(answer):
        empty = ValueError(f"{rule.name} returned an empty Q; return True for all rows.")
        return _understood(Failed(empty), resource, VIEW, rule), None
    return decide(allow(), resource, VIEW, rule.name), answer


def unknown_action(compiled: CompiledPolicy, action: str) -> Decision:
    """Return the denial of an action that a policy has no rule for."""
    return refusal(
        compiled.resource,
        action,
        "unknown",
        f"{type(compiled.policy).__name__} has no rule {action}(self, request, ctx, obj=None).",
    )


def unknown_resource(resource: str, action: str) -> Decision:
    """Return the denial for a resource without a policy."""
    reason = f"No policy is registered for {resource!r}."
    return _logged(refusal(resource, action, "unknown", reason))


def _understood(answer: Any, resource: str, action: str, rule: Rule) -> Decision:
    if isinstance(answer, Failed):
        decision = failure(resource, action, rule.name, answer.error)
    else:
        decision = decide(answer, resource, action, rule.name)
    if decision.cause == "error":
        logger.error(
            "The policy rule %s failed, and so denies %s.",
            rule.name,
            action,
            exc_info=decision.error,
            extra={"policy": decision.as_dict()},
        )
    return decision


def _logged(decision: Decision) -> Decision:
    logger.error(
        "%s is denied: %s", decision.rule, decision.reason, extra={"policy": decision.as_dict()}
    )
    return decision


def _limits(condition: Q) -> bool:
    """Return whether there is a condition in a Q at all."""
    return any(not isinstance(child, Q) or _limits(child) for child in condition.children)


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
