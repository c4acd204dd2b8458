"""Several keys, each with its name and its algorithm; and what is published of them."""

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory

from ninja_boost_core.features import installed_features
from ninja_boost_jwt import create_jwt_token, decode_jwt_token, jwks
from ninja_boost_jwt.key_sets import keys_in, thumbprint

from .hostile import KIDS, OWN_KEYS, claims, segment, signed
from .issuer import OTHER_EC, foreign
from .test_keys import ED25519, P256, P384, PAIRS, RSA, private_pem, public_pem

OLD, NEW = "an old secret that is long enough", "a new secret that is long enough"
SECRETS = [
    {"KID": "new", "ALGORITHM": "HS256", "SECRET": NEW},
    {"KID": "old", "ALGORITHM": "HS256", "SECRET": OLD},
]


@pytest.fixture
def ring(settings, configure):
    """Sets KEYS, and no key elsewhere."""

    def set_keys(*keys, **options):
        settings.JWT_SECRET_KEY = None
        configure(KEYS=list(keys), **options)

    return set_keys


@pytest.fixture
def problems():
    def run(deploy=False):
        feature = next(f for f in installed_features() if f.name == "jwt")
        return list(feature.checks(deploy))

    return run


def kid_of(token):
    return jwt.get_unverified_header(token).get("kid")


def test_rotation_of_shared_secrets(ring, problems):
    ring(SECRETS[1])
    before = create_jwt_token({"user_id": 7})
    assert kid_of(before) == "old"

    ring(*SECRETS)
    after = create_jwt_token({"user_id": 7})
    assert kid_of(after) == "new"
    assert decode_jwt_token(before)["user_id"] == 7, "a retired key still verifies"
    assert decode_jwt_token(after)["user_id"] == 7
    assert problems() == []

    ring(SECRETS[0])
    assert decode_jwt_token(before) is None, "until it is removed"
    assert decode_jwt_token(after)["user_id"] == 7


@pytest.mark.parametrize(("algorithm", "key"), PAIRS)
def test_rotation_of_pairs(ring, algorithm, key):
    old = {"ALGORITHM": "ES256", "PRIVATE_KEY": private_pem(OTHER_EC)}
    new = {"ALGORITHM": algorithm, "PRIVATE_KEY": private_pem(key)}
    ring(old)
    before = create_jwt_token({})
    # The new key is published before it signs.
    ring(old, {"ALGORITHM": algorithm, "PUBLIC_KEY": public_pem(key)})
    ahead = create_jwt_token({})
    assert kid_of(ahead) == kid_of(before) == thumbprint(OTHER_EC.public_key(), "ES256")
    ring(new, {"ALGORITHM": "ES256", "PUBLIC_KEY": public_pem(OTHER_EC)})
    after = create_jwt_token({})
    assert kid_of(after) == thumbprint(key.public_key(), algorithm)
    assert all(decode_jwt_token(token) for token in (before, ahead, after))
    ring(new)
    assert decode_jwt_token(before) is None
    assert decode_jwt_token(after)


def test_from_the_one_secret_to_a_ring(settings, ring):
    settings.JWT_SECRET_KEY = OLD
    before = create_jwt_token({"user_id": 7})
    assert kid_of(before) is None
    ring(SECRETS[0], {"ALGORITHM": "HS256", "SECRET": OLD})
    assert decode_jwt_token(before)["user_id"] == 7
    assert kid_of(create_jwt_token({})) == "new"
    # The nameless key serves nameless tokens only, and the named one its own.
    assert decode_jwt_token(signed(claims(), {"alg": "HS256", "kid": "old"}, OLD)) is None
    assert decode_jwt_token(signed(claims(), {"alg": "HS256"}, NEW)) is None
    assert decode_jwt_token(signed(claims(), {"alg": "HS256", "kid": "new"}, OLD)) is None


