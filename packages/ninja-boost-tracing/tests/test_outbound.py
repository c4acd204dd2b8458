"""A call that a view makes reaches a second server, which continues the trace."""

import pytest
from django.test import AsyncClient, Client

from tests.second_server import second_server

pytestmark = pytest.mark.urls("tests.views")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = {
    "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
    "tracestate": "vendor=opaque",
    "x-request-id": "edge-17",
}


@pytest.fixture
def url(settings):
    settings.MIDDLEWARE = ["ninja_boost_tracing.TracingMiddleware"]
    settings.NINJA_BOOST = {"TRUSTED_PROXIES": ["127.0.0.1"]}
    with second_server() as url:
        yield url


def check(response, trace_id):
    seen = response.json()
    here, there = seen["here"], seen["there"]
    assert here["trace_id"] == there["trace_id"] == response["X-Trace-Id"] == trace_id
    assert there["parent_id"] == here["span_id"] == response["traceparent"][36:52]
    assert there["span_id"] not in (here["span_id"], here["parent_id"])
    return here, there


def test_a_call_joins_the_trace(url):
    response = Client().get("/calling", {"url": f"{url}/plain"}, headers=CALLER)
    here, there = check(response, TRACE)
    assert here["parent_id"] == "00f067aa0ba902b7"
    assert there["outbound"] == {
        "traceparent": f"00-{TRACE}-{there['span_id']}-01",
        "tracestate": "vendor=opaque",
    }


async def test_a_call_joins_the_trace_async(url):
    response = await AsyncClient().get("/native-calling", {"url": f"{url}/native"}, headers=CALLER)
    check(response, TRACE)


def test_a_call_joins_a_trace_that_begins_here(url):
    response = Client().get("/calling", {"url": f"{url}/plain"})
    check(response, response["X-Trace-Id"])


def test_what_an_untrusted_client_sends_goes_nowhere(url):
    response = Client().get(
        "/calling", {"url": f"{url}/plain"}, headers=CALLER, REMOTE_ADDR="203.0.113.9"
    )
    _, there = check(response, response["X-Trace-Id"])
    assert response["X-Trace-Id"] != TRACE
    assert set(there["outbound"]) == {"traceparent"}


def test_a_chain_of_calls(url):
    through = f"{url}/calling?url={url}/plain"
    response = Client().get("/calling", {"url": through}, headers=CALLER)
    first, second = response.json()["here"], response.json()["there"]
    assert second["here"]["parent_id"] == first["span_id"]
    assert second["there"]["parent_id"] == second["here"]["span_id"]
    assert second["there"]["trace_id"] == TRACE


@pytest.mark.parametrize(
    "hostile",
    [
        {"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"traceparent": f"00-{TRACE[1:]}-00f067aa0ba902b7-01"},
        {"x-trace-id": f"{TRACE} "[:31]},
        {"x-trace-id": "<script>", "x-request-id": "${jndi:ldap://x}"},
    ],
)
def test_what_is_hostile_is_not_passed_on(url, hostile):
    response = Client().get("/calling", {"url": f"{url}/plain"}, headers=hostile)
    check(response, response["X-Trace-Id"])
    assert response["X-Trace-Id"] not in str(hostile)
    assert response["X-Request-ID"] == response["X-Trace-Id"]
