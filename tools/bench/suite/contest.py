"""The main tables: all contestants, case by case, in paired rounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from measuring import Times, in_turns

from . import databases
from .building import Spec
from .cases import CASES, Request
from .checks import check_case, check_full, request_for
from .contestants import BASELINE, CONTESTANTS
from .worker import Worker

BATCH = 150_000
"""Microseconds that a batch of the baseline takes, about; all others do as many calls."""
MOST_CALLS = 1_500

Taken = dict[str, list[Times]]


@dataclass(frozen=True)
class Options:
    """What to run.

    Attributes:
        rounds: of each contest, besides one that warms up.
        smoke: every request once, to see that all answer the same; no times to judge.
        cases: names of the cases; contestants: names of those who take part.
        directory: a temporary one, for databases.
        context: of multiprocessing, for workers.
    """

    directory: Path
    context: Any
    rounds: int = 15
    smoke: bool = False
    seed: int = 0
    cases: tuple[str, ...] = ()
    contestants: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    seconds: float = 2.0
    wanted_cases: tuple[Any, ...] = field(init=False, default=CASES)

    def __post_init__(self) -> None:
        if self.cases:
            chosen = tuple(case for case in CASES if case.name in self.cases)
            object.__setattr__(self, "wanted_cases", chosen)

    def takes_part(self, name: str) -> bool:
        return not self.contestants or name in self.contestants or name == BASELINE


@contextmanager
def running(specs: Iterable[Spec], options: Options) -> Iterator[dict[str, Worker]]:
    """Have a worker for each, by the contestant's name; they start at the same time."""
    workers: dict[str, Worker] = {}
    try:
        for spec in specs:
            workers[spec.contestant.name] = Worker(spec, options.context)
        for worker in workers.values():
            worker.ready()
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def contest(requests: Mapping[str, tuple[Worker, Request]], options: Options, first: str) -> Taken:
    """Measure one request of each contestant in turns; ``first`` tells how long a batch is."""
    if options.smoke:
        calls, rounds, warm_up = 1, 1, 0
    else:
        worker, request = requests[first]
        worker.ask("time", request, 3)
        single = worker.ask("time", request, 5).cpu
        calls = max(3, min(MOST_CALLS, round(BATCH / single)))
        rounds, warm_up = options.rounds, 1
    measures = {
        name: partial(worker.ask, "time", request, calls)
        for name, (worker, request) in requests.items()
    }
    return in_turns(measures, rounds, warm_up=warm_up, seed=options.seed)


def table(engine: str, interface: str, options: Options) -> dict[str, Taken]:
    """Return what each contestant took in each case, over one database and interface."""
    database = databases.settings(engine, options.directory, interface != "wsgi")
    specs = [
        Spec(each, database, interface)
        for each in CONTESTANTS.values()
        if each.takes(interface) and options.takes_part(each.name)
    ]
    found = {}
    with running(specs, options) as workers:
        for worker in workers.values():
            if worker.spec.contestant.full:
                check_full(worker)
            for case in options.wanted_cases:
                if case.name not in worker.spec.contestant.without:
                    check_case(worker, case)
            worker.ask("freeze")
        for case in options.wanted_cases:
            requests = {
                name: (worker, request_for(worker.spec.contestant, case.request))
                for name, worker in workers.items()
                if case.name not in worker.spec.contestant.without
            }
            found[case.name] = contest(requests, options, BASELINE)
    return found
