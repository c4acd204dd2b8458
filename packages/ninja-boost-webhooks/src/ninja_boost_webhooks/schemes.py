"""Schemes: where a provider puts its signature, and what the signature covers.

A scheme only reads. It says which bytes were signed and which signatures were sent, or that
what was sent is malformed; ``verification.verify`` decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from ._reading import Malformed, decode_all, from_base64, from_hex, json_text, seconds
from .keys import Algorithm, Key, raw_key, standard_key

__all__ = [
    "GITHUB",
    "SLACK",
    "STRIPE",
    "Evidence",
    "Message",
    "Scheme",
    "generic_scheme",
    "standard_scheme",
]


@dataclass(frozen=True, slots=True)
class Message:
    """What was received.

    Attributes:
        headers: by lower-case name.
        body: as it was sent, before any parsing.
        url: the public URL, for the scheme that signs it.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the sender claims.

    Attributes:
        signatures: decoded, by algorithm.
        contents: the bytes that may have been signed; one of them must have been.
        timestamp: when it was signed, in Unix seconds; None if the signature covers no time.
        delivery: gives the sender's name for the delivery if the signature covers one; called
            when the signature has been found right.
    """

    signatures: Mapping[Algorithm, tuple[bytes, ...]]
    contents: tuple[bytes, ...]
    timestamp: int | None = None
    delivery: Callable[[], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to sign a webhook.

    Attributes:
        name: for messages, logs and replay keys.
        headers: the headers that a message must have, each with a description.
        read: returns what a message claims whose headers are all there; raises Malformed.
        key: returns the key of a configured secret; raises UnusableSecret or MissingDependency.
    """

    name: str
    headers: Mapping[str, str]
    read: Callable[[Message], Evidence]
    key: Callable[[str | bytes], Key] = raw_key


def _read_stripe(message: Message) -> Evidence:
    items = message.headers["stripe-signature"].split(",")
    pairs = [item.strip().partition("=") for item in items]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1:
        raise Malformed("not exactly one timestamp")
    timestamp = seconds(times[0])
    return Evidence(
        {"sha256": decode_all((value for name, _, value in pairs if name == "v1"), from_hex)},
        (f"{times[0]}.".encode() + message.body,),
        timestamp,
        partial(json_text, message.body, "id"),
    )


STRIPE: Final = Scheme(
    "stripe",
    {"Stripe-Signature": "Timestamp and HMAC-SHA256 of timestamp and body: t=<seconds>,v1=<hex>"},
    _read_stripe,
)
"""https://docs.stripe.com/webhooks#verify-manually"""


def _read_github(message: Message) -> Evidence:
    signature = _after("sha256=", message.headers["x-hub-signature-256"])
    return Evidence({"sha256": decode_all([signature], from_hex)}, (message.body,))


GITHUB: Final = Scheme(
    "github", {"X-Hub-Signature-256": "HMAC-SHA256 of the body: sha256=<hex>"}, _read_github
)
"""https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries

Its signature covers no time and no delivery id.
"""


def _read_slack(message: Message) -> Evidence:
    signature = _after("v0=", message.headers["x-slack-signature"])
    time = message.headers["x-slack-request-timestamp"].strip()
    timestamp = seconds(time)
    return Evidence(
        {"sha256": decode_all([signature], from_hex)},
        (f"v0:{time}:".encode() + message.body,),
        timestamp,
        partial(json_text, message.body, "event_id"),
    )


SLACK: Final = Scheme(
    "slack",
    {
        "X-Slack-Signature": "HMAC-SHA256 of timestamp and body: v0=<hex>",
        "X-Slack-Request-Timestamp": "When it was signed, in Unix seconds",
    },
    _read_slack,
)
"""https://docs.slack.dev/authentication/verifying-requests-from-slack"""

_VERSIONS: Final[Mapping[str, Algorithm]] = {"v1": "sha256", "v1a": "ed25519"}


def _read_standard(prefix: str, message: Message) -> Evidence:
    identity = message.headers[f"{prefix}-id"].strip()
    # With a dot in it, one signature would fit several splits into id, time and body.
    if "." in identity or not identity.isascii():
        raise Malformed("an id with a dot, or one that is not ASCII")
    time = message.headers[f"{prefix}-timestamp"].strip()
    timestamp = seconds(time)
    found: dict[Algorithm, list[str]] = {}
    for item in message.headers[f"{prefix}-signature"].split():
        version, _, value = item.partition(",")
        if version in _VERSIONS:
            found.setdefault(_VERSIONS[version], []).append(value)
    if not found:
        raise Malformed("no signature of version v1 or v1a")
    return Evidence(
        {algorithm: decode_all(values, from_base64) for algorithm, values in found.items()},
        (f"{identity}.{time}.".encode() + message.body,),
        timestamp,
        lambda: identity,
    )


def standard_scheme(prefix: str = "webhook") -> Scheme:
    """Return the scheme of Standard Webhooks: HMAC-SHA256 (v1) and Ed25519 (v1a).

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

    Args:
        prefix: of the header names; senders of Svix may use ``svix``.
    """
    prefix = prefix.lower()
    headers = {
        f"{prefix}-id": "Name of the message, the same whenever it is sent",
        f"{prefix}-timestamp": "When it was signed, in Unix seconds",
        f"{prefix}-signature": "v1,<base64> or v1a,<base64>, several with spaces between",
    }
    return Scheme("standard", headers, partial(_read_standard, prefix), standard_key)


def _read_generic(header: str, message: Message) -> Evidence:
    value = message.headers[header].strip().removeprefix("sha256=")
    decode = from_hex if len(value) == 2 * hashlib.sha256().digest_size else from_base64
    return Evidence({"sha256": decode_all([value], decode)}, (message.body,))


def generic_scheme(header: str) -> Scheme:
    """Return the scheme of an HMAC-SHA256 of the body in hex or base64, alone in ``header``."""
    description = "HMAC-SHA256 of the body in hex or base64; may start with sha256="
    return Scheme("generic", {header: description}, partial(_read_generic, header.lower()))


def _after(prefix: str, value: str) -> str:
    value = value.strip()
    if not value.startswith(prefix):
        raise Malformed(f"a signature without {prefix}")
    return value.removeprefix(prefix)
