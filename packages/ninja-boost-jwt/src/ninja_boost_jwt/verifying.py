"""Whether a token is signed by a key, and what it claims (RFC 7515, section 5.2; RFC 7519, 7.2).

What depends on the key alone was done when the settings were read, so that a request pays for the
signature and the claims. PyJWT does the cryptography; a token that this accepts, it accepts, too.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

import jwt

from .claims import Claims, decoded_segment, is_flat, read_claims
from .key_sets import Key
from .settings import JWTOptions

__all__ = ["Verified", "verified"]

logger: logging.Logger = logging.getLogger("ninja_boost.jwt")

_ALWAYS = float("-inf")


@dataclass(slots=True)
class Verified:
    """A token that was verified. Nobody changes it: a cache hands out the same one again.

    Attributes:
        claims: what it says.
        key: whose signature it has.
        begins: the Unix time from which it is valid.
        ends: the Unix time from which it is not any more.
        is_flat: whether no claim is a list or an object.
    """

    claims: Claims
    key: Key
    begins: float
    ends: float
    is_flat: bool

    def is_current(self) -> bool:
        """Return whether ``nbf``, ``iat`` and ``exp`` admit it now."""
        return self.begins <= time.time() < self.ends

    def copied_claims(self) -> Claims:
        """Return the claims, so that changing them changes nobody else's."""
        claims = self.claims
        return Claims(claims if self.is_flat else _copied(claims))


def verified(token: str, key: Key, issuer: str | None, options: JWTOptions) -> Verified | None:
    """Return what a token says, or None if it is not to be accepted.

    Args:
        token: three segments of base64url.
        key: the key for its header.
        issuer: the ``iss`` that it must have, if any.
        options: the settings.
    """
    signed, _, signature = token.rpartition(".")
    try:
        if not key.has_signed(signed.encode("ascii"), decoded_segment(signature)):
            logger.debug("Token refused: InvalidSignatureError.")
            return None
        claims = read_claims(decoded_segment(signed.rpartition(".")[2]))
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        # Its text may quote the token.
        logger.debug("Token refused: %s.", type(error).__name__)
        return None
    begins, ends = _begins(claims, options), int(claims["exp"]) + options.LEEWAY
    found = Verified(claims, key, begins, ends, is_flat(claims))
    if problem := _problem(found, issuer, options):
        logger.debug("Token refused: %s.", problem)
        return None
    return found


def _copied(value: Any) -> Any:
    """Return a copy of what JSON can hold."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _begins(claims: Claims, options: JWTOptions) -> float:
    begins = max(claims.get("nbf", _ALWAYS), claims.get("iat", _ALWAYS))
    return begins if begins == _ALWAYS else int(begins) - options.LEEWAY


def _problem(found: Verified, issuer: str | None, options: JWTOptions) -> str | None:
    """Return which claim is not as it has to be."""
    claims = found.claims
    if not found.is_current():
        return "it is not valid at this time"
    if issuer is not None and claims.get("iss") != issuer:
        return "its issuer is another one"
    named, expected = claims.get("aud"), options.AUDIENCE
    if expected is None:
        return "it is meant for somebody" if named else None
    if not named:
        return "it names no audience"
    wanted = (expected,) if isinstance(expected, str) else expected
    given = named if isinstance(named, list) else [named]
    return None if any(each in given for each in wanted) else "it is meant for somebody else"
