"""JSON Web Token authentication for Django Ninja."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .authentication import JWTAuth as JWTAuth
    from .claims import Claims as Claims
    from .router import jwks as jwks
    from .router import token_router as token_router
    from .sessions import RefreshRefused as RefreshRefused
    from .sessions import TokenPair as TokenPair
    from .sessions import aissue_tokens as aissue_tokens
    from .sessions import arefresh_tokens as arefresh_tokens
    from .sessions import arevoke as arevoke
    from .sessions import arevoke_user as arevoke_user
    from .sessions import issue_tokens as issue_tokens
    from .sessions import refresh_tokens as refresh_tokens
    from .sessions import revoke as revoke
    from .sessions import revoke_user as revoke_user
    from .settings import JWTOptions as JWTOptions
    from .settings import JWTSettings as JWTSettings
    from .tokens import adecode_jwt_token as adecode_jwt_token
    from .tokens import create_jwt_token as create_jwt_token
    from .tokens import decode_jwt_token as decode_jwt_token

# PyJWT and cryptography take longer to import than Ninja: only a project that uses them waits.
_HOMES = {
    "Claims": "ninja_boost_jwt.claims",
    "JWTAuth": "ninja_boost_jwt.authentication",
    "JWTOptions": "ninja_boost_jwt.settings",
    "JWTSettings": "ninja_boost_jwt.settings",
    "RefreshRefused": "ninja_boost_jwt.sessions",
    "TokenPair": "ninja_boost_jwt.sessions",
    "adecode_jwt_token": "ninja_boost_jwt.tokens",
    "aissue_tokens": "ninja_boost_jwt.sessions",
    "arefresh_tokens": "ninja_boost_jwt.sessions",
    "arevoke": "ninja_boost_jwt.sessions",
    "arevoke_user": "ninja_boost_jwt.sessions",
    "create_jwt_token": "ninja_boost_jwt.tokens",
    "decode_jwt_token": "ninja_boost_jwt.tokens",
    "issue_tokens": "ninja_boost_jwt.sessions",
    "jwks": "ninja_boost_jwt.router",
    "refresh_tokens": "ninja_boost_jwt.sessions",
    "revoke": "ninja_boost_jwt.sessions",
    "revoke_user": "ninja_boost_jwt.sessions",
    "token_router": "ninja_boost_jwt.router",
}

__all__ = [
    "Claims",
    "JWTAuth",
    "JWTOptions",
    "JWTSettings",
    "RefreshRefused",
    "TokenPair",
    "adecode_jwt_token",
    "aissue_tokens",
    "arefresh_tokens",
    "arevoke",
    "arevoke_user",
    "create_jwt_token",
    "decode_jwt_token",
    "issue_tokens",
    "jwks",
    "refresh_tokens",
    "revoke",
    "revoke_user",
    "token_router",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
