"""Keys: what a configured secret is worth, and the signatures that it can vouch for."""

from __future__ import annotations

import base64
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from ninja_boost_core.problems import MissingDependency

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ed25519

__all__ = ["Algorithm", "Ed25519Key", "HmacKey", "Key", "MissingDependency", "UnusableSecret"]

Algorithm = Literal["sha1", "sha256", "ed25519"]


class UnusableSecret(ValueError):
    """A configured secret from which no key can be made; the text never quotes it."""


class Key(ABC):
    """A key that can tell a right signature from a wrong one."""

    @abstractmethod
    def accepts(self, algorithm: Algorithm, content: bytes, signatures: Iterable[bytes]) -> bool:
        """Return whether one of ``signatures`` is this key's over ``content``."""


class HmacKey(Key):
    """A secret that both sides know."""

    def __init__(self, secret: bytes) -> None:
        self.secret: Final = secret

    def sign(self, algorithm: Algorithm, content: bytes) -> bytes:
        return hmac.digest(self.secret, content, algorithm)

    def accepts(self, algorithm: Algorithm, content: bytes, signatures: Iterable[bytes]) -> bool:
        # A secret must not vouch for signatures of another kind of key.
        if algorithm not in hashlib.algorithms_guaranteed:
            return False
        expected = self.sign(algorithm, content)
        found = False
        for signature in signatures:
            found |= hmac.compare_digest(expected, signature)
        return found


class Ed25519Key(Key):
    """The sender's public key (RFC 8032), 32 bytes.

    Raises:
        MissingDependency: without the ``ed25519`` extra.
        UnusableSecret: if the bytes are no public key.
    """

    def __init__(self, public: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError as error:
            raise MissingDependency("pip install 'ninja-boost-webhooks[ed25519]'") from error
        try:
            self._key: ed25519.Ed25519PublicKey = Ed25519PublicKey.from_public_bytes(public)
        except ValueError:
            raise UnusableSecret("is no Ed25519 public key of 32 bytes") from None

    @cached_property
    def _invalid(self) -> type[Exception]:
        from cryptography.exceptions import InvalidSignature

        return InvalidSignature

    def accepts(self, algorithm: Algorithm, content: bytes, signatures: Iterable[bytes]) -> bool:
        return algorithm == "ed25519" and any(self._verifies(s, content) for s in signatures)

    def _verifies(self, signature: bytes, content: bytes) -> bool:
        try:
            self._key.verify(signature, content)
        except self._invalid:
            return False
        return True


def raw_key(secret: str | bytes) -> Key:
    """Return the key of a secret that is used as it is written.

    Raises:
        UnusableSecret: for text that cannot be encoded.
    """
    if isinstance(secret, bytes):
        return HmacKey(secret)
    try:
        # How os.environ keeps bytes that are no UTF-8.
        return HmacKey(secret.encode(errors="surrogateescape"))
    except UnicodeEncodeError:
        raise UnusableSecret("is no text that can be encoded") from None


def standard_key(secret: str | bytes) -> Key:
    """Return the key of a Standard Webhooks secret.

    ``whsec_`` and plain text are base64 of a shared secret, ``whpk_`` of an Ed25519 public key;
    bytes are the shared secret itself.

    Raises:
        UnusableSecret: for anything else.
        MissingDependency: for ``whpk_`` without the ``ed25519`` extra.
    """
    if isinstance(secret, bytes):
        return HmacKey(secret)
    if secret.startswith("whsk_"):
        raise UnusableSecret("is the sender's private key (whsk_); verifying takes the whpk_ key")
    if secret.startswith("whpk_"):
        return Ed25519Key(decode_key(secret.removeprefix("whpk_")))
    return HmacKey(decode_key(secret.removeprefix("whsec_")))


def decode_key(text: str) -> bytes:
    """Return the bytes of a key in base64, padded or not.

    Raises:
        UnusableSecret: if it is none, or an empty one.
    """
    text = text.rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise UnusableSecret("is not base64, as Standard Webhooks keys are") from None
    if not key:
        raise UnusableSecret("holds an empty key")
    return key
