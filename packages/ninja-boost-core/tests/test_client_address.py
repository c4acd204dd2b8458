"""The client's address: never one that a client could choose."""

import ipaddress
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test import AsyncRequestFactory, RequestFactory, override_settings
from hypothesis import example, given
from hypothesis import strategies as st

from ninja_boost_core.client_address import client_address, is_secure, is_trusted_peer

PROXIES = ["10.0.0.0/8", "192.0.2.7", "2001:db8:ffff::/48"]


def sent_by(peer: str | None = "10.0.0.1", **headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    if peer is None:
        del request.META["REMOTE_ADDR"]
    else:
        request.META["REMOTE_ADDR"] = peer
    return request


def listed(value: str, peer: str | None = "10.0.0.1") -> str | None:
    return client_address(sent_by(peer, **{"x-forwarded-for": value}))


def forwarded(value: str, peer: str | None = "10.0.0.1") -> str | None:
    return client_address(sent_by(peer, forwarded=value))


@pytest.fixture
def trusting() -> Iterator[None]:
    with override_settings(NINJA_BOOST={"TRUSTED_PROXIES": PROXIES}):
        yield


# Without trusted proxies


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-forwarded-for": "1.2.3.4"},
        {"forwarded": "for=1.2.3.4"},
        {"x-real-ip": "1.2.3.4", "x-forwarded-for": "1.2.3.4", "forwarded": "for=1.2.3.4"},
    ],
)
def test_headers_mean_nothing_by_default(headers: dict[str, str]):
    assert client_address(sent_by("203.0.113.9", **headers)) == "203.0.113.9"
    assert client_address(sent_by("127.0.0.1", **headers)) == "127.0.0.1"


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", None),
        (None, None),
        ("unix:", None),
        ("not an address", None),
        ("203.0.113.999", None),
    ],
)
def test_the_peers_address_in_canonical_form(remote: str | None, expected: str | None):
    assert client_address(sent_by(remote)) == expected


# Whom to trust


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        ("10.255.0.1", True),
        ("::ffff:10.0.0.1", True),
        ("192.0.2.7", True),
        ("2001:db8:ffff::1", True),
        ("192.0.2.8", False),
        ("2001:db8::1", False),
        ("11.0.0.1", False),
        ("", False),
        (None, False),
        ("garbage", False),
    ],
)
def test_trusted_peers(peer: str | None, trusted: bool):
    assert is_trusted_peer(sent_by(peer)) is trusted
    found = listed("1.2.3.4", peer)
    assert (found == "1.2.3.4") is trusted


def test_nobody_is_trusted_by_default():
    assert not is_trusted_peer(sent_by("127.0.0.1"))
    assert not is_trusted_peer(sent_by(""))


@pytest.mark.parametrize("peer", ["", None, "unix:", "localhost"])
def test_a_unix_socket_is_trusted_when_it_is_listed(peer: str | None):
    with override_settings(NINJA_BOOST={"TRUSTED_PROXIES": ["unix"]}):
        assert is_trusted_peer(sent_by(peer))
        assert listed("1.2.3.4", peer) == "1.2.3.4"
        assert client_address(sent_by(peer)) is None
        assert listed("garbage", peer) is None
        assert not is_trusted_peer(sent_by("127.0.0.1"))
        assert not is_trusted_peer(sent_by("garbage"))


def test_a_mapped_network_is_the_ipv4_network():
    with override_settings(NINJA_BOOST={"TRUSTED_PROXIES": ["::ffff:10.0.0.0/104"]}):
        assert is_trusted_peer(sent_by("10.200.0.1"))
        assert not is_trusted_peer(sent_by("11.0.0.1"))


def test_settings_are_followed():
    assert not is_trusted_peer(sent_by())
    with override_settings(NINJA_BOOST={"TRUSTED_PROXIES": PROXIES}):
        assert is_trusted_peer(sent_by())
        with override_settings(NINJA_BOOST={"TRUSTED_PROXIES": []}):
            assert not is_trusted_peer(sent_by())
        assert is_trusted_peer(sent_by())
    assert not is_trusted_peer(sent_by())


