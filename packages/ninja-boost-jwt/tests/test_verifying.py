"""What is accepted is what PyJWT accepts and our own rules do not forbid."""

import hmac
import time
from types import SimpleNamespace

import jwt
import pytest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from ninja_boost_jwt import JWTAuth, authentication, decode_jwt_token
from ninja_boost_jwt.claims import accepted_header, decoded_segment, problem_in
from ninja_boost_jwt.key_sets import Key
from ninja_boost_jwt.verifying import verified

from .hostile import SECRET, claims, segment, signed
from .test_keys import ED25519, P256, RSA

KEYS = {
    "HS256": (SECRET.encode(), SECRET.encode()),
    "HS512": (SECRET.encode() * 2, SECRET.encode() * 2),
    "RS256": (RSA, RSA.public_key()),
    "ES256": (P256, P256.public_key()),
    "EdDSA": (ED25519, ED25519.public_key()),
}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

# Never within seconds of a border, which the two would not look at at the same time.
OFFSETS = st.sampled_from([-100_000, -330, -270, -30, 30, 270, 330, 100_000, -270.5, 330.5])
NAMES = st.sampled_from(["", "us", "them", "others"])
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
AUDIENCES = NAMES | st.lists(NAMES, max_size=2) | st.none() | st.integers() | st.just({})


@st.composite
def payloads(draw):
    now = time.time()
    found = draw(st.dictionaries(st.text(max_size=3), VALUES, max_size=2))
    for name in ("exp", "nbf", "iat"):
        if draw(st.integers(0, 9)) < (9 if name == "exp" else 4):
            times = OFFSETS.map(lambda offset: int(now) + offset)
            found[name] = draw(times if draw(st.integers(0, 9)) else VALUES)
    for name, values in {"aud": AUDIENCES, "iss": NAMES, "sub": NAMES, "jti": NAMES}.items():
        if draw(st.integers(0, 9)) < 4:
            found[name] = draw(values if draw(st.integers(0, 9)) else VALUES)
    return found


def of_pyjwt(token, algorithm, audience=None, issuer=None, leeway=0):
    try:
        return jwt.decode(
            token,
            KEYS[algorithm][1],
            algorithms=[algorithm],
            options={"require": ["exp"]},
            audience=audience,
            issuer=issuer,
            leeway=leeway,
        )
    except (jwt.PyJWTError, TypeError, ValueError):  # older ones trip over a time that is null
        return None


def of_ours(token, algorithm, audience=None, issuer=None, leeway=0):
    options = SimpleNamespace(AUDIENCE=audience, LEEWAY=leeway)
    found = verified(token, Key(None, algorithm, KEYS[algorithm][1]), issuer, options)
    return None if found is None else found.claims


@given(
    payloads(),
    st.sampled_from([None, "us", "", ("us", "them"), ()]),
    st.sampled_from([None, "us"]),
    st.sampled_from([0, 60, 300]),
)
@settings(max_examples=500)
def test_the_claims_that_pyjwt_accepts(payload, audience, issuer, leeway):
    token = jwt.api_jws.encode(jwt.PyJWT()._encode_payload(payload), KEYS["HS256"][0], "HS256")
    expected = of_pyjwt(token, "HS256", audience, issuer, leeway)
    # To older ones a part of the issuer's name was the issuer (CVE-2024-53861).
    if problem_in(payload) or (issuer and payload.get("iss") != issuer):
        expected = None
    assert of_ours(token, "HS256", audience, issuer, leeway) == expected


@pytest.mark.parametrize("audience", ["", ("", "us")])
@pytest.mark.parametrize("named", [{}, {"aud": ""}, {"aud": []}, {"aud": None}])
def test_no_audience_is_none_of_ours(audience, named):
    token = signed(claims(**named))
    assert of_ours(token, "HS256", audience) is of_pyjwt(token, "HS256", audience) is None


@pytest.mark.parametrize("algorithm", KEYS)
@given(st.data())
@settings(max_examples=60)
def test_no_token_that_pyjwt_refuses(algorithm, data):
    token = jwt.encode(claims(), KEYS[algorithm][0], algorithm)
    assert of_ours(token, algorithm) == of_pyjwt(token, algorithm) is not None
    at = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.sampled_from(ALPHABET))
    if token[at] in (".", character):
        return
    changed = f"{token[:at]}{character}{token[at + 1 :]}"
    if changed.count(".") == 2:
        assert of_ours(changed, algorithm) is None


@pytest.mark.parametrize("which", [0, 1, 2])
def test_one_spelling_of_a_segment(which):
    """The bits that the last character has to spare are zero (RFC 4648, section 3.5)."""
    for more in range(3):
        header = {"alg": "HS256", "typ": "JWT", "p": "x" * more}
        token = signed(claims(padding="x" * more), header)
        assert decode_jwt_token(token) is not None
        segments = token.split(".")
        spare = len(segments[which]) % 4
        if spare == 0:
            continue
        last = ALPHABET.index(segments[which][-1])
        segments[which] = segments[which][:-1] + ALPHABET[last + 1]
        respelt = ".".join(segments)
        if which < 2:
            respelt = resigned(*segments[:2])
        assert decode_jwt_token(respelt) is None


def resigned(header, payload):
    text = f"{header}.{payload}"
    return f"{text}.{segment(hmac.digest(SECRET.encode(), text.encode(), 'sha256'))}"


@given(st.binary(min_size=1, max_size=200))
def test_a_segment_is_read_as_base64url_is(data):
    assert decoded_segment(segment(data)) == data


def test_the_type_is_asked_of_a_header_that_was_read_before():
    header = signed(claims()).partition(".")[0]
    assert accepted_header(header, "JWT") == {"alg": "HS256", "typ": "JWT"}
    assert accepted_header(header, "at+jwt") is None


def test_verifying_takes_no_steps_where_there_is_nothing_to_wait_for(monkeypatch):
    monkeypatch.setattr(authentication, "run", None)
    token = signed(claims(user_id=7))
    for sent, expected in ((token, 7), (token[:-6] + "AAAAAA", None)):
        request = RequestFactory().get("/", headers={"authorization": f"Bearer {sent}"})
        found = JWTAuth()(request)
        assert (found and found["user_id"]) == expected
