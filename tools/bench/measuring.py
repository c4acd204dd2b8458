"""How everything here is measured: in turns, in rounds, as medians of the rounds' ratios.

Absolute times drift on a shared machine, and so do two runs. In one round all competitors are
measured one after another, so a ratio of two times of one round says something, and the median
over the rounds says it without the outliers.
"""

from __future__ import annotations

import gc
import io
import random
import statistics
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")


class Spread(NamedTuple):
    """The quartiles of a measure over the rounds; ``high - low`` is the interquartile range."""

    low: float
    median: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return the quartiles; a single value is all three."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    return Spread(*statistics.quantiles(values, n=4, method="inclusive"))


def ratios(numerator: Sequence[float], denominator: Sequence[float]) -> Spread:
    """Return the spread of the ratios of two competitors, round by round."""
    return spread([a / b for a, b in zip(numerator, denominator, strict=True)])


def differences(more: Sequence[float], less: Sequence[float]) -> Spread:
    """Return the spread of the differences of two competitors, round by round."""
    return spread([a - b for a, b in zip(more, less, strict=True)])


@contextmanager
def collector_off() -> Iterator[None]:
    """Collect garbage, then keep the collector off: no batch pays for what another one left."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Times(NamedTuple):
    """Microseconds of one call: of the process's own time, and elapsed."""

    cpu: float
    wall: float


def timed(call: Callable[[], object], calls: int) -> Times:
    """Return what one of ``calls`` calls takes."""
    with collector_off():
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(calls):
            call()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Times(cpu / calls * 1e6, wall / calls * 1e6)


def in_turns(
    measures: Mapping[Name, Callable[[], Value]],
    rounds: int,
    *,
    warm_up: int = 1,
    seed: int | None = 0,
) -> dict[Name, list[Value]]:
    """Take each measure once a round, and return what it gave in each.

    Args:
        measures: what to call for each competitor; most often a batch of calls.
        rounds: how many of them count.
        warm_up: rounds before, which do not.
        seed: of the order, which is shuffled anew for each round; None keeps it as given.
    """
    order = list(measures)
    shuffle = random.Random(seed).shuffle  # noqa: S311 - an order, not a secret
    taken: dict[Name, list[Value]] = {name: [] for name in measures}
    for number in range(-warm_up, rounds):
        if seed is not None:
            shuffle(order)
        for name in order:
            value = measures[name]()
            if number >= 0:
                taken[name].append(value)
    return taken


def wsgi_environ(path: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    """Return what a server gives a WSGI application, without the body."""
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        **more,
    }


def wsgi_asker(
    application: Any, environ: Mapping[str, Any], body: bytes = b""
) -> Callable[[], tuple[str, list[tuple[str, str]], bytes]]:
    """Return a function that asks the application as a server would.

    It returns status line, headers and body.
    """
    given = dict(environ)
    if body:
        given["CONTENT_LENGTH"] = str(len(body))
        given.setdefault("CONTENT_TYPE", "application/json")

    def ask() -> tuple[str, list[tuple[str, str]], bytes]:
        started: list[Any] = []
        response = application(
            {**given, "wsgi.input": io.BytesIO(body)},
            lambda status, headers, exc_info=None: started.extend((status, headers)),
        )
        content = b"".join(response)
        response.close()
        return started[0], started[1], content

    return ask
