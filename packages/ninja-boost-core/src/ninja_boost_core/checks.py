"""System checks: what is wrong or unsafe, before the first request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from .conf import CoreSettings, Problem, boost_settings
from .features import enabled_features, installed_features, nearest, unknown_disabled_features
from .problems import as_error
from .security import BearerTokenAuth, default_auth

__all__ = ["register"]


def register() -> None:
    """Register the checks of core and of every feature; an AppConfig calls this."""
    checks.register(check_settings, "ninja_boost")
    checks.register(check_operations, "ninja_boost")
    checks.register(check_demo_auth, "ninja_boost", deploy=True)
    checks.register(check_features, "ninja_boost")
    checks.register(check_features_for_deployment, "ninja_boost", deploy=True)


def check_settings(**kwargs: Any) -> list[checks.CheckMessage]:
    """E001: a key or value of NINJA_BOOST is wrong. W001: DISABLED_FEATURES names nobody."""
    if problems := boost_settings.find_problems(imports=True):
        return [
            checks.Error(
                f"NINJA_BOOST: {problem}", hint=_advice(problem), id="ninja_boost_core.E001"
            )
            for problem in problems
        ]
    try:
        default_auth()
    except ImproperlyConfigured as error:
        return [as_error(error, "ninja_boost_core.E001")]
    known = [feature.name for feature in installed_features()]
    return [
        checks.Warning(
            f"NINJA_BOOST: DISABLED_FEATURES names {name!r}, which is not installed.",
            hint=f"{nearest(name, known)} Otherwise remove the name.".strip(),
            id="ninja_boost_core.W001",
        )
        for name in unknown_disabled_features()
    ]


def _advice(problem: Problem) -> str:
    if problem.hint:
        return problem.hint
    if not problem.key:
        return "Make it a dictionary; without the setting, every key has its default."
    return f"Correct {problem.key}, or remove it."


def check_operations(**kwargs: Any) -> list[checks.CheckMessage]:
    """E002: an operation that the URL configuration serves cannot be compiled."""
    from .inventory import operations
    from .operation import BoostOperation

    if boost_settings.find_problems() or not getattr(settings, "ROOT_URLCONF", None):
        return []
    messages: list[checks.CheckMessage] = []
    for path, operation in operations():
        if not isinstance(operation, BoostOperation):
            continue
        try:
            operation.plan()
        except ImproperlyConfigured as error:
            where = f"{'/'.join(operation.methods)} {path}"
            messages.append(as_error(error, "ninja_boost_core.E002", where))
    return messages


def check_demo_auth(**kwargs: Any) -> list[checks.CheckMessage]:
    """E003: the development token guards a deployment. E004: or would be accepted in one."""
    if boost_settings.find_problems(imports=True):
        return []
    try:
        default = default_auth()
    except ImproperlyConfigured:
        return []  # check_settings reports it.
    if any(isinstance(callback, BearerTokenAuth) for callback in default):
        return [
            checks.Error(
                "NINJA_BOOST: AUTH is BearerTokenAuth, whose token is public.",
                hint="Set AUTH to 'ninja_boost.integrations.JWTAuth', to an authentication of your "
                "own, or to None if each router has one.",
                id="ninja_boost_core.E003",
            )
        ]
    if boost_settings.section(CoreSettings).ALLOW_DEMO_AUTH:
        return [
            checks.Error(
                "NINJA_BOOST: ALLOW_DEMO_AUTH is on.",
                hint="Remove ALLOW_DEMO_AUTH; it is for demonstrations outside DEBUG.",
                id="ninja_boost_core.E004",
            )
        ]
    return []


def check_features(**kwargs: Any) -> list[checks.CheckMessage]:
    """Whatever the enabled features have to say."""
    return list(_feature_checks(deploy=False))


def check_features_for_deployment(**kwargs: Any) -> list[checks.CheckMessage]:
    """The same for ``check --deploy``."""
    return list(_feature_checks(deploy=True))


def _feature_checks(*, deploy: bool) -> Iterable[checks.CheckMessage]:
    if boost_settings.find_problems():
        return
    for feature in enabled_features():
        yield from feature.checks(deploy)
