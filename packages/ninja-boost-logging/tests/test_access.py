"""One line for each request, when its last byte was produced."""

import asyncio
import subprocess
import sys

import pytest
from django.core.asgi import get_asgi_application
from django.test import AsyncClient, Client, RequestFactory, override_settings

from ninja_boost_core.observers import ObserverMiddleware
from ninja_boost_logging import LoggingMiddleware, get_context
from ninja_boost_logging._feature import feature
from tests import views

# The end of a response closes old connections.
pytestmark = pytest.mark.django_db

ACCESS = "ninja_boost.access"


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def access_of(lines):
    found = [line for line in lines.read() if line["logger"] == ACCESS]
    assert len(found) == 1
    return found[0]


def test_what_it_says(client, lines):
    client.get("/api/items/3", headers={"x-test-user": "42", "x-test-trace": "a" * 32})
    line = access_of(lines)
    duration = line.pop("duration_ms")
    assert isinstance(duration, float)
    assert duration > 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": ACCESS,
        "message": "GET /api/items/3 200",
        "trace_id": "a" * 32,
        "method": "GET",
        "path": "/api/items/3",
        "route": "/api/items/{item_id}",
        "user_id": 42,
        "ip": "127.0.0.1",
        "status": 200,
        "bytes": len('{"item": 3}'),
    }


@pytest.mark.parametrize(
    ("url", "status", "level", "error"),
    [
        ("/early", 403, "INFO", None),
        ("/nothing", 404, "INFO", None),
        ("/api/items/x", 401, "INFO", None),
        ("/auto/items/x", 401, "INFO", None),
        ("/broken", 500, "ERROR", "RuntimeError"),
        ("/auto/broken", 500, "ERROR", "RuntimeError"),
        ("/api/broken", 500, "ERROR", "RuntimeError"),
    ],
)
def test_every_outcome(client, lines, url, status, level, error):
    assert client.get(url).status_code == status
    line = access_of(lines)
    assert (line["status"], line["level"], line.get("error")) == (status, level, error)


def test_a_stream_is_logged_at_its_end(client, lines):
    response = client.get("/stream")
    assert lines.read() == []
    assert get_context() == {}
    client.get("/plain")  # in between
    lines.read()
    assert response.getvalue() == b"12345" * 3
    response.close()
    *chunks, line = lines.read()
    assert [chunk["message"] for chunk in chunks] == ["chunk 0", "chunk 1", "chunk 2"]
    assert {chunk["path"] for chunk in chunks} == {"/stream"}
    assert {chunk["job"] for chunk in chunks} == {3}
    assert (line["status"], line["bytes"], line["path"]) == (200, 15, "/stream")
    assert "disconnected" not in line
    assert line["job"] == 3


async def test_async_streams_in_turns(lines):
    client = AsyncClient()
    first, second = await asyncio.gather(
        client.get("/native-stream", headers={"x-test-trace": "a" * 32}),
        client.get("/native-stream", headers={"x-test-trace": "b" * 32}),
    )
    iterators = [aiter(first), aiter(second)]
    for _ in range(3):
        for iterator in iterators:
            assert await anext(iterator) == b"12345"
    for iterator in iterators:
        with pytest.raises(StopAsyncIteration):
            await anext(iterator)
    first.close()
    second.close()
    found = lines.read()
    chunks = [line["trace_id"][0] for line in found if line["message"].startswith("chunk")]
    assert chunks == ["a", "b"] * 3
    ends = [line for line in found if line["logger"] == ACCESS]
    assert [line["trace_id"][0] for line in ends] == ["a", "b"]
    assert {line["bytes"] for line in ends} == {15}


def test_a_stream_that_the_client_leaves(client, lines):
    response = client.get("/stream")
    assert next(iter(response)) == b"12345"
    response.close()
    line = access_of(lines)
    assert (line["disconnected"], line["bytes"], line["status"]) == (True, 5, 200)
    assert line["level"] == "INFO"


def test_a_stream_that_breaks(client, lines):
    response = client.get("/broken-stream")
    with pytest.raises(RuntimeError, match="half way"):
        response.getvalue()
    response.close()
    line = access_of(lines)
    assert (line["level"], line["error"], line["bytes"]) == ("ERROR", "RuntimeError", 5)


def test_a_file_stays_one_that_the_server_can_send(lines):
    response = LoggingMiddleware(views.file)(RequestFactory().get("/file"))
    assert response.file_to_stream is not None
    response.close()
    assert access_of(lines)["bytes"] is None


