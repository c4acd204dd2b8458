"""Signs as the providers do, for tests: each function returns the headers to send.

    client.post(path, data=body, content_type="application/json", headers=sign_github(body, key))

``secret`` is what the provider would sign with; ``timestamp`` is in Unix seconds and is the
present if it is left out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Literal

from .keys import MissingDependency, decode_key
from .twilio import joined_fields

__all__ = [
    "sign_generic",
    "sign_github",
    "sign_slack",
    "sign_standard",
    "sign_stripe",
    "sign_twilio",
]

Text = str | bytes


def sign_stripe(body: Text, secret: Text, *, timestamp: int | None = None) -> dict[str, str]:
    """Return ``Stripe-Signature``."""
    stamp = _stamp(timestamp)
    signature = _hmac(secret, f"{stamp}.".encode() + _bytes(body)).hex()
    return {"Stripe-Signature": f"t={stamp},v1={signature}"}


def sign_github(body: Text, secret: Text) -> dict[str, str]:
    """Return ``X-Hub-Signature-256``."""
    return {"X-Hub-Signature-256": f"sha256={_hmac(secret, _bytes(body)).hex()}"}


def sign_slack(body: Text, secret: Text, *, timestamp: int | None = None) -> dict[str, str]:
    """Return ``X-Slack-Signature`` and ``X-Slack-Request-Timestamp``."""
    stamp = _stamp(timestamp)
    signature = _hmac(secret, f"v0:{stamp}:".encode() + _bytes(body)).hex()
    return {"X-Slack-Signature": f"v0={signature}", "X-Slack-Request-Timestamp": stamp}


def sign_standard(
    body: Text,
    secret: Text | Sequence[Text],
    *,
    message_id: str | None = None,
    timestamp: int | None = None,
    prefix: str = "webhook",
) -> dict[str, str]:
    """Return ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``.

    Args:
        secret: ``whsec_`` for HMAC, ``whsk_`` for Ed25519, or several, as while one is replaced.
        message_id: a new one if it is left out.
    """
    stamp = _stamp(timestamp)
    identity = message_id or f"msg_{secrets.token_hex(12)}"
    content = f"{identity}.{stamp}.".encode() + _bytes(body)
    all_secrets = [secret] if isinstance(secret, str | bytes) else secret
    return {
        f"{prefix}-id": identity,
        f"{prefix}-timestamp": stamp,
        f"{prefix}-signature": " ".join(_standard_signature(s, content) for s in all_secrets),
    }


def sign_generic(
    body: Text,
    secret: Text,
    *,
    header: str = "X-Signature",
    encoding: Literal["hex", "base64"] = "hex",
    prefix: str = "",
) -> dict[str, str]:
    """Return ``header``; ``prefix`` may be ``sha256=``."""
    signature = _hmac(secret, _bytes(body))
    return {header: prefix + (signature.hex() if encoding == "hex" else _base64(signature))}


def sign_twilio(
    url: str,
    secret: Text,
    body: Text = b"",
    *,
    algorithm: Literal["sha1", "sha256"] = "sha1",
) -> dict[str, str]:
    """Return ``X-Twilio-Signature``, and for SHA-256 the header that announces it.

    Args:
        url: the public URL with its query. For a body that is no form, the query has to have
            ``bodySHA256``, and ``body`` is left out.
        body: a form, as ``application/x-www-form-urlencoded``.
    """
    content = url.encode() + joined_fields(_bytes(body))
    headers = {"X-Twilio-Signature": _base64(_hmac(secret, content, algorithm))}
    if algorithm == "sha256":
        headers["X-Twilio-Webhooks-Signature-Settings"] = "key=test,algorithm=HMAC_SHA256"
    return headers


def body_hash(body: Text) -> Mapping[str, str]:
    """Return what Twilio adds to the query for a body that is no form."""
    return {"bodySHA256": hashlib.sha256(_bytes(body)).hexdigest()}


def _standard_signature(secret: Text, content: bytes) -> str:
    if isinstance(secret, bytes):
        return f"v1,{_base64(_hmac(secret, content))}"
    if not secret.startswith("whsk_"):
        return f"v1,{_base64(_hmac(decode_key(secret.removeprefix('whsec_')), content))}"
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as error:
        raise MissingDependency("pip install 'ninja-boost-webhooks[ed25519]'") from error
    # The seed, which the public key may follow.
    seed = decode_key(secret.removeprefix("whsk_"))[:32]
    return f"v1a,{_base64(Ed25519PrivateKey.from_private_bytes(seed).sign(content))}"


def _hmac(secret: Text, content: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(_bytes(secret), content, algorithm)


def _stamp(timestamp: int | None) -> str:
    return str(int(time.time()) if timestamp is None else timestamp)


def _bytes(text: Text) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
