"""The key ring: one key signs, all verify."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Mapping

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import Misconfigured

from .canonical import canonical_bytes
from .settings import MIN_KEY, AuditOptions, current_options

__all__ = ["KeyRing", "key_ring"]

_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")


class KeyRing:
    """Secrets by key id. HMAC-SHA256 (RFC 2104, FIPS 180-4) over canonical JSON.

    Args:
        keys: the first one signs.

    Raises:
        ValueError: there is no key.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError("A key ring needs a key.")
        # A keyed hash is copied for each message, which saves hashing the key again.
        self._hashes = {name: hmac.new(key, None, hashlib.sha256) for name, key in keys.items()}
        self.current: str = next(iter(self._hashes))

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._hashes

    def sign(self, key_id: str, message: object) -> str:
        """Return the MAC of a JSON value, in hexadecimal.

        Raises:
            KeyError: there is no such key.
        """
        mac = self._hashes[key_id].copy()
        mac.update(canonical_bytes(message))
        return mac.hexdigest()

    def verify(self, key_id: str, message: object, mac: str) -> bool:
        """Whether ``mac`` is that of the message, by a key that is known."""
        if key_id not in self._hashes:
            return False
        return hmac.compare_digest(self.sign(key_id, message).encode(), mac.encode())


_ring: KeyRing | None = None


@boost_settings.on_change
def _forget_ring() -> None:
    global _ring
    _ring = None


def key_ring() -> KeyRing:
    """Return the key ring of the settings.

    Raises:
        ImproperlyConfigured: there is no key, or the environment has a bad one.
    """
    global _ring
    if _ring is None:
        _ring = KeyRing(_keys(current_options()))
    return _ring


def _keys(options: AuditOptions) -> dict[str, bytes]:
    if options.KEYS:
        return {name: key.get_secret_value().encode() for name, key in options.KEYS.items()}
    variable = options.KEYS_ENV
    keys: dict[str, bytes] = {}
    for number, item in enumerate(filter(None, os.environ.get(variable, "").split(",")), 1):
        name, _, secret = item.strip().partition(":")
        # The message must not show what may be a secret.
        if not _KEY_ID.fullmatch(name) or name in keys or len(secret.encode()) < MIN_KEY:
            raise Misconfigured(
                f"NINJA_BOOST: AUDIT.KEYS_ENV: key number {number} in the environment variable "
                f"{variable} is wrong.",
                f"Set {variable} to id:secret,id:secret, with different ids of letters and "
                f"digits and secrets of at least {MIN_KEY} bytes.",
            )
        keys[name] = secret.encode()
    if not keys:
        raise Misconfigured(
            "NINJA_BOOST: AUDIT.KEYS is empty, and the audit trail has no key to sign with.",
            f"Set AUDIT.KEYS to {{'2026': secret}}, or the environment variable {variable} to "
            f"2026:secret, where the secret has at least {MIN_KEY} bytes and is not in the "
            "database.",
        )
    return keys
