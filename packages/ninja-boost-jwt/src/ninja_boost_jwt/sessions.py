"""Pairs of access and refresh tokens: issued at a login, refreshed, revoked (RFC 9700, 4.14)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction
from ninja import Schema
from pydantic import Field

from ninja_boost_core import ApiError, event_bus
from ninja_boost_core.steps import Do, Steps, arun, run

from . import families, revocation
from .families import Reason
from .keys import APP, KeyRing
from .settings import JWTOptions
from .statistics import count
from .tokens import create_jwt_token, usable_keys, verification
from .waiting import in_database

__all__ = [
    "ON_REFRESH_REUSE",
    "RefreshRefused",
    "TokenPair",
    "aissue_tokens",
    "arefresh_tokens",
    "arevoke",
    "arevoke_user",
    "issue_tokens",
    "refresh_tokens",
    "revoke",
    "revoke_user",
]

logger: logging.Logger = logging.getLogger("ninja_boost.jwt")

ON_REFRESH_REUSE: Final = "on_refresh_reuse"
"""Event: a refresh token came again after its grace, and its family was revoked."""

event_bus.declare(ON_REFRESH_REUSE, ("user_id", "family"))


class TokenPair(Schema):
    """What a login and a refresh answer, as RFC 6749, section 5.1, has it."""

    access_token: str = Field(repr=False)
    refresh_token: str = Field(repr=False)
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds for which the access token is valid.")


class RefreshRefused(ApiError):
    """A refresh token is not accepted: a 401, which does not say why.

    Attributes:
        reason: ``"unknown"``, ``"expired"``, ``"revoked"``, ``"reused"`` (and its family was
            revoked just now) or ``"user"`` (who is gone or not active).
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(401, "The refresh token is not valid.", code="invalid_refresh_token")
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class _Refusal:
    reason: Reason
    family: Any = None


def issue_tokens(user: Any, **claims: Any) -> TokenPair:
    """Return the first tokens of a login.

    Args:
        user: whoever logged in; ``user.pk`` becomes the claims ``user_id`` (see USER_CLAIM) and
            ``sub``.
        claims: more claims for this access token and those that it is refreshed to. What may
            change meanwhile belongs into the CLAIMS setting.

    Raises:
        django.core.exceptions.ImproperlyConfigured: naming what is missing.
        TypeError: if the claims cannot be written as JSON.
        ValueError: naming a claim that is not the caller's to choose, or if the user is not
            saved.
    """
    return run(_issuing(user, claims))


async def aissue_tokens(user: Any, **claims: Any) -> TokenPair:
    """See ``issue_tokens``."""
    return await arun(_issuing(user, claims))


def refresh_tokens(token: str) -> TokenPair:
    """Return the tokens that follow a refresh token, which is used up by that.

    For GRACE seconds it may still be used again and gives a token of the same family each time.
    After them its family is revoked and the event ``on_refresh_reuse`` is emitted.

    Raises:
        RefreshRefused: the token is not accepted. Inside a transaction that is rolled back
            because of it, a family is not revoked: catch it and return the answer.
        django.core.exceptions.ImproperlyConfigured: naming what is missing.
    """
    return run(_refreshing(token))


async def arefresh_tokens(token: str) -> TokenPair:
    """See ``refresh_tokens``."""
    return await arun(_refreshing(token))


def revoke(token: str) -> bool:
    """Revoke what a token stands for; return whether there was anything to revoke.

    Of a refresh token it is the whole family: the login, with its access tokens if REVOCATION is
    on. An access token is revoked alone, by its ``jti``.

    Raises:
        django.core.exceptions.ImproperlyConfigured: for an access token, if REVOCATION is off.
        ValueError: for an access token without a ``jti``.
    """
    return run(_revoking(token))


async def arevoke(token: str) -> bool:
    """See ``revoke``."""
    return await arun(_revoking(token))


def revoke_user(user_id: Any) -> int:
    """Revoke every login of a user; return how many there were.

    With REVOCATION every access token issued before this is refused, too.

    Args:
        user_id: primary key of the user; what the claim USER_CLAIM holds.
    """
    return run(_revoking_user(user_id))


async def arevoke_user(user_id: Any) -> int:
    """See ``revoke_user``."""
    return await arun(_revoking_user(user_id))


def _ready() -> KeyRing:
    keys = usable_keys()
    if not apps.is_installed(APP):
        raise ImproperlyConfigured(
            f"Refresh tokens and revocation need tables: add {APP!r} to INSTALLED_APPS and run "
            "migrate."
        )
    return keys


