"""The further sections: what a feature costs, what grows, and what stays in memory."""

from __future__ import annotations

from functools import partial
from typing import Any

from measuring import in_turns

from . import databases, rows
from .building import Spec
from .cases import BY_NAME, TINY, Request, bookings
from .checks import check_answer, request_for
from .configurations import feature_names
from .contest import Options, Taken, contest, running
from .contestants import CONTESTANTS, Contestant, feature, growing
from .contestants.profiles import profile
from .contestants.profiles import request as feature_request
from .growing import DEPTHS, HOOKS, ROUTES, ROWS, WIDTHS

ALL = "all of them"
REQUESTS = 10_000
GROWING = ("plain", "off", "raw_orjson")


def spec(contestant: Contestant, options: Options) -> Spec:
    return Spec(contestant, databases.settings("sqlite", options.directory))


def features(options: Options) -> dict[str, dict[str, Any]]:
    """Return for each feature the case, what ours took with it alone, and without any."""
    names = feature_names()
    specs = [spec(feature(name), options) for name in names]
    specs += [spec(CONTESTANTS[name], options) for name in ("off", "on")]
    found = {}
    with running(specs, options) as workers:
        full = workers["on"]
        for case_name in ("tiny", "post", "list"):
            case = BY_NAME[case_name]
            asked = {
                name: (workers[f"feature:{name}"], feature_request(name))
                for name in names
                if profile(name).case == case_name
            }
            asked |= {"off": (workers["off"], case.request)}
            asked |= {ALL: (full, request_for(full.spec.contestant, case.request))}
            for name, (worker, request) in asked.items():
                check_answer(f"feature {name}", worker.ask("answer", request), case.expected())
                worker.ask("freeze")
            taken = contest(asked, options, "off")
            for name in asked:
                if name != "off":
                    label = f"{name}, {case.title}" if name == ALL else name
                    found[label] = {"case": case_name, "with": taken[name], "off": taken["off"]}
    return found


def growth(options: Options) -> dict[str, dict[str, Taken]]:
    """Return for each kind of growth and each size what the contestants took."""
    families: dict[str, dict[int, Any]] = {
        "hooks": dict.fromkeys(HOOKS, TINY),
        "rows": {count: bookings(0, count)() for count in ROWS},
        "columns": {
            width: [rows.wide_json(number, width) for number in range(1, rows.WIDE + 1)]
            for width in WIDTHS
        },
        "depth": {depth: bookings(depth)() for depth in DEPTHS},
    }
    names = [name for name in GROWING if options.takes_part(name)]
    found: dict[str, dict[str, Taken]] = {}
    with running([spec(growing(name), options) for name in names], options) as workers:
        for family, sizes in families.items():
            found[family] = {}
            for size, expected in sizes.items():
                request = Request(f"/api/{family}/{size}")
                asked = {name: (workers[f"growth:{name}:0"], request) for name in names}
                for name, (worker, _) in asked.items():
                    answer = worker.ask("answer", request)
                    check_answer(f"{name}, {family} {size}", answer, expected)
                found[family][str(size)] = contest(asked, options, names[0])
    found["routes"], found["resolving"] = routes(names, options)
    return found


def routes(names: list[str], options: Options) -> tuple[dict[str, Taken], dict[str, Taken]]:
    """Return what the last of many routes takes: the whole request, and Django's look-up alone."""
    whole: dict[str, Taken] = {}
    look_up: dict[str, Taken] = {}
    for size in ROUTES:
        path = f"/api/route-{size}/items"
        contestants = [growing(name, size) for name in names]
        with running([spec(each, options) for each in contestants], options) as workers:
            asked = {each.title: (workers[each.name], Request(path)) for each in contestants}
            for name, (worker, request) in asked.items():
                answer = worker.ask("answer", request)
                check_answer(f"{name}, {size} routes", answer, TINY)
            whole[str(size)] = contest(asked, options, names[0])
            calls, rounds = (1, 1) if options.smoke else (200, options.rounds)
            measures = {n: partial(w.ask, "resolve", path, calls) for n, (w, _) in asked.items()}
            look_up[str(size)] = in_turns(measures, rounds, seed=options.seed)
    return whole, look_up


def memory(options: Options) -> dict[str, float]:
    """Return the bytes a request that each contestant still holds after 10,000 of them."""
    chosen = ("plain", "off", "on", "hand")
    contestants = [CONTESTANTS[name] for name in chosen if options.takes_part(name)]
    requests = 20 if options.smoke else REQUESTS
    with running([spec(each, options) for each in contestants], options) as workers:
        # No time is taken, so they may work at the same time.
        for worker in workers.values():
            request = request_for(worker.spec.contestant, BY_NAME["tiny"].request)
            worker.send("retained", request, requests)
        return {name: worker.receive() / requests for name, worker in workers.items()}
