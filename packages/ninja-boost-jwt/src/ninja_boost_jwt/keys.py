"""The key ring of the settings: the key that signs, and those that verify."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.steps import Steps

from .algorithms import KeyProblem
from .configuration import (
    ONE_KEY,
    check_aliases,
    has_one_key,
    keys_of_ring,
    lifetime_in_seconds,
    one_key,
    remote_keys,
)
from .key_sets import Key
from .remote import RemoteKeys
from .settings import JWTOptions, JWTSettings
from .token_cache import TokenCache

__all__ = ["APP", "DJANGO_SETTINGS", "KeyProblem", "KeyRing", "current_keys", "current_options"]

APP: Final = "ninja_boost_jwt"
DJANGO_SETTINGS: Final = (*ONE_KEY, "JWT_EXPIRY_MINS")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The settings, checked, with the keys parsed.

    Attributes:
        keys: those of this project; the first one signs, if it can.
        unnamed: the key of tokens without a ``kid``.
        fallback: the key of tokens with a ``kid`` that no other key has: where the Django
            settings have the one key of the project, names do not matter.
        remote: the keys of another issuer.
        lifetime: seconds until a new token expires.
        options: ``NINJA_BOOST["JWT"]``.
        borrowed: whether the key is Django's SECRET_KEY.
        tokens: those verified a moment ago; None without TOKEN_CACHE_SECONDS. Other settings are
            another ring, which knows none of them.
        may_wait: whether verifying a token may need a fetch or a look-up.
    """

    keys: tuple[Key, ...]
    unnamed: Key | None
    fallback: Key | None
    remote: RemoteKeys | None
    lifetime: int
    options: JWTOptions
    borrowed: bool = False
    tokens: TokenCache | None = field(init=False, compare=False, repr=False)
    may_wait: bool = field(init=False)

    def __post_init__(self) -> None:
        seconds = self.options.TOKEN_CACHE_SECONDS
        object.__setattr__(self, "tokens", TokenCache(seconds) if seconds else None)
        object.__setattr__(self, "may_wait", self.remote is not None or self.options.REVOCATION)

    @property
    def signing(self) -> Key | None:
        """The key of new tokens; None where tokens are only verified."""
        first = self.keys[0] if self.keys else None
        return first if first is not None and first.signing is not None else None

    def find(self, kid: str | None, algorithm: str) -> Steps[tuple[Key, str | None] | None]:
        """Return the key for a token's header, and the issuer that the token must name.

        Raises:
            ninja_boost_jwt.remote.KeysUnavailable: see there.
        """
        remote = self.remote
        if (
            remote is not None
            and algorithm in remote.options.ALGORITHMS
            and self._named(kid, algorithm) is None
        ):
            theirs = yield from remote.find(kid, algorithm)
            if theirs is not None:
                return theirs, remote.options.ISSUER or self.options.ISSUER
        key = self.own(kid, algorithm)
        return None if key is None else (key, self.options.ISSUER)

    def own(self, kid: str | None, algorithm: str) -> Key | None:
        """Return the key of this project for a token's header."""
        key = self._named(kid, algorithm) or self.fallback
        # RFC 8725, section 3.1: the key decides about the algorithm, the token has to agree.
        return None if key is None or key.algorithm != algorithm else key

    def _named(self, kid: str | None, algorithm: str) -> Key | None:
        """Return the key that the header names, if it serves the algorithm."""
        if kid is None:
            key = self.unnamed
        else:
            key = next((each for each in self.keys if each.kid == kid), None)
        return None if key is None or key.algorithm != algorithm else key


_loaded: KeyRing | ImproperlyConfigured | None = None


def current_keys() -> KeyRing | ImproperlyConfigured:
    """Return the keys of the settings, or what is wrong with them.

    Parsed once, and again after the settings changed.
    """
    global _loaded
    loaded = _loaded
    if loaded is None:
        try:
            loaded = _load()
        except ImproperlyConfigured as problem:
            loaded = problem
        _loaded = loaded
    return loaded


def current_options() -> JWTOptions:
    """Return ``NINJA_BOOST["JWT"]``.

    Raises:
        django.core.exceptions.ImproperlyConfigured: the settings are wrong.
    """
    return boost_settings.section(JWTSettings).JWT


@boost_settings.on_change
def _forget() -> None:
    global _loaded
    _loaded = None


def _follow(*, setting: str, **kwargs: object) -> None:
    if setting in (*DJANGO_SETTINGS, "SECRET_KEY", "DEBUG", "INSTALLED_APPS"):
        _forget()


setting_changed.connect(_follow, dispatch_uid="ninja_boost_jwt.keys")


def _load() -> KeyRing:
    options = current_options()
    lifetime = lifetime_in_seconds()
    if options.REVOCATION and not apps.is_installed(APP):
        raise KeyProblem(
            "ninja_boost_jwt.E007",
            'NINJA_BOOST["JWT"]["REVOCATION"] is on, and its table is not there.',
            f"Add {APP!r} to INSTALLED_APPS and run migrate.",
        )
    check_aliases(options)
    remote = remote_keys(options)
    if options.KEYS:
        keys = keys_of_ring(options)
        unnamed = next((key for key in keys if key.kid is None), None)
        return KeyRing(keys, unnamed, None, remote, lifetime, options)
    if remote is not None and not has_one_key():
        return KeyRing((), None, None, remote, lifetime, options)
    key, borrowed = one_key(options)
    return KeyRing((key,), key, key, remote, lifetime, options, borrowed)
