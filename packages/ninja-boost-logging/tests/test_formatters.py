"""Whatever is logged, there is one line, and it says so."""

import dataclasses
import datetime
import decimal
import enum
import io
import json
import logging
import logging.handlers
import queue
import re
import sys
import threading
import uuid
from collections import OrderedDict, UserDict, deque, namedtuple
from pathlib import Path

import pydantic
import pytest
from django.contrib.auth.models import User
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_logging import (
    ContextFilter,
    StructuredJsonFormatter,
    StructuredVerboseFormatter,
    bind_context,
    bound_context,
    clear_context,
    get_context,
    unbind_context,
)
from tests.lines import parsed

logger = logging.getLogger("app")
JSON = StructuredJsonFormatter()
VERBOSE = StructuredVerboseFormatter()


def record_of(message="message", *args, extra=None, exc_info=None, **attributes):
    record = logger.makeRecord("app", 20, "f.py", 1, message, (), exc_info, "f", None)
    # As a LogRecord has it, whose constructor would ask hostile arguments.
    record.args = args[0] if len(args) == 1 and type(args[0]) is dict and args[0] else args
    record.__dict__.update(extra or {})
    record.__dict__.update(attributes)
    return record


def shown(*args, **kwargs):
    return parsed(JSON.format(record_of(*args, **kwargs)))


def extra(value):
    return shown(extra={"x": value})["x"]


def test_the_line():
    line = JSON.format(record_of("Hello %s", "Ada", created=1767225600.1239, extra={"n": 1}))
    assert line == (
        '{"timestamp":"2026-01-01T00:00:00.123Z","level":"INFO","logger":"app",'
        '"message":"Hello Ada","n":1}'
    )


@pytest.mark.parametrize("created", [0.0, 1.0, 1767225600.9999999, 4102444800.0005])
def test_timestamps_are_rfc_3339(created):
    found = datetime.datetime.fromisoformat(shown(created=created)["timestamp"])
    assert found.utcoffset() == datetime.timedelta(0)
    assert abs(found.timestamp() - created) < 0.0011


@pytest.mark.parametrize("created", [None, "now", float("nan"), float("inf"), -1e300, 1e300, 7])
def test_a_hostile_time_is_now(created):
    assert shown(created=created)["timestamp"] > "2026"


CONTROLS = "a\nb\r\x00\x1b[31m\x7f\x85\u2028\u2029\u202e"


@dataclasses.dataclass
class Point:
    x: int
    api_key: str


class Model(pydantic.BaseModel):
    name: str
    password: str
    secret: pydantic.SecretStr


class Colour(enum.Enum):
    RED = "red"


