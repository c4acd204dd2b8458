"""What is recorded of every request, as Prometheus's own parser reads it."""

import asyncio
import logging
import string

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from ninja_boost_core.observers import ObserverMiddleware
from ninja_boost_metrics import BaseMetricsBackend, PrometheusBackend
from ninja_boost_metrics.observers import request_metrics
from ninja_boost_metrics.recording import current
from ninja_boost_metrics.series import known_method, overflowing, series_of
from tests.scraping import Scrape, metrics
from tests.urls import calls

APIS = ["plain", "auto"]
SECONDS = "http_server_request_duration_seconds"


class AlsoObserving(ObserverMiddleware):
    def observers(self):
        return [request_metrics]


@pytest.mark.parametrize("api", APIS)
def test_a_request_is_counted_and_timed_under_its_route(client, scrape, api):
    for number in (1, 2, 3):
        assert client.get(f"/{api}/items/{number}").status_code == 200
    found = scrape()
    route = f"/{api}/items/{{item_id}}"
    assert found("shop_request_total", method="GET", route=route, status="200") == 3
    assert found("shop_request_duration_ms_count", method="GET", route=route) == 3
    assert found("shop_request_duration_ms_sum", method="GET", route=route) > 0
    assert found.named("shop_request_errors_total") == {}
    assert found("shop_active_requests") == 0


@pytest.mark.parametrize("api", APIS)
async def test_async_requests_too(async_client, scrape, api):
    await asyncio.gather(*(async_client.post(f"/{api}/items") for _ in range(5)))
    found = scrape()
    assert found("shop_request_total", method="POST", route=f"/{api}/items", status="200") == 5
    assert found("shop_orders_created_total", tier="premium") == 5
    assert found("shop_active_requests") == 0


def test_the_histogram_of_the_semantic_convention(client, scrape):
    client.get("/plain/items/1")
    client.get("/plain/items/2", secure=True)
    client.get("/plain/fails")
    client.get("/nothing")
    found = scrape()
    item = {"http_request_method": "GET", "http_response_status_code": "200"}
    item["http_route"] = "/plain/items/{item_id}"
    assert found(f"{SECONDS}_count", **item, url_scheme="http") == 1
    assert found(f"{SECONDS}_count", **item, url_scheme="https") == 1
    assert 0 < found(f"{SECONDS}_sum", **item, url_scheme="http") < 60
    bounds = [dict(labels)["le"] for labels in found.named(f"{SECONDS}_bucket")][:15]
    assert bounds == [
        *("0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75"),
        *("1.0", "2.5", "5.0", "7.5", "10.0", "+Inf"),
    ]
    failed = {"http_request_method": "GET", "http_route": "/plain/fails", "url_scheme": "http"}
    failed |= {"http_response_status_code": "500", "error_type": "ValueError"}
    assert found(f"{SECONDS}_count", **failed) == 1
    unmatched = {"http_request_method": "GET", "url_scheme": "http"}
    assert found(f"{SECONDS}_count", **unmatched, http_response_status_code="404") == 1


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(("path", "error"), [("fails", "ValueError"), ("afails", "LookupError")])
def test_an_unexpected_exception_is_an_error(client, scrape, api, path, error):
    assert client.get(f"/{api}/{path}").status_code == 500
    found = scrape()
    route = f"/{api}/{path}"
    assert found("shop_request_total", method="GET", route=route, status="500") == 1
    assert found("shop_request_errors_total", method="GET", route=route, error=error) == 1


def test_what_the_api_handles_is_none_and_a_5xx_is_one(client, scrape):
    client.get("/plain/refuses")
    client.get("/plain/status/503")
    found = scrape()
    assert found("shop_request_total", method="GET", route="/plain/refuses", status="409") == 1
    errors = found.named("shop_request_errors_total")
    assert errors == {
        (("error", "503"), ("method", "GET"), ("route", "/plain/status/{code}")): 1,
    }


def test_the_gauge_of_active_requests(client, scrape):
    seen = []
    calls.append(lambda: seen.append(scrape()("shop_active_requests")))
    client.get("/plain/items/1")
    assert seen == [1]
    assert scrape()("shop_active_requests") == 0


