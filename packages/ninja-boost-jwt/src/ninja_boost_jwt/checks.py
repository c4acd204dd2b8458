"""System checks of the keys."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from ninja_boost_core.security import default_auth

from .authentication import JWTAuth, instances
from .keys import DJANGO_SETTINGS, KeyProblem, current_keys

__all__ = ["check_deployment", "check_keys"]


def check_keys() -> Iterator[checks.CheckMessage]:
    """E001: no key. E002: a key that cannot be used. E003, E004: a wrong setting."""
    keys = current_keys()
    if isinstance(keys, KeyProblem) and is_used():
        yield checks.Error(keys.message, hint=keys.hint, id=keys.check_id)


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W001: tokens are signed with Django's SECRET_KEY."""
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


def is_used() -> bool:
    """Return whether the project has to do with tokens; the package may just be installed."""
    if any(getattr(settings, name, None) is not None for name in DJANGO_SETTINGS):
        return True
    if "JWT" in getattr(settings, "NINJA_BOOST", {}):
        return True
    if any(isinstance(callback, JWTAuth) for callback in default_auth()):
        return True
    if getattr(settings, "ROOT_URLCONF", None):
        # Importing the URLs creates the APIs, with their auth=.
        _ = get_resolver().url_patterns
    return bool(instances)