def _issuing(user: Any, claims: dict[str, Any]) -> Steps[TokenPair]:
    keys = _ready()
    reserved = {"exp", "iat", "jti", "nbf", "sid", "sub", keys.options.USER_CLAIM}
    if wrong := sorted(reserved & claims.keys()):
        raise ValueError(f"The claim {wrong[0]!r} is set by issue_tokens itself.")
    if user.pk is None:
        raise ValueError("The user has no primary key yet: save it first.")

    def issue() -> TokenPair:
        with transaction.atomic(using=keys.options.DATABASE):
            family = families.found(user.pk, claims, keys.options)
            return _pair(family, user, keys)

    pair: TokenPair = yield in_database(issue)
    return pair


def _refreshing(token: str) -> Steps[TokenPair]:
    keys = _ready()
    outcome = yield in_database(lambda: _refresh(token, keys))
    if isinstance(outcome, TokenPair):
        count("refreshes")
        return outcome
    logger.info("A refresh token was refused: %s.", outcome.reason)
    if outcome.reason == "reused":
        count("refresh_reuses")
        family = outcome.family
        logger.warning("A refresh token was used again: family %s is revoked.", family.pk)
        about = {"user_id": family.user, "family": family.pk}
        yield Do(
            lambda: event_bus.emit(ON_REFRESH_REUSE, **about),
            lambda: event_bus.aemit(ON_REFRESH_REUSE, **about),
        )
    raise RefreshRefused(outcome.reason)


def _refresh(token: str, keys: KeyRing) -> TokenPair | _Refusal:
    options = keys.options
    family = families.family_of(token, options) if families.is_refresh_token(token) else None
    if family is None:
        return _Refusal("unknown")
    # What is refused must be committed as well, so that nothing is raised in here.
    with transaction.atomic(using=options.DATABASE):
        if reason := families.lock(family, options) or families.spend(token, options):
            if reason == "reused":
                families.revoke(family, options, keys.lifetime)
            return _Refusal(reason, family)
        user = _user(family.user, options)
        if user is None:
            families.revoke(family, options, keys.lifetime)
            return _Refusal("user", family)
        return _pair(family, user, keys)


def _pair(family: Any, user: Any, keys: KeyRing) -> TokenPair:
    """Return the next tokens of a family that is locked, or new."""
    options = keys.options
    if options.REFRESH.CLAIMS is None:
        current = {}
    else:
        current = options.REFRESH.resolve("CLAIMS")(user)
    claims = {
        **family.claims,
        **current,
        options.USER_CLAIM: user.pk,
        "sub": str(user.pk),
        "sid": family.pk,
    }
    return TokenPair(
        access_token=create_jwt_token(claims),
        refresh_token=families.succeed(family, options),
        expires_in=keys.lifetime,
    )


def _user(user_id: str, options: JWTOptions) -> Any:
    """Return the user of a family; None if he is gone or not active."""
    if options.REFRESH.USER is not None:
        return options.REFRESH.resolve("USER")(user_id)
    try:
        user = get_user_model()._default_manager.filter(pk=user_id).first()
    except (ValueError, ValidationError):
        # No key that this model could have.
        return None
    return user if user is not None and getattr(user, "is_active", True) else None


def _revoking(token: str) -> Steps[bool]:
    keys = _ready()
    options = keys.options
    if families.is_refresh_token(token):
        revoked: bool = yield in_database(lambda: _revoke_family(token, keys))
        return revoked
    if not options.REVOCATION:
        raise ImproperlyConfigured(
            'An access token cannot be revoked: NINJA_BOOST["JWT"]["REVOCATION"] is off.'
        )
    claims = yield from verification(token)
    if claims is None:
        return False
    if "jti" not in claims:
        raise ValueError("The token has no jti, by which it could be revoked; see revoke_user.")
    name = revocation.digest("jti", claims["jti"])
    # An absurd expiry may be no number that a database has.
    until = float(min(claims["exp"], 2**53)) + options.LEEWAY + families.LATE
    yield in_database(lambda: revocation.enter(name, options, until=until))
    return True


def _revoke_family(token: str, keys: KeyRing) -> bool:
    family = families.family_of(token, keys.options)
    if family is None:
        return False
    with transaction.atomic(using=keys.options.DATABASE):
        return families.revoke(family, keys.options, keys.lifetime)


def _revoking_user(user_id: Any) -> Steps[int]:
    options = _ready().options
    logins: int = yield in_database(lambda: families.revoke_user(user_id, options))
    return logins
