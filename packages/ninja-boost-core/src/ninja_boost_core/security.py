"""Authentication: the AUTH setting, the development token, and the challenge of a 401."""

from __future__ import annotations

import hmac
import inspect
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from asgiref.sync import async_to_sync
from django.conf import settings
from ninja.constants import NOT_SET
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer
from ninja.security.base import AuthBase

from .callables import is_async, takes_no_arguments
from .conf import CoreSettings, boost_settings
from .problems import Misconfigured

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja import NinjaAPI

__all__ = ["BearerTokenAuth", "DefaultAuth", "admits", "challenge", "default_auth"]

logger: logging.Logger = logging.getLogger("ninja_boost.security")

AuthCallback = Callable[["HttpRequest"], Any]


class BearerTokenAuth(HttpBearer):
    """Accepts the token ``demo``, for development only.

    Works with ``DEBUG = True`` or ``NINJA_BOOST["ALLOW_DEMO_AUTH"] = True``; elsewhere it
    refuses everybody, and ``check --deploy`` fails.
    """

    nonblocking = True
    """Does no I/O: an async operation calls it inline, without a thread."""

    def __call__(self, request: HttpRequest) -> Any:
        # Ninja's own logs the header, with what is in it, if the scheme is another one.
        scheme, _, token = request.headers.get(self.header, "").partition(" ")
        return self.authenticate(request, token) if scheme.lower() == "bearer" else None

    def authenticate(self, request: HttpRequest, token: str) -> dict[str, Any] | None:
        if not (settings.DEBUG or boost_settings.section(CoreSettings).ALLOW_DEMO_AUTH):
            logger.warning(
                "BearerTokenAuth refuses everybody outside DEBUG: set NINJA_BOOST['AUTH'] to a "
                "real authentication."
            )
            return None
        if not hmac.compare_digest(token.encode(errors="replace"), b"demo"):
            return None
        return {"user_id": 1, "username": "demo", "is_staff": False}


class DefaultAuth:
    """Stands for whatever the AUTH setting names at the moment.

    AutoAPI gives it to Ninja as the API's own auth, so that Ninja's inheritance (operation,
    router, mount, API) decides who uses it, and so that it follows the settings.
    """

    @property
    def is_async(self) -> bool:
        return any(is_async(c) or getattr(c, "is_async", False) for c in default_auth())

    def __call__(self, request: HttpRequest) -> Any:
        for callback in default_auth():
            if result := callback(request):
                return result
        return None


_default: Sequence[AuthCallback] | None = None


@boost_settings.on_change
def _forget_default() -> None:
    global _default
    _default = None


def default_auth() -> Sequence[AuthCallback]:
    """Return the callbacks of the AUTH setting; none if it is None.

    A class is instantiated; a callable that takes nothing is asked for the authentication.

    Raises:
        ImproperlyConfigured: naming AUTH, if that is not an authentication.
    """
    global _default
    if _default is None:
        _default = _from_setting()
    return _default


def _from_setting() -> Sequence[AuthCallback]:
    value = boost_settings.AUTH
    if value is None:
        return ()
    if isinstance(value, type):
        value = value()
    if callable(value) and takes_no_arguments(value):
        value = value()
    if not callable(value):
        raise Misconfigured(
            f"NINJA_BOOST: AUTH gives a {type(value).__name__}, which is no authentication.",
            "Set AUTH to a class or callable as Ninja's auth= takes it, or to None.",
        )
    return (cast(AuthCallback, value),)


def resolve(callbacks: Iterable[Any]) -> tuple[AuthCallback, ...]:
    """Return ``callbacks`` with the AUTH setting's in the place of ``DefaultAuth``."""
    resolved: list[AuthCallback] = []
    for callback in callbacks:
        if isinstance(callback, DefaultAuth):
            resolved += default_auth()
        elif callable(callback):
            resolved.append(callback)
        else:
            raise Misconfigured(
                f"auth= holds a {type(callback).__name__} ({callback!r:.60}), which cannot be "
                "called.",
                "Give it an authentication, a non-empty list of them, or None.",
            )
    return tuple(resolved)


def admits(api: NinjaAPI, request: HttpRequest) -> bool:
    """Return whether the API's own authentication accepts ``request``.

    For views beside the operations, such as docs; in sync code. An API without authentication
    accepts nobody.
    """
    auth = api.auth
    callbacks = auth if isinstance(auth, list | tuple) else [auth]
    for callback in resolve(each for each in callbacks if each not in (None, NOT_SET)):
        asynchronous = is_async(callback) or getattr(callback, "is_async", False)
        try:
            found = (
                async_to_sync(_awaited)(callback, request) if asynchronous else callback(request)
            )
        except AuthenticationError:
            continue
        if found:
            return True
    return False


async def _awaited(callback: AuthCallback, request: HttpRequest) -> Any:
    found = callback(request)
    return await found if inspect.isawaitable(found) else found


def challenge(request: HttpRequest, callbacks: Iterable[Any]) -> str:
    """Return the value of WWW-Authenticate for a 401 (RFC 9110, section 11.6.1).

    A bearer token that was sent and refused adds ``error="invalid_token"`` (RFC 6750).
    """
    challenges: list[str] = []
    sent = request.headers.get("Authorization", "").partition(" ")[0].lower()
    for callback in callbacks:
        scheme = str(getattr(callback, "openapi_scheme", "")).lower()
        if scheme == "basic":
            text = 'Basic realm="api", charset="UTF-8"'
        elif scheme:
            text = scheme.capitalize()
            if scheme == "bearer":
                text += ' realm="api"' + (', error="invalid_token"' if sent == "bearer" else "")
        else:
            # Keys and cookies have no registered scheme, yet a 401 must carry a challenge.
            text = (
                "Session"
                if getattr(callback, "param_name", "") == settings.SESSION_COOKIE_NAME
                else "ApiKey"
            )
        if text not in challenges:
            challenges.append(text)
    return ", ".join(challenges) or 'Bearer realm="api"'


def scheme_name(callback: Any) -> str | None:
    """Return the name of the callback's OpenAPI security scheme, if it declares one."""
    if isinstance(callback, AuthBase) or hasattr(callback, "openapi_security_schema"):
        return type(callback).__name__
    return None
