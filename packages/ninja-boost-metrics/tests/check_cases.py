"""How each system check of this package is brought about and put right."""

import tempfile

from django.urls import path

from ninja_boost_metrics import metrics_view

PROMETHEUS = "ninja_boost_metrics.PrometheusBackend"
STATSD = "ninja_boost_metrics.StatsDBackend"
LOGGING = "ninja_boost_metrics.LoggingBackend"
MIDDLEWARE = "ninja_boost_metrics.MetricsMiddleware"
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
SEVERAL_PROCESSES = {"environ": {DIRECTORY: tempfile.gettempdir()}}


def metrics(backend, **options):
    return {"NINJA_BOOST": {"METRICS": {"BACKEND": backend, **options}}}


def scraped():
    return [path("metrics", metrics_view)]


CASES = [
    (
        "ninja_boost_metrics.E001",
        metrics("ninja_boost_metrics.metrics_view"),
        f"such as '{LOGGING}'.",
        metrics(LOGGING),
    ),
    (
        "ninja_boost_metrics.E001",
        metrics(STATSD, STATSD={"HOST": "no host"}),
        "Set METRICS.STATSD.HOST to the name or address of a host, such as '127.0.0.1'.",
        metrics(STATSD, STATSD={"HOST": "127.0.0.1"}),
    ),
    (
        "ninja_boost_metrics.E001",
        {"environ": {DIRECTORY: "/dev/null/none"}, "ROOT_URLCONF": list, **metrics(PROMETHEUS)},
        "Name another",
        SEVERAL_PROCESSES,
    ),
    (
        "ninja_boost_metrics.E001",
        {
            "absent": ["prometheus_client"],
            "ROOT_URLCONF": list,
            **SEVERAL_PROCESSES,
            **metrics(PROMETHEUS),
        },
        'pip install "ninja-boost-metrics[prometheus]"',
        {"absent": []},
    ),
    (
        "ninja_boost_metrics.W001",
        {"MIDDLEWARE": [], **metrics(LOGGING)},
        f"Add '{MIDDLEWARE}'",
        {"MIDDLEWARE": [MIDDLEWARE]},
    ),
    (
        "ninja_boost_metrics.W002",
        {"ROOT_URLCONF": list, **metrics(PROMETHEUS)},
        "Set it to an empty directory before the server starts",
        SEVERAL_PROCESSES,
    ),
    (
        "ninja_boost_metrics.W002",
        {"ROOT_URLCONF": list, **metrics(PROMETHEUS)},
        "add 'ninja_boost_metrics.W002' to SILENCED_SYSTEM_CHECKS.",
        {"SILENCED_SYSTEM_CHECKS": ["ninja_boost_metrics.W002"]},
    ),
    (
        "ninja_boost_metrics.W003",
        {"ROOT_URLCONF": scraped, **SEVERAL_PROCESSES, **metrics(PROMETHEUS)},
        "Set TOKEN, NETWORKS or STAFF in it",
        metrics(PROMETHEUS, ENDPOINT={"NETWORKS": ["10.0.0.0/8"]}),
    ),
    (
        "ninja_boost_metrics.W003",
        {"ROOT_URLCONF": scraped, **SEVERAL_PROCESSES, **metrics(PROMETHEUS)},
        "or take metrics_view out of the URLs.",
        {"ROOT_URLCONF": list},
    ),
]
