"""JSON Web Token authentication for Django Ninja."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .authentication import JWTAuth as JWTAuth
    from .settings import JWTOptions as JWTOptions
    from .settings import JWTSettings as JWTSettings
    from .tokens import Claims as Claims
    from .tokens import create_jwt_token as create_jwt_token
    from .tokens import decode_jwt_token as decode_jwt_token

# PyJWT and cryptography take longer to import than Ninja: only a project that uses them waits.
_HOMES = {
    "Claims": "ninja_boost_jwt.tokens",
    "JWTAuth": "ninja_boost_jwt.authentication",
    "JWTOptions": "ninja_boost_jwt.settings",
    "JWTSettings": "ninja_boost_jwt.settings",
    "create_jwt_token": "ninja_boost_jwt.tokens",
    "decode_jwt_token": "ninja_boost_jwt.tokens",
}

__all__ = [
    "Claims",
    "JWTAuth",
    "JWTOptions",
    "JWTSettings",
    "create_jwt_token",
    "decode_jwt_token",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
