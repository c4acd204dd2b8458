"""JSON Web Tokens by hand, so that any part of one can be wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from .conftest import DEPLOYED


def encode(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: object, claims: object, key: str = DEPLOYED["AIRLINE_JWT_SECRET"]) -> str:
    signing_input = f"{encode(header)}.{encode(claims)}"
    mac = hmac.new(key.encode(), signing_input.encode(), hashlib.sha256).digest()
    return f"{signing_input}.{encode(mac)}"


HS256 = {"alg": "HS256", "typ": "JWT"}
SOON = int(time.time()) + 3600
CLAIMS = {"user_id": 1, "is_staff": False, "iat": int(time.time()), "exp": SOON}