@pytest.mark.django_db
def test_a_stream_is_recorded_when_it_ends(client, scrape):
    seen = []
    total = {"method": "GET", "route": "/stream", "status": "200"}
    calls.append(lambda: seen.append(scrape()("shop_active_requests")))
    response = client.get("/stream")
    assert scrape()("shop_request_total", **total) is None
    assert b"".join(response.streaming_content) == b"onetwo"
    response.close()
    assert seen == [1]
    assert scrape()("shop_request_total", **total) == 1
    assert scrape()("shop_active_requests") == 0


@pytest.mark.django_db
def test_a_stream_that_breaks_is_an_error_with_the_status_that_was_sent(client, scrape):
    response = client.get("/broken-stream")
    with pytest.raises(RuntimeError):
        b"".join(response.streaming_content)
    response.close()
    found = scrape()
    labels = {"method": "GET", "route": "/broken-stream"}
    assert found("shop_request_total", **labels, status="200") == 1
    assert found("shop_request_errors_total", **labels, error="RuntimeError") == 1


async def test_a_client_that_leaves_is_no_error(prometheus, scrape):
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/hang"}
    scope |= {"query_string": b"", "headers": [(b"host", b"testserver")]}
    communicator = ApplicationCommunicator(get_asgi_application(), scope)
    await communicator.send_input({"type": "http.request"})
    for _ in range(1000):
        if scrape()("shop_active_requests") == 1:
            break
        await asyncio.sleep(0.01)
    await communicator.send_input({"type": "http.disconnect"})
    await communicator.wait(30)
    found = scrape()
    assert found("shop_request_total", method="GET", route="/hang", status="499") == 1
    assert found.named("shop_request_errors_total") == {}
    assert found("shop_active_requests") == 0
    (labels,) = found.named(f"{SECONDS}_count")
    assert dict(labels) == {
        "http_request_method": "GET",
        "http_route": "/hang",
        "url_scheme": "http",
        "error_type": "client_disconnected",
    }


HOSTILE = [
    "/%0Ashop_request_total%201e9",
    '/"}%20injected%201',
    "/..%2F..%2Fetc%2Fpasswd",
    "/plain/items/none",
    "/%00",
    "/" + "a" * 5000,
    "/%F0%9F%92%A9",
    *(f"/guess-{number}" for number in range(500)),
]


def test_no_path_and_no_method_makes_labels(client, scrape):
    client.get("/plain/items/1")
    for path in HOSTILE:
        assert client.get(path).status_code == 404
    methods = ["get\n", "FOO|BAR", "TRACE", *(f"M{number}" for number in range(200))]
    for method in methods:
        client.generic(method, "/plain/items/1")
        client.generic(method, f"/{method}")
    found = scrape()
    labels = {tuple(dict(each).items()) for each in found.named("shop_request_total")}
    assert labels == {
        (("method", "GET"), ("route", "/plain/items/{item_id}"), ("status", "200")),
        (("method", "GET"), ("route", "unmatched"), ("status", "404")),
        (("method", "TRACE"), ("route", "/plain/items/{item_id}"), ("status", "405")),
        (("method", "TRACE"), ("route", "unmatched"), ("status", "404")),
        (("method", "_OTHER"), ("route", "/plain/items/{item_id}"), ("status", "405")),
        (("method", "_OTHER"), ("route", "unmatched"), ("status", "404")),
    }
    unmatched = {"method": "GET", "route": "unmatched", "status": "404"}
    assert found("shop_request_total", **unmatched) == len(HOSTILE)
    assert "injected" not in found.text
    assert "guess" not in found.text


def test_label_sets_are_capped_and_nothing_is_lost(client, caplog):
    backend = PrometheusBackend("shop", registry=CollectorRegistry())
    with metrics(backend, MAX_LABEL_SETS=10), caplog.at_level(logging.WARNING):
        for status in range(200, 260):
            client.get(f"/plain/status/{status}")
        for status in range(500, 520):
            client.get(f"/plain/status/{status}")
        found = Scrape(backend.exposition("")[0].decode())
    totals = found.named("shop_request_total")
    assert len(totals) == 11
    assert sum(totals.values()) == 80
    over = {"method": "_overflow", "route": "_overflow"}
    assert found("shop_request_total", **over, status="_overflow") == 70
    assert found("shop_request_errors_total", **over, error="_overflow") == 20
    assert found("shop_metrics_overflow_total", metric="request_total") == 70
    assert sum(found.named(f"{SECONDS}_count").values()) == 80
    told = [r for r in caplog.records if r.name == "ninja_boost.metrics"]
    assert len(told) == 1
    assert "MAX_LABEL_SETS" in told[0].getMessage()


