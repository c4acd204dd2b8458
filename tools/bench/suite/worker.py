"""One contestant in a process of its own, and the parent's handle on it.

Settings, middlewares, registries and the heap of one contestant thus never touch another's. The
processes are forked from one that has imported what all need, so that they start quickly.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import time
import traceback
import tracemalloc
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from measuring import Times, collector_off, timed

from .building import Spec, build
from .callers import Answer, asgi_caller, handler_caller, wsgi_caller
from .cases import Request

MODULES = str(Path(__file__).resolve().parents[1])
PATIENCE = 600
"""Seconds after which a worker that does not answer counts as hung."""


class Sync:
    """Asks through WSGI."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.callers: dict[str, Callable[[], Answer]] = {}

    def caller(self, request: Request) -> Callable[[], Answer]:
        key = repr(request)
        if key not in self.callers:
            self.callers[key] = wsgi_caller(self.application, request)
        return self.callers[key]

    def answer(self, request: Request) -> Answer:
        return self.caller(request)()

    def time(self, request: Request, calls: int) -> Times:
        call = self.caller(request)
        times = timed(call, calls)
        answer = call()
        if answer.status != 200:
            raise RuntimeError(f"{request.path} answers {answer.status}: {answer.body[:500]!r}")
        return times

    def retained(self, request: Request, calls: int) -> int:
        """Return the bytes that ``calls`` requests have left behind."""
        call = self.caller(request)
        for _ in range(max(1, calls // 10)):
            call()
        gc.collect()
        tracemalloc.start()
        try:
            call()
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(calls):
                call()
            gc.collect()
            return tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()

    def resolve(self, path: str, calls: int) -> Times:
        """Return what Django's look-up of a path takes."""
        from django.urls import get_resolver

        resolver = get_resolver()
        return timed(lambda: resolver.resolve(path), calls)

    def evidence(self) -> dict[str, Any]:
        """Return what everything-on contestants leave besides the answer."""
        from prometheus_client import REGISTRY

        from .credentials import SINK

        counted = sum(
            sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if sample.name.endswith(("requests_total", "request_total"))
        )
        return {"line": SINK.text, "counted": counted}


class Async(Sync):
    """Asks through ASGI, on one event loop."""

    ask_through = staticmethod(asgi_caller)

    def __init__(self, application: Any) -> None:
        super().__init__(application)
        self.runner = asyncio.Runner()

    def caller(self, request: Request) -> Callable[[], Answer]:
        ask = self.ask_through(self.application, request)
        return lambda: self.runner.run(ask())  # type: ignore[arg-type]

    def time(self, request: Request, calls: int) -> Times:
        return self.runner.run(self._time(request, calls))

    async def _time(self, request: Request, calls: int) -> Times:
        ask = self.ask_through(self.application, request)
        with collector_off():
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(calls):
                await ask()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        answer = await ask()
        if answer.status != 200:
            raise RuntimeError(f"{request.path} answers {answer.status}: {answer.body[:500]!r}")
        return Times(cpu / calls * 1e6, wall / calls * 1e6)


class Handler(Async):
    """Asks Django's async handler alone."""

    ask_through = staticmethod(handler_caller)


DRIVERS: dict[str, type[Sync]] = {"wsgi": Sync, "asgi": Async, "handler": Handler}


def main(connection: Connection, spec: Spec) -> None:
    """Do what the parent asks until it asks for nothing more."""
    try:
        driver: Any = DRIVERS[spec.through](build(spec))
        connection.send((True, None))
        while (task := connection.recv()) is not None:
            name, arguments = task
            if name == "freeze":
                gc.collect()
                # What is there to stay is no work for the collections between the batches.
                gc.freeze()
                connection.send((True, None))
            else:
                connection.send((True, getattr(driver, name)(*arguments)))
    except Exception:  # noqa: BLE001 - the parent raises it
        connection.send((False, traceback.format_exc()))


class Failed(RuntimeError):
    """A worker failed; the text is its traceback."""


def context() -> Any:
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (MODULES, os.environ.get("PYTHONPATH", "")))
    )
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["suite.preload"])
    return found


class Worker:
    """The parent's side: ``ask`` for what the classes above can do."""

    def __init__(self, spec: Spec, started_in: Any) -> None:
        self.spec = spec
        self.connection, theirs = started_in.Pipe()
        self.process = started_in.Process(target=main, args=(theirs, spec), daemon=True)
        self.process.start()
        theirs.close()

    def ready(self) -> None:
        """Wait until the contestant is built, which many do at the same time."""
        self.receive()

    def ask(self, what: str, *arguments: Any) -> Any:
        self.send(what, *arguments)
        return self.receive()

    def send(self, what: str, *arguments: Any) -> None:
        self.connection.send((what, arguments))

    def receive(self) -> Any:
        if not self.connection.poll(PATIENCE):
            raise Failed(f"{self.spec.contestant.name} has not answered for {PATIENCE} s.")
        try:
            fine, value = self.connection.recv()
        except EOFError:
            raise Failed(f"{self.spec.contestant.name} has died.") from None
        if not fine:
            raise Failed(f"{self.spec.contestant.name}:\n{value}")
        return value

    def close(self) -> None:
        if self.process.is_alive():
            try:
                self.connection.send(None)
            except OSError:
                self.process.kill()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()
