"""Making and reading tokens, as RFC 7519 and RFC 8725 have it. PyJWT does the cryptography."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from collections.abc import Generator, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

import jwt
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder

from .keys import current_keys

__all__ = ["Claims", "create_jwt_token", "decode_jwt_token"]

logger: logging.Logger = logging.getLogger("ninja_boost.jwt")

_COMPACT_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
MAX_DEPTH = 32
"""Levels of lists and objects; what is deeper could not be written as JSON again everywhere."""

_TIMES = ("exp", "nbf", "iat")
_TEXTS = ("iss", "sub", "jti")
_complained_about: ImproperlyConfigured | None = None


class Claims(dict[str, Any]):
    """The claims of a token that was verified; never empty.

    Awaiting it gives the claims themselves: so an async operation of plain Ninja takes
    them as they are, where it would call a sync authentication in a thread.
    """

    def __await__(self) -> Generator[Any, None, Claims]:
        yield from ()
        return self


def create_jwt_token(claims: Mapping[str, Any], *, expires_in: timedelta | None = None) -> str:
    """Return a signed token.

    Args:
        claims: what the token says, such as ``{"user_id": user.id}``. UUIDs, decimals and
            dates become text; ``exp``, ``nbf`` and ``iat`` may be aware datetimes. ``iat``,
            ``exp`` and, from the settings, ``iss`` and ``aud`` are added where they are missing.
        expires_in: the lifetime, in place of the JWT_EXPIRY_MINS setting.

    Raises:
        django.core.exceptions.ImproperlyConfigured: naming the setting, if there is no key
            to sign with or the settings are wrong.
        TypeError: if the claims cannot be written as JSON.
        ValueError: naming the claim that the standard does not allow, or if the token were
            longer than the settings accept.
    """
    keys = current_keys()
    if isinstance(keys, ImproperlyConfigured):
        raise ImproperlyConfigured(str(keys))
    if keys.signing is None:
        raise ImproperlyConfigured(
            "JWT_PRIVATE_KEY is not set: with JWT_PUBLIC_KEY alone, tokens can only be verified."
        )
    now = int(time.time())
    options = keys.options
    lifetime = keys.lifetime if expires_in is None else int(expires_in.total_seconds())
    payload: dict[str, Any] = {"iat": now, "exp": now + lifetime}
    if options.ISSUER is not None:
        payload["iss"] = options.ISSUER
    if options.AUDIENCE is not None:
        payload["aud"] = options.AUDIENCE
    payload.update(claims)
    for name in _TIMES:
        if isinstance(payload.get(name), datetime):
            payload[name] = _timestamp(name, payload[name])
    payload = json.loads(json.dumps(payload, cls=DjangoJSONEncoder, allow_nan=False))
    if problem := _problem_in(payload):
        raise ValueError(problem)
    token = jwt.encode(
        payload, keys.signing, algorithm=keys.algorithm, headers={"typ": options.TYPE}
    )
    if len(token) > options.MAX_LENGTH:
        raise ValueError(
            f"The token has {len(token)} characters; NINJA_BOOST['JWT']['MAX_LENGTH'] accepts "
            f"{options.MAX_LENGTH}. Put less into the claims."
        )
    return token


def decode_jwt_token(token: str) -> Claims | None:
    """Return the claims of a valid token; None for any other text, whatever it is.

    With wrong settings every token is refused, and the log says why.
    """
    keys = current_keys()
    if isinstance(keys, ImproperlyConfigured):
        _complain(keys)
        return None
    options = keys.options
    if len(token) > options.MAX_LENGTH or _COMPACT_FORM.fullmatch(token) is None:
        logger.debug("Token refused: no token of at most %d characters.", options.MAX_LENGTH)
        return None
    try:
        decoded = _reader.decode_complete(
            token,
            keys.verifying,
            algorithms=[keys.algorithm],
            options={"require": ["exp"]},
            audience=options.AUDIENCE,
            issuer=options.ISSUER,
            leeway=options.LEEWAY,
        )
        _check_header(decoded["header"], options.TYPE)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        # Its text may quote the token.
        logger.debug("Token refused: %s.", type(error).__name__)
        return None
    return Claims(decoded["payload"])


class _Reader(jwt.PyJWT):
    """PyJWT with a stricter reading of the payload."""

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        payload = json.loads(
            decoded["payload"].decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
        )
        if not isinstance(payload, dict):
            raise jwt.DecodeError("The payload is no JSON object.")
        if problem := _problem_in(payload):
            raise jwt.DecodeError(problem)
        return payload


_reader = _Reader()


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise jwt.DecodeError("A name occurs twice in one object.")
    return unique


def _refuse_constant(name: str) -> NoReturn:
    raise jwt.DecodeError(f"{name} is no JSON.")


def _problem_in(payload: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the claims: a type that RFC 7519, 4.1, forbids, or the depth."""
    for name in _TIMES:
        if name in payload and not _is_number(payload[name]):
            return f"The claim {name!r} must be a number of seconds since 1970."
    for name in _TEXTS:
        if name in payload and not isinstance(payload[name], str):
            return f"The claim {name!r} must be text."
    audience = payload.get("aud", "")
    if not isinstance(audience, str) and not (
        isinstance(audience, list) and all(isinstance(item, str) for item in audience)
    ):
        return "The claim 'aud' must be text or a list of texts."
    if _is_deep(payload):
        return f"The claims are nested more than {MAX_DEPTH} levels deep."
    return None


def _is_deep(payload: Mapping[str, Any]) -> bool:
    level: list[Any] = [payload]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _timestamp(name: str, value: datetime) -> int:
    if value.tzinfo is None:
        raise ValueError(f"The claim {name!r} is a datetime without a time zone.")
    return int(value.timestamp())


def _check_header(header: Mapping[str, Any], expected: str) -> None:
    """Refuse critical extensions, wrong types and a token of another ``typ`` (RFC 7515, 4.1)."""
    if "crit" in header or "b64" in header:
        raise jwt.InvalidTokenError("The header has an extension that is not understood.")
    if not isinstance(header.get("kid", ""), str):
        raise jwt.InvalidTokenError("The key id is no text.")
    found = header.get("typ")
    if found is None and _media_type(expected) == "jwt":
        return
    if not isinstance(found, str) or _media_type(found) != _media_type(expected):
        raise jwt.InvalidTokenError("The token is of another type.")


def _media_type(typ: str) -> str:
    """Return the ``typ`` header in the form in which it is compared (RFC 7515, 4.1.9)."""
    return typ.lower().removeprefix("application/")


def _complain(problem: ImproperlyConfigured) -> None:
    global _complained_about
    if problem is not _complained_about:
        _complained_about = problem
        logger.error("Every token is refused: %s", problem)
