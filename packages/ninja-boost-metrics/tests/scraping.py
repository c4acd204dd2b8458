"""A backend of the tests' own, and what Prometheus's own parser makes of a scrape."""

from contextlib import contextmanager

from django.test import override_settings
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

OPEN = {"NETWORKS": ["127.0.0.0/8"]}
"""Who may scrape in the tests: the test client does."""


@contextmanager
def metrics(backend, **options):
    """NINJA_BOOST["METRICS"] with this backend."""
    options = {"BACKEND": backend, "NAMESPACE": "shop", "ENDPOINT": OPEN, **options}
    with override_settings(NINJA_BOOST={"METRICS": options}):
        yield


def parsed(text):
    """All samples of a scrape, by name and labels."""
    return {
        (sample.name, tuple(sorted((k, v) for k, v in sample.labels.items() if v))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def exemplars(text):
    """The exemplars of an OpenMetrics scrape, by the name of the sample."""
    return [
        (sample.name, sample.exemplar.labels)
        for family in openmetrics_families(text)
        for sample in family.samples
        if sample.exemplar
    ]


class Scrape:
    """The samples that a client gets from the endpoint."""

    def __init__(self, text):
        self.text = text
        self.samples = parsed(text)

    def __call__(self, name, **labels):
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def named(self, name):
        return {labels: value for (each, labels), value in self.samples.items() if each == name}
