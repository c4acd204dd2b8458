"""How each system check of this package is brought about and put right."""

import secrets

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

APP = "ninja_boost_jwt"
APPS = list(settings.INSTALLED_APPS)
WITHOUT_APP = [app for app in APPS if app != APP]
SECRET = "of-no-value-and-only-for-these-tests-0123456789"
CHOICE = "Choose one of HS256, HS384, HS512, RS256"
THEIRS = "https://issuer.example/jwks.json"


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key):
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()


FIRST, SECOND = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
P384 = ec.generate_private_key(ec.SECP384R1())


def boost(**options):
    return {"NINJA_BOOST": {"AUTH": None, "JWT": options}}


def secret(value, algorithm="HS256", **others):
    return {"JWT_SECRET_KEY": value, "JWT_ALGORITHM": algorithm, **boost(), **others}


def pair(private=None, public=None, algorithm="ES256"):
    return {
        "JWT_PRIVATE_KEY": private,
        "JWT_PUBLIC_KEY": public,
        "JWT_ALGORITHM": algorithm,
        **boost(),
    }


def ring(*items):
    return {"JWT_SECRET_KEY": None, **boost(KEYS=list(items))}


def item(key=None, **fields):
    return {"ALGORITHM": "HS256", "SECRET": key, **fields}


def without_cryptography(algorithm):
    raise NotImplementedError(algorithm)


