"""Which keys are taken, and what happens with the others."""

import hmac
from unittest import mock

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from ninja_boost_core.features import installed_features
from ninja_boost_jwt import JWTAuth, authentication, create_jwt_token, decode_jwt_token, keys

from .hostile import SECRET, claims, segment, signed


def private_pem(key, encryption=None):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    ).decode()


def public_pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
P521 = ec.generate_private_key(ec.SECP521R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
ED448 = ed448.Ed448PrivateKey.generate()

PAIRS = [
    ("RS256", RSA),
    ("RS384", RSA),
    ("RS512", RSA),
    ("PS256", RSA),
    ("PS384", RSA),
    ("PS512", RSA),
    ("ES256", P256),
    ("ES384", P384),
    ("ES512", P521),
    ("EdDSA", ED25519),
    ("EdDSA", ED448),
]


def configure(settings, algorithm, private=None, public=None, secret=None):
    settings.JWT_SECRET_KEY = secret
    settings.JWT_ALGORITHM = algorithm
    settings.JWT_PRIVATE_KEY = private
    settings.JWT_PUBLIC_KEY = public


@pytest.fixture
def problems():
    """The ids of what our system checks say."""

    def run(deploy=False):
        feature = next(f for f in installed_features() if f.name == "jwt")
        return list(feature.checks(deploy))

    return run


def refused(problems, check_id, *named):
    """Assert that no token is made or read, and that the system check says why."""
    (message,) = problems()
    assert message.id == check_id
    assert isinstance(message, checks.Error)
    assert message.hint
    for text in named:
        assert text in message.msg
    with pytest.raises(ImproperlyConfigured) as raised:
        create_jwt_token({"user_id": 7})
    assert message.msg in str(raised.value)
    assert decode_jwt_token(signed(claims())) is None
    return f"{message.msg} {message.hint} {raised.value}"


@pytest.mark.parametrize(("algorithm", "length"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_shared_secrets(settings, problems, algorithm, length):
    settings.JWT_ALGORITHM = algorithm
    for secret in ("k" * length, b"k" * length, "é" * (length // 2)):
        settings.JWT_SECRET_KEY = secret
        assert decode_jwt_token(create_jwt_token({"user_id": 7}))["user_id"] == 7
        assert problems() == []
    for secret in ("k" * (length - 1), b"k" * (length - 1), "é" * (length // 2 - 1)):
        settings.JWT_SECRET_KEY = secret
        refused(problems, "ninja_boost_jwt.E002", "JWT_SECRET_KEY", str(length))
        forged = signed(claims(), {"alg": algorithm}, secret=secret, algorithm=algorithm)
        assert decode_jwt_token(forged) is None


@pytest.mark.parametrize(("algorithm", "key"), PAIRS)
def test_key_pairs(settings, problems, algorithm, key):
    configure(settings, algorithm, private_pem(key), public_pem(key))
    token = create_jwt_token({"user_id": 7})
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert jwt.decode(token, public_pem(key), algorithms=[algorithm])["user_id"] == 7
    assert decode_jwt_token(token)["user_id"] == 7
    assert problems() == []

    configure(settings, algorithm, private_pem(key))
    assert decode_jwt_token(token)["user_id"] == 7, "the public key follows from the private"

    configure(settings, algorithm, None, public_pem(key).encode())
    assert decode_jwt_token(token)["user_id"] == 7
    assert decode_jwt_token(token[:-8] + "AAAAAAAA") is None
    assert problems() == []
    with pytest.raises(ImproperlyConfigured, match="JWT_PRIVATE_KEY"):
        create_jwt_token({})


@pytest.mark.parametrize(("algorithm", "key"), PAIRS)
def test_key_confusion(settings, problems, algorithm, key):
    """A token signed with the public key as if it were a shared secret (RFC 8725, 2.1)."""
    public = public_pem(key)
    for shared, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        signing_input = f"{segment({'alg': shared, 'typ': 'JWT'})}.{segment(claims())}"
        signature = hmac.digest(public.encode(), signing_input.encode(), digest)
        forged = f"{signing_input}.{segment(signature)}"
        configure(settings, algorithm, private_pem(key), public)
        assert decode_jwt_token(create_jwt_token({})) is not None
        assert decode_jwt_token(forged) is None
        # And with the public key in the place of the secret.
        configure(settings, shared, secret=public)
        text = refused(problems, "ninja_boost_jwt.E002", "JWT_SECRET_KEY")
        assert public.splitlines()[1] not in text
        assert decode_jwt_token(forged) is None


def test_another_algorithm_of_the_same_key_is_refused(settings):
    configure(settings, "RS256", private_pem(RSA))
    for algorithm in ("RS384", "RS512", "PS256", "PS384", "PS512"):
        token = jwt.encode(claims(), private_pem(RSA), algorithm=algorithm)
        assert decode_jwt_token(token) is None
    assert decode_jwt_token(jwt.encode(claims(), private_pem(RSA), algorithm="RS256"))


@pytest.mark.parametrize(
    ("algorithm", "private", "public", "named"),
    [
        ("RS256", private_pem(SMALL_RSA), None, ("JWT_PRIVATE_KEY", "1024", "2048")),
        ("RS256", None, public_pem(SMALL_RSA), ("JWT_PUBLIC_KEY", "1024", "2048")),
        ("RS256", private_pem(P256), None, ("JWT_PRIVATE_KEY",)),
        ("ES256", private_pem(RSA), None, ("JWT_PRIVATE_KEY",)),
        ("ES256", private_pem(P384), None, ("JWT_PRIVATE_KEY", "ES256")),
        ("ES512", None, public_pem(P384), ("JWT_PUBLIC_KEY", "ES512")),
        ("EdDSA", private_pem(P256), None, ("JWT_PRIVATE_KEY",)),
        ("RS256", public_pem(RSA), None, ("JWT_PRIVATE_KEY", "private")),
        ("RS256", None, private_pem(RSA), ("JWT_PUBLIC_KEY", "public")),
        ("ES256", None, private_pem(P256), ("JWT_PUBLIC_KEY", "public")),
        ("EdDSA", None, private_pem(ED25519), ("JWT_PUBLIC_KEY", "public")),
        ("RS256", "no key", None, ("JWT_PRIVATE_KEY",)),
        ("RS256", 7, None, ("JWT_PRIVATE_KEY",)),
        (
            "ES256",
            None,
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            ("JWT_PUBLIC",),
        ),
        ("RS256", private_pem(RSA), public_pem(P256), ("JWT_PUBLIC_KEY",)),
        (
            "ES256",
            private_pem(P256),
            public_pem(ec.generate_private_key(ec.SECP256R1())),
            ("not a pair",),
        ),
        (
            "RS256",
            private_pem(RSA, serialization.BestAvailableEncryption(b"password")),
            None,
            ("JWT_PRIVATE_KEY",),
        ),
    ],
)
def test_keys_that_cannot_be_used(settings, problems, algorithm, private, public, named):
    configure(settings, algorithm, private, public)
    text = refused(problems, "ninja_boost_jwt.E002", *named)
    for key in (private, public):
        if isinstance(key, str) and "\n" in key:
            assert key.splitlines()[1] not in text


def test_no_key_of_a_pair(settings, problems):
    configure(settings, "RS256", secret=SECRET)
    refused(problems, "ninja_boost_jwt.E001", "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY")


def test_a_key_pair_with_the_default_algorithm(settings, problems):
    settings.JWT_SECRET_KEY = None
    settings.JWT_PUBLIC_KEY = public_pem(RSA)
    refused(problems, "ninja_boost_jwt.E002", "JWT_PUBLIC_KEY", "JWT_ALGORITHM")


@pytest.mark.parametrize("algorithm", ["none", "None", "", "hs256", "HS1", None, 7, [], ["HS256"]])
def test_unknown_algorithms(settings, problems, algorithm):
    settings.JWT_ALGORITHM = algorithm
    refused(problems, "ninja_boost_jwt.E003", "JWT_ALGORITHM")


def test_without_cryptography(settings, problems):
    configure(settings, "RS256", private_pem(RSA))
    missing = mock.patch("jwt.get_algorithm_by_name", side_effect=NotImplementedError)
    with missing:
        (message,) = problems()
        assert message.id == "ninja_boost_jwt.E003"
        assert "pip install" in message.hint


@pytest.mark.parametrize(
    "minutes", [0, -1, "60", None, True, 0.001, float("inf"), float("nan"), 1e12]
)
def test_wrong_lifetimes(settings, problems, minutes):
    settings.JWT_EXPIRY_MINS = minutes
    refused(problems, "ninja_boost_jwt.E004", "JWT_EXPIRY_MINS")


@pytest.mark.parametrize("missing", ["", None, b""])
def test_without_a_secret_every_token_is_refused(settings, problems, missing, caplog):
    settings.JWT_SECRET_KEY = missing
    refused(problems, "ninja_boost_jwt.E001", "JWT_SECRET_KEY")
    for secret in (settings.SECRET_KEY, SECRET, ""):
        assert decode_jwt_token(signed(claims(), secret=secret)) is None
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1
    assert "JWT_SECRET_KEY" in caplog.text


def test_secret_key_stands_in_under_debug(settings, problems):
    settings.JWT_SECRET_KEY = None
    settings.DEBUG = True
    token = create_jwt_token({"user_id": 7})
    assert jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])["user_id"] == 7
    assert decode_jwt_token(token)
    assert problems() == []
    settings.DEBUG = False
    assert decode_jwt_token(token) is None
    settings.NINJA_BOOST = {"JWT": {"ALLOW_SECRET_KEY": True}}
    assert decode_jwt_token(token)
    assert problems() == []
    assert [message.id for message in problems(deploy=True)] == ["ninja_boost_jwt.W001"]


def test_a_short_secret_key_does_not_stand_in(settings, problems):
    settings.JWT_SECRET_KEY = None
    settings.DEBUG = True
    settings.SECRET_KEY = "short"
    refused(problems, "ninja_boost_jwt.E002", "SECRET_KEY has 5 bytes")


def test_deployment(settings, problems):
    assert problems(deploy=True) == []
    settings.JWT_SECRET_KEY = settings.SECRET_KEY
    (message,) = problems(deploy=True)
    assert message.id == "ninja_boost_jwt.W001"
    assert isinstance(message, checks.Warning)


def test_no_complaint_where_tokens_are_not_used(settings, problems, monkeypatch):
    monkeypatch.setattr("ninja_boost_jwt.checks.instances", set())
    monkeypatch.setattr("ninja_boost_jwt.checks.routers", set())
    settings.JWT_SECRET_KEY = None
    settings.NINJA_BOOST = {"AUTH": None}
    assert problems() == problems(deploy=True) == []
    settings.NINJA_BOOST = {"AUTH": "ninja_boost_jwt.JWTAuth"}
    assert [message.id for message in problems()] == ["ninja_boost_jwt.E001"]
    settings.NINJA_BOOST = {"AUTH": None, "JWT": {"LEEWAY": 5}}
    assert [message.id for message in problems()] == ["ninja_boost_jwt.E001"]
    settings.NINJA_BOOST = {"AUTH": None}
    settings.JWT_EXPIRY_MINS = 5
    assert [message.id for message in problems()] == ["ninja_boost_jwt.E001"]


def test_an_instance_in_the_urls_is_a_use(settings, problems):
    settings.JWT_SECRET_KEY = None
    settings.NINJA_BOOST = {"AUTH": None}
    auth = JWTAuth()
    assert auth in authentication.instances
    assert [message.id for message in problems()] == ["ninja_boost_jwt.E001"]


def test_the_key_is_parsed_once(settings):
    configure(settings, "RS256", private_pem(RSA))
    with mock.patch.object(keys, "_load", wraps=keys._load) as load:
        for _ in range(5):
            assert decode_jwt_token(create_jwt_token({}))
        assert load.call_count == 1
        with override_settings(JWT_ALGORITHM="RS384"):
            assert jwt.get_unverified_header(create_jwt_token({}))["alg"] == "RS384"
        assert load.call_count == 2
        settings.NINJA_BOOST = {"JWT": {"LEEWAY": 1}}
        assert decode_jwt_token(create_jwt_token({}))
        assert load.call_count == 3
