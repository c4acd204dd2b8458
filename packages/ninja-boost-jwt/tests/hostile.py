"""Tokens made by hand, without our code and without the library, and a table of bad ones."""

import base64
import hmac
import json
import time

SECRET = "a secret of its own, 32 bytes or longer, for these tests"
NOW = int(time.time())


def segment(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload, header=None, secret=SECRET, algorithm="HS256"):
    """A token of exactly this header and payload, each an object or raw bytes."""
    header = {"alg": algorithm, "typ": "JWT"} if header is None else header
    signing_input = f"{segment(header)}.{segment(payload)}"
    key = secret if isinstance(secret, bytes) else secret.encode()
    digest = f"sha{algorithm[2:]}"
    signature = hmac.digest(key, signing_input.encode(), digest)
    return f"{signing_input}.{segment(signature)}"


def claims(**more):
    return {"user_id": 7, "exp": int(time.time()) + 600, **more}


REFUSED_PAYLOADS = {
    "no expiry": {"user_id": 7},
    "null expiry": claims(exp=None),
    "expired": claims(exp=NOW - 1),
    "expired long ago": claims(exp=0),
    "negative expiry": claims(exp=-1),
    "expiry as text": claims(exp=str(NOW + 600)),
    "expiry true": claims(exp=True),
    "expiry list": claims(exp=[NOW + 600]),
    "expiry object": claims(exp={"a": 1}),
    "expiry infinite": b'{"exp": Infinity}',
    "expiry beyond floats": b'{"exp": 1' + b"0" * 400 + b"}",
    "not before beyond floats": b'{"exp": 9999999999, "nbf": -1' + b"0" * 400 + b"}",
    "expiry overflowing": b'{"exp": 1e999}',
    "expiry NaN": b'{"exp": NaN}',
    "expiry of 5000 digits": b'{"exp": ' + b"9" * 5000 + b"}",
    "not yet": claims(nbf=NOW + 600),
    "not before as text": claims(nbf="0"),
    "not before list": claims(nbf=[]),
    "not before infinite": b'{"exp": 9999999999, "nbf": -1e999}',
    "issued in the future": claims(iat=NOW + 600),
    "issued as text": claims(iat="x"),
    "issued null": claims(iat=None),
    "subject number": claims(sub=7),
    "subject null": claims(sub=None),
    "subject list": claims(sub=["a"]),
    "id number": claims(jti=7),
    "issuer object": claims(iss={"a": 1}),
    "audience of somebody": claims(aud="somebody"),
    "audiences of somebody": claims(aud=["somebody"]),
    "audience number": claims(aud=7),
    "audience object": claims(aud={"a": 1}),
    "NaN elsewhere": b'{"exp": 9999999999, "x": NaN}',
    "expiry twice": b'{"exp": 1, "exp": 9999999999}',
    "user twice": b'{"exp": 9999999999, "user_id": 1, "user_id": 2}',
    "inner name twice": b'{"exp": 9999999999, "a": {"b": 1, "b": 2}}',
    "list": b"[1]",
    "text": b'"x"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "empty object": b"{}",
    "nothing": b" ",
    "no JSON": b"{exp: 1}",
    "cut": b'{"exp": 99999',
    "no UTF-8": b'{"exp": 9999999999, "a": "\xff"}',
    "UTF-16": '{"exp": 9999999999}'.encode("utf-16"),
    "with a byte order mark": b'\xef\xbb\xbf{"exp": 9999999999}',
    "too deep": b'{"exp": 9999999999, "a": ' + b"[" * 32 + b"]" * 32 + b"}",
    "deep": b'{"exp": 9999999999, "a": ' + b"[" * 2800 + b"]" * 2800 + b"}",
}


REFUSED_HEADERS = {
    "critical extension": {"alg": "HS256", "crit": ["exp"], "exp": 1},
    "critical b64": {"alg": "HS256", "crit": ["b64"], "b64": True},
    "empty crit": {"alg": "HS256", "crit": []},
    "crit of another type": {"alg": "HS256", "crit": {"a": 1}},
    "detached": {"alg": "HS256", "b64": False, "crit": ["b64"]},
    "detached without crit": {"alg": "HS256", "b64": False},
    "type of refresh tokens": {"alg": "HS256", "typ": "refresh+jwt"},
    "type access token": {"alg": "HS256", "typ": "at+jwt"},
    "type number": {"alg": "HS256", "typ": 7},
    "type list": {"alg": "HS256", "typ": ["JWT"]},
    "kid number": {"alg": "HS256", "kid": 7},
    "kid object": {"alg": "HS256", "kid": {"a": 1}},
    "no algorithm": {"typ": "JWT"},
    "algorithm null": {"alg": None},
    "algorithm number": {"alg": 256},
    "algorithm list": {"alg": ["HS256"]},
    "algorithm object": {"alg": {"HS256": 1}},
    "algorithm in lower case": {"alg": "hs256"},
    "another algorithm": {"alg": "HS512"},
    "asymmetric algorithm": {"alg": "RS256"},
    "unknown algorithm": {"alg": "XX256"},
    "algorithm twice": b'{"alg": "none", "alg": "HS256"}',
    "name twice": b'{"alg": "HS256", "kid": "a", "kid": "b"}',
    "algorithm NaN": b'{"alg": "HS256", "a": NaN}',
    "nested token": {"alg": "HS256", "cty": "JWT"},
    "kid null": {"alg": "HS256", "kid": None},
    "kid list": {"alg": "HS256", "kid": ["a"]},
    "kid true": {"alg": "HS256", "kid": True},
    "header too large": {"alg": "HS256", "kid": "k" * 5000},
    "type null": {"alg": "HS256", "typ": None},
    "list": [],
    "text": "HS256",
    "no JSON": b"{",
    "no UTF-8": b'{"alg": "HS256\xff"}',
    "deep": b"[" * 2800 + b"]" * 2800,
}