def test_wrong_settings_are_no_reason_to_guess():
    with (
        override_settings(NINJA_BOOST={"TRUSTED_PROXIES": ["10.0.0.0/33"]}),
        pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"),
    ):
        client_address(sent_by())


# Which address of a list


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (["1.2.3.4"], "1.2.3.4"),
        (["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (["6.6.6.6", "1.2.3.4", "10.0.0.2", "192.0.2.7"], "1.2.3.4"),
        (["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
        (["1.2.3.4:4711"], "1.2.3.4"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["::ffff:1.2.3.4"], "1.2.3.4"),
        (["1.2.3.4", "::ffff:10.0.0.2"], "1.2.3.4"),
        # What is no address ends the search with the last one that is trustworthy.
        (["1.2.3.4", "unknown"], "10.0.0.1"),
        (["1.2.3.4", "_hidden", "10.0.0.2"], "10.0.0.2"),
        (["1.2.3.4", "", "10.0.0.2"], "10.0.0.2"),
        (["1.2.3.4", "fe80::1%evil"], "10.0.0.1"),
        (["1.2.3.4", "[fe80::1%evil]"], "10.0.0.1"),
        (["1.2.3.4", "[::1"], "10.0.0.1"),
        (["1.2.3.4", "010.0.0.2"], "10.0.0.1"),
        (["1.2.3.4", "1.2.3.4.5"], "10.0.0.1"),
        (["1.2.3.4", "<script>"], "10.0.0.1"),
    ],
)
def test_the_right_most_untrusted_address(chain: list[str], expected: str):
    assert listed(", ".join(chain)) == expected
    assert listed(",".join(chain)) == expected
    if "" not in chain:
        assert forwarded(", ".join(f'for="{node}"' for node in chain)) == expected
        elements = (f'proto=https;For="{node}" ; by=_x' for node in chain)
        assert forwarded(",".join(elements)) == expected


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("for=1.2.3.4", "1.2.3.4"),
        ("for=1.2.3.4;", "1.2.3.4"),
        ("for=1.2.3.4, ", "1.2.3.4"),
        ("FOR=1.2.3.4", "1.2.3.4"),
        ("for=1.2.3.4:80", "1.2.3.4"),
        ("for=[2001:db8::1]:80", "2001:db8::1"),
        ('for="1.2.3.4:_port"', "1.2.3.4"),
        (r'for="\1.2.3\.4"', "1.2.3.4"),
        (r'for=1.2.3.4;host="a\"b, for=6.6.6.6\\"', "1.2.3.4"),
        ('for=1.2.3.4;host="a, for=6.6.6.6"', "1.2.3.4"),
        ('for=1.2.3.4;host=""', "1.2.3.4"),
        # Elements that are no answer.
        ("by=10.0.0.2;proto=https", "10.0.0.1"),
        ("for=1.2.3.4;for=1.2.3.5", "10.0.0.1"),
        ("for=1.2.3.4 for=6.6.6.6", "10.0.0.1"),
        ("1.2.3.4", "10.0.0.1"),
        ("for=", "10.0.0.1"),
        ("for", "10.0.0.1"),
        ('for="1.2.3.4', "10.0.0.1"),
        ('for=1.2.3.4"', "10.0.0.1"),
        ("for=_secret, for=10.0.0.2", "10.0.0.2"),
        (",;,", "10.0.0.1"),
    ],
)
def test_the_forwarded_header(header: str, expected: str):
    assert forwarded(header) == expected


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(
    "injected",
    [
        'for=6.6.6.6;by="',
        'for="',
        '"',
        'for=6.6.6.6;by="\\',
        'for="6.6.6.6',
        "for=6.6.6.6,",
        'for=6.6.6.6;host="a\\"',
        "for=6.6.6.6;",
        'for="\\"\\',
    ],
)
@pytest.mark.parametrize(
    "appended",
    ["for=1.2.3.4", 'for="1.2.3.4"', 'for=1.2.3.4;by="x"', 'host="a\\"b";for="1.2.3.4:5"'],
)
def test_an_unbalanced_quote_of_the_client_swallows_nothing(injected: str, appended: str):
    assert forwarded(f"{injected}, {appended}") == "1.2.3.4"


