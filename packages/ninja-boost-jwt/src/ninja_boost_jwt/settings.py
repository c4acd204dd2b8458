"""The settings: ``JWT_*`` for one key, and the ``JWT`` key of ``NINJA_BOOST`` for all else."""

from __future__ import annotations

from pydantic import Field

from ninja_boost_core.conf import ObjectOrPath, SettingsSection

__all__ = ["JWKSOptions", "JWTOptions", "JWTSettings", "KeyOptions", "RefreshOptions"]

DAY = 24 * 60 * 60


class KeyOptions(SettingsSection):
    """One item of ``NINJA_BOOST["JWT"]["KEYS"]``.

    Attributes:
        ALGORITHM: the one algorithm for which the key is used.
        KID: the name of the key, in the ``kid`` header of its tokens. A key of a pair is named
            after its RFC 7638 thumbprint by default. A shared secret without a name serves
            tokens without a ``kid``.
        SECRET: the shared secret of HS256, HS384 and HS512.
        PRIVATE_KEY: PEM text of the key that signs, for the others.
        PUBLIC_KEY: PEM text of the key that verifies; enough where nothing is signed.
    """

    ALGORITHM: str
    KID: str | None = Field(default=None, min_length=1, max_length=128)
    SECRET: str | bytes | None = Field(default=None, repr=False)
    PRIVATE_KEY: str | bytes | None = Field(default=None, repr=False)
    PUBLIC_KEY: str | bytes | None = None


class JWKSOptions(SettingsSection):
    """``NINJA_BOOST["JWT"]["JWKS"]``: the keys of another issuer, fetched from its JWK set.

    Attributes:
        URL: where the set is; https, or http with DEBUG.
        ISSUER: the ``iss`` claim that tokens of these keys must have; ``JWT.ISSUER`` by default.
        ALGORITHMS: the algorithms accepted, never an HMAC. An RSA key that names none is used
            for the first of them that suits it.
        TIMEOUT: seconds within which a fetch must be complete.
        MAX_BYTES: size of the largest set that is read.
        CACHE: seconds for which a fetched set is used without asking again.
        STALE: seconds for which it is used beyond that while it cannot be fetched.
        COOLDOWN: seconds between two fetches, whatever the tokens say.
    """

    URL: str | None = None
    ISSUER: str | None = Field(default=None, min_length=1)
    ALGORITHMS: tuple[str, ...] = Field(default=("RS256", "ES256", "EdDSA"), min_length=1)
    TIMEOUT: float = Field(default=3, gt=0, le=30)
    MAX_BYTES: int = Field(default=65536, ge=256, le=1_048_576)
    CACHE: int = Field(default=300, ge=1, le=DAY)
    STALE: int = Field(default=3600, ge=0, le=7 * DAY)
    COOLDOWN: int = Field(default=30, ge=1, le=3600)


class RefreshOptions(SettingsSection):
    """``NINJA_BOOST["JWT"]["REFRESH"]``.

    Attributes:
        LIFETIME: seconds for which a refresh token can be used.
        MAX_AGE: seconds after the login at which the last refresh token of it expires.
        GRACE: seconds after its first use within which a refresh token may be used again, by
            requests that ran at the same time or whose answer was lost.
        CLAIMS: ``callable(user)`` that returns claims for each access token; asked again at each
            refresh.
        USER: ``callable(user_id: str)`` that returns the user to whom a refresh token belongs, or
            None to refuse it. By default the active user of AUTH_USER_MODEL.
    """

    LIFETIME: int = Field(default=14 * DAY, ge=60)
    MAX_AGE: int = Field(default=90 * DAY, ge=60)
    GRACE: int = Field(default=10, ge=0, le=300)
    CLAIMS: ObjectOrPath | None = None
    USER: ObjectOrPath | None = None


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
        TOKEN_CACHE_SECONDS: seconds for which a token that was accepted is not verified again; 0
            verifies it at each use. Its times and, with REVOCATION, the list are asked all the
            same, and other keys or settings end it at once.
        ALLOW_SECRET_KEY: let SECRET_KEY sign outside DEBUG where JWT_SECRET_KEY is missing.
        KEYS: the key ring, in place of the Django settings JWT_SECRET_KEY, JWT_PRIVATE_KEY,
            JWT_PUBLIC_KEY and JWT_ALGORITHM. The first key signs, all of them verify.
        JWKS: the keys of another issuer.
        JWKS_MAX_AGE: seconds for which others may cache our own key set.
        REFRESH: refresh tokens.
        REVOCATION: look up whether a token was revoked, at each use.
        REVOCATION_CACHE: seconds for which the answer is remembered: the time that a revocation
            may take to be known everywhere.
        CACHE: alias of the Django cache that remembers it.
        DATABASE: alias of the database with the tables of this package.
        USER_CLAIM: the claim that names the user.
    """

    ISSUER: str | None = Field(default=None, min_length=1)
    AUDIENCE: str | tuple[str, ...] | None = None
    TYPE: str = Field(default="JWT", min_length=1)
    LEEWAY: int = Field(default=0, ge=0, le=300)
    MAX_LENGTH: int = Field(default=8192, ge=256, le=65536)
    TOKEN_CACHE_SECONDS: int = Field(default=0, ge=0, le=3600)
    ALLOW_SECRET_KEY: bool = False
    KEYS: tuple[KeyOptions, ...] = ()
    JWKS: JWKSOptions = JWKSOptions()
    JWKS_MAX_AGE: int = Field(default=300, ge=0, le=DAY)
    REFRESH: RefreshOptions = RefreshOptions()
    REVOCATION: bool = False
    REVOCATION_CACHE: int = Field(default=10, ge=0, le=3600)
    CACHE: str = "default"
    DATABASE: str = "default"
    USER_CLAIM: str = Field(default="user_id", min_length=1)


class JWTSettings(SettingsSection):
    """The keys of this package in ``NINJA_BOOST``."""

    JWT: JWTOptions = JWTOptions()
