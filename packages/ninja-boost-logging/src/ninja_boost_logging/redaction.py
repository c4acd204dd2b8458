"""What is a secret, by the name it goes under and by its looks.

Pure. All patterns take time in proportion to the text; the callers bound the text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["REDACTED", "Redactor"]

REDACTED = "[redacted]"

# Compared without case and punctuation: "X-Api-Key", "apiKey" and "API_KEY" are one.
_PARTS = (
    *("password", "passwd", "passphrase", "passcode", "secret", "credential"),
    *("authorization", "cookie", "csrf", "xsrf", "jwt", "bearer"),
    *("apikey", "accesskey", "privatekey", "signingkey", "encryptionkey", "masterkey", "sshkey"),
    *("sessionid", "sessionkey", "cardnumber", "creditcard", "debitcard", "securitycode"),
    *("accesstokens", "refreshtokens", "apitokens"),
)
_WHOLE = frozenset(
    {"auth", "pass", "dbpass", "userpass", "pan", "sid", "session", "tokens", "cardno", "cc"}
)
_WORDS = frozenset({"pwd", "pin", "cvv", "cvv2", "cvc", "cvc2", "csc", "ssn", "otp", "totp"})
_TO_THE_END_OF_LINE = ("authorization", "cookie")

_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[^\W\d_A-Z]+[0-9]*|[0-9]+")

# Without one of these in it, a text has nothing that the patterns below find. That each begins
# with a letter of its own, and not with a set, is what makes them quick to search for.
_SUSPECT = re.compile(
    r"=|:|@|--|\", |', |yJ|KIA|xox|lpat-|_(?:(?<=gh[pousr]_)|pat_|(?<=[sr]k_)|(?<=whsec_))"
    r"|b[Ee][Aa][Rr]|B[Ee][Aa][Rr]|b[Aa][Ss][Ii]|B[Aa][Ss][Ii]|k[Ee][Nn] |K[Ee][Nn] "
)
_MANY_DIGITS = re.compile(r"[0-9][0-9 -]{11,}[0-9]")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_END_OF_PRIVATE_KEY = re.compile(
    r"\A.*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----", re.DOTALL
)
_TOKEN = re.compile(
    # What begins with {" in base64: JWS, JWE, and what Django signs.
    r"eyJ[A-Za-z0-9_-]{12,}+(?:[.:][A-Za-z0-9_-]*+){0,4}"
    r"|AKIA[0-9A-Z]{16}|xox[a-z]-[0-9A-Za-z-]{10,}|glpat-[0-9A-Za-z_-]{16,}"
    r"|gh[pousr]_[0-9A-Za-z_]{20,}|github_pat_[0-9A-Za-z_]{20,}"
    r"|sk_(?:live|test)_[0-9A-Za-z]{8,}|rk_(?:live|test)_[0-9A-Za-z]{8,}|whsec_[0-9A-Za-z+/=]{8,}"
)
_SCHEME = re.compile(r"\b(bearer|basic|token)([ \t]+)([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE)
_SPEAKS_OF_BEARER = re.compile(
    r"(?:auth\w*|tokens?|scheme|credentials?|header|format|or|and|is|was|of|in|for|not|with)\.?",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(?<=://)(?:([^\s/:@?#]*):([^\s/?#]*)|[^\s/:@?#]{20,})@")
_ASSIGNMENT = re.compile(
    r"(?<![\w.-])([\w.-]{2,}+)"
    r"(?:\\?[\"']?[ \t]{0,8}(?:=>?|:)[ \t]{0,8}|\\?[\"'],[ ]?(?=b?\\?[\"']))"
    r"(?:b(?=[\"']))?"
)
_VALUE = re.compile(
    r"\\\"[^\"]*\"?|\\'[^']*'?"
    r'|"(?:[^"\\]|\\.)*+"?'
    r"|'(?:[^'\\]|\\.)*+'?"
    r"|\{[^}]*\}?|\[[^\]]*\]?"
    r"|[^\s&\"'<>]+",
    re.DOTALL,
)
_REST_OF_LINE = re.compile(r"[^\r\n]+")
_DIGITS = re.compile(r"(?<![0-9A-Za-z])(?<![0-9]\.)[0-9]{3,}+(?:[ -][0-9]{3,}+)*+")
_DOUBLED = {str(digit): sum(divmod(2 * digit, 10)) for digit in range(10)}


class Redactor:
    """Finds secrets.

    Args:
        keys: more names of secrets, as ``LoggingOptions.REDACT_KEYS``.
        patterns: more patterns of secrets, as ``LoggingOptions.REDACT_PATTERNS``.
        reveal: whole names that are no secrets, as ``LoggingOptions.REVEAL_KEYS``.
    """

    def __init__(
        self, keys: Iterable[str] = (), patterns: Iterable[str] = (), reveal: Iterable[str] = ()
    ) -> None:
        self._parts = (*_PARTS, *map(_normal, keys))
        self._patterns = [re.compile(pattern) for pattern in patterns]
        self._revealed = frozenset(map(_normal, reveal))
        self._sensitive = lru_cache(maxsize=4096)(self._judge)

    def sensitive(self, key: str) -> bool:
        """Return whether what goes under the name ``key`` is a secret."""
        return self._sensitive(key[-128:])

    def _judge(self, key: str) -> bool:
        name = _normal(key)
        if name in self._revealed:
            return False
        return (
            name in _WHOLE
            or name.endswith("token")
            or any(part in name for part in self._parts)
            or any(word.lower() in _WORDS for word in _WORD.findall(key))
        )

    def text(self, text: str) -> str:
        """Return ``text`` with each secret in it replaced."""
        if _SUSPECT.search(text) is not None:
            text = self._replace(text)
        if _MANY_DIGITS.search(text) is not None:
            text = _DIGITS.sub(_digits, text)
        for pattern in self._patterns:
            text = pattern.sub(_user_match, text)
        return text

    def _replace(self, text: str) -> str:
        if "PRIVATE KEY" in text:
            text = _END_OF_PRIVATE_KEY.sub(REDACTED, _PRIVATE_KEY.sub(REDACTED, text))
        if "@" in text and "://" in text:
            text = _USERINFO.sub(_userinfo, text)
        if "=" in text or ":" in text or "," in text:
            text = self._assignments(text)
        text = _TOKEN.sub(REDACTED, text)
        lower = text.lower()
        if "bearer" in lower or "basic" in lower or "token " in lower:
            text = _SCHEME.sub(_scheme, text)
        return text

    def _assignments(self, text: str) -> str:
        """Replace the values of ``key=value``, ``key: value`` and ``('key', 'value')``."""
        pieces: list[str] = []
        done = position = 0
        while match := _ASSIGNMENT.search(text, position):
            position = match.end()
            # The quote may belong to the name: 'password': 'x'.
            pair = "," in text[match.end(1) : position]
            if pair and not _opens_pair(text, match.start()):
                continue
            if not self.sensitive(match[1]) or text.startswith(REDACTED, position):
                continue
            quoted = text[position : position + 1] in ("'", '"', "\\")
            to_the_end = not quoted and any(p in _normal(match[1]) for p in _TO_THE_END_OF_LINE)
            value = (_REST_OF_LINE if to_the_end else _VALUE).match(text, position)
            if value is None:
                continue
            quote = value[0][0] if value[0][0] in "'\"" else ""
            pieces += text[done:position], quote, REDACTED, quote
            done = position = value.end()
        return "".join((*pieces, text[done:])) if pieces else text

    def number(self, value: int) -> bool:
        """Return whether a whole number is a card number."""
        return 10**12 <= value < 10**19 and _is_card(str(value))


def _normal(key: str) -> str:
    return "".join(filter(str.isalnum, key.lower()))


def _user_match(match: re.Match[str]) -> str:
    if "secret" not in match.re.groupindex or match["secret"] is None:
        return REDACTED
    start, end = match.start("secret") - match.start(), match.end("secret") - match.start()
    return f"{match[0][:start]}{REDACTED}{match[0][end:]}"


def _userinfo(match: re.Match[str]) -> str:
    if match[2] is None:
        return f"{REDACTED}@"
    return f"{match[1]}:{REDACTED}@" if match[2] else match[0]


def _scheme(match: re.Match[str]) -> str:
    name, gap, credentials = match.groups()
    scheme = name.lower()
    if scheme == "bearer":
        secret = _SPEAKS_OF_BEARER.fullmatch(credentials) is None
    elif scheme == "basic":
        secret = _is_user_and_password(credentials)
    else:
        secret = len(credentials) >= 20 and any(map(str.isdigit, credentials))
    return f"{name}{gap}{REDACTED}" if secret else match[0]


def _is_user_and_password(credentials: str) -> bool:
    try:
        return b":" in base64.b64decode(credentials + "=" * (-len(credentials) % 4))
    except (ValueError, binascii.Error):
        return False


def _opens_pair(text: str, start: int) -> bool:
    """Return whether a quoted word at ``start`` is the first of a tuple."""
    return text[max(0, start - 3) : start].rstrip("'\"").rstrip("b").endswith("(")


def _digits(match: re.Match[str]) -> str:
    """Redact the card numbers in a run of groups of digits."""
    groups = re.split("([ -])", match[0])
    pieces: list[str] = []
    index = 0
    while index < len(groups):
        length = _card_groups(groups, index)
        pieces.append(REDACTED if length else groups[index])
        index += length or 1
        if index < len(groups):
            pieces.append(groups[index])
            index += 1
    return "".join(pieces)


def _card_groups(groups: list[str], index: int) -> int:
    """Return how many pieces from ``index`` on are a card number, the longest first, or 0."""
    number, found = "", 0
    for end in range(index, len(groups), 2):
        number += groups[end]
        if len(number) > 19:
            break
        if _is_card(number):
            found = end - index + 1
    return found


def _is_card(number: str) -> bool:
    """Return whether digits are a payment card number (ISO/IEC 7812: 13 to 19, Luhn)."""
    if not 13 <= len(number) <= 19 or number[0] in "017":
        return False
    plain, doubled = number[::-2], number[-2::-2]
    return (sum(map(int, plain)) + sum(_DOUBLED[digit] for digit in doubled)) % 10 == 0
