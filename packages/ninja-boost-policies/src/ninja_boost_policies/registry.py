"""The registry: asks the policy of a resource."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model, QuerySet

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.dependencies import build_context
from ninja_boost_core.steps import Steps, arun, run

from .asking import VIEW, Together, judge, judge_scope, parts_of, unknown_resource
from .base import BasePolicy, CompiledPolicy
from .decisions import Decision
from .enforcing import conclude, refuse
from .table import Table, policy_of
from .trail import note_question

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["PolicyRegistry", "policy_registry"]

PolicyT = TypeVar("PolicyT", bound=BasePolicy | type[BasePolicy])
ModelT = TypeVar("ModelT", bound=Model)


class PolicyRegistry:
    """Policies by resource; ``policy_registry`` is the one that requests use.

    ``request`` and ``ctx`` are what the view got; with None for ``ctx`` one is made. Methods that
    begin with an "a" are for async code.
    """

    def __init__(self, *, follows_settings: bool = False) -> None:
        self._table = Table(follows=follows_settings)

    def register(self, policy: PolicyT) -> PolicyT:
        """Register a policy, or a class of one, and return it; works as a decorator.

        Raises:
            TypeError: if it is no policy, or has no resource_name.
            ValueError: if the resource has a policy.
        """
        self._table.add(CompiledPolicy.of(policy_of(policy)))
        return policy

    def unregister(self, resource: str) -> None:
        """Forget a policy that was registered in code.

        Raises:
            KeyError: if there is none.
        """
        self._table.remove(resource)

    def find(self, resource: str) -> CompiledPolicy | None:
        """Return a resource's policy as it was understood."""
        return self._table.all.get(resource)

    def get(self, resource: str) -> BasePolicy:
        """Return a resource's policy.

        Raises:
            KeyError: if there is none.
        """
        return self._table.all[resource].policy

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.all)

    def __contains__(self, resource: object) -> bool:
        return resource in self._table.all

    def decide(
        self, request: HttpRequest, ctx: Context | None, resource: str, action: str, obj: Any = None
    ) -> Decision:
        """Return what the policy says, without any consequence.

        An unknown resource or action is a denial, and so is a rule that raises.
        """
        return run(self.deciding(request, _context(request, ctx), resource, action, obj))

    async def adecide(
        self, request: HttpRequest, ctx: Context | None, resource: str, action: str, obj: Any = None
    ) -> Decision:
        """See ``decide``."""
        return await arun(self.deciding(request, _context(request, ctx), resource, action, obj))

    def can(
        self, request: HttpRequest, ctx: Context | None, resource: str, action: str, obj: Any = None
    ) -> bool:
        """Return whether the policy allows it; see ``decide``."""
        return bool(self.decide(request, ctx, resource, action, obj))

    async def acan(
        self, request: HttpRequest, ctx: Context | None, resource: str, action: str, obj: Any = None
    ) -> bool:
        """See ``can``."""
        return bool(await self.adecide(request, ctx, resource, action, obj))

    def authorize(
        self,
        request: HttpRequest,
        ctx: Context | None,
        resource: str,
        action: str,
        obj: Any = None,
        *,
        hide: bool | None = None,
    ) -> Decision:
        """Go on only if the policy allows it.

        Args:
            request: the view's.
            ctx: the view's.
            resource: the resource's name.
            action: the rule's name.
            obj: what the action is about; None if that does not exist yet, or is all of them.
            hide: whether a denial is a 404; None leaves that to the policy.

        Raises:
            PolicyDenied: an ApiError, 401 for nobody, 403 for somebody, 404 to hide.
        """
        return run(self._authorizing(request, ctx, resource, action, obj, hide))

    async def aauthorize(
        self,
        request: HttpRequest,
        ctx: Context | None,
        resource: str,
        action: str,
        obj: Any = None,
        *,
        hide: bool | None = None,
    ) -> Decision:
        """See ``authorize``."""
        return await arun(self._authorizing(request, ctx, resource, action, obj, hide))

    def scope(
        self, request: HttpRequest, ctx: Context | None, resource: str, queryset: QuerySet[ModelT]
    ) -> QuerySet[ModelT]:
        """Return those rows of ``queryset`` that the caller may view; none when in doubt.

        Without a ``scope`` in the policy, for an unknown resource and if ``scope`` raises there
        are none, and the event ``on_policy_denied`` says so.
        """
        return run(self._scoping(request, ctx, resource, queryset))

    async def ascope(
        self, request: HttpRequest, ctx: Context | None, resource: str, queryset: QuerySet[ModelT]
    ) -> QuerySet[ModelT]:
        """See ``scope``; the queryset is not evaluated."""
        return await arun(self._scoping(request, ctx, resource, queryset))

    def reload(self) -> None:
        """Forget the policies of the settings, until they are needed."""
        self._table.unload()

    def hides(self, resource: str, hide: bool | None) -> bool:
        """Return whether a denial is a 404, as ``hide`` or else the policy says."""
        if hide is not None:
            return hide
        compiled = self.find(resource)
        return compiled is not None and compiled.policy.hide

    def deciding(
        self, request: HttpRequest, ctx: Context, resource: str, action: str, obj: Any
    ) -> Steps[Decision]:
        """The steps of ``decide``."""
        note_question(request, resource, action)
        compiled = self.find(resource)
        if compiled is None:
            return unknown_resource(resource, action)
        decision: Decision = yield Together(
            partial(judge, compiled, action, request, ctx, obj), parts_of(compiled, action)
        )
        return decision

    def enforcing(
        self, request: HttpRequest, ctx: Context, decision: Decision, hide: bool | None
    ) -> Steps[None]:
        """The steps that follow a decision."""
        yield from conclude(request, ctx, decision)
        if not decision:
            hidden = self.hides(decision.resource, hide)
            raise (yield from refuse(request, ctx, decision, hide=hidden))

    def _authorizing(
        self,
        request: HttpRequest,
        ctx: Context | None,
        resource: str,
        action: str,
        obj: Any,
        hide: bool | None,
    ) -> Steps[Decision]:
        context = _context(request, ctx)
        decision = yield from self.deciding(request, context, resource, action, obj)
        yield from self.enforcing(request, context, decision, hide)
        return decision

    def _scoping(
        self, request: HttpRequest, ctx: Context | None, resource: str, queryset: QuerySet[ModelT]
    ) -> Steps[QuerySet[ModelT]]:
        context = _context(request, ctx)
        note_question(request, resource, VIEW)
        compiled = self.find(resource)
        condition = None
        if compiled is None:
            decision = unknown_resource(resource, VIEW)
        else:
            decision, condition = yield Together(
                partial(judge_scope, compiled, request, context), (compiled.before, compiled.scope)
            )
        yield from conclude(request, context, decision)
        if condition is not None:
            return queryset.filter(condition)
        return queryset.all() if decision else queryset.none()


def _context(request: HttpRequest, ctx: Context | None) -> Context:
    return build_context(request) if ctx is None else ctx


policy_registry: PolicyRegistry = PolicyRegistry(follows_settings=True)
boost_settings.on_change(policy_registry.reload)
