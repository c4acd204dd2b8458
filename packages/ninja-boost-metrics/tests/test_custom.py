"""Custom metrics: recording, misuse, caps, and backends that fail."""

import logging
import math
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from enum import Enum

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter

from ninja_boost_metrics import (
    LoggingBackend,
    PrometheusBackend,
    gauge,
    increment,
    statistics,
    timing,
)
from ninja_boost_metrics.labels import MetricError
from tests.scraping import Scrape, metrics
from tests.test_requests import Own


class Queue(str, Enum):  # noqa: UP042 - of StrEnum the text would be the value anyway
    MAIL = "mail"


def dropped():
    return statistics()["misused"]


def test_the_three_kinds(scrape):
    increment("orders_created", labels={"tier": "premium"})
    increment("orders_created", 2, {"tier": "premium"})
    increment("orders_created", labels={"tier": "basic"})
    timing("checkout_duration_ms", 12.5)
    timing("checkout_duration_ms", Decimal(7000))
    gauge("queue_length", 7)
    gauge("queue_length", -3)
    found = scrape()
    assert found("shop_orders_created_total", tier="premium") == 3
    assert found("shop_orders_created_total", tier="basic") == 1
    assert found("shop_checkout_duration_ms_count") == 2
    assert found("shop_checkout_duration_ms_sum") == 7012.5
    assert found("shop_checkout_duration_ms_bucket", le="25.0") == 1
    assert found("shop_queue_length") == -3


def test_the_order_of_labels_does_not_matter_and_values_become_texts(scrape):
    increment("jobs", labels={"queue": "mail", "retry": True})
    increment("jobs", labels={"retry": True, "queue": "mail"})
    increment("jobs", labels={"retry": None, "queue": 1})
    found = scrape()
    assert found("shop_jobs_total", queue="mail", retry="true") == 2
    assert found("shop_jobs_total", queue="1") == 1
    increment("jobs", labels={"retry": False, "queue": Queue.MAIL})
    assert scrape()("shop_jobs_total", queue="mail", retry="false") == 1


MISUSES = [
    pytest.param(lambda: increment("no-dashes"), "no name of a metric", id="name"),
    pytest.param(lambda: increment("a" * 101), "no name of a metric", id="long name"),
    pytest.param(lambda: increment(7), "no name of a metric", id="no text"),
    pytest.param(lambda: increment(["seen"]), "no name of a metric", id="a list"),
    pytest.param(lambda: increment("request_total"), "by the package itself", id="ours"),
    pytest.param(lambda: increment("seen"), "has the labels 'a'", id="label missing"),
    pytest.param(lambda: increment("seen", 1, {"b": 1}), "has the labels 'a'", id="other label"),
    pytest.param(lambda: increment("seen", 1, {"a": 1, "b": 1}), "labels 'a'", id="more labels"),
    pytest.param(lambda: increment("x", 1, {"le": 1}), "no name of a label", id="reserved label"),
    pytest.param(lambda: increment("x", 1, {"__a": 1}), "no name of a label", id="double score"),
    pytest.param(lambda: increment("x", 1, {1: 1}), "no name of a label", id="label no text"),
    pytest.param(lambda: increment("x", 1, ["a"]), "are a list; give", id="labels no dictionary"),
    pytest.param(lambda: increment("seen", 1, {"a": []}), "no list", id="value no text"),
    pytest.param(lambda: gauge("seen", 1, {"a": 1}), "is a counter", id="other kind"),
    pytest.param(lambda: increment("seen", -1, {"a": 1}), "negative", id="negative"),
    pytest.param(lambda: timing("took", -0.1), "negative", id="negative time"),
    pytest.param(lambda: gauge("level", math.nan), "no finite number", id="nan"),
    pytest.param(lambda: gauge("level", math.inf), "no finite number", id="infinity"),
    pytest.param(lambda: gauge("level", "7"), "no finite number", id="text"),
    pytest.param(lambda: increment("taken"), "Prometheus cannot have", id="taken"),
]


@pytest.mark.parametrize(("misuse", "text"), MISUSES)
def test_misuse_is_dropped_logged_and_counted(misuse, text, caplog, prometheus, scrape):
    Counter("taken", "by another library", namespace="shop", registry=prometheus._registry)
    increment("seen", labels={"a": 1})
    before = dropped()
    with caplog.at_level(logging.WARNING):
        misuse()
        misuse()
    assert dropped() == before + 2
    (record,) = caplog.records
    assert text in record.getMessage()
    found = scrape()
    assert found("shop_seen_total", a="1") == 1
    assert sum(found.named("shop_metrics_dropped_total").values()) == 2


