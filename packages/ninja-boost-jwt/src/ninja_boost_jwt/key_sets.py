"""JSON Web Key sets (RFC 7517): ours for others, and what we take from those of others."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from .algorithms import ASYMMETRIC, RSA_ALGORITHMS, weakness

__all__ = ["Key", "key_set", "keys_in", "thumbprint"]

# RFC 7638, section 3.2, and RFC 8037, section 2: what makes the key, and nothing private.
_REQUIRED: Final = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}
_REQUIRED_OKP: Final = ("crv", "kty", "x")
_CURVE_ALGORITHMS: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
MOST_KEYS: Final = 100


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its name and the only algorithm for which it is used (RFC 8725, section 3.1).

    Attributes:
        kid: its name in the header of tokens; None for a key without one.
        algorithm: for example ``"ES256"``.
        verifying: the shared secret or the public key.
        signing: the shared secret or the private key; None where there is only a public one.
    """

    kid: str | None
    algorithm: str
    verifying: Any = field(repr=False)
    signing: Any = field(default=None, repr=False)

    @property
    def is_public(self) -> bool:
        """Whether the verifying key may be published."""
        return self.algorithm in ASYMMETRIC

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Return whether ``signature`` is the key's own under ``data``; HMACs take equal time."""
        return _primitive(self.algorithm).verify(data, self.verifying, signature)


@functools.cache
def _primitive(algorithm: str) -> jwt.algorithms.Algorithm:
    return jwt.get_algorithm_by_name(algorithm)


def thumbprint(public_key: Any, algorithm: str) -> str:
    """Return the RFC 7638 thumbprint of a public key, by SHA-256."""
    members = json.dumps(_members(public_key, algorithm), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(members.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def key_set(keys: Iterable[Key]) -> dict[str, Any]:
    """Return the JWK set of the public keys; shared secrets are not in it."""
    return {
        "keys": [
            {
                **_members(key.verifying, key.algorithm),
                "kid": key.kid,
                "alg": key.algorithm,
                "use": "sig",
            }
            for key in keys
            if key.is_public
        ]
    }


def _members(public_key: Any, algorithm: str) -> dict[str, Any]:
    whole: Any = type(jwt.get_algorithm_by_name(algorithm)).to_jwk(public_key)
    found = json.loads(whole)
    return {name: found[name] for name in _REQUIRED.get(found["kty"], _REQUIRED_OKP)}


def keys_in(document: bytes, algorithms: Sequence[str]) -> tuple[Key, ...]:
    """Return the keys of a JWK set that verify signatures of one of ``algorithms``.

    As RFC 7517, section 5, asks, a key of another kind is passed over: an unknown type, another
    use, a shared or a private key, one that is too weak.

    Raises:
        ValueError: the document is no JWK set.
    """
    try:
        found = json.loads(document)
    except RecursionError:
        raise ValueError("It is nested too deep.") from None
    items = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(items, list) or len(items) > MOST_KEYS:
        raise ValueError(f"It is no JWK set of at most {MOST_KEYS} keys.")
    return tuple(_readable(items, algorithms))


def _readable(items: Iterable[Any], algorithms: Sequence[str]) -> Iterator[Key]:
    for item in items:
        if isinstance(item, dict) and (key := _read(item, algorithms)) is not None:
            yield key


def _read(item: Mapping[str, Any], algorithms: Sequence[str]) -> Key | None:
    from cryptography.exceptions import UnsupportedAlgorithm

    algorithm = _algorithm(item, algorithms)
    kid = item.get("kid")
    operations = item.get("key_ops", ["verify"])
    if (
        algorithm is None
        or not isinstance(kid, str | None)
        or item.get("use", "sig") != "sig"
        or not (isinstance(operations, list) and "verify" in operations)
        # A private key that was published is anybody's.
        or "d" in item
    ):
        return None
    try:
        public: Any = type(jwt.get_algorithm_by_name(algorithm)).from_jwk(dict(item))
        unfit = weakness(public, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, LookupError, UnsupportedAlgorithm):
        return None
    return None if unfit else Key(kid, algorithm, public)


def _algorithm(item: Mapping[str, Any], algorithms: Sequence[str]) -> str | None:
    """Return the one algorithm that a key is for, if it is one of those accepted."""
    kind, curve = item.get("kty"), item.get("crv")
    if not isinstance(curve, str | None):
        return None
    suited: tuple[str, ...] = ()
    if kind == "RSA":
        suited = RSA_ALGORITHMS
    elif kind == "EC" and curve in _CURVE_ALGORITHMS:
        suited = (_CURVE_ALGORITHMS[curve],)
    elif kind == "OKP" and curve in ("Ed25519", "Ed448"):
        suited = ("EdDSA",)
    named = item.get("alg")
    if named is None:
        return next((each for each in algorithms if each in suited), None)
    # RFC 9864 has names of their own for the two curves of EdDSA.
    if kind == "OKP" and named == curve:
        named = "EdDSA"
    return named if named in suited and named in algorithms else None