def test_two_middlewares_count_once(scrape):
    both = ["ninja_boost_metrics.MetricsMiddleware", "tests.test_requests.AlsoObserving"]
    with override_settings(MIDDLEWARE=both):
        Client().get("/plain/items/1")
    found = scrape()
    assert sum(found.named("shop_request_total").values()) == 1
    assert found("shop_active_requests") == 0


def test_without_a_backend_nothing_is_done(client):
    with metrics(None):
        assert client.get("/plain/items/1").status_code == 200
        assert client.post("/plain/items").status_code == 200
        assert client.get("/plain/tracked").status_code == 200
        assert current() is None


def test_settings_that_change_during_a_request_leave_no_active_one(client, prometheus, scrape):
    def change():
        context = metrics(PrometheusBackend("other", registry=CollectorRegistry()))
        context.__enter__()
        opened.append(context)

    opened = []
    calls.append(change)
    client.get("/plain/items/1")
    opened.pop().__exit__(None, None, None)
    assert scrape()("shop_active_requests") == 0
    assert sum(scrape().named("shop_request_total").values()) == 1


class Own(BaseMetricsBackend):
    """What the README says that a project's own backend needs."""

    def __init__(self, namespace="own"):
        super().__init__(namespace)
        self.seen = []

    def increment(self, name, value, labels):
        self.seen.append(("increment", name, value, dict(labels)))

    def gauge(self, name, value, labels):
        self.seen.append(("gauge", name, value, dict(labels)))

    def timing(self, name, value, labels):
        self.seen.append(("timing", name, dict(labels)))


def test_a_backend_needs_three_methods(client):
    backend = Own()
    with metrics(backend):
        client.get("/plain/fails")
    labels = {"method": "GET", "route": "/plain/fails"}
    assert backend.seen == [
        ("gauge", "active_requests", 1, {}),
        ("increment", "request_total", 1, {**labels, "status": "500"}),
        ("timing", "request_duration_ms", labels),
        ("increment", "request_errors_total", 1, {**labels, "error": "ValueError"}),
        ("gauge", "active_requests", 0, {}),
    ]


def test_what_counts_active_requests_is_looked_up_once(client):
    class Looked(Own):
        looked = 0

        def activity(self):
            self.looked += 1
            return super().activity()

    backend = Looked()
    with metrics(backend):
        client.get("/plain/fails")
        client.get("/plain/fails")
    assert backend.looked == 1
    gauges = [value for kind, _, value, *_ in backend.seen if kind == "gauge"]
    assert gauges == [1, 0, 1, 0]


@given(st.text(max_size=20), st.text(alphabet=string.ascii_uppercase, max_size=8))
def test_a_method_is_known_or_other(free, upper):
    for method in (free, upper):
        known = known_method(method)
        assert known in ("_OTHER", method)
        if known == "_OTHER":
            assert method not in {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}


@hypothesis_settings(max_examples=50)
@given(
    status=st.integers(100, 599),
    error=st.sampled_from([None, ValueError, LookupError]),
    disconnected=st.booleans(),
    route=st.sampled_from([None, "/a"]),
)
def test_series_agree_with_each_other(status, error, disconnected, route):
    series = series_of("GET", route, status, "http", error, disconnected=disconnected)
    assert ("http.route" in series.semantic) == (route is not None)
    assert ("http.response.status_code" in series.semantic) != disconnected
    assert (series.failed is not None) <= ("error.type" in series.semantic)
    shared = overflowing(failed=series.failed is not None)
    assert set(shared.counted) == set(series.counted)
    assert set(shared.timed) == set(series.timed)
    assert set(shared.semantic) >= set(series.semantic)
    assert (shared.failed is None) == (series.failed is None)