@pytest.mark.parametrize(("misuse", "text"), MISUSES)
def test_misuse_raises_in_debug(misuse, text, prometheus):
    Counter("taken", "by another library", namespace="shop", registry=prometheus._registry)
    increment("seen", labels={"a": 1})
    with override_settings(DEBUG=True), pytest.raises(MetricError, match=text):
        misuse()


def test_a_request_survives_misuse(client, prometheus):
    increment("orders_created")  # without the label that the view gives
    assert client.post("/auto/items").status_code == 200


def test_label_sets_of_a_custom_metric_are_capped(caplog):
    backend = PrometheusBackend("shop", registry=CollectorRegistry())
    with metrics(backend, MAX_LABEL_SETS=5), caplog.at_level(logging.WARNING):
        for number in range(100):
            increment("logins", labels={"user": number})
            gauge("level", number, {"user": number})
        found = Scrape(backend.exposition("")[0].decode())
    assert len(found.named("shop_logins_total")) == 6
    assert found("shop_logins_total", user="_overflow") == 95
    assert found("shop_logins_total", user="4") == 1
    # The last of several gauges would tell of none of them.
    assert len(found.named("shop_level")) == 5
    assert found("shop_metrics_overflow_total", metric="logins") == 95
    assert found("shop_metrics_overflow_total", metric="level") == 95
    assert len(caplog.records) == 2


def test_names_are_capped(scrape, caplog):
    for number in range(1005):
        increment(f"made_from_data_{number}")
    assert len([name for name, _ in scrape().samples if "made_from_data" in name]) <= 2000
    assert scrape()("shop_metrics_dropped_total", metric="?") == 5


def test_long_values_are_cut(scrape):
    increment("searches", labels={"words": "a" * 10_000})
    ((labels, value),) = scrape().named("shop_searches_total").items()
    assert (len(dict(labels)["words"]), value) == (200, 1)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_text_is_a_label_value_and_stays_one(values):
    backend = PrometheusBackend("shop", registry=CollectorRegistry())
    with metrics(backend):
        for value in values:
            increment("said", labels={"words": value})
        found = Scrape(backend.exposition("")[0].decode())
    totals = found.named("shop_said_total")
    assert sum(totals.values()) == len(values)
    assert len(totals) == len(set(values))


def test_threads_lose_nothing(scrape):
    def work(number):
        for each in range(200):
            increment("done", labels={"part": each % 20})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    totals = scrape().named("shop_done_total")
    assert len(totals) == 20
    assert set(totals.values()) == {80.0}


class Failing(Own):
    def increment(self, name, value, labels):
        raise OSError("the daemon is away")

    gauge = timing = increment


def test_a_backend_that_fails_disturbs_nobody(client, caplog):
    before = statistics()["failed"]
    with metrics(Failing()), caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert client.post("/plain/items").status_code == 200
    assert statistics()["failed"] == before + 3 * 4
    (record,) = caplog.records
    assert "Failing could not record" in record.getMessage()
    assert record.exc_info[0] is OSError


def test_the_logging_backend(client, caplog):
    with metrics("ninja_boost_metrics.LoggingBackend"), caplog.at_level(logging.INFO):
        client.get("/plain/fails")
        increment("orders_created", labels={"tier": 'a"\nINFO metric'})
        gauge("level", 3)
        timing("took_ms", 1.5)
    lines = [r for r in caplog.records if r.name == "ninja_boost.metrics"]
    request, *others = lines
    assert request.getMessage().startswith("metric timing shop_request=")
    assert request.labels == {
        "method": "GET",
        "route": "/plain/fails",
        "status": "500",
        "error": "ValueError",
    }
    assert [line.getMessage() for line in others] == [
        r'metric counter shop_orders_created=1 {"tier": "a\"\nINFO metric"}',
        "metric gauge shop_level=3 {}",
        "metric timing shop_took_ms=1.5 {}",
    ]


def test_a_class_with_its_dotted_umbrella_path_is_a_backend():
    with metrics("ninja_boost.metrics.LoggingBackend"):
        increment("orders_created")
    with metrics(LoggingBackend):
        increment("orders_created")


def test_what_is_no_backend_is_refused():
    with metrics(dict), pytest.raises(ImproperlyConfigured, match=r"METRICS\.BACKEND"):
        increment("orders_created")


def test_without_a_backend_even_misuse_costs_nothing():
    with override_settings(DEBUG=True), metrics(None):
        increment("no-dashes")
        gauge("level", "7")
        timing("took", -1)
