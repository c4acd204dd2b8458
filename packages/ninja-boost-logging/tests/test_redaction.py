"""No secret gets into a line: by key, by value, at every depth."""

import base64
import json
import logging
import string
import sys

import pytest
from django.test import override_settings
from hypothesis import assume, given
from hypothesis import strategies as st

from ninja_boost_logging import StructuredJsonFormatter, StructuredVerboseFormatter
from ninja_boost_logging.redaction import Redactor
from tests.lines import parsed

REDACTED = "[redacted]"
FORMATTERS = (StructuredJsonFormatter(), StructuredVerboseFormatter())

# A token that decodes to nothing of value.
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLW5v"
BASIC = base64.b64encode(b"ada:hunter2").decode()
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEhunter2\nhunter2==\n-----END RSA PRIVATE KEY-----"
redactor = Redactor()


def lines_of(message="message", *args, extra=None, exc_info=None):
    record = logging.LogRecord("app", 20, "f.py", 1, message, args, exc_info)
    record.__dict__.update(extra or {})
    return [formatter.format(record) for formatter in FORMATTERS]


@pytest.mark.parametrize(
    "key",
    [
        "password", "PASSWORD", "db_password", "passwordConfirm", "new-password", "passwd", "pwd",
        "passphrase", "secret", "client_secret", "AWS_SECRET_ACCESS_KEY", "token", "accessToken",
        "refresh_token", "csrfmiddlewaretoken", "X-CSRFToken", "Authorization",
        "HTTP_AUTHORIZATION", "Proxy-Authorization", "cookie", "Set-Cookie", "HTTP_COOKIE",
        "apiKey", "X-Api-Key", "api_key", "APIKEY", "private_key", "sessionid", "session_key",
        "credentials", "card_number", "cardNumber", "creditCard", "cvv", "cvc2", "user_pin", "PIN",
        "ssn", "otp_code", "jwt", "auth", "pass",
    ],
)  # fmt: skip
def test_sensitive_keys(key):
    for value in ("hunter2", 1234, ["hunter2"], {"x": "hunter2"}, 1.5):
        for line in lines_of(extra={"outer": [{key: value}], key: value}):
            assert "hunter2" not in line
            assert "1234" not in line
            assert REDACTED in line


@pytest.mark.parametrize(
    "key",
    [
        "user", "shipping", "opinion", "order_id", "description", "author", "passed",
        "total_tokens", "compass", "token_type", "keyboard", "primary_key", "pinned",
    ],
)  # fmt: skip
def test_harmless_keys(key):
    (line, _) = lines_of(extra={key: "value"})
    assert json.loads(line)[key] == "value"


def test_none_and_flags_are_no_secrets():
    (line, _) = lines_of(extra={"password": None, "has_password": True, "secret": ""})
    assert json.loads(line)["password"] is None
    assert json.loads(line)["has_password"] is True