Pair = namedtuple("Pair", ["left", "token"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (-5, -5),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (2**64, 2**64),
        (10**5000, "[integer of 16610 bits]"),
        ("text", "text"),
        ("\ud800", "\\ud800"),
        (CONTROLS, CONTROLS),
        (b"bytes\xff", "bytes\\xff"),
        (bytearray(b"a"), "a"),
        (memoryview(b"a"), "a"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC), "2026-01-02T03:04:05+00:00"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.timedelta(seconds=90), "0:01:30"),
        (decimal.Decimal("1.10"), "1.10"),
        (uuid.UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
        (Path("/a/b"), "/a/b"),
        (Colour.RED, "red"),
        (ValueError("bad"), "ValueError: bad"),
        ((1, "a"), [1, "a"]),
        ({3}, [3]),
        (deque([1]), [1]),
        ({"a": {"b": [1, None]}}, {"a": {"b": [1, None]}}),
        (OrderedDict(a=1), {"a": 1}),
        (UserDict(a=1), {"a": 1}),
        ({1: 2, None: 3, (1, 2): 4}, {"1": 2, "null": 3, "[1,2]": 4}),
        ({1: "a", "1": "b"}, {"1": "a", "extra_1": "b"}),
        (Point(1, "k"), {"x": 1, "api_key": "[redacted]"}),
        (
            Model(name="n", password="p", secret="s"),
            {"name": "n", "password": "[redacted]", "secret": "[redacted]"},
        ),
        (Pair(1, "t"), {"left": 1, "token": "[redacted]"}),
        (User(pk=3, username="ada"), "auth.User(3)"),
        (User.objects.all(), "<QuerySet of auth.User>"),
        (SimpleLazyObject(lambda: 1 / 0), "<SimpleLazyObject>"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_values(value, expected):
    assert extra(value) == expected


def test_a_lazy_object_that_was_loaded():
    lazy = SimpleLazyObject(lambda: {"a": 1})
    assert lazy["a"] == 1
    assert extra(lazy) == {"a": 1}


def test_what_can_be_read_once_is_not_read():
    numbers = iter([1, 2])
    assert "iterator" in extra(numbers)
    assert list(numbers) == [1, 2]


class Hostile:
    def _raise(self, *args):
        raise RuntimeError("no")

    __repr__ = __str__ = __format__ = __iter__ = __len__ = __eq__ = __getitem__ = _raise
    __hash__ = object.__hash__
    __class__ = property(_raise)


class HostileText(str):
    __slots__ = ()

    def lower(self):
        raise RuntimeError("no")

    __str__ = __repr__ = __len__ = encode = isascii = lower


class HostileDict(dict):
    def items(self):
        raise RuntimeError("no")

    __iter__ = keys = __len__ = items


class HostileInt(int):
    def __repr__(self):
        raise RuntimeError("no")

    __str__ = __format__ = bit_length = __repr__


class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__


class HostileMeta(type):
    def __getattribute__(cls, name):
        raise RuntimeError("no")

    def __repr__(cls):
        raise RuntimeError("no")


class Meta(metaclass=HostileMeta):
    pass


class Endless(dict):
    def items(self):
        number = 0
        while True:
            number += 1
            yield number, Endless()


def cycle():
    found = {"list": []}
    found["list"].append(found)
    found["self"] = found
    return found


def deep():
    found = []
    for _ in range(100_000):
        found = [found]
    return found


HOSTILE = [
    Hostile(),
    HostileText("password=x"),
    HostileDict(a=1),
    HostileInt(3),
    HostileError(),
    Meta,
    object.__new__(Meta),
    Endless(),
    cycle(),
    object(),
    type,
    lambda: 0,
    range(10**9),
    "x" * 1_000_000,
    ["x" * 10_000] * 1000,
    {"x" * 100_000: 1},
    {str(n): n for n in range(100_000)},
    [[["x"] * 1000] * 1000] * 1000,
    10**100_000,
    b"\xff" * 1_000_000,
]


@pytest.mark.parametrize("index", range(len(HOSTILE)))
def test_hostile_values(index):
    value = HOSTILE[index]
    for record in (
        record_of(value),
        record_of("%s", value),
        record_of("%d", value),
        record_of("%(x)s", {"x": value}),
        record_of("two %s", value, value),
        record_of(extra={"x": value, "y": 1}),
        record_of(extra={"x": {"y": [value]}}),
        record_of(args=value),
        record_of(levelname=value, name=value),
        record_of(exc_info=value),
        record_of(exc_info=(type(value), value, None)),
        record_of(stack_info=value, exc_text=value),
    ):
        line = JSON.format(record)
        assert len(line) < 500_000
        assert "formatter_error" not in parsed(line)
        assert_one_verbose_line(VERBOSE.format(record))


def assert_one_verbose_line(text):
    first, *others = text.split("\n")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S", first)
    for line in (first, *others):
        assert line.isprintable()
    assert all(line.startswith("    | ") for line in others)


def test_deep_nesting_ends():
    value = deep()
    assert extra(value) == [[[[[[[[["[truncated]"]]]]]]]]]
    while value:  # or its end would recurse
        value = value[0]


@pytest.mark.parametrize(
    ("message", "args"),
    [
        ("%s", ()),
        ("%s %s", ("a",)),
        ("nothing", ("a", "b")),
        ("%d", ("a",)),
        ("%(name)s", ("a",)),
        ("%(name)s", ({"other": 1},)),
        ("%", ("a",)),
        ("%q", ("a",)),
        ("100%", (1,)),
        ("%999999999s", ("a",)),
        ("%.999999999f", (1.0,)),
    ],
)
def test_arguments_that_do_not_fit_are_not_lost(message, args):
    line = shown(message, *args)
    assert line["message"] == message
    if args:
        assert "message_error" in line
        assert "message_args" in line


def test_fitting_arguments():
    assert shown("%s of %r, %05.1f%%", "a", "b", 1.25)["message"] == "a of 'b', 001.2%"
    assert shown("%(a)s %(b)d", {"a": "x", "b": 2})["message"] == "x 2"
    assert shown("100%")["message"] == "100%"
    assert shown({"event": "x", "n": [1]})["message"] == '{"event":"x","n":[1]}'
    assert shown(ValueError("bad"))["message"] == "ValueError: bad"
    assert shown("got %s", {"a": [1]})["message"] == 'got {"a":[1]}'


def test_a_record_without_attributes():
    record = record_of()
    for name in ("msg", "args", "levelname", "created", "exc_info"):
        broken = record_of()
        del broken.__dict__[name]
        assert parsed(JSON.format(broken))["formatter_error"] == "AttributeError"
        assert_one_verbose_line(VERBOSE.format(broken))
    record.__dict__.clear()
    assert parsed(JSON.format(record))


def test_near_the_end_of_the_stack():
    found = []

    def descend():
        try:
            descend()
        except RecursionError:
            if len(found) < 30:
                found.append(JSON.format(record_of("%s", {"a": 1}, extra={"x": [1]})))
            raise

    with pytest.raises(RecursionError):
        descend()
    assert len(found) >= 20
    for line in found:
        parsed(line)


def test_no_extra_forges_a_field():
    forged = {
        "timestamp": "never",
        "level": "CRITICAL",
        "logger": "root",
        "trace_id": "f" * 32,
        "user_id": 0,
        "exception": "none",
        "message_args": 1,
    }
    line = shown(extra={**forged, "extra_level": "x", "order_id": 1})
    assert (line["level"], line["logger"], line["order_id"]) == ("INFO", "app", 1)
    for name, value in forged.items():
        other = f"extra_{name}" if name != "level" else "extra_level"
        assert line[other] == value
    assert line["extra_extra_level"] == "x"
    assert "trace_id" not in line
    assert "user_id" not in line


def test_bound_fields():
    bind_context(job=1, step="a", level="x")
    assert get_context() == {"job": 1, "step": "a", "level": "x"}
    line = shown(extra={"step": "b", "job": 1})
    assert (line["job"], line["step"], line["context_step"]) == (1, "b", "a")
    assert (line["level"], line["context_level"]) == ("INFO", "x")
    with bound_context(step="c", more=True):
        assert (shown()["step"], shown()["more"]) == ("c", True)
    assert shown()["step"] == "a"
    assert "more" not in shown()
    unbind_context("step", "nothing")
    assert "step" not in shown()
    clear_context()
    assert get_context() == {}
    bind_context(password="hunter2")
    assert shown()["password"] == "[redacted]"


def test_static_fields():
    formatter = StructuredJsonFormatter(fields={"service": "orders", "token": "t"})
    line = parsed(formatter.format(record_of(extra={"service": "x"})))
    assert (line["service"], line["context_service"], line["token"]) == (
        "x",
        "orders",
        "[redacted]",
    )
    with pytest.raises(ValueError, match="level"):
        StructuredJsonFormatter(fields={"level": "x"})


def raised(error):
    try:
        raise error
    except type(error):
        return sys.exc_info()


def test_exceptions():
    line = shown(exc_info=raised(ValueError("bad\nvalue password=hunter2")))
    assert line["exception_type"] == "builtins.ValueError"
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("ValueError: bad\nvalue password=[redacted]")
    group = ExceptionGroup("several", [ValueError("a"), KeyError("token=abc")])
    assert "token=[redacted]" in shown(exc_info=raised(group))["exception"]
    assert "exception" not in shown(exc_info=(None, None, None))
    assert shown(exc_text="secret=abc")["exception"] == "secret=[redacted]"
    assert shown(stack_info="Stack:\n  token='x'")["stack"] == "Stack:\n  token='[redacted]'"


def test_the_end_of_a_long_traceback_is_kept():
    line = shown(exc_info=raised(ValueError("a" * 100_000 + " the end")))
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("a the end")
    assert "[truncated]" in line["exception"]
    assert len(line["exception"]) < 40_000


def test_our_text_of_an_exception_is_nobody_elses(caplog):
    record = record_of(exc_info=raised(ValueError("password=hunter2")))
    JSON.format(record)
    assert record.exc_text is None


def test_verbose():
    bind_context(order_id=7, note="a b", evil="] CRITICAL x=1\n")
    text = VERBOSE.format(
        record_of("Paid\n2026 [user_id=1] forged \u2028 日本", created=1767225600.0,
                  exc_info=raised(ValueError("bad\n2026-01-01T00:00:00.000Z CRITICAL")))
    )  # fmt: skip
    first, *others = text.split("\n")
    assert first == (
        '2026-01-01T00:00:00.000Z INFO     app [order_id=7 note="a b" '
        'evil="] CRITICAL x=1\\n" exception_type=builtins.ValueError] '
        "Paid\\n2026 [user_id=1] forged \\u2028 日本"
    )
    assert others[0] == "    | Traceback (most recent call last):"
    assert others[-1] == "    | 2026-01-01T00:00:00.000Z CRITICAL"
    assert_one_verbose_line(text)
    clear_context()
    assert " app [-] message" in VERBOSE.format(record_of())


def test_the_filter_serves_other_formatters():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(ContextFilter())
    handler.setFormatter(logging.Formatter("%(trace_id)s %(user_id)s %(message)s"))
    handler.handle(record_of("hello"))
    assert stream.getvalue() == "- - hello\n"


def test_a_filtered_record_is_formatted_as_it_was_made():
    record = record_of(extra={"ip": "forged"})
    bind_context(job=1)
    assert ContextFilter().filter(record)
    assert ContextFilter().filter(record)
    clear_context()
    line = parsed(JSON.format(record))
    assert line["job"] == 1
    assert line["extra_ip"] == "forged"
    assert "trace_id" not in line
    assert "extra_trace_id" not in line


def test_through_a_queue(lines):
    records = queue.SimpleQueue()
    handler = logging.handlers.QueueHandler(records)
    handler.addFilter(ContextFilter())
    listener = logging.handlers.QueueListener(records, lines)
    with bound_context(job=1):
        handler.handle(record_of("queued %s", "x", extra={"n": 1}))
    listener.start()
    listener.stop()
    line = lines.one()
    assert (line["message"], line["n"], line["job"]) == ("queued x", 1, 1)


def test_a_captured_context_cannot_be_forged():
    line = shown(extra={"_ninja_boost_context": ({"trace_id": "f"}, {}, {})})
    assert "trace_id" not in line
    assert line["_ninja_boost_context"] == [{"trace_id": "f"}, {}, {}]


def test_a_dictionary_that_another_thread_changes():
    shared = {str(number): number for number in range(50)}
    stop = threading.Event()

    def change():
        number = 0
        while not stop.is_set():
            number += 1
            shared[f"new{number % 500}"] = number
            shared.pop(f"new{(number * 7) % 500}", None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(200):
            assert isinstance(extra(shared), dict)
    finally:
        stop.set()
        thread.join()


TEXT = st.text(max_size=80) | st.sampled_from(
    ["password=x", "Bearer abcdefghij", "4111 1111 1111 1111", "\ud800", "\u2028", "%s %d", "a\nb"]
)
LEAF = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary(max_size=40)
    | st.decimals() | st.datetimes() | st.timedeltas() | st.uuids() | st.complex_numbers()
    | st.integers(0, 12).map(lambda index: HOSTILE[index])
)  # fmt: skip
VALUE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(TEXT | st.integers() | st.none(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    message=VALUE,
    args=st.lists(VALUE, max_size=3).map(tuple) | st.dictionaries(TEXT, VALUE, max_size=3) | VALUE,
    extras=st.dictionaries(TEXT | st.integers() | st.sampled_from(["level", "trace_id"]), VALUE),
    bound=st.dictionaries(TEXT, VALUE, max_size=3),
    attributes=st.dictionaries(
        st.sampled_from(
            ["levelname", "name", "created", "exc_info", "exc_text", "stack_info", "msecs"]
        ),
        VALUE,
    ),
    redact=st.booleans(),
)
def test_one_object_a_line_whatever_is_logged(message, args, extras, bound, attributes, redact):
    from django.test import override_settings

    record = record_of(message)
    record.args = args
    record.__dict__.update({**extras, **attributes})
    with (
        override_settings(NINJA_BOOST={"LOGGING": {"REDACT": redact}}),
        bound_context(**bound),
    ):
        line = parsed(JSON.format(record))
        assert_one_verbose_line(VERBOSE.format(record))
    assert "formatter_error" not in line
    assert list(line)[:4] == ["timestamp", "level", "logger", "message"]
    assert "trace_id" not in line or "trace_id" in bound
    assert json.dumps(line)