CASES = [
    (
        "ninja_boost_jwt.E001",
        secret(None),
        "Set it to a random secret of its own, at least 32 bytes long",
        {"JWT_SECRET_KEY": SECRET},
    ),
    (
        "ninja_boost_jwt.E001",
        secret(None, SILENCED_SYSTEM_CHECKS=["ninja_boost_jwt.W001"]),
        'or with NINJA_BOOST["JWT"]["ALLOW_SECRET_KEY"].',
        boost(ALLOW_SECRET_KEY=True),
    ),
    (
        "ninja_boost_jwt.E001",
        pair(),
        "Set the private key, in PEM form, where tokens are made",
        {"JWT_PRIVATE_KEY": pem(FIRST)},
    ),
    (
        "ninja_boost_jwt.E001",
        pair(),
        "the public one is enough where they are only verified.",
        {"JWT_PUBLIC_KEY": public_pem(FIRST)},
    ),
    (
        "ninja_boost_jwt.E001",
        ring(item()),
        "Set it to a random secret, from the environment.",
        ring(item(SECRET)),
    ),
    (
        "ninja_boost_jwt.E002",
        secret(12345),
        "It must be text or bytes.",
        {"JWT_SECRET_KEY": SECRET.encode()},
    ),
    (
        "ninja_boost_jwt.E002",
        secret("short"),
        "python -c 'import secrets; print(secrets.token_urlsafe(64))'",
        {"JWT_SECRET_KEY": secrets.token_urlsafe(64)},
    ),
    (
        "ninja_boost_jwt.E002",
        secret(pem(FIRST)),
        "or give a random secret.",
        {"JWT_SECRET_KEY": SECRET},
    ),
    (
        "ninja_boost_jwt.E002",
        secret(pem(FIRST)),
        "Set JWT_ALGORITHM to the algorithm of the key, and move it to JWT_PRIVATE_KEY",
        {"JWT_SECRET_KEY": None, "JWT_ALGORITHM": "ES256", "JWT_PRIVATE_KEY": pem(FIRST)},
    ),
    (
        "ninja_boost_jwt.E002",
        secret(None, JWT_PUBLIC_KEY=public_pem(FIRST)),
        "Set JWT_ALGORITHM to the algorithm of the key",
        {"JWT_ALGORITHM": "ES256"},
    ),
    (
        "ninja_boost_jwt.E002",
        secret(SECRET, JWT_PUBLIC_KEY=public_pem(FIRST)),
        "or remove the key.",
        {"JWT_PUBLIC_KEY": None},
    ),
    (
        "ninja_boost_jwt.E002",
        ring(item(SECRET, PRIVATE_KEY=pem(FIRST))),
        "or remove the key.",
        ring(item(SECRET)),
    ),
    (
        "ninja_boost_jwt.E002",
        pair(pem(FIRST), public_pem(SECOND)),
        "Remove JWT_PUBLIC_KEY: it follows from the private key.",
        {"JWT_PUBLIC_KEY": None},
    ),
    (
        "ninja_boost_jwt.E002",
        pair("no key"),
        "Give the private key of an ES256 pair, without a password, in PEM form.",
        {"JWT_PRIVATE_KEY": pem(FIRST)},
    ),
    (
        "ninja_boost_jwt.E002",
        pair(public=pem(FIRST)),
        "Give the public key of an ES256 pair, without a password, in PEM form.",
        {"JWT_PUBLIC_KEY": public_pem(FIRST)},
    ),
    (
        "ninja_boost_jwt.E002",
        pair(pem(P384)),
        "Give the private key of an ES256 pair, without a password, in PEM form.",
        {"JWT_PRIVATE_KEY": pem(FIRST)},
    ),
    (
        "ninja_boost_jwt.E003",
        secret(SECRET, "HS255"),
        CHOICE,
        {"JWT_ALGORITHM": "HS256"},
    ),
    (
        "ninja_boost_jwt.E003",
        {
            **pair(pem(FIRST)),
            "code": [(jwt, "get_algorithm_by_name", without_cryptography)],
        },
        "pip install 'PyJWT[crypto]'",
        {"code": []},
    ),
    (
        "ninja_boost_jwt.E004",
        secret(SECRET, JWT_EXPIRY_MINS="1h"),
        "Give the lifetime of a token in minutes, as a positive number.",
        {"JWT_EXPIRY_MINS": 60},
    ),
    (
        "ninja_boost_jwt.E005",
        {**ring(item(SECRET[::-1], KID="new")), "JWT_SECRET_KEY": SECRET},
        "Move the key into KEYS",
        ring(item(SECRET[::-1], KID="new"), item(SECRET)),
    ),
    (
        "ninja_boost_jwt.E005",
        ring(item(SECRET, KID="2026"), item(SECRET[::-1], KID="2026")),
        "Give each key a name of its own; one shared secret may be without.",
        ring(item(SECRET, KID="2026"), item(SECRET[::-1])),
    ),
    (
        "ninja_boost_jwt.E006",
        boost(JWKS={"URL": THEIRS.replace("https", "http"), "ISSUER": "them"}, AUDIENCE="us"),
        "Give an https URL",
        boost(JWKS={"URL": THEIRS, "ISSUER": "them"}, AUDIENCE="us"),
    ),
    (
        "ninja_boost_jwt.E007",
        {"INSTALLED_APPS": WITHOUT_APP, **boost(REVOCATION=True)},
        f"Add '{APP}' to INSTALLED_APPS and run migrate.",
        {"INSTALLED_APPS": APPS},
    ),
    (
        "ninja_boost_jwt.E007",
        {"INSTALLED_APPS": WITHOUT_APP, **boost(REFRESH={"GRACE": 5})},
        f"Add '{APP}' to INSTALLED_APPS and run migrate.",
        {"INSTALLED_APPS": APPS},
    ),
    (
        "ninja_boost_jwt.E008",
        boost(DATABASE="nowhere"),
        "Choose one of 'default'",
        boost(DATABASE="default"),
    ),
    (
        "ninja_boost_jwt.E008",
        boost(CACHE="nowhere"),
        "Choose one of 'default'.",
        boost(CACHE="default"),
    ),
    (
        "ninja_boost_jwt.W001",
        secret(settings.SECRET_KEY),
        "Set JWT_SECRET_KEY to a random secret of its own.",
        {"JWT_SECRET_KEY": SECRET},
    ),
    (
        "ninja_boost_jwt.W002",
        boost(JWKS={"URL": THEIRS}),
        'Set NINJA_BOOST["JWT"]["AUDIENCE"] to the name of this API, and the ISSUER of JWKS',
        boost(JWKS={"URL": THEIRS, "ISSUER": "them"}, AUDIENCE="us"),
    ),
]