# The number of proxies


@pytest.mark.parametrize(
    ("hops", "expected"),
    [(1, "10.0.0.3"), (2, "10.0.0.2"), (3, "1.2.3.4"), (4, "1.2.3.4"), (None, "1.2.3.4")],
)
def test_at_most_so_many_proxies_are_believed(hops: int | None, expected: str):
    value = {"TRUSTED_PROXIES": PROXIES, "TRUSTED_PROXY_HOPS": hops}
    with override_settings(NINJA_BOOST=value):
        assert listed("6.6.6.6, 1.2.3.4, 10.0.0.2, 10.0.0.3") == expected
        assert listed("1.2.3.4") == "1.2.3.4"


def test_hops_alone_decide_where_every_address_is_trusted():
    value = {"TRUSTED_PROXIES": ["0.0.0.0/0", "::/0"], "TRUSTED_PROXY_HOPS": 2}
    with override_settings(NINJA_BOOST=value):
        assert listed("6.6.6.6, 1.2.3.4, 9.9.9.9", peer="8.8.8.8") == "1.2.3.4"
        assert listed("1.2.3.4", peer="8.8.8.8") == "1.2.3.4"
        assert client_address(sent_by("8.8.8.8")) == "8.8.8.8"


# Which header


BOTH = {"x-forwarded-for": "1.2.3.4", "forwarded": "for=6.6.6.6"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, "1.2.3.4"), ("x-forwarded-for", "1.2.3.4"), ("forwarded", "6.6.6.6")],
)
def test_the_header_that_the_proxies_write(header: str | None, expected: str):
    value = {"TRUSTED_PROXIES": PROXIES, "TRUSTED_PROXY_HEADER": header}
    with override_settings(NINJA_BOOST=value):
        assert client_address(sent_by(**BOTH)) == expected


@pytest.mark.parametrize(
    ("header", "only"), [("x-forwarded-for", "forwarded"), ("forwarded", "x-forwarded-for")]
)
def test_the_other_header_is_never_read(header: str, only: str):
    value = {"TRUSTED_PROXIES": PROXIES, "TRUSTED_PROXY_HEADER": header}
    with override_settings(NINJA_BOOST=value):
        assert client_address(sent_by(**{only: BOTH[only]})) == "10.0.0.1"


@pytest.mark.usefixtures("trusting")
def test_two_headers_are_reported_once(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, logger="ninja_boost.client_address"):
        client_address(sent_by(**BOTH))
        client_address(sent_by(**BOTH))
    (record,) = caplog.records
    assert "TRUSTED_PROXY_HEADER" in record.getMessage()


def test_two_headers_are_fine_where_the_setting_says_which(caplog: pytest.LogCaptureFixture):
    value = {"TRUSTED_PROXIES": PROXIES, "TRUSTED_PROXY_HEADER": "x-forwarded-for"}
    with override_settings(NINJA_BOOST=value):
        client_address(sent_by(**BOTH))
    assert not caplog.records


# Hostile headers


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("separator", [",", ", "])
def test_only_the_end_of_an_overlong_header_is_read(separator: str):
    filler = separator.join(["6.6.6.6"] * 5000)
    assert listed(f"{filler}{separator}1.2.3.4") == "1.2.3.4"
    assert forwarded(f"for={filler}{separator}for=1.2.3.4") == "1.2.3.4"


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("last", [f"10.{2**i}.{2**j}.1" for i in range(8) for j in range(8)])
def test_an_entry_that_is_cut_off_is_not_read(last: str):
    # Wherever the cut is, what comes out is one of the entries, whole.
    chain = ["10.99.99.99"] * 500 + [last]
    assert listed(",".join(chain)) == "10.99.99.99"
    assert listed(", ".join([*chain, last])) == "10.99.99.99"
    assert forwarded(",".join(f"for={node}" for node in chain)) == "10.99.99.99"
    assert forwarded(", ".join(f'for="{node}";by=x' for node in [*chain, last])) == "10.99.99.99"


