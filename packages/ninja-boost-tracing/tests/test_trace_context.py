"""The pure part: parsing, validation and bounds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_tracing.trace_context import RANDOM, SAMPLED, continue_trace

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
VALID = f"00-{TRACE}-{PARENT}-01"


def continued(traceparent, tracestate=None):
    inbound = {"traceparent": traceparent}
    if tracestate is not None:
        inbound["tracestate"] = tracestate
    return continue_trace(inbound)


@pytest.mark.parametrize(
    ("header", "flags"),
    [
        (VALID, 1),
        (f"00-{TRACE}-{PARENT}-00", 0),
        (f"00-{TRACE}-{PARENT}-02", 2),
        (f"00-{TRACE}-{PARENT}-03", 3),
        (f"00-{TRACE}-{PARENT}-ff", 3),
        (f"00-{TRACE}-{PARENT}-fc", 0),
        (f" \t{VALID}\t ", 1),
        (f"cc-{TRACE}-{PARENT}-01", 1),
        (f"01-{TRACE}-{PARENT}-01-", 1),
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like", 1),
        (f"fe-{TRACE}-{PARENT}-01", 1),
    ],
)
def test_a_valid_traceparent_is_continued(header, flags):
    trace = continued(header)
    assert (trace.trace_id, trace.parent_id, trace.flags) == (TRACE, PARENT, flags)
    assert trace.span_id != PARENT
    assert trace.request_id == TRACE
    assert trace.traceparent == f"00-{TRACE}-{trace.span_id}-{flags:02x}"
    assert trace.sampled is bool(flags & SAMPLED)


HOSTILE_TRACEPARENTS = {
    "empty": "",
    "blank": " ",
    "version ff": f"ff-{TRACE}-{PARENT}-01",
    "zero trace id": f"00-{'0' * 32}-{PARENT}-01",
    "zero parent id": f"00-{TRACE}-{'0' * 16}-01",
    "version 00 with more": f"{VALID}-",
    "version 00 with much more": f"{VALID}-extra",
    "future version without dash": f"cc-{TRACE}-{PARENT}-01.what",
    "future version, zero trace id": f"cc-{'0' * 32}-{PARENT}-01",
    "upper case trace id": f"00-{TRACE.upper()}-{PARENT}-01",
    "upper case parent id": f"00-{TRACE}-{PARENT.upper()}-01",
    "upper case version": f"CC-{TRACE}-{PARENT}-01",
    "upper case flags": f"00-{TRACE}-{PARENT}-0A",
    "short version": f"0-{TRACE}-{PARENT}-01",
    "long version": f"000-{TRACE}-{PARENT}-01",
    "no version": f"{TRACE}-{PARENT}-01",
    "short trace id": f"00-{TRACE[1:]}-{PARENT}-01",
    "long trace id": f"00-{TRACE}0-{PARENT}-01",
    "short parent id": f"00-{TRACE}-{PARENT[1:]}-01",
    "long parent id": f"00-{TRACE}-{PARENT}0-01",
    "short flags": f"00-{TRACE}-{PARENT}-1",
    "long flags": f"00-{TRACE}-{PARENT}-001",
    "no flags": f"00-{TRACE}-{PARENT}",
    "no hex trace id": f"00-{'g' * 32}-{PARENT}-01",
    "no hex version": f"0x-{TRACE}-{PARENT}-01",
    "no hex flags": f"00-{TRACE}-{PARENT}-.1",
    "full-width digits": f"00-{TRACE[:-1]}\uff11-{PARENT}-01",
    "arabic digits": f"00-{TRACE[:-1]}\u0661-{PARENT}-01",
    "underscores": VALID.replace("-", "_"),
    "inner blanks": f"00- {TRACE}-{PARENT}-01",
    "trailing newline": VALID + "\n",
    "header injection": VALID + "\r\nX-Evil: 1",
    "twice": f"{VALID},{VALID}",
    "trailing nul": VALID + "\x00",
    "huge": "0" * 100_000,
    "markup": "<script>alert(1)</script>",
}


@pytest.mark.parametrize("header", HOSTILE_TRACEPARENTS.values(), ids=HOSTILE_TRACEPARENTS)
def test_an_invalid_traceparent_begins_a_new_trace(header):
    trace = continued(header, "vendor=value")
    assert trace.trace_id != TRACE
    assert trace.parent_id is None
    assert trace.tracestate is None, "tracestate without a valid traceparent"
    assert trace.flags == RANDOM


def test_a_new_trace():
    traces = {continue_trace({}).trace_id for _ in range(200)}
    assert len(traces) == 200
    trace = continue_trace({})
    assert re.fullmatch(r"[0-9a-f]{32}", trace.trace_id)
    assert re.fullmatch(r"[0-9a-f]{16}", trace.span_id)
    assert trace.request_id == trace.trace_id
    assert not trace.sampled
    assert continue_trace({}, sampled=True).flags == SAMPLED | RANDOM


def test_an_id_is_never_all_zero(monkeypatch):
    trace_id, span_id = bytes(15) + b"\x01", bytes(7) + b"\x02"
    given_bytes = iter([bytes(16) + span_id, trace_id + bytes(8), trace_id + span_id])
    monkeypatch.setattr("os.urandom", lambda size: next(given_bytes))
    trace = continue_trace({})
    assert trace.trace_id == "0" * 31 + "1"
    assert trace.span_id == "0" * 15 + "2"


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        ("rojo=1 , congo=2", "rojo=1,congo=2"),
        (",, rojo=1,\t,", "rojo=1"),
        ("fw529a3039@dt=FfAAAA", "fw529a3039@dt=FfAAAA"),
        ("0tenant@v=1", "0tenant@v=1"),
        ("a_-*/=~!", "a_-*/=~!"),
        ("a=inner blank", "a=inner blank"),
        (f"{'k' * 256}=1", f"{'k' * 256}=1"),
        (f"k={'v' * 256}", f"k={'v' * 256}"),
        (",".join(f"k{i}=v" for i in range(32)), ",".join(f"k{i}=v" for i in range(32))),
        ("", None),
        (",,,", None),
        ("rojo", None),
        ("=1", None),
        ("rojo=", None),
        ("rojo=a=b", None),
        ("Rojo=1", None),
        ("ro jo=1", None),
        ("ro.jo=1", None),
        ("@v=1", None),
        ("rojo=é", None),
        ("rojo=a\x00", None),
        ("rojo=1\r\nX-Evil: 1", None),
        ("rojo=1,rojo=2", None),
        (f"{'k' * 257}=1", None),
        (f"k={'v' * 257}", None),
        (",".join(f"k{i}=v" for i in range(33)), None),
    ],
)
def test_tracestate(header, kept):
    trace = continued(VALID, header)
    assert trace.trace_id == TRACE, "a bad tracestate does not spoil the traceparent"
    assert trace.tracestate == kept


def test_a_tracestate_is_cut_to_512_characters_long_members_first():
    long = [f"long{i}={'x' * 150}" for i in range(2)]
    short = [f"s{i}={'y' * 40}" for i in range(9)]
    kept = continued(VALID, ",".join([long[0], *short, long[1]])).tracestate
    assert kept == ",".join([*short]), "the right long member does not do, so both go"
    assert len(kept) <= 512

    kept = continued(VALID, ",".join([long[0], *short[:5], long[1]])).tracestate
    assert kept == ",".join([long[0], *short[:5]]), "the right-most long member is enough"

    many = [f"s{i:02}={'y' * 60}" for i in range(12)]
    kept = continued(VALID, ",".join(many)).tracestate
    assert kept == ",".join(many[:7]), "then from the right"


@pytest.mark.parametrize(
    ("inbound", "trace_id", "request_id"),
    [
        ({"x-trace-id": TRACE}, TRACE, TRACE),
        ({"x-trace-id": TRACE.upper()}, TRACE, TRACE),
        ({"x-trace-id": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"}, TRACE, TRACE),
        ({"x-request-id": TRACE}, TRACE, TRACE),
        (
            {"x-request-id": "4BF92F35-77b3-4da6-a3ce-929d0e0e4736"},
            TRACE,
            "4BF92F35-77b3-4da6-a3ce-929d0e0e4736",
        ),
        (
            {"x-trace-id": TRACE, "x-request-id": "Root=1-67891233-abcdef"},
            TRACE,
            "Root=1-67891233-abcdef",
        ),
        ({"traceparent": VALID, "x-trace-id": "a" * 32, "x-request-id": "r-1"}, TRACE, "r-1"),
        ({"traceparent": "junk", "x-trace-id": "a" * 32}, "a" * 32, "a" * 32),
    ],
)
def test_plain_ids_of_a_trusted_peer(inbound, trace_id, request_id):
    trace = continue_trace(inbound)
    assert (trace.trace_id, trace.request_id) == (trace_id, request_id)


@pytest.mark.parametrize(
    "value",
    ["", " ", "0" * 32, TRACE[1:], TRACE + "0", "g" * 32, TRACE + "\n", "a" * 10_000, "é" * 32,
     "00000000-0000-0000-0000-000000000000", TRACE[:31] + "\uff11", f"{TRACE},{TRACE}"],
)  # fmt: skip
def test_a_hostile_x_trace_id_is_refused(value):
    trace = continue_trace({"x-trace-id": value})
    assert trace.trace_id not in (TRACE, "0" * 32)
    assert re.fullmatch(r"[0-9a-f]{32}", trace.trace_id)


@pytest.mark.parametrize(
    "value",
    ["", " ", "a b", "a\nb", "id\r\nSet-Cookie: x=1", "<b>", "a;b", "a,b", '"a"', "é", "a" * 129,
     "\x00", "{}", "${jndi:ldap://x}", "\x1b[31m", "a\n"],
)  # fmt: skip
def test_a_hostile_x_request_id_is_refused(value):
    trace = continue_trace({"x-request-id": value})
    assert trace.request_id == trace.trace_id


@pytest.mark.parametrize("value", ["a", "a" * 128, "req_01.ab:c=d+e/f@g-h"])
def test_a_harmless_x_request_id_is_kept(value):
    assert continue_trace({"x-request-id": value}).request_id == value


def test_an_id_that_the_request_has_already_stays():
    trace = continue_trace({"traceparent": VALID}, known="b" * 32)
    assert (trace.trace_id, trace.parent_id) == ("b" * 32, None)
    assert continue_trace({"traceparent": VALID}, known=TRACE).parent_id == PARENT
    assert continue_trace({"traceparent": VALID}, known="job 17").trace_id == TRACE


TEXT = st.text(max_size=600) | st.from_regex(
    r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)
STATE = st.text(max_size=700) | st.lists(
    st.from_regex(r"[a-z0-9_@]{1,20}=[ -~]{0,200}", fullmatch=True), max_size=40
).map(",".join)


@given(traceparent=TEXT, tracestate=STATE, x_trace_id=TEXT, x_request_id=TEXT)
def test_whatever_comes_in_what_goes_out_is_valid(
    traceparent, tracestate, x_trace_id, x_request_id
):
    trace = continue_trace(
        {
            "traceparent": traceparent,
            "tracestate": tracestate,
            "x-trace-id": x_trace_id,
            "x-request-id": x_request_id,
        }
    )
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]", trace.traceparent)
    assert int(trace.trace_id, 16)
    assert int(trace.span_id, 16)
    assert re.fullmatch(r"[\x21-\x7e]{1,128}", trace.request_id)
    state = trace.tracestate
    if state is not None:
        assert 0 < len(state) <= 512
        assert state.isascii()
        assert state.isprintable()
        assert len(state.split(",")) <= 32
        assert trace.parent_id is not None


@given(
    trace_id=st.integers(1, 2**128 - 1),
    parent_id=st.integers(1, 2**64 - 1),
    flags=st.integers(0, 3),
)
def test_our_header_is_read_back(trace_id, parent_id, flags):
    first = continued(f"00-{trace_id:032x}-{parent_id:016x}-{flags:02x}")
    second = continued(first.traceparent)
    assert second.trace_id == first.trace_id
    assert second.parent_id == first.span_id
    assert second.flags == first.flags
