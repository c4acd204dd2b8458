"""System checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from ninja_boost_core import Order
from ninja_boost_core.api import all_apis
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import as_error

from .asking import unknown_action
from .hooks import AskedInViewHook, hooks_in_use
from .registry import policy_registry
from .table import nearest

__all__ = ["check_policies"]


def check_policies() -> Iterator[checks.CheckMessage]:
    """What cannot work about policies.

    E001: the settings' policies cannot be registered. E002: a view names a resource without a
    policy. E003: a view names an action without a rule. W001: a stored answer goes round a policy.
    """
    if boost_settings.find_problems(imports=True):
        return  # core reports these
    try:
        known = list(policy_registry)
    except ImproperlyConfigured as error:
        yield as_error(error, "ninja_boost_policies.E001")
        return
    if getattr(settings, "ROOT_URLCONF", None):
        # The operations exist once the URLs have been imported.
        _ = get_resolver().url_patterns
    for hook in hooks_in_use():
        where = f'{hook.view}: @policy("{hook.resource}", "{hook.action}")'
        compiled = policy_registry.find(hook.resource)
        if compiled is None:
            yield checks.Error(
                f"{where} denies everybody: {hook.resource!r} has no policy.",
                hint=nearest(
                    hook.resource,
                    known,
                    "Register one: policy_registry.register(), or NINJA_BOOST['POLICIES'].",
                ),
                id="ninja_boost_policies.E002",
            )
        elif hook.action not in compiled.rules:
            reason = unknown_action(compiled, hook.action).reason
            yield checks.Error(
                f"{where} denies everybody: {reason}",
                hint=nearest(
                    hook.action,
                    compiled.rules,
                    f"Write the rule: def {hook.action}(self, request, ctx, obj=None).",
                ),
                id="ninja_boost_policies.E003",
            )
    yield from _stored_answers()


def _stored_answers() -> Iterator[checks.CheckMessage]:
    for api in all_apis():
        for path, operation in api.operations():
            try:
                hooks = operation.hooks
            except ImproperlyConfigured:
                continue  # core reports it
            declared = [each for each in hooks if isinstance(each, AskedInViewHook)]
            stores = [h for h in hooks if Order.IDEMPOTENCY <= h.order <= Order.CACHE]
            if declared and stores:
                yield checks.Warning(
                    f"{'/'.join(operation.methods)} {path}: {declared[0].view} asks its policy in "
                    f"the view, which a stored answer goes round ({stores[0].describe()}).",
                    hint="Leave it to the decorator: @policy(..., get_obj=...).",
                    id="ninja_boost_policies.W001",
                )
