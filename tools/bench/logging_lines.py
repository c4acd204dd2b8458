"""What a log line costs, beside python-json-logger and structlog.

    python tools/bench/logging_lines.py [--rounds N] [--lines N]

One call of a logger to one JSON line that a stream swallows, with six fields of a request, given
each library's own way: ours, a filter with a context variable (python-json-logger), and
``merge_contextvars`` (structlog, its own loggers and, as ``stdlib``, in a formatter of the
standard library's). ``redacted``: the two that have no redaction run ours over every text, by
key and by value, as a filter or a processor. ``logging only`` writes the bare message and is the
floor of whoever uses the standard library's loggers. Each round measures all of them in turns;
the median of the rounds' ratios counts, absolute times say little on a shared machine.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from importlib.util import find_spec
from typing import Any

import django
from django.conf import settings
from django.test import RequestFactory, override_settings
from django.urls import ResolverMatch
from measuring import in_turns, ratios, spread, timed

REQUEST = {
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "method": "POST",
    "path": "/api/orders/42",
    "route": "/api/orders/{id}",
    "user_id": 42,
    "ip": "203.0.113.1",
}
EXTRA = {"order_id": 7, "status": "paid", "total": 99.5, "currency": "EUR"}
SECRETS = {
    "order_id": 7,
    "password": "hunter2",
    "headers": {"Authorization": "Bearer abcdefghijklmnop", "Accept": "*/*"},
}

Log = Callable[[Any], object]
LINES: dict[str, tuple[str, tuple[object, ...], dict[str, Any]]] = {
    "message": ("Order created", (), {}),
    "arguments": ("Order %s of %s created in %d ms", (7, "alice", 12), {}),
    "extras": ("Order created", (), EXTRA),
    "secrets": ("Calling https://u:p@shop.example/pay?token=abc", (), SECRETS),
}


class Nowhere:
    """A stream that keeps the length of the last line, so that nobody is idle."""

    length = 0

    def write(self, text: str) -> None:
        self.length = len(text)

    def flush(self) -> None: ...


context: ContextVar[dict[str, Any]] = ContextVar("context")


class RequestFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.__dict__.update(context.get())
        return True


def redacted(redactor: Any, value: Any) -> Any:
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, dict):
        return {
            key: "[redacted]" if redactor.sensitive(key) else redacted(redactor, item)
            for key, item in value.items()
        }
    return value


class RedactionFilter(logging.Filter):
    def __init__(self, redactor: Any) -> None:
        super().__init__()
        self.redactor = redactor
        self.standard = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__)

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.redactor.text(record.getMessage()), None
        own = {k: v for k, v in record.__dict__.items() if k not in self.standard}
        record.__dict__.update(redacted(self.redactor, own))
        return True


def standard(name: str, formatter: logging.Formatter, *filters: logging.Filter) -> Log:
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    handler = logging.StreamHandler(Nowhere())  # type: ignore[type-var]
    handler.setFormatter(formatter)
    for each in filters:
        handler.addFilter(each)
    logger.addHandler(handler)

    def log(line: Any) -> None:
        message, args, extra = line
        logger.info(message, *args, extra=extra)

    return log


def structlogs(redactor: Any) -> tuple[Log, Log]:
    import structlog

    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if redactor is not None:
        processors.append(lambda logger, name, event: redacted(redactor, event))
    renderer = structlog.processors.JSONRenderer()
    native = structlog.wrap_logger(
        structlog.PrintLogger(Nowhere()),
        [*processors, renderer],
        wrapper_class=structlog.stdlib.BoundLogger,
    ).bind(logger="apps.orders")

    def log(line: Any) -> None:
        message, args, extra = line
        native.info(message, *args, **extra)

    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *processors],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    return log, standard(f"structlog-{redactor is not None}", formatter)


def build() -> dict[str, tuple[Log, bool]]:
    from ninja_boost_logging import StructuredJsonFormatter
    from ninja_boost_logging.redaction import Redactor

    askers: dict[str, tuple[Log, bool]] = {
        "logging only": (standard("plain", logging.Formatter("%(message)s")), False),
        "ours": (standard("ours", StructuredJsonFormatter()), False),
        "ours, redacted": (standard("ours-redacted", StructuredJsonFormatter()), True),
    }
    if any(find_spec(name) is None for name in ("pythonjsonlogger", "structlog")):
        print("Without rivals: pip install python-json-logger structlog")
        return askers

    from pythonjsonlogger.json import JsonFormatter

    redactor = Redactor()
    fields = ("message", "levelname", "name")
    named = {"levelname": "level", "name": "logger"}
    for suffix, filters, processor in (
        ("", (), None),
        (", redacted", (RedactionFilter(redactor),), redactor),
    ):
        formatter = JsonFormatter(list(fields), rename_fields=named, timestamp=True)
        jsonlogger = standard(f"jsonlogger{suffix}", formatter, RequestFilter(), *filters)
        native, stdlib = structlogs(processor)
        askers[f"python-json-logger{suffix}"] = (jsonlogger, False)
        askers[f"structlog{suffix}"] = (native, False)
        askers[f"structlog stdlib{suffix}"] = (stdlib, False)
    return askers


def enter_request() -> None:
    from ninja_boost_logging.context import RequestFields, State, state

    request: Any = RequestFactory().post(REQUEST["path"], REMOTE_ADDR=REQUEST["ip"])
    request.trace_id = REQUEST["trace_id"]
    request.auth = {"user_id": REQUEST["user_id"]}
    request.resolver_match = ResolverMatch(print, (), {}, route="api/orders/<int:id>")
    state.set(State(RequestFields(request), {}))
    context.set(REQUEST)
    if "structlog" in sys.modules:
        sys.modules["structlog"].contextvars.bind_contextvars(**REQUEST)


def measure(log: Log, redact: bool, line: Any, lines: int) -> float:
    """Return the microseconds of a line."""
    with override_settings(NINJA_BOOST={"LOGGING": {"REDACT": redact}}):
        log(line)  # reads the settings
        return timed(lambda: log(line), lines).wall


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--lines", type=int, default=500, help="of each kind in a round")
    options = parser.parse_args()
    settings.configure(LOGGING_CONFIG=None, INSTALLED_APPS=[])
    django.setup()
    loggers = build()
    enter_request()
    measures = {
        (name, kind): partial(measure, log, redact, line, options.lines)
        for name, (log, redact) in loggers.items()
        for kind, line in LINES.items()
    }
    times = in_turns(measures, options.rounds)
    print(f"{'µs a line (times ours)':30}" + "".join(f"{kind:>16}" for kind in LINES))
    for name in loggers:
        base = "ours, redacted" if name.endswith("redacted") else "ours"
        row = f"{name:30}"
        for kind in LINES:
            ratio = ratios(times[name, kind], times[base, kind]).median
            row += f"{spread(times[name, kind]).median:9.1f} ({ratio:4.2f})"
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
