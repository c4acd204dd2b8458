"""Each section of the public description, through HTTP, from a WSGI and an ASGI server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .conftest import STOPPED_WITHIN, Server, environment, stop, wait_until_ready

PROJECT = Path(__file__).resolve().parent.parent / "sections"
COMMANDS = {
    "gunicorn": ["gunicorn", "project:wsgi", "--threads=4", "--bind=fd://{fd}"],
    "uvicorn": ["uvicorn", "project:asgi", "--fd={fd}", "--lifespan=off", "--no-proxy-headers"],
}
DEMO = {"Authorization": "Bearer demo"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("sections") / "sections.sqlite3"
    done = subprocess.run(
        [sys.executable, "project.py"],
        cwd=PROJECT,
        env=environment(database, SECTIONS_DATABASE=str(database)),
        capture_output=True,
        text=True,
        timeout=STOPPED_WITHIN * 4,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return database


@pytest.fixture(scope="module", params=list(COMMANDS))
def sections(
    request: pytest.FixtureRequest, prepared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    directory = tmp_path_factory.mktemp(request.param)
    database = Path(shutil.copy(prepared, directory / "sections.sqlite3"))
    log = directory / "server.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        listener.set_inheritable(True)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        arguments = [part.format(fd=listener.fileno()) for part in COMMANDS[request.param]]
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=PROJECT,
            env=environment(database, SECTIONS_DATABASE=str(database)),
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(Server(url, log, process), "/api/health")
        with httpx.Client(base_url=url, headers=DEMO, timeout=30) as client:
            yield client
    finally:
        stop(process)


def data(response: httpx.Response) -> object:
    assert response.status_code == 200, response.text
    body = response.json()
    assert set(body) == {"ok", "data"}
    assert body["ok"] is True
    return body["data"]


def test_quick_start(sections: httpx.Client) -> None:
    page = data(sections.get("/api/items/?size=5"))
    assert page == {
        "items": [{"id": number, "name": f"item {number}"} for number in range(1, 6)],
        "page": 1,
        "size": 5,
        "total": page["total"],
        "pages": -(-page["total"] // 5),
    }
    assert page["total"] >= 42


@pytest.mark.parametrize("path", ["/api/items/", "/api/items/async"])
def test_auto_pagination(sections: httpx.Client, path: str) -> None:
    first = data(sections.get(path))
    assert (first["page"], first["size"], len(first["items"])) == (1, 20, 20)
    second = data(sections.get(path, params={"page": 2, "size": 30}))
    assert [item["id"] for item in second["items"]][:12] == list(range(31, 43))
    assert data(sections.get(path, params={"page": 99}))["items"] == []
    for wrong in ("0", "-1", "x", "1.5", ""):
        refused = sections.get(path, params={"page": wrong})
        assert (refused.status_code, refused.json()["ok"]) == (422, False), wrong


def test_adding_to_an_existing_project(sections: httpx.Client) -> None:
    assert data(sections.get("/api/plain?word=kept")) == {"word": "kept"}


def test_auth_by_default_and_per_route(sections: httpx.Client) -> None:
    with httpx.Client(base_url=sections.base_url) as nobody:
        refused = nobody.get("/api/items/")
        assert (refused.status_code, refused.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
        assert refused.json()["ok"] is False
        assert data(nobody.get("/api/health")) == {"status": "ok"}
        assert nobody.get("/api/special", headers=DEMO).status_code == 401
        allowed = nobody.get("/api/special", headers={"X-API-Key": "shelf"})
        assert data(allowed) == {"user_id": 9, "is_staff": True}


def test_create(sections: httpx.Client) -> None:
    name = f"from {sections.base_url}"
    assert data(sections.post("/api/items/", json={"name": name}))["name"] == name
    processed = data(sections.post("/api/items/process", json={"name": name}))
    assert processed == {"name": name, "known": 1, "by": 1}


def test_the_context_and_tracing(sections: httpx.Client) -> None:
    response = sections.get("/api/me")
    me = data(response)
    assert me["user"]["user_id"] == 1
    assert me["ip"] == me["same_ip"] == "127.0.0.1"
    assert me["trace_id"] == me["same_trace_id"] == response.headers["X-Trace-Id"]
    assert len(me["trace_id"]) == 32
    assert me["services"] == []
    spoofed = sections.get("/api/me", headers={"X-Forwarded-For": "6.6.6.6"})
    assert data(spoofed)["ip"] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/api/items/feed", "/api/items/feed-async"])
def test_cursor_pagination(sections: httpx.Client, path: str) -> None:
    page = data(sections.get(path, params={"size": 20}))
    assert set(page) == {"items", "next_cursor", "prev_cursor", "size", "has_next", "has_prev"}
    assert (page["prev_cursor"], page["has_prev"], page["has_next"]) == (None, False, True)
    first, walked = page, list(page["items"])
    while page["has_next"]:
        page = data(sections.get(path, params={"size": 20, "cursor": page["next_cursor"]}))
        walked += page["items"]
    assert len(walked) == len({user["id"] for user in walked}) == 50
    assert [u["date_joined"] for u in walked] == sorted(
        (u["date_joined"] for u in walked), reverse=True
    )
    while page["has_prev"]:
        page = data(sections.get(path, params={"size": 20, "cursor": page["prev_cursor"]}))
    assert page["items"] == first["items"]
    assert sections.get(path, params={"cursor": "eyJpZCI6IDQyfQ"}).status_code == 400


def test_views_without_a_response_schema(sections: httpx.Client) -> None:
    page = data(sections.get("/api/items/bare-async", params={"size": 3}))
    assert page["items"] == [{"id": 1}, {"id": 2}, {"id": 3}]
    feed = data(sections.get("/api/items/bare-feed", params={"size": 3}))
    rest = data(sections.get("/api/items/bare-feed", params={"cursor": feed["next_cursor"]}))
    assert all(set(item) == {"id"} for item in feed["items"] + rest["items"])
    assert not {item["id"] for item in feed["items"]} & {item["id"] for item in rest["items"]}


def test_errors_have_one_shape(sections: httpx.Client) -> None:
    missing = sections.get("/api/items/one/4711")
    assert missing.status_code == 404
    body = missing.json()
    assert body.pop("trace_id") == missing.headers["X-Trace-Id"]
    assert body == {"ok": False, "error": "Not found.", "code": 404}
    assert sections.get("/api/teapot").json()["error"] == "I am a teapot."
    assert sections.get("/api/nowhere").json()["code"] == 404
    assert sections.delete("/api/items/").headers["Allow"] == "GET, POST"
    broken = sections.get("/api/broken")
    assert (broken.status_code, broken.json()["error"]) == (500, "Internal server error.")
    assert "secret" not in broken.text


@pytest.mark.parametrize(
    "path", ["/api/health", "/api/items/async", "/api/broken", "/api/broken-async"]
)
def test_events(sections: httpx.Client, path: str) -> None:
    response = sections.get(path)
    trace_id = response.headers["X-Trace-Id"]
    heard = data(sections.get("/api/events", params={"trace_id": trace_id, "size": 50}))["items"]
    names = [name for name, *_ in heard]
    expected = ["before_request", "after_response"]
    if "broken" in path:
        expected.insert(1, "on_error")
        assert heard[1] == ["on_error", "ZeroDivisionError"]
    assert names == expected
    assert heard[-1] == ["after_response", response.status_code, True]
