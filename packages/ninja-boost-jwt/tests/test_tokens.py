"""Making and reading tokens."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import jwt
import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_jwt import create_jwt_token, decode_jwt_token

from .hostile import (
    GOOD,
    NOW,
    PAYLOAD,
    REFUSED_HEADERS,
    REFUSED_PAYLOADS,
    REFUSED_TEXTS,
    SECRET,
    SIGNATURE,
    claims,
    signed,
)


def test_round_trip():
    token = create_jwt_token({"user_id": 7, "is_staff": True})
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "HS256", "typ": "JWT"}
    payload = decode_jwt_token(token)
    assert payload == jwt.decode(token, SECRET, algorithms=["HS256"])
    assert payload["user_id"] == 7
    assert payload["is_staff"] is True
    assert payload["exp"] - payload["iat"] == 3600
    assert abs(payload["iat"] - time.time()) < 60
    assert isinstance(payload, dict)


@pytest.mark.parametrize("minutes", [1, 15, 0.5, 60 * 24 * 30])
def test_lifetime_by_setting(settings, minutes):
    settings.JWT_EXPIRY_MINS = minutes
    payload = decode_jwt_token(create_jwt_token({}))
    assert payload["exp"] - payload["iat"] == minutes * 60


def test_lifetime_by_argument():
    payload = decode_jwt_token(create_jwt_token({}, expires_in=timedelta(minutes=5)))
    assert payload["exp"] - payload["iat"] == 300
    assert decode_jwt_token(create_jwt_token({}, expires_in=timedelta(seconds=-1))) is None
    assert decode_jwt_token(create_jwt_token({}, expires_in=timedelta(0))) is None


def test_claims_of_the_caller_win():
    moment = datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
    payload = decode_jwt_token(create_jwt_token({"exp": moment, "iat": 5, "sub": "me"}))
    assert payload == {"exp": int(moment.timestamp()), "iat": 5, "sub": "me"}


def test_values_that_json_does_not_have():
    identity = uuid.uuid4()
    payload = decode_jwt_token(
        create_jwt_token({"id": identity, "limit": Decimal("1.50"), "since": datetime(2026, 1, 2)})  # noqa: DTZ001
    )
    assert payload["id"] == str(identity)
    assert payload["limit"] == "1.50"
    assert payload["since"] == "2026-01-02T00:00:00"


def test_the_caller_s_dictionary_is_left_alone():
    given_claims = {"user_id": 1}
    create_jwt_token(given_claims)
    assert given_claims == {"user_id": 1}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"sub": 7}, "sub"),
        ({"sub": None}, "sub"),
        ({"jti": 7}, "jti"),
        ({"iss": ["me"]}, "iss"),
        ({"aud": 7}, "aud"),
        ({"aud": ["a", 7]}, "aud"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": True}, "exp"),
        ({"nbf": "1"}, "nbf"),
        ({"iat": [1]}, "iat"),
        ({"exp": datetime(2099, 1, 1)}, "exp"),  # noqa: DTZ001
    ],
)
def test_claims_that_the_standard_does_not_allow_are_not_made(wrong, named):
    with pytest.raises(ValueError, match=f"'{named}'"):
        create_jwt_token(wrong)


def test_claims_that_cannot_be_written():
    with pytest.raises(TypeError):
        create_jwt_token({"user": object()})
    with pytest.raises(ValueError, match="JSON"):
        create_jwt_token({"limit": float("nan")})


def test_claims_that_are_too_deep_are_not_made():
    deep: list[object] = []
    for _ in range(31):
        deep = [deep]
    with pytest.raises(ValueError, match="deep"):
        create_jwt_token({"a": deep})
    assert decode_jwt_token(create_jwt_token({"a": deep[0]}))


def test_a_token_that_would_be_refused_for_its_length_is_not_made():
    with pytest.raises(ValueError, match="MAX_LENGTH"):
        create_jwt_token({"roles": ["x" * 9000]})


ACCEPTED = {
    "plain": claims(),
    "fraction": claims(exp=time.time() + 3600.5),
    "not before, past": claims(nbf=NOW - 5, iat=NOW - 5),
    "far future": claims(exp=2**53),
    "absurd future": claims(exp=10**300),
    "subject": claims(sub="user-7"),
    "nested objects": claims(a={"b": [{"c": None}]}),
    "nested as deep as allowed": b'{"exp": 9999999999, "a": ' + b"[" * 31 + b"]" * 31 + b"}",
    "only exp": {"exp": NOW + 600},
    "empty audience": claims(aud=""),
    "text that is not ASCII": claims(name="Jürgen 名"),
}


@pytest.mark.parametrize("payload", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(payload):
    decoded = decode_jwt_token(signed(payload))
    assert decoded == (json.loads(payload) if isinstance(payload, bytes) else payload)
    assert decoded


@pytest.mark.parametrize("payload", REFUSED_PAYLOADS.values(), ids=REFUSED_PAYLOADS)
def test_a_payload_that_is_refused_however_well_signed(payload):
    assert decode_jwt_token(signed(payload)) is None


@pytest.mark.parametrize("header", REFUSED_HEADERS.values(), ids=REFUSED_HEADERS)
def test_a_header_that_is_refused_however_well_signed(header):
    assert decode_jwt_token(signed(claims(), header)) is None


def test_a_deep_header_is_never_an_exception():
    header = b'{"alg": "HS256", "a": ' + b"[" * 2800 + b"]" * 2800 + b"}"
    payload = claims()
    # How deep a text Python reads depends on its version.
    assert decode_jwt_token(signed(payload, header)) in (None, payload)


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", None])
def test_headers_that_are_accepted(typ):
    header = {"alg": "HS256", "kid": "k1", "jku": "https://evil.example/keys"}
    if typ is not None:
        header["typ"] = typ
    assert decode_jwt_token(signed(claims(), header))


@pytest.mark.parametrize("token", REFUSED_TEXTS.values(), ids=REFUSED_TEXTS)
def test_a_text_that_is_no_token(token):
    assert decode_jwt_token(GOOD) is not None
    assert decode_jwt_token(token) is None


@given(st.text())
def test_any_text(text):
    assert decode_jwt_token(text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["exp", "nbf", "iat", "iss", "sub", "aud", "jti", "user_id"])
HEADER_NAMES = st.sampled_from(["alg", "typ", "kid", "crit", "b64", "cty", "jwk", "zip"])


@given(st.dictionaries(NAMES, JSON), st.dictionaries(HEADER_NAMES, JSON), st.booleans())
def test_any_claims_and_any_header(payload, header, keep_algorithm):
    if keep_algorithm:
        header["alg"] = "HS256"
    decoded = decode_jwt_token(signed(payload, header))
    if decoded is not None:
        assert decoded == payload
        assert decoded["exp"] > time.time() - 60


@given(JSON, st.binary(max_size=60))
def test_any_json_and_any_bytes_as_payload(value, data):
    if not isinstance(value, dict):
        assert decode_jwt_token(signed(value)) is None
    assert decode_jwt_token(signed(data)) is None


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_a_token_with_one_character_changed(index, character):
    changed = GOOD[:index] + character + GOOD[index + 1 :]
    decoded = decode_jwt_token(changed)
    assert (decoded is not None) == (changed == GOOD)


@given(
    st.dictionaries(
        st.text(min_size=1).filter(
            lambda name: name not in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")
        ),
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=50),
        max_size=6,
    )
)
def test_what_is_made_is_read(given_claims):
    decoded = decode_jwt_token(create_jwt_token(given_claims))
    assert {name: decoded[name] for name in given_claims} == given_claims


def options(settings, **values):
    settings.NINJA_BOOST = {"JWT": values}


def test_issuer(settings):
    options(settings, ISSUER="https://bank.example")
    assert decode_jwt_token(create_jwt_token({}))["iss"] == "https://bank.example"
    assert decode_jwt_token(signed(claims())) is None
    assert decode_jwt_token(signed(claims(iss="https://evil.example"))) is None
    assert decode_jwt_token(signed(claims(iss="https://bank.example"))) is not None


def test_audience(settings):
    options(settings, AUDIENCE="payments")
    assert decode_jwt_token(create_jwt_token({}))["aud"] == "payments"
    assert decode_jwt_token(signed(claims())) is None
    assert decode_jwt_token(signed(claims(aud="loans"))) is None
    assert decode_jwt_token(signed(claims(aud=["loans", "payments"]))) is not None
    assert decode_jwt_token(signed(claims(aud=[]))) is None
    options(settings, AUDIENCE=["payments", "loans"])
    assert decode_jwt_token(create_jwt_token({}))["aud"] == ["payments", "loans"]
    assert decode_jwt_token(signed(claims(aud="loans"))) is not None
    assert decode_jwt_token(create_jwt_token({"aud": "elsewhere"})) is None


def test_leeway(settings):
    late = signed(claims(exp=int(time.time()) - 20))
    early = signed(claims(nbf=int(time.time()) + 20, iat=int(time.time()) + 20))
    assert decode_jwt_token(late) is None
    assert decode_jwt_token(early) is None
    options(settings, LEEWAY=200)
    assert decode_jwt_token(late) is not None
    assert decode_jwt_token(early) is not None


def test_type(settings):
    options(settings, TYPE="at+jwt")
    token = create_jwt_token({})
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    assert decode_jwt_token(token) is not None
    assert decode_jwt_token(signed(claims(), {"alg": "HS256", "typ": "application/AT+JWT"}))
    assert decode_jwt_token(signed(claims())) is None
    assert decode_jwt_token(signed(claims(), {"alg": "HS256"})) is None


def test_length(settings):
    token = signed(claims(text="x" * 400))
    assert decode_jwt_token(token) is not None
    options(settings, MAX_LENGTH=400)
    assert decode_jwt_token(token) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"LEEWAY": -1},
        {"LEEWAY": 10_000},
        {"LEEWAY": "long"},
        {"ISSUER": ""},
        {"TYPE": ""},
        {"AUDIENCE": 7},
        {"MAX_LENGTH": 1},
        {"ISSUR": "x"},
    ],
)
def test_wrong_options(settings, caplog, wrong):
    settings.NINJA_BOOST = {"JWT": wrong}
    with pytest.raises(ImproperlyConfigured, match=next(iter(wrong))):
        create_jwt_token({})
    for _ in range(3):
        assert decode_jwt_token(GOOD) is None
    assert len(caplog.records) == 1, "said once"
    assert next(iter(wrong)) in caplog.text


def test_tokens_and_keys_are_in_no_log(caplog):
    caplog.set_level("DEBUG")
    for token in (GOOD, GOOD[:-2], signed(claims(exp=1)), signed(b"{secret-text")):
        decode_jwt_token(token)
    assert len(caplog.records) == 3
    for secret in (SECRET, SIGNATURE[:-2], PAYLOAD, "secret-text"):
        assert secret not in caplog.text
