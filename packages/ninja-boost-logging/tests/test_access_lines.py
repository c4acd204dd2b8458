"""The access line on its straight way: what it says, and who makes it take the usual one."""

import gc
import io
import logging
from types import SimpleNamespace

import pytest
from _pytest.logging import LogCaptureHandler, _LiveLoggingNullHandler
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ninja_boost_core.observers import Exchange
from ninja_boost_logging import ContextFilter, StructuredJsonFormatter, bind_context
from ninja_boost_logging.context import RequestFields
from ninja_boost_logging.encoding import Encoder
from ninja_boost_logging.observers import access_log
from ninja_boost_logging.observers import logger as access
from tests.lines import parsed

Listener = (LogCaptureHandler, _LiveLoggingNullHandler)

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler():
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(StructuredJsonFormatter(fields={"service": "shop"}))
    access.addHandler(handler)
    access.setLevel(logging.INFO)
    access.propagate = False
    yield handler
    access.removeHandler(handler)
    access.filters.clear()
    access.setLevel(logging.NOTSET)
    access.propagate = True


@pytest.fixture
def made(monkeypatch):
    """The records that the access logger makes."""
    records, make = [], access.makeRecord

    def make_record(*args, **kwargs):
        records.append(make(*args, **kwargs))
        return records[-1]

    monkeypatch.setattr(access, "makeRecord", make_record)
    return records


def read(handler):
    text = handler.stream.getvalue()
    handler.stream.seek(0)
    handler.stream.truncate()
    return [parsed(line) for line in text.splitlines()]


def one(handler):
    (line,) = read(handler)
    line.pop("timestamp")
    assert line.pop("duration_ms") > 0
    return line


def alone():
    """Take away what pytest adds to every logger when a test begins."""
    access.handlers[:] = [each for each in access.handlers if not isinstance(each, Listener)]


def ask():
    alone()
    return Client().get("/api/items/3", headers={"x-test-user": "42"})


def test_no_record_is_made_for_a_handler_of_ours_alone(handler, made):
    ask()
    line = one(handler)
    assert made == []
    assert (line["message"], line["user_id"]) == ("GET /api/items/3 200", 42)
    assert line["service"] == "shop"


def listened(handler, monkeypatch):
    access.addFilter(lambda record: True)


def filtered(handler, monkeypatch):
    handler.addFilter(ContextFilter())


def made_elsewhere(handler, monkeypatch):
    monkeypatch.setattr(logging, "_logRecordFactory", lambda *a, **k: logging.LogRecord(*a, **k))


def patched(handler, monkeypatch):
    original = logging.Logger.callHandlers
    monkeypatch.setattr(logging.Logger, "callHandlers", lambda *a: original(*a))


def flushed_elsewhere(handler, monkeypatch):
    original = logging.StreamHandler.flush
    monkeypatch.setattr(logging.StreamHandler, "flush", lambda self: original(self))


def formatted_by_a_subclass(handler, monkeypatch):
    class Own(StructuredJsonFormatter):
        pass

    handler.setFormatter(Own(fields={"service": "shop"}))


def bound(handler, monkeypatch):
    bind_context(service="shop")


@pytest.mark.parametrize(
    "change",
    [
        listened,
        filtered,
        made_elsewhere,
        patched,
        flushed_elsewhere,
        formatted_by_a_subclass,
        bound,
    ],
)
def test_whoever_else_listens_gets_a_record(handler, made, monkeypatch, change):
    ask()
    before = one(handler)
    change(handler, monkeypatch)
    ask()
    assert len(made) == 1
    assert one(handler) == before


def test_a_second_handler_gets_the_record(handler, made):
    seen = []
    second = logging.NullHandler()
    second.handle = seen.append
    ask()
    assert made == []
    access.addHandler(second)
    try:
        ask()
    finally:
        access.removeHandler(second)
    assert seen == made
    assert len(made) == 1
    assert len(read(handler)) == 2


def test_a_filter_may_still_refuse(handler):
    access.addFilter(lambda record: record.status != 200)
    ask()
    assert read(handler) == []


def test_the_level_of_the_handler_counts(handler):
    handler.setLevel(logging.ERROR)
    ask()
    assert read(handler) == []


def test_names_that_are_secrets_stay_so(handler, settings):
    settings.NINJA_BOOST = {"LOGGING": {"REDACT_KEYS": ["status"]}}
    ask()
    assert one(handler)["status"] == "[redacted]"


def test_a_stream_that_fails_is_the_handlers_own_affair(handler, monkeypatch):
    failed = []
    monkeypatch.setattr(handler, "handleError", failed.append)
    handler.stream.close()
    assert ask().status_code == 200
    (record,) = failed
    assert (record.status, record.getMessage()) == (200, "GET /api/items/3 200")


class Auth:
    def __init__(self, pk):
        self.pk = pk


texts = st.text(max_size=40) | st.sampled_from(
    ["/a?password=1", "4111111111111111", "/x/4111 1111 1111 1111", "/token", "eyJ" + "a" * 40]
)


def completed(request, status):
    exchange = Exchange(request)
    exchange.response = HttpResponse(b"five!", status=status)
    exchange.body_size = 5
    access_log.completed(exchange)


@pytest.mark.parametrize("patterns", [[], ["^/sec.*", "inner"]])
@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=texts,
    method=st.sampled_from(["GET", 'P"T']),
    user=texts | st.integers(),
    trace=texts | st.none(),
    status=st.sampled_from([200, 404, 503]),
    fixed=st.booleans(),
)
@example(path="second", method="GET", user=1, trace=None, status=200, fixed=True)
def test_both_ways_say_the_same(
    handler, rf, made, settings, patterns, path, method, user, trace, status, fixed
):
    alone()
    settings.NINJA_BOOST = {"LOGGING": {"REDACT_PATTERNS": patterns}}
    request = rf.get("/")
    request.method, request.path = method, f"/{path}"
    request.auth, request.trace_id = Auth(user), trace
    if fixed:
        request.resolver_match = SimpleNamespace(route=path)
    made.clear()
    completed(request, status)
    assert made == []
    (straight,) = read(handler)
    handler.addFilter(lambda record: True)
    completed(request, status)
    handler.filters.clear()
    assert len(made) == 1
    (usual,) = read(handler)
    for line in (straight, usual):
        del line["timestamp"], line["duration_ms"]
    assert list(straight.items()) == list(usual.items())


def test_a_request_is_freed_when_it_is_over(handler):
    ask()
    gc.collect()
    gc.disable()
    try:
        ask()
        assert not [each for each in gc.get_objects() if type(each) is RequestFields]
    finally:
        gc.enable()


def test_a_path_without_parameters_is_searched_for_secrets_once(handler, monkeypatch, settings):
    searched, text = [], Encoder.text
    monkeypatch.setattr(
        Encoder, "text", lambda self, given: searched.append(given) or text(self, given)
    )

    def asked(url):
        searched.clear()
        alone()
        Client().get(url)
        one(handler)
        return [each for each in searched if url in each]

    settings.NINJA_BOOST = {}
    assert len(asked("/plain")) == 1
    assert asked("/plain") == []
    assert asked("/api/items/3") == asked("/api/items/3") != []
    settings.NINJA_BOOST = {"LOGGING": {"REDACT_PATTERNS": ["plain"]}}
    alone()
    Client().get("/plain")
    assert one(handler)["path"] == "/[redacted]"
