"""The parts of tools/bench that judge and write; what it measures is run by ``--smoke``."""

import json
import random
import xml.etree.ElementTree as ET

import pytest
from measuring import Times, differences, in_turns, ratios, spread, timed, wsgi_asker, wsgi_environ
from suite import gates, plots, rows
from suite.callers import Answer
from suite.cases import BY_NAME, CASES, SIZE, unwrapped
from suite.checks import Unequal, check_answer, difference
from suite.contestants import BASELINE, CONTESTANTS
from suite.report import Results, write

JSON = {"Content-Type": "application/json; charset=utf-8"}


def test_each_competitor_is_measured_once_a_round_in_an_order_that_changes():
    seen: list[str] = []
    names = ("a", "b", "c", "d")
    measures = {n: lambda n=n: seen.append(n) or float(len(seen)) for n in names}
    taken = in_turns(measures, 6, warm_up=2, seed=1)
    turns = [tuple(seen[at : at + 4]) for at in range(0, len(seen), 4)]
    assert len(turns) == 8
    assert all(sorted(turn) == sorted(names) for turn in turns)
    assert len(set(turns)) > 1
    assert [len(values) for values in taken.values()] == [6] * 4
    # The first two rounds, whose values are 1 to 8, do not count.
    assert min(value for values in taken.values() for value in values) == 9.0


def test_a_ratio_is_that_of_one_round_and_not_of_two_medians():
    drift = [1.0, 10.0, 100.0]
    base = [2.0 * factor for factor in drift]
    shuffled = random.Random(0).sample(drift, 3)
    assert ratios(base, drift) == (2.0, 2.0, 2.0)
    assert shuffled == drift or ratios(base, shuffled).high > 2.0
    assert differences([5.0, 7.0], [1.0, 2.0]) == (4.25, 4.5, 4.75)
    assert spread([3.0]) == (3.0, 3.0, 3.0)


def test_timed_makes_as_many_calls_and_keeps_the_collector_as_it_was():
    import gc

    calls: list[bool] = []
    times = timed(lambda: calls.append(gc.isenabled()), 7)
    assert calls == [False] * 7
    assert gc.isenabled()
    assert times.wall > 0


def test_the_asker_sends_query_and_body_reads_all_and_closes():
    closed: list[bool] = []

    def application(environ, start_response):
        assert environ["QUERY_STRING"] == "size=3"
        start_response("201 Created", [("X-Length", environ["CONTENT_LENGTH"])])

        class Parts(list):
            def close(self):
                closed.append(True)

        return Parts([environ["wsgi.input"].read(), b"!"])

    ask = wsgi_asker(application, wsgi_environ("/a?size=3", "POST"), b"body")
    for _ in range(2):
        assert ask() == ("201 Created", [("X-Length", "4")], b"body!")
    assert len(closed) == 2


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"a": [1, 2.0]}, "$.a[1] is 2.0, not 2"),
        ({"a": [1]}, "$.a has 1 items, not 2"),
        ({"b": [1, 2]}, "$ has the keys ['b'], not ['a']"),
        ({"a": [1, True]}, "$.a[1] is True, not 2"),
    ],
)
def test_a_difference_is_named_with_its_place(found, says):
    assert difference(found, {"a": [1, 2]}) == says
    assert difference({"a": [1, 2]}, {"a": [1, 2]}) == ""


def test_only_a_whole_envelope_and_an_honest_page_are_taken_off():
    page = {"items": [1], "page": 1, "size": SIZE, "total": rows.BOOKINGS, "pages": 10}
    assert unwrapped({"ok": True, "data": page}) == [1]
    assert unwrapped({"ok": True, "data": 1, "more": 2}) == {"ok": True, "data": 1, "more": 2}
    with pytest.raises(AssertionError, match="no honest page"):
        unwrapped({**page, "total": 1})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_accepts_its_answer_and_no_other(case):
    expected = case.expected()
    body = json.dumps(expected).encode()
    check_answer("x", Answer(200, JSON, body), expected)
    for wrong in (
        Answer(201, JSON, body),
        Answer(200, {"Content-Type": "text/html"}, body),
        Answer(200, JSON, json.dumps([expected]).encode()),
    ):
        with pytest.raises(Unequal):
            check_answer("x", wrong, expected)


