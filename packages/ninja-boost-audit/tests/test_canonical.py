"""Canonical JSON: RFC 8785, and what a signature needs of it."""

import json
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninja_boost_audit import canonical
from ninja_boost_audit.canonical import canonical_bytes, canonical_json

# RFC 8785, appendix B: the bits of a double, and its text.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=10,
)


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_are_written_as_the_rfc_has_them(bits, text):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_json(number) == text


def test_the_example_of_the_rfc():
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical_json(value) == (
        '{"literals":[null,true,false],'
        '"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_members_are_sorted_by_utf_16_code_units():
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    expected = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical_json(dict.fromkeys(names)))) == expected


def as_json(value):
    """The value as JSON means it: numbers are doubles, and True is not 1."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ("number", float(value))
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    return repr(value)


@settings(max_examples=50)
@given(VALUES)
def test_it_is_json_of_the_same_value(value):
    text = canonical_json(value)
    assert as_json(json.loads(text)) == as_json(value)
    assert canonical_json(json.loads(text)) == text


ASCII = st.text(st.characters(max_codepoint=127), max_size=3)


@settings(max_examples=100)
@given(st.dictionaries(ASCII | TEXTS, VALUES, max_size=3))
def test_the_compiled_encoder_writes_the_same(value):
    found = canonical_json(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "_writes_alike", lambda value: False)
        assert canonical_json(value) == found


def test_the_compiled_encoder_writes_records(monkeypatch):
    def refuse(text):
        raise AssertionError(text)

    monkeypatch.setattr(canonical, "_string", refuse)
    value = {"b": "é", "a": None, "c": {"e": True, "d": [1, {"f": "\x7f\u2028"}]}}
    assert canonical_json(value) == ('{"a":null,"b":"é","c":{"d":[1,{"f":"\x7f\u2028"}],"e":true}}')


@settings(max_examples=50)
@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.randoms())
def test_the_order_of_members_does_not_matter(value, random):
    items = list(value.items())
    random.shuffle(items)
    assert canonical_bytes(dict(items)) == canonical_bytes(value)


@settings(max_examples=50)
@given(VALUES, VALUES)
def test_different_values_have_different_texts(one, other):
    if canonical_json(one) == canonical_json(other):
        assert as_json(one) == as_json(other)


@given(st.integers())
def test_integers_keep_all_their_digits(number):
    assert json.loads(canonical_json(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_survive(number):
    assert float(canonical_json(number)) == number


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, "\ud800", {"\udfff": 1}, {"a": "\ud800"}]
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        canonical_json(value)


@pytest.mark.parametrize("value", [object(), b"bytes", {1: 2}, [set()]])
def test_what_is_no_json_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)