async def over_asgi(path, leave):
    """Ask over ASGI and leave when ``leave`` says so; return what was sent."""
    sent = []
    gone = asyncio.Event()
    first = True

    async def receive():
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        if leave(sent):
            gone.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("203.0.113.7", 1),
        "server": ("testserver", 80),
        "scheme": "http",
    }
    application = get_asgi_application()
    task = asyncio.create_task(application(scope, receive, send))
    if path == "/hanging":
        await views.waiting.wait()
        gone.set()
    await asyncio.wait_for(task, 20)
    return sent


async def test_a_client_that_leaves_before_there_is_a_response(lines):
    assert await over_asgi("/hanging", lambda sent: False) == []
    line = access_of(lines)
    assert (line["status"], line["disconnected"], line["level"]) == (499, True, "INFO")
    assert (line["ip"], line["path"]) == ("203.0.113.7", "/hanging")


async def test_a_client_that_leaves_an_endless_stream(lines):
    sent = await over_asgi("/endless", lambda sent: len(sent) > 4)
    line = access_of(lines)
    assert (line["status"], line["disconnected"]) == (200, True)
    bodies = [message["body"] for message in sent if message["type"] == "http.response.body"]
    assert line["bytes"] >= sum(map(len, bodies)) >= 15


def test_twice_is_once(client, lines, settings):
    settings.MIDDLEWARE = [
        "tests.test_access.Lifecycle",
        *settings.MIDDLEWARE,
        "ninja_boost_logging.LoggingMiddleware",
    ]
    client.get("/plain")
    assert len(lines.read()) == 2


class Lifecycle(ObserverMiddleware):
    """What LifecycleMiddleware does with the feature."""

    def observers(self):
        return feature.observers()


def test_by_the_feature_alone(client, lines, settings):
    settings.MIDDLEWARE = ["tests.test_access.Lifecycle"]
    client.get("/plain")
    line, access = lines.read()
    assert line["path"] == access["path"] == "/plain"


def test_switched_off(client, lines, settings):
    settings.NINJA_BOOST = {"LOGGING": {"ACCESS_LOG": False}}
    client.get("/plain")
    assert [line["message"] for line in lines.read()] == ["seen"]


def test_probes_are_logged_when_they_fail(client, lines, settings):
    client.get("/api/health/live")
    assert lines.read() == []
    for status in (404, 503):
        client.get(f"/api/health/live?status={status}")
        assert access_of(lines)["status"] == status
    settings.NINJA_BOOST = {"LOGGING": {"ACCESS_LOG_EXCLUDE": ["/plain"]}}
    client.get("/api/health/live")
    assert access_of(lines)["status"] == 200
    client.get("/plain")
    assert [line["message"] for line in lines.read()] == ["seen"]


def test_no_path_hides_a_request(client, lines):
    assert client.get("/users/health/").status_code == 200
    client.get("/nothing/health/live")
    found = [line["path"] for line in lines.read() if line["logger"] == ACCESS]
    assert found == ["/users/health/", "/nothing/health/live"]


@pytest.mark.parametrize("wrong", [{"ACESS_LOG": True}, {"REDACT_PATTERNS": ["("]}])
def test_wrong_settings_stop_the_start(wrong):
    from django.core.exceptions import ImproperlyConfigured

    with (
        override_settings(NINJA_BOOST={"LOGGING": wrong}),
        pytest.raises(ImproperlyConfigured, match=next(iter(wrong))),
    ):
        Client().get("/plain")


def test_a_management_command_needs_no_request():
    code = (
        "import json, logging, logging.config\n"
        "from django.conf import settings\n"
        "json_ = {'()': 'ninja_boost_logging.StructuredJsonFormatter'}\n"
        "handler = {'class': 'logging.StreamHandler', 'formatter': 'json'}\n"
        "settings.configure(LOGGING={'version': 1, 'formatters': {'json': json_},\n"
        "    'handlers': {'h': handler}, 'root': {'handlers': ['h'], 'level': 'INFO'}})\n"
        "import django\n"
        "django.setup()\n"
        "from ninja_boost_logging import bound_context\n"
        "with bound_context(trace_id='job-7', batch=3):\n"
        "    logging.getLogger('app').warning('password=%s', 'hunter2', extra={'n': 1})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    from tests.lines import parsed

    line = parsed(done.stderr.strip())
    del line["timestamp"]
    assert line == {
        "level": "WARNING",
        "logger": "app",
        "message": "password=[redacted]",
        "n": 1,
        "trace_id": "job-7",
        "batch": 3,
    }


def test_the_package_needs_no_settings():
    code = "import ninja_boost_logging as p; print(sorted(p.__all__)[0], len(dir(p)) > 5)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ContextFilter", "True"]
    code = (
        "from ninja_boost_logging import StructuredJsonFormatter as F\n"
        "import logging\n"
        "print(F().format(logging.makeLogRecord({'msg': 'token=abc', 'name': 'n'})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "token=[redacted]" in done.stdout
