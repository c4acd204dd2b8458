"""Four gunicorn workers: one scrape tells of all, to the last request."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from ninja_boost_metrics.gunicorn import child_exit, on_starting
from tests.scraping import Scrape

ROOT = Path(__file__).resolve().parent.parent
REQUESTS = 10_000
CONNECTIONS = 40
CLIENTS = 8


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def eventually(condition, *, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


class KeepAlive:
    """One connection for many requests."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, path, method="GET"):
        self.socket.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.left:
            self.receive()
        head, _, self.left = self.left.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        while len(self.left) < length:
            self.receive()
        body, self.left = self.left[:length], self.left[length:]
        return int(head[9:12]), body

    def receive(self):
        found = self.socket.recv(65536)
        assert found, "the server closed the connection"
        self.left += found


class Server:
    def __init__(self, directory):
        self.port = free_port()
        self.files = directory / "metrics"
        self.log = directory / "log"
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "METRICS_TEST_BACKEND": "ninja_boost_metrics.PrometheusBackend",
            "PROMETHEUS_MULTIPROC_DIR": str(self.files),
        }
        command = [sys.executable, "-m", "gunicorn", "-c", "tests/gunicorn_conf.py"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--bind", f"127.0.0.1:{self.port}"],
                cwd=ROOT,
                env=env,
                stdout=log,
                stderr=log,
            )

    def scrape(self):
        with KeepAlive(self.port) as connection:
            status, body = connection.ask("/metrics")
        assert status == 200, body
        return Scrape(body.decode())

    def is_up(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(self.scrape())
        except OSError:
            return False

    def workers(self):
        """The workers that have served a request."""
        return {int(each.stem.rpartition("_")[2]) for each in self.files.glob("counter_*.db")}


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    try:
        eventually(server.is_up)
        yield server
    finally:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(30)


def load(port):
    """Ask REQUESTS times, on connections of which each gets to some worker."""
    each = REQUESTS // CONNECTIONS

    def work(number):
        with KeepAlive(port) as connection:
            for count in range(each):
                kind = count % 5
                if kind < 3:
                    assert connection.ask(f"/auto/items/{count}")[0] == 200
                elif kind == 3:
                    assert connection.ask("/plain/items", "POST")[0] == 200
                else:
                    assert connection.ask(f"/guess-{number}-{count}")[0] == 404

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CONNECTIONS)))


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_four_workers_to_exact_totals_and_over_a_killed_one(server):
    load(server.port)

    def check():
        found = server.scrape()
        total = found.named("shop_request_total")
        route = {"method": "GET", "route": "/auto/items/{item_id}"}
        assert found("shop_request_total", **route, status="200") == REQUESTS * 3 / 5
        assert found("shop_request_duration_ms_count", **route) == REQUESTS * 3 / 5
        post = {"method": "POST", "route": "/plain/items", "status": "200"}
        assert found("shop_request_total", **post) == REQUESTS / 5
        assert found("shop_orders_created_total", tier="premium") == REQUESTS / 5
        unmatched = {"method": "GET", "route": "unmatched", "status": "404"}
        assert found("shop_request_total", **unmatched) == REQUESTS / 5
        routes = {dict(labels)["route"] for labels in total}
        assert routes - {"/metrics", "/stuck"} == {
            "/auto/items/{item_id}",
            "/plain/items",
            "unmatched",
        }
        # The scrape itself.
        assert found("shop_active_requests") == 1

    check()
    assert len(server.workers()) >= 3

    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(b"GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while not received.rstrip(b"\r\n").partition(b"\r\n\r\n")[2]:
            received += connection.recv(65536)
        pid = int(received.partition(b"\r\n\r\n")[2].split(b"\r\n")[1])
        assert server.scrape()("shop_active_requests") == 2
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not list(server.files.glob(f"gauge_live*_{pid}.db")))
    assert list(server.files.glob(f"counter_{pid}.db"))
    check()


def test_a_start_clears_what_a_former_run_left(monkeypatch, tmp_path):
    directory = tmp_path / "metrics"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(directory))
    on_starting(None)
    (directory / "counter_7.db").touch()
    (directory / "other.txt").touch()
    monkeypatch.setenv("GUNICORN_PID", "1")
    on_starting(None)  # An upgrade: the other master's workers are still there.
    assert (directory / "counter_7.db").exists()
    monkeypatch.delenv("GUNICORN_PID")
    on_starting(None)
    assert [each.name for each in directory.iterdir()] == ["other.txt"]


def test_the_gauges_of_a_worker_go_with_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for name in ("counter_7.db", "gauge_livesum_7.db", "gauge_livesum_8.db", "gauge_sum_7.db"):
        (tmp_path / name).touch()
    child_exit(None, SimpleNamespace(pid=7))
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == ["counter_7.db", "gauge_livesum_8.db", "gauge_sum_7.db"]


def test_without_the_variable_the_hooks_do_nothing(monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    on_starting(None)
    child_exit(None, SimpleNamespace(pid=7))
