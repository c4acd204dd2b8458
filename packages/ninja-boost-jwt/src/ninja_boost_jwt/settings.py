"""The settings: ``JWT_*`` for the keys, and the ``JWT`` key of ``NINJA_BOOST`` for the claims."""

from __future__ import annotations

from pydantic import Field

from ninja_boost_core.conf import SettingsSection

__all__ = ["JWTOptions", "JWTSettings"]


class JWTOptions(SettingsSection):
    """``NINJA_BOOST["JWT"]``.

    Attributes:
        ISSUER: the ``iss`` claim of tokens made here, and the only one accepted.
        AUDIENCE: the ``aud`` claim of tokens made here; accepted tokens must name it, or one of
            several. Without it, a token that is meant for somebody is refused.
        TYPE: the ``typ`` header of tokens made here, and the only one accepted. With the
            default, a token without any is accepted too.
        LEEWAY: seconds by which clocks may differ.
        MAX_LENGTH: characters of the longest token that is looked at.
        ALLOW_SECRET_KEY: let SECRET_KEY sign outside DEBUG where JWT_SECRET_KEY is missing.
    """

    ISSUER: str | None = Field(default=None, min_length=1)
    AUDIENCE: str | tuple[str, ...] | None = None
    TYPE: str = Field(default="JWT", min_length=1)
    LEEWAY: int = Field(default=0, ge=0, le=300)
    MAX_LENGTH: int = Field(default=8192, ge=256, le=65536)
    ALLOW_SECRET_KEY: bool = False


class JWTSettings(SettingsSection):
    """The keys of this package in ``NINJA_BOOST``."""

    JWT: JWTOptions = JWTOptions()