SECRETS = {
    "bearer": ("Bearer hunter2abcdef", "hunter2"),
    "bearer, other case": ("BEARER  hunter2.abc-def_~+/==", "hunter2"),
    "header": ("Authorization: Bearer hunter2", "hunter2"),
    "header of another scheme": ("authorization: ApiKey hunter2 more", "hunter2"),
    "token": (f"Token hunter2{'a1' * 10}", "hunter2"),
    "basic": (f"Basic {BASIC}", BASIC),
    "jwt": (f"got {JWT}.", "eyJ"),
    "jwe": (f"{JWT}.YWJj.ZGVm", "ZGVm"),
    "cut jwt": (JWT[:40], "eyJzdWIi"),
    "postgres": ("postgres://ada:hunter2@db:5432/app", "hunter2"),
    "redis": ("redis://:hunter2@cache:6379/0", "hunter2"),
    "url with an at sign": ("https://ada:hunt@er2@host/", "er2"),
    "token for a user": ("https://hunter2hunter2hunter2@github.com/x", "hunter2"),
    "query": ("GET /reset?user=ada&token=hunter2&x=1", "hunter2"),
    "dsn": ("host=db user=ada password='hun ter2' dbname=x", "ter2"),
    "odbc": ("Server=db;UID=sa;PWD={hun ter2};", "ter2"),
    "json": ('{"password": "hun\\"ter2", "a": 1}', "ter2"),
    "json in json": ('{\\"password\\": \\"hunter2\\"}', "hunter2"),
    "compact json": ('{"api_key":"hunter2","a":1}', "hunter2"),
    "number in json": ('{"pin":4711,"a":1}', "4711"),
    "python": ("User(name='ada', password='hunter2')", "hunter2"),
    "dict": ("{'secret': ['hunter2', 'b']}", "hunter2"),
    "bytes": ("{b'password': b'hunter2'}", "hunter2"),
    "pair": ("[(b'cookie', b'sessionid=hunter2'), (b'host', b'x')]", "hunter2"),
    "cookie": ('Cookie: theme="dark"; sessionid=hunter2', "hunter2"),
    "set-cookie": ("Set-Cookie: sid=hunter2; Path=/", "hunter2"),
    "environment": ("export AWS_SECRET_ACCESS_KEY=hunter2", "hunter2"),
    "open quote": ('password="hunter2', "hunter2"),
    "private key": (f"key:\n{KEY}\nend", "hunter2"),
    "cut private key": (KEY[:60], "hunter2"),
    "end of a private key": (KEY[40:], "hunter2"),
    "pgp": ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2\n-----END PGP PRIVATE KEY BLOCK-----",
            "hunter2"),
    "visa": ("card 4111 1111 1111 1111.", "1111"),
    "visa in one": ("4111111111111111", "1111"),
    "dashes": ("4111-1111-1111-1111", "1111"),
    "amex": ("378282246310005", "3782"),
    "amex in groups": ("3782 822463 10005", "3782"),
    "mastercard": ("5555555555554444", "5555"),
    "behind another number": ("paid 500 4111 1111 1111 1111", "1111"),
    "before a letter": ("4111111111111111x", "1111"),
    "github": ("ghp_" + "hunter2" * 6, "hunter2"),
    "stripe": ("sk_live_" + "hunter2" * 3, "hunter2"),
    "aws": ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
    "slack": ("xoxb-1234567890-hunter2", "hunter2"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_secrets_in_texts(text, secret):
    assert secret in text
    try:
        raise ValueError(text)
    except ValueError:
        exc_info = sys.exc_info()
    wherever = [
        lines_of(text.replace("%", "%%")),
        lines_of("got %s", text),
        lines_of("got %r", [text]),
        lines_of("got %(x)s", {"x": text}),
        lines_of(extra={"x": text}),
        lines_of(extra={"x": [{"y": (text, 1)}]}),
        lines_of(extra={"x": text.encode()}),
        lines_of(extra={"x": {text: 1}}),
        lines_of(extra={"x": ValueError(text)}),
        lines_of(extra={text: 1}),
        lines_of(exc_info=exc_info),
    ]
    for json_line, verbose_line in wherever:
        assert secret not in json_line
        # A traceback's frame numbers are no part of the secret.
        assert secret not in verbose_line
        parsed(json_line)
    once = redactor.text(text)
    assert redactor.text(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "Order 4711 created at 2026-02-24T10:30:00.123Z",
        "The bearer token is invalid",
        "Bearer authentication is required",
        "basic functionality",
        "a token of gratitude",
        "GET https://example.com:8443/a/b?page=2&size=10",
        "mailto:ada@example.com",
        "git clone ssh://git@example.com/x",
        "1767225600123",
        "1767225600123456789",
        "4111 1111 1111 1112",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "00000000-0000-4000-8000-000000000000",
        "Missing fields: ['password', 'email']",
        "took 0.4111111111111111 s",
        "192.168.100.200 10.0.0.1",
        "+44 20 7946 0958",
        "key=value; a: b",
        "password",
        "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
    ],
)
def test_harmless_texts_stay(text):
    assert redactor.text(text) == text


def test_the_rest_of_the_text_stays():
    assert redactor.text("a=1 password=x b=2") == f"a=1 password={REDACTED} b=2"
    assert redactor.text("?token=x&page=2") == f"?token={REDACTED}&page=2"
    assert redactor.text("{'token': 'x', 'b': 2}") == f"{{'token': '{REDACTED}', 'b': 2}}"
    assert redactor.text("db://u:p@h/x") == f"db://u:{REDACTED}@h/x"
    assert redactor.text(f"Bearer {JWT} ok") == f"Bearer {REDACTED} ok"
    assert redactor.text("pay 4111-1111-1111-1111 now") == f"pay {REDACTED} now"
    assert redactor.text("Cookie: a=b\nHost: x") == f"Cookie: {REDACTED}\nHost: x"


def test_arguments_that_are_named():
    (line, _) = lines_of("%(user)s %(password)s", {"user": "ada", "password": "hunter2"})
    assert json.loads(line)["message"] == f"ada {REDACTED}"
    (line, _) = lines_of("%s", {"user": "ada", "x": {"password": "hunter2"}})
    assert json.loads(line)["message"] == f'{{"user":"ada","x":{{"password":"{REDACTED}"}}}}'
    for each in lines_of("%(password)d", {"password": "hunter2"}):
        assert "hunter2" not in each


