"""The key of the settings: what it must be, and the one algorithm that it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import jwt
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from ninja_boost_core.conf import boost_settings

from .settings import JWTOptions, JWTSettings

__all__ = ["KeyProblem", "Keys", "current_keys"]

# RFC 7518, section 3.2: an HMAC key is as long as the hash, in bytes.
HMAC_KEY_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
RSA_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
# RFC 7518, section 3.3.
RSA_KEY_BITS: Final = 2048
# RFC 7518, section 3.4: each has its own curve.
CURVES: Final = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
ALGORITHMS: Final = (*HMAC_KEY_BYTES, *RSA_ALGORITHMS, *CURVES, "EdDSA")

DJANGO_SETTINGS: Final = (
    "JWT_SECRET_KEY",
    "JWT_PRIVATE_KEY",
    "JWT_PUBLIC_KEY",
    "JWT_ALGORITHM",
    "JWT_EXPIRY_MINS",
)


class KeyProblem(ImproperlyConfigured):
    """One thing that is wrong with the settings; ``check_id`` is that of the system check."""

    def __init__(self, check_id: str, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.check_id = check_id
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Keys:
    """The settings, checked, with the key parsed.

    Attributes:
        algorithm: the only algorithm for which the key is used (RFC 8725, section 3.1).
        signing: the key that signs; None where there is only a public key.
        verifying: the key that verifies.
        lifetime: seconds until a new token expires.
        options: ``NINJA_BOOST["JWT"]``.
        borrowed: whether the key is Django's SECRET_KEY.
    """

    algorithm: str
    signing: Any
    verifying: Any
    lifetime: int
    options: JWTOptions
    borrowed: bool


_loaded: Keys | ImproperlyConfigured | None = None


def current_keys() -> Keys | ImproperlyConfigured:
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


@boost_settings.on_change
def _forget() -> None:
    global _loaded
    _loaded = None


def _follow(*, setting: str, **kwargs: object) -> None:
    if setting in (*DJANGO_SETTINGS, "SECRET_KEY", "DEBUG"):
        _forget()


setting_changed.connect(_follow, dispatch_uid="ninja_boost_jwt.keys")


def _load() -> Keys:
    options = boost_settings.section(JWTSettings).JWT
    algorithm = getattr(settings, "JWT_ALGORITHM", "HS256")
    if algorithm not in ALGORITHMS:
        raise KeyProblem(
            "ninja_boost_jwt.E003",
            f"JWT_ALGORITHM is {algorithm!r:.40}, which is not supported.",
            f"Choose one of {', '.join(ALGORITHMS)}.",
        )
    lifetime = _lifetime(getattr(settings, "JWT_EXPIRY_MINS", 60))
    if algorithm in HMAC_KEY_BYTES:
        secret, name = _secret(options)
        key = _hmac_key(secret, name, algorithm)
        return Keys(algorithm, key, key, lifetime, options, borrowed=name == "SECRET_KEY")
    private, public = _key_pair(algorithm)
    return Keys(algorithm, private, public, lifetime, options, borrowed=False)


def _lifetime(minutes: Any) -> int:
    numeric = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if not numeric or not 1 <= minutes * 60 < 2**31:
        raise KeyProblem(
            "ninja_boost_jwt.E004",
            f"JWT_EXPIRY_MINS is {minutes!r:.40}.",
            "Give the lifetime of a token in minutes, as a positive number.",
        )
    return int(minutes * 60)


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


def _hmac_key(secret: Any, name: str, algorithm: str) -> bytes:
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
            "Set JWT_ALGORITHM to the algorithm of the key, and the key as JWT_PRIVATE_KEY or "
            "JWT_PUBLIC_KEY; or give a random secret.",
        ) from None
    return key


def _key_pair(algorithm: str) -> tuple[Any, Any]:
    try:
        parse = jwt.get_algorithm_by_name(algorithm).prepare_key
    except NotImplementedError as error:
        raise KeyProblem(
            "ninja_boost_jwt.E003",
            f"JWT_ALGORITHM {algorithm} needs the package cryptography.",
            "Install it: pip install 'PyJWT[crypto]'",
        ) from error
    private = _asymmetric_key("JWT_PRIVATE_KEY", algorithm, parse, private=True)
    public = _asymmetric_key("JWT_PUBLIC_KEY", algorithm, parse, private=False)
    if private is None and public is None:
        raise KeyProblem(
            "ninja_boost_jwt.E001",
            f"Neither JWT_PRIVATE_KEY nor JWT_PUBLIC_KEY is set, so that every {algorithm} token "
            "is refused.",
            "Set the private key, in PEM form, where tokens are made; the public one is enough "
            "where they are only verified.",
        )
    if private is not None and public is not None and private.public_key() != public:
        raise KeyProblem(
            "ninja_boost_jwt.E002",
            "JWT_PRIVATE_KEY and JWT_PUBLIC_KEY are not a pair.",
            "Remove JWT_PUBLIC_KEY: it follows from the private key.",
        )
    return private, private.public_key() if public is None else public


def _asymmetric_key(
    name: str, algorithm: str, parse: Callable[[Any], Any], *, private: bool
) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    text = getattr(settings, name, None)
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
    if algorithm in RSA_ALGORITHMS and key.key_size < RSA_KEY_BITS:
        raise KeyProblem(
            "ninja_boost_jwt.E002",
            f"{name} has {key.key_size} bits; {algorithm} needs at least {RSA_KEY_BITS}.",
            hint,
        )
    if algorithm in CURVES and key.curve.name != CURVES[algorithm]:
        raise KeyProblem(
            "ninja_boost_jwt.E002",
            f"{name} is on the curve {key.curve.name}; {algorithm} needs {CURVES[algorithm]}.",
            hint,
        )
    return key