def test_from_the_one_pair_to_a_ring(settings, ring):
    settings.JWT_SECRET_KEY = None
    settings.JWT_ALGORITHM = "RS256"
    settings.JWT_PRIVATE_KEY = private_pem(RSA)
    before = create_jwt_token({})
    settings.JWT_ALGORITHM = settings.JWT_PRIVATE_KEY = None
    ring(
        {"ALGORITHM": "EdDSA", "PRIVATE_KEY": private_pem(ED25519)},
        {"ALGORITHM": "RS256", "PUBLIC_KEY": public_pem(RSA)},
    )
    assert decode_jwt_token(before)


def test_one_algorithm_for_each_key(ring):
    ring(
        {"KID": "a", "ALGORITHM": "RS256", "PRIVATE_KEY": private_pem(RSA)},
        {"KID": "b", "ALGORITHM": "HS256", "SECRET": NEW},
    )
    for algorithm in ("RS384", "PS256"):
        assert decode_jwt_token(foreign(RSA, algorithm, "a")) is None
    assert decode_jwt_token(foreign(RSA, "RS256", "b")) is None
    assert decode_jwt_token(foreign(RSA, "RS256", "a"))
    public = public_pem(RSA)
    for kid in ("a", "b"):
        signing_input = f"{segment({'alg': 'HS256', 'kid': kid})}.{segment(claims())}"
        signature = hmac.digest(public.encode(), signing_input.encode(), "sha256")
        assert decode_jwt_token(f"{signing_input}.{segment(signature)}") is None


@pytest.mark.parametrize("kid", KIDS.values(), ids=KIDS)
@pytest.mark.urls("tests.api")
async def test_names_that_the_ring_does_not_have(ring, kid):
    """Signed with a key of the ring, under a name that is not there: 401, sync and async."""
    ring({"KID": "a", "ALGORITHM": "HS256", "SECRET": NEW})
    token = signed(claims(), {"alg": "HS256", "kid": kid}, NEW)
    assert decode_jwt_token(token) is None
    client = AsyncClient(raise_request_exception=False)
    for url in ("/plain/me", "/plain/native", "/api/me", "/api/native"):
        response = await client.get(url, headers={"authorization": f"Bearer {token}"})
        assert response.status_code == 401
    assert decode_jwt_token(signed(claims(), {"alg": "HS256", "kid": "a"}, NEW))


@pytest.mark.parametrize("header", OWN_KEYS.values(), ids=OWN_KEYS)
def test_keys_that_a_token_brings_are_not_looked_at(ring, header):
    ring({"KID": "a", "ALGORITHM": "HS256", "SECRET": NEW})
    own = {"alg": "HS256", "kid": "a", **header}
    assert decode_jwt_token(signed(claims(), own, "x" * 40)) is None
    assert decode_jwt_token(signed(claims(), own, NEW))


WRONG = {
    "no secret": ([{"ALGORITHM": "HS256"}], "E001", "SECRET"),
    "short secret": ([{"ALGORITHM": "HS512", "SECRET": "k" * 63}], "E002", "63 bytes"),
    "public key as secret": ([{"ALGORITHM": "HS256", "SECRET": public_pem(RSA)}], "E002", "SECRET"),
    "no pair": ([{"ALGORITHM": "ES256"}], "E001", "PRIVATE_KEY"),
    "another curve": (
        [{"ALGORITHM": "ES256", "PRIVATE_KEY": private_pem(P384)}],
        "E002",
        "ES256",
    ),
    "secret of a pair": ([{"ALGORITHM": "ES256", "SECRET": NEW}], "E002", "SECRET"),
    "pair of a secret": (
        [{"ALGORITHM": "HS256", "SECRET": NEW, "PUBLIC_KEY": public_pem(RSA)}],
        "E002",
        "PUBLIC_KEY",
    ),
    "unknown algorithm": ([{"ALGORITHM": "none", "SECRET": NEW}], "E003", "ALGORITHM"),
    "one name twice": ([SECRETS[0], {**SECRETS[1], "KID": "new"}], "E005", "'new'"),
    "nameless twice": (
        [{"ALGORITHM": "HS256", "SECRET": NEW}, {"ALGORITHM": "HS256", "SECRET": OLD}],
        "E005",
        "None",
    ),
    "one pair twice": (
        [{"ALGORITHM": "ES256", "PRIVATE_KEY": private_pem(P256)}] * 2,
        "E005",
        thumbprint(P256.public_key(), "ES256"),
    ),
}


