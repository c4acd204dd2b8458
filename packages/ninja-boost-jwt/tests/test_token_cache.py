"""Tokens that are not verified again: nothing that would be refused gets through for it."""

import threading
import time

import pytest
from django.test import AsyncClient, Client, RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ninja_boost_jwt import (
    JWTAuth,
    adecode_jwt_token,
    create_jwt_token,
    decode_jwt_token,
    revoke,
    token_cache,
    tokens,
)
from ninja_boost_jwt.keys import current_keys

from . import issuer
from .hostile import SECRET, claims, signed

SECRETS = [
    {"KID": "new", "ALGORITHM": "HS256", "SECRET": "a new secret that is long enough"},
    {"KID": "old", "ALGORITHM": "HS256", "SECRET": "an old secret that is long enough"},
]


class Clock:
    """``time`` in our modules, which goes on when it is told to."""

    def __init__(self):
        self.passed = 0.0

    def time(self):
        return time.time() + self.passed

    def monotonic(self):
        return time.monotonic() + self.passed


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("ninja_boost_jwt.verifying.time", clock)
    monkeypatch.setattr("ninja_boost_jwt.token_cache.time", clock)
    return clock


@pytest.fixture
def verifications(monkeypatch):
    """The tokens that were really verified."""
    seen = []
    real = tokens.verified

    def spy(token, *arguments):
        seen.append(token)
        return real(token, *arguments)

    monkeypatch.setattr(tokens, "verified", spy)
    return seen


@pytest.fixture
def cached(configure):
    configure(TOKEN_CACHE_SECONDS=60)


def test_off_by_default(verifications):
    token = create_jwt_token({"user_id": 7})
    assert current_keys().tokens is None
    assert decode_jwt_token(token) == decode_jwt_token(token)
    assert verifications == [token, token]


def test_verified_once(cached, verifications, clock):
    token = create_jwt_token({"user_id": 7})
    found = [decode_jwt_token(token) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    assert verifications == [token]
    clock.passed = 60
    assert decode_jwt_token(token) == found[0]
    assert verifications == [token, token]


@pytest.mark.urls("tests.api")
@pytest.mark.parametrize("url", ["/plain/me", "/api/me", "/plain/native", "/api/native"])
async def test_through_http(cached, verifications, url):
    headers = {"authorization": f"Bearer {create_jwt_token({'user_id': 7})}"}
    bodies = [(await AsyncClient().get(url, headers=headers)).json() for _ in range(3)]
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0].get("data", bodies[0])["user_id"] == 7
    assert len(verifications) == 1


@pytest.mark.urls("tests.api")
@pytest.mark.parametrize("url", ["/plain/me", "/api/me"])
def test_through_http_sync(cached, verifications, url):
    token = create_jwt_token({"user_id": 7})
    for sent, status in ((token, 200), (token, 200), (token[:-6] + "AAAAAA", 401), (token, 200)):
        response = Client().get(url, headers={"authorization": f"Bearer {sent}"})
        assert response.status_code == status
    assert len(verifications) == 2


def test_what_a_view_does_to_its_claims_stays_there(cached):
    request = RequestFactory().get(
        "/", headers={"authorization": f"Bearer {create_jwt_token({'user_id': 7, 'roles': []})}"}
    )
    for _ in range(3):
        claims = JWTAuth()(request)
        assert (claims["user_id"], claims["roles"]) == (7, [])
        claims["user_id"] = 8
        claims["roles"].append("admin")


def test_expiry_is_asked_at_each_use(cached, clock):
    token = signed(claims(exp=int(time.time()) + 30))
    assert decode_jwt_token(token)
    clock.passed = 29 - 1
    assert decode_jwt_token(token)
    clock.passed = 31
    assert decode_jwt_token(token) is None


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_a_clock_that_goes_back(cached, clock, name):
    token = signed(claims(**{name: int(time.time())}))
    assert decode_jwt_token(token)
    clock.passed = -10
    assert decode_jwt_token(token) is None


def test_the_leeway(configure, clock):
    configure(TOKEN_CACHE_SECONDS=3600, LEEWAY=20)
    token = signed(claims(exp=int(time.time()) + 30))
    assert decode_jwt_token(token)
    clock.passed = 45
    assert decode_jwt_token(token)
    clock.passed = 51
    assert decode_jwt_token(token) is None


def test_a_refusal_is_not_kept(cached, clock):
    early = signed(claims(nbf=int(time.time()) + 10))
    assert decode_jwt_token(early) is None
    assert len(current_keys().tokens) == 0
    clock.passed = 11
    assert decode_jwt_token(early)


def test_a_key_that_is_removed(settings, configure):
    settings.JWT_SECRET_KEY = None
    configure(KEYS=SECRETS[1:], TOKEN_CACHE_SECONDS=60)
    token = create_jwt_token({"user_id": 7})
    assert decode_jwt_token(token)
    configure(KEYS=SECRETS, TOKEN_CACHE_SECONDS=60)
    assert decode_jwt_token(token)
    configure(KEYS=SECRETS[:1], TOKEN_CACHE_SECONDS=60)
    assert decode_jwt_token(token) is None


