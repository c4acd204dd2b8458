"""One registry for each test."""

import pytest
from django.test import AsyncClient, Client
from prometheus_client import CollectorRegistry

from ninja_boost_metrics import PrometheusBackend
from tests.scraping import Scrape, metrics
from tests.urls import calls


@pytest.fixture
def prometheus():
    backend = PrometheusBackend("shop", registry=CollectorRegistry())
    with metrics(backend):
        yield backend


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.fixture
def async_client():
    return AsyncClient(raise_request_exception=False)


@pytest.fixture
def scrape(prometheus):
    """What is recorded so far, as a scraper gets it."""

    def scraped():
        body, _ = prometheus.exposition("")
        return Scrape(body.decode())

    return scraped


@pytest.fixture(autouse=True)
def _quiet():
    yield
    calls.clear()
