"""What a key must be to serve an algorithm (RFC 7518), and the error that says it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jwt
from django.core.exceptions import ImproperlyConfigured

__all__ = ["ALGORITHMS", "HMAC_KEY_BYTES", "KeyProblem", "hmac_key", "key_pair", "weakness"]

# RFC 7518, section 3.2: an HMAC key is as long as the hash, in bytes.
HMAC_KEY_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
RSA_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
# RFC 7518, section 3.3; and what verifies in a reasonable time.
RSA_KEY_BITS: Final = 2048
MOST_RSA_KEY_BITS: Final = 16384
# RFC 7518, section 3.4: each has its own curve.
CURVES: Final = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
ASYMMETRIC: Final = (*RSA_ALGORITHMS, *CURVES, "EdDSA")
ALGORITHMS: Final = (*HMAC_KEY_BYTES, *ASYMMETRIC)


class KeyProblem(ImproperlyConfigured):
    """One thing that is wrong with the settings; ``check_id`` is that of the system check."""

    def __init__(self, check_id: str, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.check_id = check_id
        self.message = message
        self.hint = hint


def hmac_key(secret: Any, name: str, algorithm: str) -> bytes:
    """Return a shared secret as bytes.

    Raises:
        KeyProblem: naming the setting ``name``, if it is no text, too short, or a key pair's.
    """
    if not isinstance(secret, str | bytes):
        raise KeyProblem(
            "ninja_boost_jwt.E002",
            f"{name} is a {type(secret).__name__}.",
            "It must be text or bytes.",
        )
    needed = HMAC_KEY_BYTES[algorithm]
    length = len(secret.encode() if isinstance(secret, str) else secret)
    if length < needed:
        raise KeyProblem(
            "ninja_boost_jwt.E002",
            f"{name} has {length} bytes; {algorithm} needs at least {needed}.",
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(64))'",
        )
    try:
        # Refuses a key pair's PEM text, which is public in half of its uses.
        key: bytes = jwt.get_algorithm_by_name(algorithm).prepare_key(secret)
    except jwt.InvalidKeyError:
        raise KeyProblem(
            "ninja_boost_jwt.E002",
            f"{name} holds an asymmetric key or a certificate, which {algorithm} cannot use "
            "as its secret.",
            f"Set {_beside(name, 'ALGORITHM')} to the algorithm of the key, and move it to "
            f"{_beside(name, 'PRIVATE_KEY')} or {_beside(name, 'PUBLIC_KEY')}; or give a random "
            "secret.",
        ) from None
    return key


def _beside(name: str, other: str) -> str:
    """Return the name of another setting of the key whose secret is ``name``."""
    if name.endswith("]"):
        return name.replace('["SECRET"]', f'["{other}"]')
    return f"JWT_{other}"


def key_pair(
    private_text: Any, public_text: Any, names: tuple[str, str, str], algorithm: str
) -> tuple[Any, Any]:
    """Return the private key, or None, and the public one.

    Args:
        private_text: PEM text, or nothing.
        public_text: PEM text, or nothing: it follows from the private key.
        names: the settings of the private key, the public key and the algorithm.
        algorithm: the one that the keys serve.

    Raises:
        KeyProblem: naming the setting that is wrong.
    """
    private_name, public_name, algorithm_name = names
    try:
        parse = jwt.get_algorithm_by_name(algorithm).prepare_key
    except NotImplementedError as error:
        raise KeyProblem(
            "ninja_boost_jwt.E003",
            f"{algorithm_name} {algorithm} needs the package cryptography.",
            "Install it: pip install 'PyJWT[crypto]'",
        ) from error
    private = _parsed(private_text, private_name, algorithm, parse, private=True)
    public = _parsed(public_text, public_name, algorithm, parse, private=False)
    if private is None and public is None:
        raise KeyProblem(
            "ninja_boost_jwt.E001",
            f"Neither {private_name} nor {public_name} is set, so that every {algorithm} token "
            "is refused.",
            "Set the private key, in PEM form, where tokens are made; the public one is enough "
            "where they are only verified.",
        )
    if private is not None and public is not None and private.public_key() != public:
        raise KeyProblem(
            "ninja_boost_jwt.E002",
            f"{private_name} and {public_name} are not a pair.",
            f"Remove {public_name}: it follows from the private key.",
        )
    return private, private.public_key() if public is None else public


def weakness(key: Any, algorithm: str) -> str | None:
    """Return why an asymmetric key does not fit its algorithm, or None if it does."""
    if algorithm in RSA_ALGORITHMS:
        if key.key_size < RSA_KEY_BITS:
            return f"has {key.key_size} bits; {algorithm} needs at least {RSA_KEY_BITS}."
        if key.key_size > MOST_RSA_KEY_BITS:
            return f"has {key.key_size} bits, more than the {MOST_RSA_KEY_BITS} allowed."
    if algorithm in CURVES and key.curve.name != CURVES[algorithm]:
        return f"is on the curve {key.curve.name}; {algorithm} needs {CURVES[algorithm]}."
    return None


def _parsed(
    text: Any, name: str, algorithm: str, parse: Callable[[Any], Any], *, private: bool
) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    if not text:
        return None
    kind = "private" if private else "public"
    hint = f"Give the {kind} key of an {algorithm} pair, without a password, in PEM form."
    try:
        key = parse(text)
    except (jwt.InvalidKeyError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        # The text of the error may quote the key.
        raise KeyProblem(
            "ninja_boost_jwt.E002",
            f"{name} cannot be read as an {algorithm} key ({type(error).__name__}).",
            hint,
        ) from None
    if hasattr(key, "private_bytes") is not private:
        raise KeyProblem("ninja_boost_jwt.E002", f"{name} does not hold a {kind} key.", hint)
    if problem := weakness(key, algorithm):
        raise KeyProblem("ninja_boost_jwt.E002", f"{name} {problem}", hint)
    return key
