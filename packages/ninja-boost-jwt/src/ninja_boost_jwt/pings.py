"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import jwt
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.pings import Ping, PingFailed, probe_cache, probe_migrations

from .checks import is_used
from .key_sets import keys_in
from .keys import APP, KeyRing, current_keys
from .remote import RemoteKeys
from .revocation import rows
from .router import routers
from .settings import JWKSOptions, JWTOptions
from .tokens import create_jwt_token

__all__ = ["find_pings"]


def find_pings() -> Iterator[Ping]:
    """Yield those for the keys, the tables, the cache and the other issuer that are in use."""
    if not is_used():
        return
    keys = current_keys()
    if isinstance(keys, ImproperlyConfigured):
        raise keys
    options = keys.options
    if keys.keys:
        yield Ping(
            "jwt: keys",
            partial(_sign, keys),
            "Compare the keys of the settings; until then nobody can log in.",
        )
    refresh = bool(routers) or "REFRESH" in options.model_fields_set
    if refresh or options.REVOCATION:
        tables = ["RefreshFamily", "RefreshToken"] if refresh else []
        if options.REVOCATION:
            tables.append("Revocation")
        yield Ping(
            f"jwt: tables in {options.DATABASE}",
            partial(_read, tables, options),
            f"See to the server that DATABASES[{options.DATABASE!r}] names; until then tokens "
            "cannot be refreshed or, with REVOCATION, used.",
        )
    if options.REVOCATION and options.REVOCATION_CACHE:
        yield Ping(
            f"jwt: revocations in cache {options.CACHE}",
            partial(probe_cache, options.CACHE),
            f"See to the server that CACHES[{options.CACHE!r}] names; until then the database is "
            "asked about each token.",
        )
    if keys.remote is not None:
        yield Ping(
            f"jwt: key set of {urlsplit(keys.remote.options.URL or '').hostname}",
            partial(_fetch, keys.remote.options),
            "See to the other issuer. Its tokens are accepted for as long as the keys that came "
            "last may be used (JWKS.CACHE and STALE), and then get a 503.",
        )


def _sign(keys: KeyRing) -> str:
    """Make a token that no user has, and verify it."""
    key, options = keys.signing, keys.options
    names = f"{len(keys.keys)} key{'s' * (len(keys.keys) > 1)}"
    if key is None:
        return f"{names}, none of which signs"
    token = create_jwt_token({options.USER_CLAIM: "boost_doctor"}, expires_in=timedelta(seconds=60))
    jwt.decode(
        token,
        key.verifying,
        algorithms=[key.algorithm],
        audience=options.AUDIENCE,
        issuer=options.ISSUER,
    )
    borrowed = ", which is Django's SECRET_KEY" if keys.borrowed else ""
    return f"{names}, signs with {key.algorithm}{borrowed}"


def _read(models: list[str], options: JWTOptions) -> None:
    probe_migrations(APP, options.DATABASE)
    for model in models:
        rows(model, options).exists()


def _fetch(options: JWKSOptions) -> str:
    found = keys_in(RemoteKeys(options)._download(), options.ALGORITHMS)
    if not found:
        raise PingFailed("The key set has no key of the ALGORITHMS that are accepted.")
    return f"{len(found)} keys"
