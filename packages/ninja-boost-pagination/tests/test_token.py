"""The cursor's wire form: nothing lost, nothing forged, nothing endless."""

from __future__ import annotations

import base64
import datetime
import math
import string
import uuid
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_pagination._token import (
    MAX_LENGTH,
    BadCursor,
    Cursor,
    UnfitValue,
    decode,
    encode,
)

ZONES = st.none() | st.just(datetime.UTC) | st.timezones()
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.datetimes(timezones=ZONES)
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.binary(max_size=40)
)


@given(st.lists(VALUES, max_size=4), st.booleans(), st.booleans(), st.text())
def test_values_return_as_they_were(
    values: list[Any], backward: bool, inclusive: bool, scope: str
) -> None:
    cursor = Cursor(tuple(values), backward, inclusive)
    token = encode(cursor, scope)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
    found = decode(token, scope)
    assert found == cursor
    for value, other in zip(values, found.values, strict=True):
        assert type(value) is type(other)
        if isinstance(value, datetime.datetime):
            assert value.utcoffset() == other.utcoffset()


def test_nan_returns() -> None:
    [value] = decode(encode(Cursor((math.nan,)), ""), "").values
    assert math.isnan(value)


TOKEN = encode(Cursor((datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), 42)), "scope")


def test_a_token_is_short() -> None:
    assert len(TOKEN) <= 80


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(string.printable + "é\ud800"))
def test_any_change_is_refused(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(BadCursor):
            decode(changed, "scope")


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda raw: "1" + _base64(raw)))
def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(BadCursor):
        decode(token, "scope")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "1",
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + "=",
        "0" + TOKEN[1:],
        "2" + TOKEN[1:],
        TOKEN.replace("-", "+").replace("_", "/") + "\n",
        "1" + "A" * 10_000_000,
    ],
)
def test_a_token_of_another_form_is_refused(token: str) -> None:
    with pytest.raises(BadCursor):
        decode(token, "scope")


def test_a_token_of_another_scope_is_refused() -> None:
    with pytest.raises(BadCursor):
        decode(TOKEN, "scope2")


def test_bits_that_carry_nothing_do_not_make_a_second_token() -> None:
    for length in range(20):
        token = encode(Cursor(("x" * length,)), "")
        alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
        for character in alphabet.replace(token[-1], ""):
            with pytest.raises(BadCursor):
                decode(token[:-1] + character, "")


def test_keys_are_rotated_with_fallbacks() -> None:
    with override_settings(SECRET_KEY="new"):
        with pytest.raises(BadCursor):
            decode(TOKEN, "scope")
        with override_settings(SECRET_KEY_FALLBACKS=["older", "tests-only"]):
            assert decode(TOKEN, "scope").values[1] == 42


def test_what_a_token_cannot_carry_is_named() -> None:
    with pytest.raises(UnfitValue, match="type dict: order by a column of"):
        encode(Cursor(({},)), "")
    with pytest.raises(UnfitValue, match=rf"more than {MAX_LENGTH}: order by shorter columns"):
        encode(Cursor(("x" * MAX_LENGTH,)), "")


def test_subclasses_travel_as_what_they_are() -> None:
    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "other"

    class Number(int):
        pass

    cursor = Cursor((Text("a"), Number(3), memoryview(b"x"), uuid.UUID(int=1)))
    assert decode(encode(cursor, ""), "").values == ("a", 3, b"x", uuid.UUID(int=1))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
