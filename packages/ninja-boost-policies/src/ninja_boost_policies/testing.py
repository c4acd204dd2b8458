"""For tests: was the policy asked, and does its list agree with it?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .asking import VIEW
from .hooks import listeners
from .registry import policy_registry

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["assert_policies_asked", "assert_scope_agrees"]


@contextmanager
def assert_policies_asked() -> Iterator[None]:
    """Fail if a view that declares ``@policy(..., in_view=True)`` answers without asking.

    It sees the requests that are made inside, in whichever thread or task. Answers from 400 on
    are let pass.

    Raises:
        AssertionError: naming the request, the view and the policy.
    """
    found: list[str] = []
    listeners.append(found.append)
    try:
        yield
    finally:
        # By identity: two such lists are equal as long as they are empty.
        listeners[:] = [each for each in listeners if getattr(each, "__self__", None) is not found]
    if found:
        raise AssertionError("\n".join(found))


def assert_scope_agrees(
    request: HttpRequest, ctx: Context | None, resource: str, queryset: QuerySet[Any]
) -> None:
    """Fail if ``scope`` lists a row that ``view`` denies, or leaves out one that it allows.

    Raises:
        AssertionError: naming the rows.
    """
    listed = list(policy_registry.scope(request, ctx, resource, queryset).order_by())
    seen = {row.pk for row in listed}
    allowed = {row.pk for row in queryset if policy_registry.can(request, ctx, resource, VIEW, row)}
    wrong = [
        f"{text} {sorted(rows, key=repr)!r}"
        for text, rows in (
            ("scope() lists, but view() denies:", seen - allowed),
            ("view() allows, but scope() leaves out:", allowed - seen),
        )
        if rows
    ]
    if len(listed) > len(seen):
        wrong.append("scope() lists rows more than once; use Exists() instead of a join.")
    if wrong:
        raise AssertionError(f"The policy of {resource!r} contradicts itself: {'; '.join(wrong)}")
