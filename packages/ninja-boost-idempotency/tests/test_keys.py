"""The key in the request's headers."""

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_core import ApiError
from ninja_boost_idempotency.keys import MAX_LENGTH, read_key

HEADER = "X-Idempotency-Key"
STANDARD = "Idempotency-Key"

bare_characters = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='",;\\')
string_characters = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


def read(headers):
    return read_key(RequestFactory().post("/", headers=headers), HEADER)


def test_no_header_is_no_key():
    assert read({}) is None


@given(st.text(bare_characters, min_size=1, max_size=MAX_LENGTH))
def test_a_bare_key_is_itself(key):
    assert read({HEADER: key}) == key
    assert read({STANDARD: key}) == key


@given(
    st.text(string_characters, min_size=1, max_size=MAX_LENGTH).filter(lambda text: text.strip())
)
def test_a_structured_string_is_unquoted(key):
    quoted = '"{}"'.format(key.replace("\\", "\\\\").replace('"', '\\"'))
    assert read({STANDARD: quoted}) == key
    assert read({HEADER: quoted}) == key


def test_both_headers_may_agree():
    assert read({HEADER: "a-key", STANDARD: '"a-key"'}) == "a-key"


def test_headers_that_differ_are_refused():
    with pytest.raises(ApiError, match="differ") as caught:
        read({HEADER: "a", STANDARD: '"b"'})
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        '""',
        '"  "',
        "two words",
        "a,b",
        '"a", "b"',
        '"a";b=1',
        '"unclosed',
        'un"quoted"',
        '"a\\b"',
        "tab\tinside",
        "schlüssel",
        '"schlüssel"',
        "a" * (MAX_LENGTH + 1),
        '"' + "a" * (MAX_LENGTH + 1) + '"',
    ],
)
def test_a_malformed_key_is_refused(value):
    for header in (HEADER, STANDARD):
        with pytest.raises(ApiError) as caught:
            read({header: value})
        assert caught.value.status_code == 400
        assert header in str(caught.value)


@given(st.text(max_size=300))
def test_whatever_is_sent_is_a_bounded_key_or_refused(value):
    try:
        key = read({HEADER: value})
    except ApiError as refused:
        status = refused.status_code
    else:
        status = 200
        assert 1 <= len(key) <= MAX_LENGTH
        assert key.isascii()
        assert key.isprintable()
    assert status in (200, 400)
