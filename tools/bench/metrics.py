"""What metrics cost a request, beside django-prometheus.

    python tools/bench/metrics.py [--rounds N] [--requests N] [variant ...]

Whole requests in process (URL, view, JSON out) to a GET operation of a plain NinjaAPI. ``bare``
has no middleware. ``off`` has MetricsMiddleware and no backend. ``prometheus`` records the four
request metrics and the histogram of the semantic convention, ``four`` leaves that out, ``statsd``
sends to a process that reads, ``otel`` records with the OpenTelemetry SDK. ``django-prometheus`` is
that package's two middlewares, which record more of a request (sizes, views, transports).

Each round measures all of them in turns, in CPU time; ``+µs`` is the median over the rounds of
what a variant took more than ``bare`` did in the same round. Absolute times say little on a shared
machine.
"""

import argparse
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import django
from django.conf import settings
from measuring import differences, in_turns, ratios, spread, timed, wsgi_asker, wsgi_environ

OURS = ["ninja_boost_metrics.MetricsMiddleware"]
RIVAL = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
VARIANTS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "bare": ([], {}),
    "off": (OURS, {}),
    "prometheus": (OURS, {"BACKEND": "ninja_boost_metrics.PrometheusBackend"}),
    "four": (
        OURS,
        {"BACKEND": "ninja_boost_metrics.PrometheusBackend", "SEMANTIC_CONVENTIONS": False},
    ),
    "statsd": (OURS, {"BACKEND": "ninja_boost_metrics.StatsDBackend"}),
    "otel": (OURS, {"BACKEND": "ninja_boost_metrics.OpenTelemetryBackend"}),
    "django-prometheus": (RIVAL, {}),
}

Ask = Callable[[], object]
urlpatterns: list[Any] = []


def configure() -> None:
    settings.configure(
        SECRET_KEY="of-no-value-0123456789-0123456789-0123456789",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[],
        LOGGING_CONFIG=None,
    )
    django.setup()
    from django.urls import path
    from ninja import NinjaAPI

    api = NinjaAPI()

    @api.get("/items/{int:item_id}")
    def item(request: Any, item_id: int) -> Any:
        return {"id": item_id, "name": "a thing"}

    urlpatterns.append(path("api/", api.urls))


def asker(middleware: list[str]) -> Ask:
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    with override_settings(MIDDLEWARE=middleware):
        handler = WSGIHandler()
    ask = wsgi_asker(handler, wsgi_environ("/api/items/7"))
    assert ask()[0] == "200 OK"
    return ask


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=300, help="of each kind in a round")
    parser.add_argument("variants", nargs="*", choices=[*VARIANTS, []], metavar="variant")
    options = parser.parse_args()
    names = list(dict.fromkeys(["bare", *(options.variants or VARIANTS)]))
    configure()
    with ExitStack() as stack:
        port = stack.enter_context(reader())
        if "otel" in names:
            from opentelemetry.metrics import set_meter_provider
            from opentelemetry.sdk.metrics import MeterProvider
            from opentelemetry.sdk.metrics.export import InMemoryMetricReader

            set_meter_provider(MeterProvider([InMemoryMetricReader()]))
        times = measure(names, options, port)
    report(times)
    return 0


@contextmanager
def reader() -> Iterator[int]:
    """A process that reads what comes to a port, and the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        number = listener.fileno()
        program = f"import socket; s = socket.socket(fileno={number})\nwhile s.recv(9999): pass"
        process = subprocess.Popen([sys.executable, "-c", program], pass_fds=[number])
        try:
            yield listener.getsockname()[1]
        finally:
            process.kill()
            process.wait()


def measure(names: list[str], options: Any, port: int) -> dict[str, list[float]]:
    from django.test import override_settings

    askers = {name: asker(VARIANTS[name][0]) for name in names}

    def one(name: str) -> float:
        metrics = {"STATSD": {"PORT": port}, **VARIANTS[name][1]}
        with override_settings(NINJA_BOOST={"METRICS": metrics}):
            timed(askers[name], 20)  # the settings have changed
            return timed(askers[name], options.requests).cpu

    return in_turns({name: partial(one, name) for name in names}, options.rounds)


def report(times: dict[str, list[float]]) -> None:
    print(f"{'':20}{'µs':>8}{'+µs':>8}{'ratio':>8}")
    for name, rounds in times.items():
        more = differences(rounds, times["bare"]).median
        ratio = ratios(rounds, times["bare"]).median
        print(f"{name:20}{spread(rounds).median:8.0f}{more:8.1f}{ratio:8.2f}")


if __name__ == "__main__":
    # The URLconf is this module, which Django must not import a second time.
    sys.modules["metrics"] = sys.modules[__name__]
    sys.exit(main())
