"""Authentication for the AUTH setting, and tokens."""

from ninja_boost_core.security import BearerTokenAuth
from ninja_boost_jwt import (
    JWTAuth,
    RefreshRefused,
    TokenPair,
    adecode_jwt_token,
    aissue_tokens,
    arefresh_tokens,
    arevoke,
    arevoke_user,
    create_jwt_token,
    decode_jwt_token,
    issue_tokens,
    jwks,
    refresh_tokens,
    revoke,
    revoke_user,
    token_router,
)

__all__ = [
    "BearerTokenAuth",
    "JWTAuth",
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
