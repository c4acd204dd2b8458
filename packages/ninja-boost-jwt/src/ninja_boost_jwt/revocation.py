"""Which tokens were revoked before they expired: by id, by session and by user."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.apps import apps
from django.core.cache import caches
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.db.utils import InterfaceError

from ninja_boost_core import ApiError
from ninja_boost_core.steps import Steps

from .settings import JWTOptions
from .statistics import count
from .waiting import in_database

__all__ = [
    "ALWAYS",
    "NEVER",
    "RevocationUnavailable",
    "announce",
    "cutoff",
    "digest",
    "enter",
    "revoked",
    "rows",
]

logger: logging.Logger = logging.getLogger("ninja_boost.jwt")

APP = "ninja_boost_jwt"
PREFIX = "ninja_boost_jwt:"
ALWAYS = float("inf")
NEVER = float("-inf")


class RevocationUnavailable(ApiError):
    """Whether a token was revoked cannot be looked up, so that it is not accepted: a 503."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "The token cannot be verified at the moment.",
            code="token_revocation_unavailable",
            headers={"Retry-After": "1"},
        )


def digest(kind: str, value: object) -> str:
    """Return the name under which an id is kept: of one length, and telling nothing."""
    return hashlib.sha256(f"{kind}:{value}".encode(errors="surrogatepass")).hexdigest()


def names_of(claims: Mapping[str, Any], options: JWTOptions) -> list[str]:
    """Return the names under which a token may have been revoked."""
    user = claims.get(options.USER_CLAIM, claims.get("sub"))
    ids = {"jti": claims.get("jti"), "sid": claims.get("sid"), "user": user}
    return [digest(kind, value) for kind, value in ids.items() if value is not None]


def revoked(claims: Mapping[str, Any], options: JWTOptions) -> Steps[bool]:
    """Return whether a token was revoked; one that could not be revoked counts as if it were.

    Raises:
        RevocationUnavailable: the database fails.
    """
    names = names_of(claims, options)
    if not names:
        logger.debug("Token refused: with REVOCATION on, it needs a jti or a user.")
        return True
    cutoffs = yield in_database(lambda: cutoff(names, options))
    issued = claims.get("iat", NEVER)
    return any(issued < each for each in cutoffs)


def cutoff(names: Iterable[str], options: JWTOptions) -> list[float]:
    """Return for each name the time before which tokens of it are refused, in Unix seconds."""
    names = list(names)
    known = _cached(names, options)
    missing = [name for name in names if name not in known]
    if missing:
        with _refusing():
            found = dict(
                rows("Revocation", options)
                .filter(name__in=missing)
                .values_list("name", "issued_before")
            )
        for name in missing:
            at = found.get(name, NEVER)
            known[name] = ALWAYS if at is None else at
        _remember({name: known[name] for name in missing}, options)
    return [known[name] for name in names]


def enter(name: str, options: JWTOptions, *, until: float) -> None:
    """Put a name on the list: each of its tokens is refused, until ``until`` in Unix seconds."""
    row = rows("Revocation", options).model(name=name, issued_before=None, expires_at=until)
    rows("Revocation", options).bulk_create([row], ignore_conflicts=True)
    announce(name, ALWAYS, options)


def announce(name: str, at: float, options: JWTOptions) -> None:
    """Tell the cache, once the transaction is committed."""

    def tell() -> None:
        _guarded(lambda: caches[options.CACHE].set(PREFIX + name, at, options.REVOCATION_CACHE))

    if options.REVOCATION_CACHE:
        transaction.on_commit(tell, using=options.DATABASE, robust=True)


def rows(model: str, options: JWTOptions) -> QuerySet[Any]:
    """Return the rows of one of our tables."""
    queryset: QuerySet[Any] = apps.get_model(APP, model)._default_manager.using(options.DATABASE)
    return queryset


def _cached(names: list[str], options: JWTOptions) -> dict[str, float]:
    if not options.REVOCATION_CACHE:
        return {}
    found = _guarded(lambda: caches[options.CACHE].get_many([PREFIX + name for name in names]))
    return {key.removeprefix(PREFIX): at for key, at in (found or {}).items()}


def _remember(found: Mapping[str, float], options: JWTOptions) -> None:
    if options.REVOCATION_CACHE:
        for name, at in found.items():
            # Never over what a revocation has written since the row was read.
            add = partial(caches[options.CACHE].add, PREFIX + name, at, options.REVOCATION_CACHE)
            _guarded(add)


def _guarded(call: Callable[[], Any]) -> Any:
    """Return what the cache answers, None if it fails: the database knows as well."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - each cache has errors of its own
        count("cache_failures")
        logger.warning("The cache of revoked tokens failed: %s.", type(error).__name__)
        return None


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        count("database_failures")
        logger.exception("Whether a token was revoked cannot be looked up.")
        raise RevocationUnavailable from error


def now() -> float:
    """Return the time, in Unix seconds with microseconds, as ``iat`` has it."""
    return round(time.time(), 6)