def test_rows_nest_as_deep_as_they_say():
    for depth in range(4):
        row, levels = rows.nested_json(5, depth), 0
        for key in ("flight", "origin", "country"):
            if key not in row:
                break
            row, levels = row[key], levels + 1
        assert levels == depth
    assert len(rows.wide_json(1, 10)) == 10


def table(**microseconds: float) -> dict[str, dict[str, list[Times]]]:
    return {
        case.name: {
            name: [Times(value * k, value * k * 9) for k in (1.0, 1.1, 1.2)]
            for name, value in microseconds.items()
        }
        for case in CASES
    }


def test_a_gate_is_met_missed_or_beyond_its_edge():
    results = Results(tables={"wsgi-sqlite": table(plain=100, off=50, on=45, hand=300)})
    results.tables["wsgi-postgresql"] = table(plain=100, on=45)
    found = {row["gate"].title: row["cells"] for row in gates.rows(results.clocked())}
    words = {
        title: cells["wsgi-sqlite"] and cells["wsgi-sqlite"][1] for title, cells in found.items()
    }
    assert words["tiny, features off"] == "edge"
    assert words["POST, features off"] == "gate"
    assert words["nested list, projection"] == "missed"
    assert words["tiny, raw orjson's time to ours off"] is None
    assert words["list, everything on"] == "missed"
    # 2.22 is enough on PostgreSQL.
    assert found["list, everything on"]["wsgi-postgresql"][1] == "gate"
    assert gates.resolving({"10": {"off": [4.0]}, "400": {"off": [6.0]}}) == [
        "the last of 400 routes: 6.0 µs, gate",
        "400 routes to 10: 1.50 times the time, not flat",
    ]


def test_elapsed_time_counts_where_a_server_works_too():
    results = Results(tables={"wsgi-sqlite": table(plain=1), "asgi-postgresql": table(plain=1)})
    clocked = results.clocked()
    assert clocked["wsgi-sqlite"]["tiny"]["plain"][0] == 1.0
    assert clocked["asgi-postgresql"]["tiny"]["plain"][0] == 9.0


def test_the_report_has_every_section_and_plots_that_parse(tmp_path):
    taken = [Times(2.0, 3.0), Times(3.0, 4.0)]
    sizes = {size: {"plain": taken, "off": taken} for size in ("10", "400")}
    results = Results(
        facts={"Python": "CPython <3>"},
        rounds=2,
        tables={"wsgi-sqlite": table(**dict.fromkeys(CONTESTANTS, 10.0))},
        features={"jwt": {"case": "tiny", "with": taken, "off": taken}},
        growth={"routes": sizes, "resolving": sizes},
        memory={"plain": 1.5},
        imports={"import ninja": [0.1, 0.2], "import ninja_boost": [0.1, 0.2]},
        starts={"plain": [(1.0, 50.0)], "off": [(2.0, 60.0)]},
        loopback={"wsgi": {"tiny": {"plain": [100.0], "off": [200.0]}}},
        skipped={"postgresql": "no server"},
    )
    report = write(results, tmp_path / "report").read_text(encoding="utf-8")
    for heading in ("Gates", "wsgi-sqlite", "loopback, wsgi", "What a feature costs", "Memory"):
        assert f"## {heading}\n" in report
    assert "| ours, features off | 2.00 (2.00 to 2.00) |" in report
    for name in CONTESTANTS:
        assert name == BASELINE or f"| {CONTESTANTS[name].title} | 1.00 " in report
    drawings = list((tmp_path / "report").glob("*.svg"))
    assert len(drawings) == len(CASES) + 2
    for drawing in drawings:
        assert ET.parse(drawing).getroot().tag.endswith("svg")
        assert drawing.name in report
    figures = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert figures["tables"]["wsgi-sqlite"]["tiny"]["plain"][0] == [10.0, 90.0]


def test_a_plot_escapes_what_it_is_told():
    drawing = plots.bars("<a> & b", {"x<y": spread([1.0, 2.0, 3.0])}, mark=1.0)
    texts = [element.text for element in ET.fromstring(drawing).iter() if element.text]
    assert "<a> & b" in texts
    assert "x<y" in texts


def test_no_two_cases_or_contestants_share_a_name():
    assert len(BY_NAME) == len(CASES)
    assert all(name == each.name for name, each in CONTESTANTS.items())
