"""What ``boost_doctor`` asks the backend."""

from __future__ import annotations

import logging
import socket

import pytest
from prometheus_client import CollectorRegistry

from ninja_boost_core.doctor import ask
from ninja_boost_metrics import PrometheusBackend
from ninja_boost_metrics._feature import feature

HOME = "ninja_boost_metrics"


@pytest.fixture
def answer(settings):
    """Return what the one ping says."""

    def ask_it(backend, **options):
        settings.NINJA_BOOST = {"METRICS": {"BACKEND": backend, **options}}
        (found,) = ask(list(feature.pings()), 10)
        return found

    yield ask_it
    settings.NINJA_BOOST = {}


@pytest.fixture
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(5)
        yield daemon


def test_only_what_is_used(settings):
    settings.NINJA_BOOST = {}
    assert list(feature.pings()) == []


def test_statsd(answer, udp):
    port = udp.getsockname()[1]
    found = answer(f"{HOME}.StatsDBackend", STATSD={"PORT": port})
    assert found.ok, found.detail
    assert found.name == "metrics: StatsDBackend"
    assert found.detail.startswith(f"127.0.0.1:{port}")
    assert udp.recv(100) == b""


def test_no_statsd(answer, udp):
    port = udp.getsockname()[1]
    udp.close()
    found = answer(f"{HOME}.StatsDBackend", STATSD={"PORT": port})
    assert not found.ok
    assert found.detail == f"Nobody listens at 127.0.0.1:{port}."
    assert "METRICS.STATSD" in found.hint


def test_a_statsd_host_that_is_not_known(answer):
    found = answer(f"{HOME}.StatsDBackend", STATSD={"HOST": "statsd.invalid"})
    assert not found.ok
    assert "METRICS.STATSD.HOST is 'statsd.invalid'" in found.detail


def test_prometheus(answer, prometheus):
    found = answer(prometheus)
    assert found.ok, found.detail
    assert "PROMETHEUS_MULTIPROC_DIR is not set here" in found.detail


def test_prometheus_with_several_processes(answer, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    backend = PrometheusBackend("shop", registry=CollectorRegistry())
    found = answer(backend)
    assert found.ok, found.detail
    assert found.detail == f"0 bytes from {tmp_path}"
    assert list(tmp_path.iterdir()) == []
    tmp_path.rmdir()
    found = answer(backend)
    assert not found.ok
    assert str(tmp_path) in found.detail


def test_a_directory_that_cannot_be_written_to(answer, tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(file))
    found = answer(f"{HOME}.PrometheusBackend")
    assert not found.ok
    assert f"PROMETHEUS_MULTIPROC_DIR is '{file}'" in found.detail


def test_opentelemetry(answer, monkeypatch):
    import opentelemetry.metrics as api
    from opentelemetry.sdk.metrics import MeterProvider

    monkeypatch.setattr(api, "get_meter_provider", lambda: api.NoOpMeterProvider())
    found = answer(f"{HOME}.OpenTelemetryBackend")
    assert found.ok, found.detail
    assert found.detail.startswith("no SDK is set up in this process")
    provider = MeterProvider()
    monkeypatch.setattr(api, "get_meter_provider", lambda: provider)
    assert answer(f"{HOME}.OpenTelemetryBackend").detail == "MeterProvider"
    provider.shutdown()


def test_opentelemetry_is_missing(answer, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    found = answer(f"{HOME}.OpenTelemetryBackend")
    assert not found.ok
    assert 'pip install "ninja-boost-metrics[otel]"' in found.detail + found.hint


def test_the_log(answer):
    logger = logging.getLogger("ninja_boost.metrics")
    found = answer(f"{HOME}.LoggingBackend")
    assert found.detail == "The logger 'ninja_boost.metrics' drops what is recorded."
    logger.setLevel(logging.INFO)
    try:
        assert answer(f"{HOME}.LoggingBackend").ok
    finally:
        logger.setLevel(logging.NOTSET)
