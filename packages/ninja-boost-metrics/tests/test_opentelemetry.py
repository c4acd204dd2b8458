"""What the OpenTelemetry SDK collects."""

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from ninja_boost_metrics import OpenTelemetryBackend, gauge, increment, timing
from ninja_boost_metrics.series import MILLISECONDS, SECONDS
from tests.scraping import metrics


@pytest.fixture
def reader():
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    with metrics(OpenTelemetryBackend("shop", meter_provider=provider)):
        yield reader
    provider.shutdown()


def collected(reader):
    data = reader.get_metrics_data()
    return {
        metric.name: metric
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def points(metric):
    return {tuple(sorted(point.attributes.items())): point for point in metric.data.data_points}


def test_a_request(client, reader):
    client.get("/auto/items/1")
    client.get("/auto/items/2")
    client.get("/auto/fails")
    client.generic("BREW", "/teapot")
    found = collected(reader)
    assert set(found) == {
        "http.server.request.duration",
        "shop.active_requests",
        "shop.request_duration_ms",
        "shop.request_errors_total",
        "shop.request_total",
    }
    duration = found["http.server.request.duration"]
    assert (duration.unit, duration.description) == ("s", "Duration of HTTP server requests.")
    by_attributes = points(duration)
    item = (
        ("http.request.method", "GET"),
        ("http.response.status_code", 200),
        ("http.route", "/auto/items/{item_id}"),
        ("url.scheme", "http"),
    )
    assert by_attributes[item].count == 2
    assert by_attributes[item].explicit_bounds == SECONDS
    assert 0 < by_attributes[item].sum < 60
    failed = (
        ("error.type", "ValueError"),
        ("http.request.method", "GET"),
        ("http.response.status_code", 500),
        ("http.route", "/auto/fails"),
        ("url.scheme", "http"),
    )
    assert by_attributes[failed].count == 1
    unmatched = (
        ("http.request.method", "_OTHER"),
        ("http.response.status_code", 404),
        ("url.scheme", "http"),
    )
    assert by_attributes[unmatched].count == 1
    assert len(by_attributes) == 3
    total = (("method", "GET"), ("route", "/auto/items/{item_id}"), ("status", "200"))
    assert points(found["shop.request_total"])[total].value == 2
    milliseconds = found["shop.request_duration_ms"]
    assert milliseconds.unit == "ms"
    assert milliseconds.data.data_points[0].explicit_bounds == MILLISECONDS
    assert points(found["shop.active_requests"])[()].value == 0


def test_custom_metrics(reader):
    increment("orders_created", 2, {"tier": "premium"})
    increment("orders_created", 1, {"tier": "premium"})
    gauge("level", -2.5)
    timing("took_ms", 12)
    found = collected(reader)
    assert points(found["shop.orders_created"])[(("tier", "premium"),)].value == 3
    assert points(found["shop.level"])[()].value == -2.5
    assert points(found["shop.took_ms"])[()].sum == 12


def test_the_convention_can_be_left_out(client):
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    backend = OpenTelemetryBackend("", meter_provider=provider, semantic_conventions=False)
    with metrics(backend):
        client.get("/auto/items/1")
    assert "http.server.request.duration" not in collected(reader)
    assert "request_total" in collected(reader)
    provider.shutdown()


def test_from_the_settings_it_takes_the_global_provider(client):
    with metrics("ninja_boost_metrics.OpenTelemetryBackend"):
        assert client.get("/auto/items/1").status_code == 200