@pytest.mark.parametrize(("keys", "check_id", "named"), WRONG.values(), ids=WRONG)
def test_rings_that_cannot_be_used(ring, problems, keys, check_id, named):
    ring(*keys)
    (message,) = problems()
    assert isinstance(message, checks.Error)
    assert message.id == f"ninja_boost_jwt.{check_id}"
    assert named in message.msg
    assert "KEYS" in message.msg
    assert message.hint
    for secret in (NEW, OLD, private_pem(P384).splitlines()[1]):
        assert secret not in f"{message.msg} {message.hint}"
    with pytest.raises(ImproperlyConfigured):
        create_jwt_token({})
    assert decode_jwt_token(signed(claims())) is None


def test_secrets_are_in_no_error_and_no_repr(ring, settings):
    ring({"ALGORITHM": "HS256", "SECRET": [NEW], "KIT": "x"})
    with pytest.raises(ImproperlyConfigured) as raised:
        create_jwt_token({})
    assert NEW not in str(raised.value)
    assert "KIT" in str(raised.value)
    ring(*SECRETS)
    from ninja_boost_jwt.keys import current_keys

    assert NEW not in repr(current_keys())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("JWT_SECRET_KEY", NEW),
        ("JWT_ALGORITHM", "HS256"),
        ("JWT_PRIVATE_KEY", private_pem(RSA)),
        ("JWT_PUBLIC_KEY", public_pem(RSA)),
    ],
)
def test_a_key_in_two_places(ring, settings, problems, setting, value):
    ring(*SECRETS)
    setattr(settings, setting, value)
    (message,) = problems()
    assert message.id == "ninja_boost_jwt.E005"
    assert setting in message.msg


def test_a_ring_that_only_verifies(ring):
    ring({"ALGORITHM": "ES256", "PUBLIC_KEY": public_pem(P256)})
    with pytest.raises(ImproperlyConfigured, match="sign"):
        create_jwt_token({})
    assert decode_jwt_token(foreign(P256, "ES256", thumbprint(P256.public_key(), "ES256")))


JWKS = {
    "bad algorithm": ({"URL": "https://x.example", "ALGORITHMS": ["HS256"]}, "E003"),
    "http": ({"URL": "http://x.example/keys"}, "E006"),
    "file": ({"URL": "file:///etc/passwd"}, "E006"),
    "ftp": ({"URL": "ftp://x.example/keys"}, "E006"),
    "no host": ({"URL": "https:///keys"}, "E006"),
    "nothing": ({"URL": ""}, "E006"),
}


@pytest.mark.parametrize(("options", "check_id"), JWKS.values(), ids=JWKS)
def test_wrong_key_sets(settings, configure, problems, options, check_id):
    configure(JWKS=options)
    (message,) = problems()
    assert message.id == f"ninja_boost_jwt.{check_id}"
    assert "JWKS" in message.msg
    settings.DEBUG = True
    assert (problems() == []) is (options["URL"] == "http://x.example/keys")


def test_deployment_with_a_key_set(settings, configure, problems):
    theirs = {"URL": "https://x.example/keys"}
    configure(JWKS=theirs)
    settings.JWT_SECRET_KEY = None
    assert problems() == []
    assert [message.id for message in problems(deploy=True)] == ["ninja_boost_jwt.W002"]
    configure(JWKS=theirs, AUDIENCE="api")
    assert [message.id for message in problems(deploy=True)] == ["ninja_boost_jwt.W002"]
    configure(JWKS={**theirs, "ISSUER": "https://x.example"}, AUDIENCE="api")
    assert problems(deploy=True) == []