WORDS = ["for", "by", "unknown", "10.0.0.2", "6.6.6.6", "::1", "for=6.6.6.6", "\x00"]
PIECES = st.sampled_from([*',;="\\[]:_ \t.%', *WORDS])
HOSTILE = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=30).map("".join))


@pytest.mark.usefixtures("trusting")
@given(header=HOSTILE, remote=st.one_of(st.just("10.0.0.1"), st.text(max_size=20)))
def test_garbage_never_raises(header: str, remote: str):
    for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"):
        request = HttpRequest()
        request.META = {"REMOTE_ADDR": remote, name: header}
        found = client_address(request)
        assert found is None or str(ipaddress.ip_address(found)) == found
        assert found is not None or not is_trusted_peer(request)


APPENDED = [
    "for=1.2.3.4",
    'for="1.2.3.4:80";proto=https',
    'by="[::1]";for=1.2.3.4',
    'for=1.2.3.4;host="a,b;c=\\"d"',
    'host="";for="1.2.3.4"',
]


@pytest.mark.usefixtures("trusting")
@given(header=HOSTILE, element=st.sampled_from(APPENDED))
@example(header='for=6.6.6.6;by="', element='for="1.2.3.4:80";proto=https')
def test_what_a_client_sends_never_changes_what_a_proxy_appended(header: str, element: str):
    assert forwarded_raw(f"{header}, {element}") == "1.2.3.4"
    assert listed_raw(f"{header}, 1.2.3.4") == "1.2.3.4"
    assert listed_raw(f"{header}, 1.2.3.4, 10.0.0.2") == "1.2.3.4"
    assert forwarded_raw(f"{header}, {element}, for=10.0.0.2") == "1.2.3.4"


def forwarded_raw(value: str) -> str | None:
    return client_address(_with("HTTP_FORWARDED", value))


def listed_raw(value: str) -> str | None:
    return client_address(_with("HTTP_X_FORWARDED_FOR", value))


def _with(name: str, value: str) -> HttpRequest:
    request = HttpRequest()
    meta: dict[str, Any] = {"REMOTE_ADDR": "10.0.0.1", name: value}
    request.META = meta
    return request


# What a proxy may quote, by the grammar of RFC 7239.
QUOTED = st.text(alphabet=st.characters(codec="latin-1", categories=["L", "N", "P", "S"])).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)


@pytest.mark.usefixtures("trusting")
@given(host=QUOTED, before=HOSTILE)
@example(host='"x, for=6.6.6.6"', before="")
@example(host='"=\\"; for=6.6.6.6;=\\\\"', before='"')
def test_a_quoted_value_is_one_value(host: str, before: str):
    assert forwarded_raw(f"{before}, for=1.2.3.4;host={host}") == "1.2.3.4"
    assert forwarded_raw(f"{before}, host={host};for=1.2.3.4") == "1.2.3.4"


# How it came

FORWARDED_HTTPS = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}


@pytest.mark.parametrize("factory", [RequestFactory(), AsyncRequestFactory()])
@pytest.mark.parametrize("setting", [{}, FORWARDED_HTTPS])
@pytest.mark.parametrize("proto", [None, "https", "http"])
@pytest.mark.parametrize("secure", [False, True])
def test_is_secure_as_django_says(factory: Any, setting: Any, proto: str | None, secure: bool):
    headers = {} if proto is None else {"x-forwarded-proto": proto}
    request = factory.get("/", headers=headers, secure=secure)
    with override_settings(**setting):
        assert is_secure(request) is request.is_secure()
    assert is_secure(request) is secure


def test_is_secure_asks_djangos_settings_once():
    request = RequestFactory().get("/", secure=True)
    assert is_secure(request)
    request.is_secure = lambda: False  # type: ignore[method-assign]
    assert is_secure(request)
    assert not is_secure(HttpRequest())
