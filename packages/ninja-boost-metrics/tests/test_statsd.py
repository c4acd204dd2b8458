"""What arrives at a UDP listener."""

import os
import re
import socket
import time

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_metrics import StatsDBackend, gauge, increment, statistics, timing
from ninja_boost_metrics.backends.statsd import LARGEST_PACKET, packets
from ninja_boost_metrics.recording import current
from tests.scraping import metrics

STATSD = "ninja_boost_metrics.StatsDBackend"
# One line of the DogStatsD protocol, read strictly.
LINE = re.compile(
    r"(?P<name>[A-Za-z0-9_.-]+):(?P<value>[+-]?\d+(\.\d+)?)\|(?P<kind>c|g|ms|d)"
    r"(\|#(?P<tags>[A-Za-z0-9_.]+:[A-Za-z0-9_./{}-]*(,[A-Za-z0-9_.]+:[A-Za-z0-9_./{}-]*)*))?"
)


@pytest.fixture
def daemon():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        yield listener


@pytest.fixture(params=["dogstatsd", "statsd"])
def kind(request):
    return request.param


def options(daemon, kind):
    return {"HOST": "127.0.0.1", "PORT": daemon.getsockname()[1], "FORMAT": kind}


def received(daemon, packets=1):
    return [line for _ in range(packets) for line in daemon.recv(65535).decode().split("\n")]


def test_custom_metrics_as_dogstatsd(daemon):
    with metrics(STATSD, STATSD=options(daemon, "dogstatsd")):
        increment("orders_created", 2, {"tier": "premium", "country": "de"})
        timing("checkout_duration_ms", 12.3456789)
        gauge("balance", -5)
        assert received(daemon, 3) == [
            "shop.orders_created:2|c|#country:de,tier:premium",
            "shop.checkout_duration_ms:12.345679|ms",
            "shop.balance:-5|g",
        ]


def test_custom_metrics_as_statsd(daemon):
    with metrics(STATSD, STATSD=options(daemon, "statsd")):
        increment("orders_created", 2, {"tier": "premium", "country": "de"})
        timing("checkout_duration_ms", 0.0000001)
        gauge("balance", 5)
        # A gauge with a sign would be a change by so much.
        gauge("balance", -5)
        assert received(daemon, 4) == [
            "shop.orders_created.de.premium:2|c",
            "shop.checkout_duration_ms:0|ms",
            "shop.balance:5|g",
            "shop.balance:0|g",
            "shop.balance:-5|g",
        ]


def test_a_request_as_dogstatsd(client, daemon):
    with metrics(STATSD, STATSD=options(daemon, "dogstatsd")):
        client.get("/plain/items/7")
        before, *lines, after = received(daemon, 3)
    pid = os.getpid()
    assert before == f"shop.active_requests:1|g|#pid:{pid}"
    assert after == f"shop.active_requests:0|g|#pid:{pid}"
    total, duration, semantic = lines
    route = "route:/plain/items/{item_id}"
    assert total == f"shop.request_total:1|c|#method:GET,{route},status:200"
    assert re.fullmatch(rf"shop\.request_duration_ms:[\d.]+\|ms\|#method:GET,{route}", duration)
    assert re.fullmatch(
        r"http\.server\.request\.duration:0(\.\d+)?\|d\|#http\.request\.method:GET,"
        r"url\.scheme:http,http\.route:/plain/items/\{item_id\},http\.response\.status_code:200",
        semantic,
    )


def test_a_failed_request_as_statsd(client, daemon):
    with metrics(STATSD, STATSD=options(daemon, "statsd")):
        client.get("/plain/fails")
        before, total, error, duration, after = received(daemon, 3)
    assert before == "shop.active_requests:+1|g"
    assert total == "shop.request_total.GET.plain_fails.500:1|c"
    assert error == "shop.request_errors_total.GET.plain_fails.ValueError:1|c"
    assert re.fullmatch(r"shop\.request_duration_ms\.GET\.plain_fails:[\d.]+\|ms", duration)
    assert after == "shop.active_requests:-1|g"


@given(value=st.text(max_size=50))
def test_no_label_value_can_end_a_tag_or_a_line(value):
    for kind in ("dogstatsd", "statsd"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.settimeout(5)
            with metrics(STATSD, STATSD=options(listener, kind)):
                increment("said", labels={"words": value, "last": "x"})
                (line,) = received(listener)
        match = LINE.fullmatch(line)
        assert match is not None, line
        if kind == "dogstatsd":
            assert match["name"] == "shop.said"
            assert match["tags"].startswith("last:x,words:")
            assert match["tags"].count(",") == 1
        else:
            assert match["name"].startswith("shop.said.x.")
            assert match["name"].count(".") == 3
            assert match["tags"] is None


@pytest.mark.parametrize(
    "value", ["a|c\nadmin:1|c", "a,role:admin", "a:b", "a|#x:y", "ä\x00\r\n", "a@0.1", " "]
)
def test_known_injections(daemon, kind, value):
    with metrics(STATSD, STATSD=options(daemon, kind)):
        increment("said", labels={"words": value})
        (line,) = received(daemon)
    assert LINE.fullmatch(line)
    assert line.count("|") == (2 if kind == "dogstatsd" else 1)


def test_a_hostile_path_is_not_sent(client, daemon):
    with metrics(STATSD, STATSD=options(daemon, "dogstatsd")):
        client.generic("GET|c\nx:1", "/%0Aadmin%3A1%7Cc")
        lines = received(daemon, 3)
    assert all(LINE.fullmatch(line) for line in lines)
    assert "method:_OTHER,route:unmatched,status:404" in lines[1]


def test_a_daemon_that_is_away_is_noticed_and_disturbs_nobody(client, kind):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    before = statistics()["failed"]
    with metrics(STATSD, STATSD={"PORT": port, "FORMAT": kind}):
        for _ in range(20):
            assert client.get("/plain/items/1").status_code == 200
            time.sleep(0.001)
    assert statistics()["failed"] > before


def test_a_full_buffer_is_no_reason_to_wait(daemon):
    """The listener of a socket pair that nobody reads: its buffer fills."""
    backend = StatsDBackend("shop", port=daemon.getsockname()[1])
    assert not backend._socket.getblocking()
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with mine, theirs:
        mine.setblocking(False)
        backend._socket.close()
        backend._socket = mine
        before = statistics()["failed"]
        with metrics(backend):
            for _ in range(5000):
                increment("done")
        assert statistics()["failed"] > before


@given(st.lists(st.text("abc:|", min_size=1, max_size=400), max_size=20))
def test_packets_hold_all_lines_in_order(lines):
    sent = packets(lines)
    assert [line for packet in sent for line in packet.decode().split("\n")] == lines
    assert all(len(packet) <= LARGEST_PACKET for packet in sent)


def test_a_host_that_is_not_known_is_an_error_at_the_start():
    with (
        metrics(STATSD, STATSD={"HOST": "nowhere.invalid"}),
        pytest.raises(ImproperlyConfigured, match=r"METRICS\.STATSD\.HOST"),
    ):
        increment("done")


def test_a_backend_of_the_settings_is_closed_with_them(daemon):
    with metrics(STATSD, STATSD=options(daemon, "statsd")):
        increment("done")
        backend = current().backend
        assert backend._socket.fileno() >= 0
    assert backend._socket.fileno() == -1
