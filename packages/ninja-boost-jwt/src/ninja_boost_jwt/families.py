"""Families of refresh tokens in the database. Whoever calls has a transaction, where it says so.

The first statement of each transaction writes the family's row, which so is the lock: two
refreshes of one family follow one another, on SQLite too.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from django.db import transaction

from . import revocation
from .settings import JWTOptions

__all__ = [
    "Reason",
    "family_of",
    "found",
    "is_refresh_token",
    "lock",
    "purge",
    "revoke",
    "revoke_user",
    "spend",
    "succeed",
]

Reason = Literal["unknown", "expired", "revoked", "reused", "user"]
"""Why a refresh token is refused."""

# secrets.token_urlsafe(32): 256 random bits.
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
LATE = 60.0
"""Seconds for which a revocation is kept beyond the expiry of its last token."""


def is_refresh_token(text: str) -> bool:
    """Return whether a text has the form of our refresh tokens."""
    return _FORM.fullmatch(text) is not None


def found(user: object, claims: Mapping[str, Any], options: JWTOptions) -> Any:
    """Begin a family, at a login."""
    now = revocation.now()
    return revocation.rows("RefreshFamily", options).create(
        id=uuid.uuid4().hex,
        user=str(user),
        claims=dict(claims),
        created_at=now,
        used_at=now,
        expires_at=now + options.REFRESH.MAX_AGE,
        revoked_at=None,
    )


def family_of(token: str, options: JWTOptions) -> Any:
    """Return the family of a refresh token, or None."""
    return revocation.rows("RefreshFamily", options).filter(tokens__digest=_digest(token)).first()


def lock(family: Any, options: JWTOptions) -> Reason | None:
    """Hold the family until the transaction ends; return why it cannot be used, if so."""
    now = revocation.now()
    live = revocation.rows("RefreshFamily", options).filter(pk=family.pk, revoked_at=None)
    if not live.update(used_at=now):
        return "revoked"
    if family.expires_at <= now:
        return "expired"
    users = revocation.digest("user", family.user)
    epochs = revocation.rows("Revocation", options).filter(
        name=users, issued_before__gt=family.created_at
    )
    # A login that was not yet committed when its user was revoked.
    return "revoked" if epochs.exists() else None


def spend(token: str, options: JWTOptions) -> Reason | None:
    """Use a refresh token of a family that is locked; return why it cannot be, if so.

    A token is spent once, by one statement. Within GRACE seconds of that moment it may be used
    again, as often as it comes; after them it was stolen, or its successor was.
    """
    now = revocation.now()
    mine = revocation.rows("RefreshToken", options).filter(digest=_digest(token))
    if mine.filter(rotated_at=None, expires_at__gt=now).update(rotated_at=now):
        return None
    row = mine.first()
    if row is None:
        return "unknown"
    if row.rotated_at is None:
        return "expired"
    return None if now - row.rotated_at < options.REFRESH.GRACE else "reused"


def succeed(family: Any, options: JWTOptions) -> str:
    """Return a new refresh token of the family."""
    token = secrets.token_urlsafe(32)
    now = revocation.now()
    revocation.rows("RefreshToken", options).create(
        digest=_digest(token),
        family=family,
        created_at=now,
        expires_at=min(now + options.REFRESH.LIFETIME, family.expires_at),
        rotated_at=None,
    )
    return token


def revoke(family: Any, options: JWTOptions, lifetime: int) -> bool:
    """Revoke a family and, with REVOCATION, its access tokens; return whether it was live.

    Args:
        lifetime: seconds for which an access token is valid.
    """
    now = revocation.now()
    live = revocation.rows("RefreshFamily", options).filter(pk=family.pk, revoked_at=None)
    if not live.update(revoked_at=now):
        return False
    if options.REVOCATION:
        until = now + lifetime + options.LEEWAY + LATE
        revocation.enter(revocation.digest("sid", family.pk), options, until=until)
    return True


def revoke_user(user_id: object, options: JWTOptions) -> int:
    """Revoke each family of a user and every token issued before; return how many there were."""
    name = revocation.digest("user", user_id)
    epochs = revocation.rows("Revocation", options)
    live = revocation.rows("RefreshFamily", options).filter(user=str(user_id), revoked_at=None)
    with transaction.atomic(using=options.DATABASE):
        now = revocation.now()
        epochs.bulk_create(
            [epochs.model(name=name, issued_before=now, expires_at=None)], ignore_conflicts=True
        )
        # Refreshes under way hold the row of their family: it waits for them.
        logins = live.update(revoked_at=now)
        # What they have issued is older than this.
        now = revocation.now()
        epochs.filter(name=name).update(issued_before=now)
        revocation.announce(name, now, options)
    return logins


def purge(options: JWTOptions, batch: int = 1000) -> Iterator[int]:
    """Delete expired rows, and yield how many went with each batch.

    Args:
        batch: rows for each transaction.
    """
    now = revocation.now()
    for model in ("RefreshToken", "RefreshFamily", "Revocation"):
        expired = revocation.rows(model, options).filter(expires_at__lt=now)
        while keys := list(expired.values_list("pk", flat=True)[:batch]):
            yield revocation.rows(model, options).filter(pk__in=keys).delete()[0]


def _digest(token: str) -> str:
    # A random token needs no salt and no slow hash: it cannot be guessed.
    return hashlib.sha256(token.encode()).hexdigest()
