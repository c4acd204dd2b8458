"""System checks of the keys and the tables."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from ninja_boost_core.security import default_auth

from .authentication import JWTAuth, instances
from .keys import APP, DJANGO_SETTINGS, KeyProblem, current_keys
from .router import routers

__all__ = ["check_deployment", "check_keys"]


def check_keys() -> Iterator[checks.CheckMessage]:
    """E001: no key. E002: a key that cannot be used. E003 to E006, E008: a wrong setting.

    E007: the app with the tables is not installed.
    """
    keys = current_keys()
    if isinstance(keys, KeyProblem):
        if is_used():
            yield checks.Error(keys.message, hint=keys.hint, id=keys.check_id)
    elif not isinstance(keys, ImproperlyConfigured) and not apps.is_installed(APP):
        _import_urls()
        if routers or "REFRESH" in keys.options.model_fields_set:
            yield checks.Error(
                "Refresh tokens are in use, and their tables are not there.",
                hint=f"Add {APP!r} to INSTALLED_APPS and run migrate.",
                id="ninja_boost_jwt.E007",
            )


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W001: tokens are signed with Django's SECRET_KEY. W002: a foreign token is for anybody."""
    keys = current_keys()
    if isinstance(keys, ImproperlyConfigured) or not is_used():
        return
    secret = getattr(settings, "JWT_SECRET_KEY", None)
    if keys.borrowed or (secret and secret == settings.SECRET_KEY):
        yield checks.Warning(
            "Tokens are signed with SECRET_KEY, which signs sessions and password resets too.",
            hint="Set JWT_SECRET_KEY to a random secret of its own.",
            id="ninja_boost_jwt.W001",
        )
    options = keys.options
    if keys.remote is not None and not (
        options.AUDIENCE and (options.JWKS.ISSUER or options.ISSUER)
    ):
        yield checks.Warning(
            "Tokens of another issuer are accepted, whomever they are meant for.",
            hint='Set NINJA_BOOST["JWT"]["AUDIENCE"] to the name of this API, and the ISSUER of '
            "JWKS to the issuer's.",
            id="ninja_boost_jwt.W002",
        )


def is_used() -> bool:
    """Return whether the project has to do with tokens; the package may just be installed."""
    if any(getattr(settings, name, None) is not None for name in DJANGO_SETTINGS):
        return True
    if "JWT" in getattr(settings, "NINJA_BOOST", {}):
        return True
    if any(isinstance(callback, JWTAuth) for callback in default_auth()):
        return True
    _import_urls()
    return bool(instances or routers)


def _import_urls() -> None:
    """Have the URLs create the APIs, with their routers and their auth=."""
    if getattr(settings, "ROOT_URLCONF", None):
        _ = get_resolver().url_patterns
