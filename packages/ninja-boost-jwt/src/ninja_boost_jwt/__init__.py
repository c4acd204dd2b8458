"""JSON Web Token authentication for Django Ninja."""

from .authentication import JWTAuth
from .settings import JWTOptions, JWTSettings
from .tokens import Claims, create_jwt_token, decode_jwt_token

__all__ = [
    "Claims",
    "JWTAuth",
    "JWTOptions",
    "JWTSettings",
    "create_jwt_token",
    "decode_jwt_token",
]