def test_aliases(configure, problems):
    for name in ("DATABASE", "CACHE"):
        configure(**{name: "nowhere"})
        (message,) = problems()
        assert message.id == "ninja_boost_jwt.E008"
        assert name in message.msg


@pytest.mark.parametrize("option", [{"REFRESH": {}}, {"REVOCATION": True}])
def test_the_app_with_the_tables(settings, configure, problems, option, monkeypatch):
    monkeypatch.setattr("ninja_boost_jwt.checks.routers", set())
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "ninja_boost_jwt"]
    assert problems() == []
    configure(**option)
    (message,) = problems()
    assert message.id == "ninja_boost_jwt.E007"
    assert "INSTALLED_APPS" in message.hint


def test_a_router_needs_the_app(settings, problems):
    from ninja_boost_jwt import token_router

    router = token_router()
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "ninja_boost_jwt"]
    assert router is not None
    assert [message.id for message in problems()] == ["ninja_boost_jwt.E007"]


def published():
    response = jwks(RequestFactory().get("/"))
    assert isinstance(response, HttpResponse)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/jwk-set+json"
    return json.loads(response.content)["keys"], response


@pytest.mark.parametrize(("algorithm", "key"), PAIRS)
def test_the_published_set(ring, algorithm, key):
    ring(
        {"KID": "a", "ALGORITHM": algorithm, "PRIVATE_KEY": private_pem(key)},
        {"ALGORITHM": "ES256", "PUBLIC_KEY": public_pem(OTHER_EC)},
        {"KID": "c", "ALGORITHM": "HS256", "SECRET": NEW},
    )
    (first, second), response = published()
    private = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    assert private.isdisjoint({*first, *second})
    assert NEW not in response.content.decode()
    assert (first["kid"], first["alg"], first["use"]) == ("a", algorithm, "sig")
    assert second["kid"] == thumbprint(OTHER_EC.public_key(), "ES256")
    # PyJWT reads it, and so do we.
    token = create_jwt_token({"user_id": 7})
    theirs = jwt.PyJWK(first)
    assert jwt.decode(token, theirs, algorithms=[algorithm])["user_id"] == 7
    assert [k.kid for k in keys_in(response.content, [algorithm, "ES256"])] == ["a", second["kid"]]


def test_the_published_set_may_be_cached(ring):
    ring({"ALGORITHM": "ES256", "PRIVATE_KEY": private_pem(P256)})
    assert published()[1]["Cache-Control"] == "public, max-age=300"
    ring({"ALGORITHM": "ES256", "PRIVATE_KEY": private_pem(P256)}, JWKS_MAX_AGE=60)
    assert published()[1]["Cache-Control"] == "public, max-age=60"
    assert jwks(RequestFactory().head("/")).status_code == 200
    assert jwks(RequestFactory().post("/")).status_code == 405


def test_a_shared_secret_is_not_published(settings):
    assert published()[0] == []


def test_thumbprint():
    """RFC 8037, appendix A.3, and the rule of RFC 7638 for the others."""
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "alg": "EdDSA",
    }
    (key,) = keys_in(json.dumps({"keys": [jwk]}).encode(), ["EdDSA"])
    expected = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert thumbprint(key.verifying, "EdDSA") == expected
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    members = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(public))
    text = json.dumps({k: members[k] for k in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
    assert thumbprint(public, "ES256") == digest.decode()


@pytest.mark.urls("tests.api")
def test_through_http(settings):
    settings.JWT_SECRET_KEY = None
    settings.JWT_ALGORITHM = "ES256"
    settings.JWT_PRIVATE_KEY = private_pem(P256)
    (key,) = Client().get("/.well-known/jwks.json").json()["keys"]
    assert key["kid"] == kid_of(create_jwt_token({}))
