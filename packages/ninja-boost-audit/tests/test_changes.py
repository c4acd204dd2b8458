"""Differences, and what no record may hold."""

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from ninja_boost_audit.canonical import canonical_json
from ninja_boost_audit.changes import difference, plain, plain_members
from ninja_boost_audit.records import clean_text

from .models import Order
from .support import audit_settings

SECRETS = [
    *("password", "userPassword", "PASSWORD_HASH", "new-password", "passwords", "pwd", "passwd"),
    *("secret", "client_secret", "secretKey", "token", "access_token", "refreshToken", "tokens"),
    *("api_key", "apiKey", "APIKey", "x-api-key", "accessKey", "private_key", "Authorization"),
    *("auth", "cookie", "Set-Cookie", "session", "sessionid", "csrfmiddlewaretoken", "otp", "pin"),
    *("card_number", "cvv", "CVC", "ssn", "credentials", "jwt", "signature", "mypassword1"),
]
PLAIN = ["total", "shipping", "author", "spinning", "opinion", "compass", "classname", "key", "id"]


@pytest.mark.parametrize("name", SECRETS)
def test_what_looks_like_a_secret_is_redacted(name):
    changes = difference({name: "old-value"}, {name: "new-value"})
    assert changes == {name: ["[redacted]", "[redacted]"]}
    assert plain_members({"in": [{name: "old-value"}]}) == {"in": [{name: "[redacted]"}]}


@pytest.mark.parametrize("name", PLAIN)
def test_what_does_not_is_kept(name):
    assert difference({name: "old"}, {name: "new"}) == {name: ["old", "new"]}


def test_what_is_redacted_can_be_set():
    with audit_settings(REDACT=["iban"]):
        assert plain_members({"IBAN": "DE1", "customerIban": "DE2", "password": "x"}) == {
            "IBAN": "[redacted]",
            "customerIban": "[redacted]",
            "password": "x",
        }


def test_a_secret_that_is_set_or_taken_away_shows_as_such():
    assert difference({"pin": None}, {"pin": "1234"}) == {"pin": [None, "[redacted]"]}


class Colour(Enum):
    RED = "red"


class Item(BaseModel):
    name: str
    price: Decimal
    key: SecretStr


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (None, {"a": 1}, {"a": [None, 1]}),
        ({"a": 1}, None, {"a": [1, None]}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": [2, 3]}),
        ({"a": 1}, {"a": True}, {"a": [1, True]}),
        (Point(1), Point(2), {"x": [1, 2]}),
        (
            Item(name="a", price=Decimal("1.10"), key="k1"),
            Item(name="a", price=Decimal("1.20"), key="k2"),
            {"price": ["1.10", "1.20"], "key": ["[SecretStr]", "[SecretStr]"]},
        ),
        (Order(number="a", total=1), Order(number="a", total=2), {"total": [1, 2]}),
        (None, None, {}),
    ],
)
def test_differences(before, after, changes):
    assert difference(before, after) == changes


def test_a_deferred_field_is_not_fetched():
    order = Order.from_db("default", ["id", "number"], [1, "n"])
    assert difference(None, order) == {"id": [None, 1], "number": [None, "n"]}


def test_what_has_no_members_cannot_be_compared():
    with pytest.raises(TypeError, match="int has no members"):
        difference(1, 2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, "red"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(hours=1), "1:00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"bytes", "[5 bytes]"),
        (float("inf"), "inf"),
        ((1, {"a": 2}), [1, {"a": 2}]),
        (object(), "[object]"),
        ([[[[[[[1]]]]]]], [[[[[["[…]"]]]]]]),
        (list(range(200)), list(range(100))),
        ("x" * 5000, "x" * 1999 + "…"),
    ],
)
def test_plain_values(value, expected):
    assert plain(value) == expected


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=6,
)


@settings(max_examples=30)
@given(ANYTHING)
def test_every_plain_value_can_be_signed_and_stored(value):
    text = canonical_json(plain(value))
    json.loads(text)
    assert "\0" not in text
    text.encode()


@given(st.text(), st.integers(1, 50))
def test_every_text_can_be_stored(text, longest):
    cleaned = clean_text(text, longest)
    assert len(cleaned) <= longest
    assert "\0" not in cleaned
    cleaned.encode()