def spellings(word):
    """Every way to write a word in capital and small letters."""
    if not word:
        return [""]
    return [
        first + rest for first in {word[0].lower(), word[0].upper()} for rest in spellings(word[1:])
    ]


UNSIGNED = {
    f"{name} {end}": f"{segment({'alg': name, 'typ': 'JWT'})}.{segment(claims())}.{signature}"
    for name in sorted([*spellings("none"), "", " none", "none ", "n\u043ene", "null"])
    for end, signature in {"empty": "", "with text": "AAAA"}.items()
}
"""Tokens that say they need no signature; one has a Cyrillic letter."""

KIDS = {
    "path": "../../../../dev/null",
    "absolute path": "/etc/passwd",
    "SQL": "x' UNION SELECT 'secret' --",
    "command": "key.pem|whoami",
    "URL": "https://evil.example/key",
    "huge": "k" * 3000,
    "empty": "",
    "blank": " ",
    "nul": "a\x00",
    "newline": "a\r\nX: y",
    "surrogate": "\udcff",
    "another name": "b",
    "other letters": "A",
    "number": 7,
    "negative": -1,
    "true": True,
    "null": None,
    "list": ["a"],
    "object": {"kid": "a"},
}
"""Names of keys that a ring does not have."""

OWN_KEYS = {
    "jku": {"jku": "https://evil.example/keys"},
    "x5u": {"x5u": "https://evil.example/cert"},
    "jwk": {"jwk": {"kty": "oct", "k": segment(b"x" * 40)}},
    "x5c": {"x5c": ["MIIB"]},
    "x5t": {"x5t": "AAAA"},
}
"""Headers with which a token says how to verify it."""

NONE = segment({"alg": "none", "typ": "JWT"})
GOOD = signed(claims())
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")
REFUSED_TEXTS = {
    "nothing": "",
    "a word": "demo",
    "dots": "..",
    "many dots": "." * 5000,
    "a blank": " ",
    "one segment": HEADER,
    "two segments": f"{HEADER}.{PAYLOAD}",
    "no signature": f"{HEADER}.{PAYLOAD}.",
    "four segments": f"{GOOD}.{SIGNATURE}",
    "five segments, as encrypted": ".".join([HEADER] * 5),
    "unsigned": f"{NONE}.{PAYLOAD}.",
    "unsigned, with a signature": f"{NONE}.{PAYLOAD}.{SIGNATURE}",
    "unsigned in capitals": f"{segment({'alg': 'NONE'})}.{PAYLOAD}.",
    "another secret": signed(claims(), secret="x" * 40),
    "an empty secret": signed(claims(), secret=""),
    "another hash": signed(claims(), algorithm="HS512"),
    "another hash under our name": signed(claims(), {"alg": "HS256"}, algorithm="HS384"),
    "cut signature": GOOD[:-4],
    "other payload": f"{HEADER}.{segment(claims(user_id=1))}.{SIGNATURE}",
    "padded": GOOD + "=",
    "padded inside": f"{HEADER}==.{PAYLOAD}.{SIGNATURE}",
    "blank inside": f"{HEADER}. {PAYLOAD}.{SIGNATURE}",
    "newline after": GOOD + "\n",
    "plain base64": f"{HEADER}.{PAYLOAD}.+/{SIGNATURE[2:]}",
    "not ASCII": GOOD[:-1] + "é",
    "surrogate": GOOD[:-1] + "\udcff",
    "nul": GOOD + "\x00",
    "twice": f"{GOOD},{GOOD}",
    "quoted": f'"{GOOD}"',
    "signed with a key that it brings": signed(
        claims(), {"alg": "HS256", **OWN_KEYS["jwk"]}, "x" * 40
    ),
    "encrypted": ".".join([segment({"alg": "dir", "enc": "A128GCM"}), "", "AAAA", "AAAA", "AAAA"]),
    "encrypted, in three parts": signed(claims(), {"alg": "dir", "enc": "A128GCM"}),
    "compressed": signed(claims(), {"alg": "HS256", "zip": "DEF"}, "x" * 40),
    "with the scheme": f"Bearer {GOOD}",
    "huge": "a" * 10_000_000,
    "huge, in form": f"{HEADER}.{'A' * 9000}.{SIGNATURE}",
    "nested": signed(json.dumps(GOOD).encode(), {"alg": "HS256", "cty": "JWT"}),
    "SQL": "' OR 1=1 --",
}
