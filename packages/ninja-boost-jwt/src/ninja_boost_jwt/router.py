"""Ready-made operations: refresh and logout, and the public keys."""

from __future__ import annotations

import weakref
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from ninja import Router, Schema
from pydantic import Field

from .families import is_refresh_token
from .key_sets import key_set
from .sessions import RefreshRefused, TokenPair, refresh_tokens, revoke
from .tokens import usable_keys

__all__ = ["jwks", "routers", "token_router"]

routers: weakref.WeakSet[Router] = weakref.WeakSet()


class RefreshToken(Schema):
    """The body of both operations."""

    refresh_token: str = Field(repr=False)


class Refused(Schema):
    """The answer to a refresh token that is not valid."""

    detail: str


def token_router() -> Router:
    """Return a router with ``POST /refresh`` and ``POST /logout``.

    Both take a refresh token and need no other authentication. A logout answers 204 whatever
    the token is (RFC 7009, section 2.2).
    """
    router = Router(tags=["tokens"])
    routers.add(router)

    @router.post(
        "/refresh", auth=None, response={200: TokenPair, 401: Refused}, summary="Refresh tokens"
    )
    def refresh(request: HttpRequest, body: RefreshToken, response: HttpResponse) -> Any:
        # RFC 6749, section 5.1.
        response["Cache-Control"] = "no-store"
        try:
            return refresh_tokens(body.refresh_token)
        except RefreshRefused as refused:
            # Returned, not raised: ATOMIC_REQUESTS would roll the revocation back.
            response["WWW-Authenticate"] = 'Bearer realm="api", error="invalid_token"'
            return _answer(401, {"detail": str(refused)})

    @router.post("/logout", auth=None, response={204: None}, summary="End the login")
    def logout(request: HttpRequest, body: RefreshToken) -> Any:
        if is_refresh_token(body.refresh_token):
            revoke(body.refresh_token)
        return _answer(204, None)

    return router


def _answer(status: int, body: Any) -> Any:
    try:
        from ninja import Status
    except ImportError:
        # Ninja 1.5 has the tuple only.
        return status, body
    return Status(status, body)


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Answer with the public keys, as a JWK set (RFC 7517).

    A Django view, for ``path(".well-known/jwks.json", jwks)``. Keys that verify only are among
    them, so that one can be published before it signs.
    """
    keys = usable_keys()
    response = JsonResponse(key_set(keys.keys), content_type="application/jwk-set+json")
    response["Cache-Control"] = f"public, max-age={keys.options.JWKS_MAX_AGE}"
    return response
