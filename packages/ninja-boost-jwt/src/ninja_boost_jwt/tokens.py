"""Making and reading tokens, as RFC 7519 and RFC 8725 have it. PyJWT does the cryptography."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder

from ninja_boost_core.steps import Steps, arun, run

from . import revocation
from .claims import TIMES, Claims, accepted_header, problem_in
from .key_sets import Key
from .keys import KeyRing, current_keys
from .settings import JWTOptions
from .verifying import Verified, verified

__all__ = [
    "Claims",
    "adecode_jwt_token",
    "claims_of",
    "create_jwt_token",
    "decode_jwt_token",
    "usable_keys",
    "verification",
]

logger: logging.Logger = logging.getLogger("ninja_boost.jwt")

_COMPACT_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_complained_about: ImproperlyConfigured | None = None


def create_jwt_token(claims: Mapping[str, Any], *, expires_in: timedelta | None = None) -> str:
    """Return a signed token.

    Args:
        claims: what the token says, such as ``{"user_id": user.id}``. UUIDs, decimals and
            dates become text; ``exp``, ``nbf`` and ``iat`` may be aware datetimes. ``iat``,
            ``exp`` and, from the settings, ``iss`` and ``aud`` are added where they are missing;
            with REVOCATION, ``jti`` too, and ``iat`` has a fraction of a second.
        expires_in: the lifetime, in place of the JWT_EXPIRY_MINS setting.

    Raises:
        django.core.exceptions.ImproperlyConfigured: naming the setting, if there is no key
            to sign with or the settings are wrong.
        TypeError: if the claims cannot be written as JSON.
        ValueError: naming the claim that the standard does not allow, or if the token were
            longer than the settings accept.
    """
    keys = usable_keys()
    key = keys.signing
    if key is None:
        raise ImproperlyConfigured(
            "There is no key to sign with: set JWT_PRIVATE_KEY, or the PRIVATE_KEY of the first of "
            'NINJA_BOOST["JWT"]["KEYS"]. With a public key alone, tokens can only be verified.'
        )
    options = keys.options
    payload = _with_defaults(claims, keys, expires_in)
    if problem := problem_in(payload):
        raise ValueError(problem)
    header = {"typ": options.TYPE} if key.kid is None else {"typ": options.TYPE, "kid": key.kid}
    token = jwt.encode(payload, key.signing, algorithm=key.algorithm, headers=header)
    if len(token) > options.MAX_LENGTH:
        raise ValueError(
            f"The token has {len(token)} characters; NINJA_BOOST['JWT']['MAX_LENGTH'] accepts "
            f"{options.MAX_LENGTH}. Put less into the claims."
        )
    return token


def decode_jwt_token(token: str) -> Claims | None:
    """Return the claims of a valid token; None for any other text, whatever it is.

    With wrong settings every token is refused, and the log says why.

    Raises:
        ninja_boost_core.ApiError: 503, if it cannot be said: another issuer's keys cannot be
            fetched, or the list of revoked tokens cannot be read.
        django.core.exceptions.SynchronousOnlyOperation: in async code, if it would wait for
            that; see ``adecode_jwt_token``.
    """
    return run(verification(token))


async def adecode_jwt_token(token: str) -> Claims | None:
    """See ``decode_jwt_token``; awaits what there is to wait for."""
    return await arun(verification(token))


def usable_keys() -> KeyRing:
    """Return the keys of the settings.

    Raises:
        django.core.exceptions.ImproperlyConfigured: the settings are wrong.
    """
    keys = current_keys()
    if isinstance(keys, ImproperlyConfigured):
        raise ImproperlyConfigured(str(keys))
    return keys


def verification(token: str) -> Steps[Claims | None]:
    """The logic of ``decode_jwt_token``: a step for each thing that it has to wait for."""
    keys = current_keys()
    if isinstance(keys, ImproperlyConfigured):
        _complain(keys)
        return None
    if not keys.may_wait:
        return claims_of(token, keys)
    options, tokens = keys.options, keys.tokens
    found = None if tokens is None else tokens.get(token)
    # Whether another issuer still has the key, its key set says.
    if found is None or keys.remote is not None:
        header = _header_of(token, options)
        if header is None:
            return None
        key = yield from keys.find(header.get("kid"), header["alg"])
        if found is None or key is None or found.key is not key[0]:
            found = _accepted(token, key, keys)
    if found is None:
        return None
    claims = found.claims if tokens is None else found.copied_claims()
    if options.REVOCATION and (yield from revocation.revoked(claims, options)):
        logger.debug("Token refused: it was revoked.")
        return None
    return claims


def claims_of(token: str, keys: KeyRing) -> Claims | None:
    """Return the claims of a valid token of a key ring that never waits for anything."""
    tokens = keys.tokens
    found = None if tokens is None else tokens.get(token)
    if found is None:
        header = _header_of(token, keys.options)
        if header is None:
            return None
        key = keys.own(header.get("kid"), header["alg"])
        found = _accepted(token, None if key is None else (key, keys.options.ISSUER), keys)
        if found is None:
            return None
    return found.claims if tokens is None else found.copied_claims()


def _header_of(token: str, options: JWTOptions) -> Mapping[str, Any] | None:
    """Return the header of a text that may be a token of ours; None for any other."""
    if len(token) > options.MAX_LENGTH or _COMPACT_FORM.fullmatch(token) is None:
        logger.debug("Token refused: no token of at most %d characters.", options.MAX_LENGTH)
        return None
    header = accepted_header(token.partition(".")[0], options.TYPE)
    if header is None:
        logger.debug("Token refused: its header is not accepted.")
    return header


def _accepted(token: str, found: tuple[Key, str | None] | None, keys: KeyRing) -> Verified | None:
    """Return what a token says, and keep it; ``found`` is its key and the issuer it must name."""
    if found is None:
        logger.debug("Token refused: no key of ours has this name and algorithm.")
        return None
    accepted = verified(token, *found, keys.options)
    if accepted is not None and keys.tokens is not None:
        keys.tokens.put(token, accepted)
    return accepted


def _with_defaults(
    claims: Mapping[str, Any], keys: KeyRing, expires_in: timedelta | None
) -> dict[str, Any]:
    now = time.time()
    options = keys.options
    lifetime = keys.lifetime if expires_in is None else int(expires_in.total_seconds())
    payload: dict[str, Any] = {"iat": int(now), "exp": int(now) + lifetime}
    if options.REVOCATION:
        # Revoking a user's tokens spares those issued after it, in the same second too.
        payload |= {"iat": round(now, 6), "jti": secrets.token_urlsafe(16)}
    if options.ISSUER is not None:
        payload["iss"] = options.ISSUER
    if options.AUDIENCE is not None:
        payload["aud"] = options.AUDIENCE
    payload.update(claims)
    for name in TIMES:
        if isinstance(payload.get(name), datetime):
            payload[name] = _timestamp(name, payload[name])
    plain: dict[str, Any] = json.loads(json.dumps(payload, cls=DjangoJSONEncoder, allow_nan=False))
    return plain


def _timestamp(name: str, value: datetime) -> int:
    if value.tzinfo is None:
        raise ValueError(f"The claim {name!r} is a datetime without a time zone.")
    return int(value.timestamp())


def _complain(problem: ImproperlyConfigured) -> None:
    global _complained_about
    if problem is not _complained_about:
        _complained_about = problem
        logger.error("Every token is refused: %s", problem)
