"""``JWTAuth``, an authentication as Ninja's ``auth=`` takes it."""

from __future__ import annotations

import weakref
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from ninja_boost_core.steps import arun, run

from .keys import KeyRing, current_keys
from .tokens import claims_of, decode_jwt_token, verification
from .waiting import on_event_loop

__all__ = ["JWTAuth", "instances"]

instances: weakref.WeakSet[JWTAuth] = weakref.WeakSet()


class JWTAuth(HttpBearer):
    """Accepts a token of the ``Authorization: Bearer`` header; its claims are the principal.

    ``NINJA_BOOST["AUTH"]`` may name it, and ``NinjaAPI(auth=JWTAuth())`` works as well. The
    claims become ``request.auth`` and ``ctx["user"]``. A subclass may override ``authenticate``,
    sync or async, to return something else for a token.
    """

    openapi_bearerFormat = "JWT"  # noqa: N815

    def __init__(self) -> None:
        super().__init__()
        self._meta_key = "HTTP_" + self.header.upper().replace("-", "_")
        cls = type(self)
        self._ours = cls.authenticate is JWTAuth.authenticate and cls.__call__ is JWTAuth.__call__
        # Verifying does no I/O, but for a fetch or a look-up, so that async operations need no
        # thread for it: ours goes by the first attribute, Ninja's by the second, awaiting the
        # claims.
        self.nonblocking: bool = self._ours
        if self._ours:
            self.is_async = True
        instances.add(self)

    def __call__(self, request: HttpRequest) -> Any:
        # Ninja's own logs the header, with the token in it, if the scheme is another one.
        scheme, _, token = request.META.get(self._meta_key, "").partition(" ")
        if scheme.lower() != self.openapi_scheme:
            return None
        token = token.strip(" ")
        if not self._ours:
            return self.authenticate(request, token)
        keys = current_keys()
        if isinstance(keys, KeyRing):
            if not keys.may_wait:
                # The whole of what ``verification`` would do, without its steps.
                return claims_of(token, keys)
            if on_event_loop():
                return arun(verification(token))
        return run(verification(token))

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return decode_jwt_token(token)
