"""What the server processes serve; a test in this process brings its URLs with ``serving``."""

import os
import time
from pathlib import Path

from django.urls import path
from ninja import NinjaAPI

from ninja_boost_caching import cache_manager, cache_response

MARKS = "CACHING_TEST_MARKS"
"""Environment variable with a directory: each computation leaves a mark there, and may wait."""

api = NinjaAPI()


def leave_mark(name: str) -> int:
    directory = Path(os.environ[MARKS])
    (directory / f"{name}-{os.getpid()}-{time.monotonic_ns()}").touch()
    return len(list(directory.glob(f"{name}-*")))


def wait_for_gate(name: str) -> None:
    gate = Path(os.environ[MARKS]) / f"open.{name}"
    for _ in range(6000):
        if gate.exists():
            return
        time.sleep(0.01)


@api.get("/slow/{name}")
@cache_response(600, tags=["{name}"], wait=60, lease=120)
def slow(request, name: str):
    leave_mark(name)
    wait_for_gate(name)
    return {"name": name, "pid": os.getpid()}


@api.get("/stuck/{name}")
@cache_response(600, lease=2, wait=60)
def stuck(request, name: str):
    """The first one hangs until it is killed."""
    if leave_mark(name) == 1:
        wait_for_gate("never")
    return os.getpid()


@api.get("/stale/{name}")
@cache_response(1, stale=600, lease=120)
def stale(request, name: str):
    if leave_mark(name) == 2:
        wait_for_gate(name)
    return {"made by": time.monotonic_ns()}


@api.post("/forget/{name}")
def forget(request, name: str):
    cache_manager.invalidate_tags(name)


urlpatterns = [path("api/", api.urls)]
