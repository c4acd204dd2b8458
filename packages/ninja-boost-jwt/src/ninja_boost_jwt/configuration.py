"""Reading the settings of keys: each mistake is a KeyProblem that names the setting."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from .algorithms import ALGORITHMS, ASYMMETRIC, HMAC_KEY_BYTES, KeyProblem, hmac_key, key_pair
from .key_sets import Key, thumbprint
from .remote import RemoteKeys
from .settings import JWTOptions, KeyOptions

__all__ = [
    "ONE_KEY",
    "check_aliases",
    "has_one_key",
    "keys_of_ring",
    "lifetime_in_seconds",
    "one_key",
    "remote_keys",
]

ONE_KEY: Final = ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY", "JWT_ALGORITHM")
"""The Django settings of a project with one key."""


def check_aliases(options: JWTOptions) -> None:
    """Raise KeyProblem for a database or a cache that there is not."""
    for name, alias, known in (
        ("DATABASE", options.DATABASE, settings.DATABASES),
        ("CACHE", options.CACHE, settings.CACHES),
    ):
        if name in options.model_fields_set and alias not in known:
            raise KeyProblem(
                "ninja_boost_jwt.E008",
                f'NINJA_BOOST["JWT"]["{name}"] is {alias!r:.40}, which {name}S does not have.',
                f"Choose one of {', '.join(map(repr, known))}.",
            )


def lifetime_in_seconds() -> int:
    """Return JWT_EXPIRY_MINS in seconds."""
    minutes: Any = getattr(settings, "JWT_EXPIRY_MINS", 60)
    numeric = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if not numeric or not 1 <= minutes * 60 < 2**31:
        raise KeyProblem(
            "ninja_boost_jwt.E004",
            f"JWT_EXPIRY_MINS is {minutes!r:.40}.",
            "Give the lifetime of a token in minutes, as a positive number.",
        )
    return int(minutes * 60)


def _check_algorithm(name: str, algorithm: Any, known: tuple[str, ...] = ALGORITHMS) -> None:
    if algorithm not in known:
        raise KeyProblem(
            "ninja_boost_jwt.E003",
            f"{name} is {algorithm!r:.40}, which is not supported.",
            f"Choose one of {', '.join(known)}.",
        )


def has_one_key() -> bool:
    """Return whether the Django settings have a key."""
    return any(getattr(settings, name, None) for name in ONE_KEY[:3])


def one_key(options: JWTOptions) -> tuple[Key, bool]:
    """Return the key of the Django settings, and whether it is SECRET_KEY."""
    algorithm = getattr(settings, "JWT_ALGORITHM", "HS256")
    _check_algorithm("JWT_ALGORITHM", algorithm)
    if algorithm in HMAC_KEY_BYTES:
        secret, name = _secret(options)
        key = hmac_key(secret, name, algorithm)
        return Key(None, algorithm, key, key), name == "SECRET_KEY"
    private, public = key_pair(
        getattr(settings, "JWT_PRIVATE_KEY", None),
        getattr(settings, "JWT_PUBLIC_KEY", None),
        ("JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY", "JWT_ALGORITHM"),
        algorithm,
    )
    return Key(thumbprint(public, algorithm), algorithm, public, private), False


def _secret(options: JWTOptions) -> tuple[Any, str]:
    """Return the shared secret and the setting that it comes from."""
    for name in ("JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY"):
        if getattr(settings, name, None):
            raise KeyProblem(
                "ninja_boost_jwt.E002",
                f"{name} is set, and the JWT_ALGORITHM is one that uses JWT_SECRET_KEY.",
                "Set JWT_ALGORITHM to the algorithm of the key, or remove the key.",
            )
    if secret := getattr(settings, "JWT_SECRET_KEY", None):
        return secret, "JWT_SECRET_KEY"
    if settings.DEBUG or options.ALLOW_SECRET_KEY:
        return settings.SECRET_KEY, "SECRET_KEY"
    raise KeyProblem(
        "ninja_boost_jwt.E001",
        "JWT_SECRET_KEY is not set, so that every token is refused.",
        "Set it to a random secret of its own, at least 32 bytes long; SECRET_KEY stands in for "
        'it only in DEBUG, or with NINJA_BOOST["JWT"]["ALLOW_SECRET_KEY"].',
    )


def _check_no_other_key() -> None:
    for name in ONE_KEY:
        if getattr(settings, name, None):
            raise KeyProblem(
                "ninja_boost_jwt.E005",
                f'{name} is set, and so is NINJA_BOOST["JWT"]["KEYS"].',
                "Move the key into KEYS; a shared secret without a KID serves the tokens that "
                "JWT_SECRET_KEY has signed.",
            )


def keys_of_ring(options: JWTOptions) -> tuple[Key, ...]:
    """Return the keys of KEYS; no two have the same name."""
    _check_no_other_key()
    keys = tuple(_item(index, item) for index, item in enumerate(options.KEYS))
    seen: set[str | None] = set()
    for key in keys:
        if key.kid in seen:
            raise KeyProblem(
                "ninja_boost_jwt.E005",
                f'Two items of NINJA_BOOST["JWT"]["KEYS"] have the KID {key.kid!r:.140}.',
                "Give each key a name of its own; one shared secret may be without.",
            )
        seen.add(key.kid)
    return keys


def _item(index: int, item: KeyOptions) -> Key:
    """Return the key of one item of KEYS."""
    path = f'NINJA_BOOST["JWT"]["KEYS"][{index}]'
    algorithm_name, secret_name = f'{path}["ALGORITHM"]', f'{path}["SECRET"]'
    private_name, public_name = f'{path}["PRIVATE_KEY"]', f'{path}["PUBLIC_KEY"]'
    algorithm = item.ALGORITHM
    _check_algorithm(algorithm_name, algorithm)
    shared = algorithm in HMAC_KEY_BYTES
    for name, value, belongs in (
        (secret_name, item.SECRET, shared),
        (private_name, item.PRIVATE_KEY, not shared),
        (public_name, item.PUBLIC_KEY, not shared),
    ):
        if value and not belongs:
            raise KeyProblem(
                "ninja_boost_jwt.E002",
                f"{name} is set, which {algorithm} does not use.",
                "Set ALGORITHM to the algorithm of the key, or remove the key.",
            )
    if not shared:
        names = (private_name, public_name, algorithm_name)
        private, public = key_pair(item.PRIVATE_KEY, item.PUBLIC_KEY, names, algorithm)
        return Key(item.KID or thumbprint(public, algorithm), algorithm, public, private)
    if not item.SECRET:
        raise KeyProblem(
            "ninja_boost_jwt.E001",
            f"{secret_name} is not set.",
            "Set it to a random secret, from the environment.",
        )
    secret = hmac_key(item.SECRET, secret_name, algorithm)
    return Key(item.KID, algorithm, secret, secret)


def remote_keys(options: JWTOptions) -> RemoteKeys | None:
    """Return the keys of another issuer, if there is one; nothing is fetched yet."""
    path = 'NINJA_BOOST["JWT"]["JWKS"]'
    theirs = options.JWKS
    if theirs.URL is None:
        return None
    for algorithm in theirs.ALGORITHMS:
        _check_algorithm(f'{path}["ALGORITHMS"]', algorithm, ASYMMETRIC)
    parts = urlsplit(theirs.URL)
    schemes = ("https", "http") if settings.DEBUG else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise KeyProblem(
            "ninja_boost_jwt.E006",
            f'{path}["URL"] is {theirs.URL!r:.200}.',
            "Give an https URL; http is enough with DEBUG only.",
        )
    return RemoteKeys(theirs)