def test_card_numbers_that_are_numbers():
    (line, _) = lines_of(extra={"a": 4111111111111111, "b": 4111111111111112, "c": 1767225600123})
    found = json.loads(line)
    assert (found["a"], found["b"], found["c"]) == (REDACTED, 4111111111111112, 1767225600123)


def test_a_secret_across_the_cut():
    for distance in range(60):
        text = "x" * (8192 - distance) + " password=hunter2hunter2hunter2 " + "y" * 5000
        for line in lines_of(text):
            assert "hunter2" not in line
    error = ValueError("z" * 100_000)
    for distance in range(0, 400, 7):
        text = f"{'y' * 90_000} password=hunter2hunter2 {'z' * (24_576 + distance)}"
        error = ValueError(text)
        for line in lines_of(exc_info=(ValueError, error, None)):
            assert "hunter2" not in line


def test_what_comes_up_when_a_long_secret_goes():
    block = f"{KEY[:33]}{'k' * 3000}{KEY[-30:]}"
    for distance in range(8, 30):
        filler = "x" * (8192 + 1024 - len(block) - distance)
        for line in lines_of(f"{block}{filler} postgres://ada:hunter2hunter2@db/app"):
            assert "hunter2" not in line
            assert "kkk" not in line


def test_settings_add_and_take_away():
    options = {
        "REDACT_KEYS": ["iban", "Geburts-Name"],
        "REDACT_PATTERNS": [r"cust-\d+", r"badge (?P<secret>\w+)"],
        "REVEAL_KEYS": ["token_type", "page_token"],
    }
    values = {"customer_iban": "hunter2", "geburtsname": "hunter2", "page_token": "seen"}
    with override_settings(NINJA_BOOST={"LOGGING": options}):
        (line, _) = lines_of("cust-17 has badge x9", extra=values)
    found = json.loads(line)
    assert found["message"] == f"{REDACTED} has badge {REDACTED}"
    assert (found["customer_iban"], found["geburtsname"]) == (REDACTED, REDACTED)
    assert found["page_token"] == "seen"
    (line, _) = lines_of("cust-17", extra=values)
    assert json.loads(line)["message"] == "cust-17"
    assert json.loads(line)["page_token"] == REDACTED


def test_switched_off():
    with override_settings(NINJA_BOOST={"LOGGING": {"REDACT": False}}):
        (line, _) = lines_of("password=x", extra={"password": "hunter2"})
    assert json.loads(line)["message"] == "password=x"
    assert json.loads(line)["password"] == "hunter2"


def test_wrong_settings_leave_redaction_on():
    with override_settings(NINJA_BOOST={"LOGGING": {"REDACT": False, "NONSENSE": 1}}):
        (line, _) = lines_of("password=x")
    assert json.loads(line)["message"] == f"password={REDACTED}"


WORD = st.text(string.ascii_letters + string.digits, min_size=8, max_size=30)


@given(secret=WORD, before=st.text(max_size=30), after=st.text(max_size=30))
def test_a_password_in_any_text(secret, before, after):
    assume(secret not in before + after)
    for shape in (f" password={secret} ", f' {{"password": "{secret}"}} ', f" x://u:{secret}@h "):
        assert secret not in redactor.text(before + shape + after)


@given(
    text=st.text(st.sampled_from("eyJ.:=@/'\"\\ \n-BEGINPRVATKEYbearpsw0123456789"), max_size=300)
)
def test_once_is_enough(text):
    once = redactor.text(text)
    assert redactor.text(once).count(REDACTED) >= once.count(REDACTED)


CLUSTERS = (
    "a", "a_", "=", "a=", "'", "\\", '\\"', "'a', ", "eyJ", "eyJaaaaaaaa.", "4 ", "411 ", "4111 ",
    "://", "://a:", "@", "://:@", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
    "PRIVATE KEY", "bearer ", "basic ", "token ", "password=", "password='", "password", "cookie: ",
    "xox", "b'", "(", " ", "\t", "{", "password={", "%", "1", "AKIA", "ghp_",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_time_grows_with_the_text_and_not_its_square(cluster):
    """The square would take longer than any test may."""
    text = cluster * (500_000 // len(cluster))
    assert len(redactor.text(text)) <= len(text) + len(REDACTED) * text.count(cluster)
