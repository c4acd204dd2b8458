"""Twilio's scheme, which signs the URL and the form fields and no body.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from ._reading import Malformed, decode_all, from_base64
from .keys import Algorithm
from .schemes import Evidence, Message, Scheme

__all__ = ["TWILIO"]

MAX_FORM_FIELDS: Final = 1000
SETTINGS_HEADER: Final = "X-Twilio-Webhooks-Signature-Settings"
ALGORITHMS: Final[Mapping[str, Algorithm]] = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
DEFAULT_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}


def _read_twilio(message: Message) -> Evidence:
    algorithm = _algorithm(message.headers.get(SETTINGS_HEADER.lower(), ""))
    signatures = decode_all([message.headers["x-twilio-signature"].strip()], from_base64)
    spellings = url_spellings(message.url)
    fields = _signed_fields(message)
    contents = tuple(url.encode(errors="replace") + fields for url in spellings)
    return Evidence({algorithm: signatures}, contents)


TWILIO: Final = Scheme(
    "twilio", {"X-Twilio-Signature": "HMAC of the URL and the form fields, in base64"}, _read_twilio
)


def _algorithm(settings: str) -> Algorithm:
    """Return the algorithm that the settings header of a shared key names; else HMAC-SHA1."""
    for item in settings.split(","):
        name, _, value = item.partition("=")
        if name.strip() == "algorithm" and value.strip():
            known = ALGORITHMS.get(value.strip().upper())
            if known is None:
                raise Malformed("an unknown algorithm")
            return known
    return "sha1"


def url_spellings(url: str) -> tuple[str, ...]:
    """Return ``url`` without and with a port, either of which may have been signed.

    Raises:
        Malformed: if it is no URL of HTTP or HTTPS.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Malformed("a malformed URL") from None
    default = DEFAULT_PORTS.get(parts.scheme)
    if default is None or not parts.hostname:
        raise Malformed("a malformed URL")
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    with_port = parts._replace(netloc=f"{host}:{port or default}")
    return parts._replace(netloc=host).geturl(), with_port.geturl()


def joined_fields(body: bytes) -> bytes:
    """Return the fields of a form as they are signed: sorted, each name before its value.

    Raises:
        Malformed: if there are more than anybody sends.
    """
    try:
        fields = parse_qsl(
            body.decode(errors="replace"), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS
        )
    except ValueError:
        raise Malformed("too many form fields") from None
    return "".join(name + value for name, value in sorted(set(fields))).encode(errors="replace")


def _signed_fields(message: Message) -> bytes:
    media_type = message.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        return joined_fields(message.body)
    # The signature of any other body covers a hash of it, which stands in the URL.
    query = parse_qsl(urlsplit(message.url).query)
    hashes = [value for name, value in query if name == "bodySHA256"]
    if message.body or hashes:
        actual = hashlib.sha256(message.body).hexdigest().encode()
        if len(hashes) != 1:
            raise Malformed("a body that the signature does not cover")
        if not hmac.compare_digest(actual, hashes[0].encode(errors="replace")):
            raise Malformed("a body that does not match its hash")
    return b""
