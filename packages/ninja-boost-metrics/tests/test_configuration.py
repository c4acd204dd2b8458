"""Settings, system checks, missing libraries, and an import without settings."""

import subprocess
import sys

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from prometheus_client import CollectorRegistry

from ninja_boost_core.features import installed_features
from ninja_boost_metrics import PrometheusBackend, increment
from ninja_boost_metrics.backends.base import MissingDependency
from ninja_boost_metrics.observers import request_metrics
from tests.scraping import metrics

PROMETHEUS = "ninja_boost_metrics.PrometheusBackend"


def found(*, deploy=False):
    """The ids of the messages about our setting."""
    messages = run_checks(include_deployment_checks=deploy)
    return {m.id: m for m in messages if m.id and m.id.startswith("ninja_boost")}


def registry_backend():
    return PrometheusBackend("shop", registry=CollectorRegistry())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"BACKEND": "no path"}, "METRICS.BACKEND"),
        ({"BACKENDS": None}, "METRICS.BACKENDS"),
        ({"NAMESPACE": "my-api"}, "METRICS.NAMESPACE"),
        ({"MAX_LABEL_SETS": 0}, "METRICS.MAX_LABEL_SETS"),
        ({"ENDPOINT": {"NETWORKS": ["10.0.0.1/8"]}}, "METRICS.ENDPOINT.NETWORKS"),
        ({"STATSD": {"FORMAT": "graphite"}}, "METRICS.STATSD.FORMAT"),
    ],
)
def test_a_wrong_setting_is_named(options, text):
    with override_settings(NINJA_BOOST={"METRICS": options}):
        assert text in found()["ninja_boost_core.E001"].msg
        with pytest.raises(ImproperlyConfigured, match=text.replace(".", r"\.")):
            increment("done")


@pytest.mark.parametrize("token", ["", "short", ["long-enough-0123456789", "short-one"]])
def test_a_short_token_is_refused_and_not_told(token):
    with override_settings(NINJA_BOOST={"METRICS": {"ENDPOINT": {"TOKEN": token}}}):
        message = found()["ninja_boost_core.E001"].msg
    assert "METRICS.ENDPOINT.TOKEN" in message
    assert "short" not in message
    assert "long-enough" not in message


@pytest.mark.parametrize(
    ("backend", "module", "extra"),
    [
        (PROMETHEUS, "prometheus_client", "prometheus"),
        ("ninja_boost_metrics.OpenTelemetryBackend", "opentelemetry.metrics", "otel"),
    ],
)
def test_a_missing_library_is_an_error_with_the_command(monkeypatch, backend, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with metrics(backend):
        message = found()["ninja_boost_metrics.E001"]
        assert message.hint == f'pip install "ninja-boost-metrics[{extra}]"'
        with pytest.raises(MissingDependency, match="pip install"):
            increment("done")


def test_what_is_no_backend_is_an_error():
    with metrics(dict):
        assert "METRICS.BACKEND" in found()["ninja_boost_metrics.E001"].msg


def test_a_directory_that_is_none_is_an_error(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(file / "none"))
    with metrics(PROMETHEUS):
        message = found()["ninja_boost_metrics.E001"].msg
        assert "PROMETHEUS_MULTIPROC_DIR" in message
        with pytest.raises(ImproperlyConfigured, match="PROMETHEUS_MULTIPROC_DIR"):
            Client().get("/auto/items/1")


def test_a_directory_that_is_missing_is_made(monkeypatch, tmp_path):
    directory = tmp_path / "a" / "b"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(directory))
    with metrics(PROMETHEUS):
        assert "ninja_boost_metrics.E001" not in found()
    # A command that records nothing leaves no file there.
    assert list(directory.iterdir()) == []


def test_a_backend_without_a_middleware_is_a_warning():
    with metrics(registry_backend()):
        assert "ninja_boost_metrics.W001" not in found()
        with override_settings(MIDDLEWARE=["django.middleware.common.CommonMiddleware"]):
            assert "MetricsMiddleware" in found()["ninja_boost_metrics.W001"].hint
    with metrics(None), override_settings(MIDDLEWARE=[]):
        assert "ninja_boost_metrics.W001" not in found()


def test_one_process_only_is_a_warning_at_deployment(monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    with metrics(registry_backend()):
        assert "ninja_boost_metrics.W002" in found(deploy=True)
        assert "ninja_boost_metrics.W002" not in found()
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "anywhere")
        assert "ninja_boost_metrics.W002" not in found(deploy=True)
    with metrics("ninja_boost_metrics.LoggingBackend"):
        monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
        assert "ninja_boost_metrics.W002" not in found(deploy=True)


def test_an_endpoint_for_nobody_is_a_warning_at_deployment():
    with metrics(registry_backend(), ENDPOINT={}):
        assert "ninja_boost_metrics.W003" in found(deploy=True)
        with override_settings(ROOT_URLCONF="tests.empty_urls"):
            assert "ninja_boost_metrics.W003" not in found(deploy=True)
    with metrics(registry_backend()):
        assert "ninja_boost_metrics.W003" not in found(deploy=True)


def test_the_defaults_need_nothing():
    with override_settings(NINJA_BOOST={}):
        assert not [each for each in found(deploy=True) if "metrics" in each]


def test_the_settings_backend_leaves_no_trace_in_the_librarys_registry():
    """Settings that change in a test must not clash with what was registered before."""
    for _ in range(2):
        with metrics(PROMETHEUS):
            Client().get("/auto/items/1")
            increment("orders_created", labels={"tier": "premium"})


def test_the_feature_gives_lifecycle_the_one_observer():
    (feature,) = [each for each in installed_features() if each.name == "metrics"]
    assert list(feature.observers()) == [request_metrics]


def test_importing_needs_no_settings_and_loads_no_library():
    program = (
        "import sys, ninja_boost_metrics, ninja_boost_metrics.gunicorn\n"
        "assert not {'prometheus_client', 'opentelemetry', 'ninja', 'django.conf'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, env={})
