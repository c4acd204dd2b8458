"""``BasePolicy``, and what a policy is understood to be when it is registered."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ninja_boost_core.callables import is_async

from .decisions import Answer

if TYPE_CHECKING:
    from django.db.models import Q
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["BasePolicy", "CompiledPolicy", "Rule"]


class BasePolicy:
    """Who may do what with one kind of resource, and see what of it.

    Each public method that takes ``(request, ctx, obj=None)`` is the rule for the action of its
    name: ``view``, ``create``, ``refund``. It returns True to allow, False to deny, a Decision to
    do so with a reason, or None if it does not decide, which denies. It may be async.
    """

    resource_name: ClassVar[str] = ""
    """What the policy is about, as the decorator and the registry's methods name it."""

    nonblocking: ClassVar[bool | Collection[str]] = False
    """True if no method does I/O, or the names of those that do none: async code calls them
    inline, where it would use a thread."""

    hide: ClassVar[bool] = False
    """Whether a denial is a 404, so that nobody learns what exists."""

    def before(
        self, request: HttpRequest, ctx: Context, action: str, obj: Any = None
    ) -> Answer | Awaitable[Answer]:
        """Decide before the rule: True allows, False denies, None goes on to the rule.

        It is asked for ``scope``, too, with the action "view" and without an object.
        """
        return None

    def scope(
        self, request: HttpRequest, ctx: Context
    ) -> Q | bool | Awaitable[Q | bool | None] | None:
        """Return which rows the caller may view, in agreement with ``view``.

        True means all, False or None none. An empty Q, which would match all rows, is an error
        and gives none.
        """
        return None


_NO_RULES = frozenset(name for name in vars(BasePolicy) if not name.startswith("_"))


@dataclass(frozen=True, slots=True)
class Rule:
    """A callable of the project's, and how it is to be called.

    Attributes:
        call: the callable.
        name: its name in decisions and messages.
        is_async: whether it gives a coroutine.
        blocking: whether async code has to call it in a thread.
    """

    call: Callable[..., Any]
    name: str
    is_async: bool
    blocking: bool

    @classmethod
    def of(cls, call: Callable[..., Any], name: str, *, nonblocking: bool = False) -> Rule:
        coroutine = is_async(call)
        nonblocking = nonblocking or bool(getattr(call, "nonblocking", False))
        return cls(call, name, coroutine, not coroutine and not nonblocking)


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy with its rules by action; ``before`` and ``scope`` are None if not overridden."""

    policy: BasePolicy
    resource: str
    before: Rule | None
    scope: Rule | None
    rules: Mapping[str, Rule]

    @classmethod
    def of(cls, policy: BasePolicy) -> CompiledPolicy:
        """Understand a policy.

        Raises:
            TypeError: naming the policy and what it lacks.
        """
        kind = type(policy)
        where = f"{kind.__module__}.{kind.__qualname__}"
        resource: object = policy.resource_name
        if not isinstance(resource, str) or not resource:
            raise TypeError(f'{where} needs a resource_name, such as resource_name = "order".')
        actions = [name for name in dir(kind) if _is_rule(policy, name)]
        declared = policy.nonblocking
        if not isinstance(declared, bool):
            if isinstance(declared, str):
                raise TypeError(
                    f"{where}: nonblocking is a text; give True, or a set: {{{declared!r}}}."
                )
            unknown = sorted(set(declared) - {*actions, "before", "scope"})
            if unknown:
                raise TypeError(f"{where}: nonblocking names {unknown[0]!r}, which is no rule.")

        for name, arguments in (("before", (None,) * 4), ("scope", (None,) * 2)):
            try:
                inspect.signature(getattr(policy, name)).bind(*arguments)
            except TypeError as error:
                signature = inspect.signature(getattr(BasePolicy, name))
                wanted = ", ".join(signature.parameters)
                raise TypeError(f"{where}.{name}() has to take ({wanted}): {error}.") from error

        def rule(name: str) -> Rule:
            nonblocking = declared if isinstance(declared, bool) else name in declared
            return Rule.of(getattr(policy, name), f"{resource}.{name}", nonblocking=nonblocking)

        def overridden(name: str) -> Rule | None:
            return None if getattr(kind, name) is getattr(BasePolicy, name) else rule(name)

        return cls(
            policy,
            resource,
            overridden("before"),
            overridden("scope"),
            {name: rule(name) for name in actions},
        )


def _is_rule(policy: BasePolicy, name: str) -> bool:
    """Return whether an attribute is a method that can be called as a rule is."""
    if name.startswith("_") or name in _NO_RULES:
        return False
    static = inspect.getattr_static(policy, name)
    if isinstance(static, property | type) or not callable(getattr(policy, name)):
        return False
    try:
        inspect.signature(getattr(policy, name)).bind(None, None, obj=None)
    except (TypeError, ValueError):
        return False
    return True