def test_another_secret(settings, cached):
    token = create_jwt_token({"user_id": 7})
    assert decode_jwt_token(token)
    settings.JWT_SECRET_KEY = "another secret of its own, that is long enough"
    assert decode_jwt_token(token) is None
    settings.JWT_SECRET_KEY = SECRET
    assert decode_jwt_token(token)


@pytest.mark.parametrize(
    "other",
    [{"ISSUER": "us"}, {"AUDIENCE": "us"}, {"TYPE": "at+jwt"}, {"MAX_LENGTH": 256}],
)
def test_other_settings(configure, other):
    token = create_jwt_token({"user_id": 7, "more": "x" * 300})
    configure(TOKEN_CACHE_SECONDS=60)
    assert decode_jwt_token(token)
    configure(TOKEN_CACHE_SECONDS=60, **other)
    assert decode_jwt_token(token) is None


def test_a_key_that_another_issuer_takes_back(settings, monkeypatch, verifications):
    settings.DEBUG = True
    settings.JWT_SECRET_KEY = None
    first = issuer.jwk(issuer.EC, "ES256", kid="a")
    second = issuer.jwk(issuer.OTHER_EC, "ES256", kid="a")
    with issuer.issuing(first) as other:
        settings.NINJA_BOOST = {
            "JWT": {
                "JWKS": {"URL": other.url, "CACHE": 1, "COOLDOWN": 1},
                "TOKEN_CACHE_SECONDS": 60,
            }
        }
        token = issuer.foreign(issuer.EC, "ES256", "a")
        assert decode_jwt_token(token)
        assert decode_jwt_token(token)
        assert len(verifications) == 1
        other.keys[:] = [second]
        now = time.monotonic()
        monkeypatch.setattr("ninja_boost_jwt.remote.time.monotonic", lambda: now + 2)
        assert decode_jwt_token(token) is None
        assert len(verifications) == 2


@pytest.mark.django_db(transaction=True)
def test_a_revocation_is_asked_for_at_each_use(configure, verifications):
    configure(TOKEN_CACHE_SECONDS=60, REVOCATION=True, REVOCATION_CACHE=0)
    token = create_jwt_token({"user_id": 7})
    assert decode_jwt_token(token)
    assert decode_jwt_token(token)
    request = RequestFactory().get("/", headers={"authorization": f"Bearer {token}"})
    assert JWTAuth()(request)
    assert verifications == [token]
    revoke(token)
    assert decode_jwt_token(token) is None
    assert JWTAuth()(request) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def spoil(value):
    """Change all that can be changed."""
    for inner in list(value.values() if isinstance(value, dict) else value):
        if isinstance(inner, dict | list):
            spoil(inner)
    if isinstance(value, dict):
        value["spoilt"] = True
    else:
        value.append("spoilt")


@given(st.dictionaries(st.text(min_size=1, max_size=3), JSON, max_size=4))
@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_claims_are_the_callers_own(cached, found):
    payload = {f"x-{name}": value for name, value in found.items()}
    token = create_jwt_token(payload)
    expected = {**payload, **{name: decode_jwt_token(token)[name] for name in ("iat", "exp")}}
    for _ in range(3):
        claims = decode_jwt_token(token)
        assert claims == expected
        spoil(claims)


def test_it_stays_small(cached, monkeypatch, verifications):
    monkeypatch.setattr(token_cache, "MOST_TOKENS", 10)
    many = [create_jwt_token({"user_id": number}) for number in range(25)]
    for token in many:
        assert decode_jwt_token(token)
        assert len(current_keys().tokens) <= 10
    verifications.clear()
    assert [decode_jwt_token(token)["user_id"] for token in many[15:]] == list(range(15, 25))
    assert verifications == []
    assert decode_jwt_token(many[0])
    assert verifications == many[:1]


def test_what_has_had_its_time_goes(cached, clock):
    for number in range(5):
        decode_jwt_token(create_jwt_token({"user_id": number}))
    clock.passed = 61
    decode_jwt_token(create_jwt_token({"user_id": 5}))
    assert len(current_keys().tokens) == 1


def test_no_token_is_kept(cached):
    token = create_jwt_token({"user_id": 7})
    decode_jwt_token(token)
    assert all(type(name) is bytes for name in current_keys().tokens._entries)
    assert token not in repr(current_keys().tokens._entries)


def test_threads(cached, monkeypatch):
    """Each gets the claims of its own token, while entries come and go."""
    monkeypatch.setattr(token_cache, "MOST_TOKENS", 7)
    many = [create_jwt_token({"user_id": number, "list": [number]}) for number in range(16)]
    wrong = []

    def ask(start):
        for step in range(300):
            number = (start + step) % len(many)
            claims = decode_jwt_token(many[number])
            if claims["user_id"] != number or claims["list"] != [number]:
                wrong.append(claims)
            claims["list"].append("changed")
            if decode_jwt_token(many[number][:-4] + "AAAA") is not None:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(current_keys().tokens) <= 7


async def test_async_code_gets_its_own_too(cached):
    token = create_jwt_token({"user_id": 7, "roles": ["a"]})
    first = await adecode_jwt_token(token)
    first["roles"].append("admin")
    assert (await adecode_jwt_token(token))["roles"] == ["a"]
