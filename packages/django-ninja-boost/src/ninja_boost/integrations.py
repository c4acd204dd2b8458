"""Authentication for the AUTH setting."""

from ninja_boost_core.security import BearerTokenAuth
from ninja_boost_jwt import JWTAuth, create_jwt_token

__all__ = ["BearerTokenAuth", "JWTAuth", "create_jwt_token"]
