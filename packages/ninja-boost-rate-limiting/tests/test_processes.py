"""Several processes, threads and tasks on one Redis never get more than gcra says."""

import json
import subprocess
import sys
import uuid
from collections import Counter

import pytest

from ninja_boost_rate_limiting.rates import parse_rate

pytestmark = pytest.mark.slow


def admissions(kind, url, rate, burst, hits, asynchronous):
    """Return when each admitted hit began and ended; half of the processes may use asyncio."""
    job = {
        "kind": kind,
        "url": url,
        "rate": rate,
        "burst": burst,
        "scope": uuid.uuid4().hex,
        "processes": 8,
        "workers": 4,
        "hits": hits,
        "asynchronous": asynchronous,
    }
    command = [sys.executable, "-m", "tests.load", json.dumps(job)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer = json.loads(run.stdout)
    assert not answer["failed"]
    return [tuple(span) for span in answer["spans"]]


def assert_bounded(spans, quota):
    """Each admission happened somewhere in its span: count those that lie within a window."""
    by_end = sorted(spans, key=lambda span: span[1])
    for begin, _ in spans:
        units = 0
        for started, ended in by_end:
            if started < begin:
                continue
            units += 1
            allowed = quota.burst + (ended - begin) * quota.count // quota.interval
            assert units <= allowed, (
                f"{units} admitted in {(ended - begin) / 1e6:.3f} ms, {allowed} allowed"
            )


@pytest.mark.parametrize("kind", ["redis", "cache"])
@pytest.mark.parametrize(
    ("rate", "burst"), [("20/second", None), ("100/second", 10), ("97/second", 25)]
)
def test_processes_never_get_more_than_limit_and_burst(kind, rate, burst, redis_url):
    quota = parse_rate(rate, burst)
    # Django's caches have no asynchronous operation that is atomic; see CacheBackend.
    hits = 150 if kind == "redis" else 60
    spans = admissions(kind, redis_url, rate, burst, hits, asynchronous=kind == "redis")
    assert_bounded(spans, quota)
    # Plainly, too: by whole periods from the first to the last.
    first = min(begin for begin, _ in spans)
    lasted = max(end for _, end in spans) - first
    assert len(spans) <= quota.burst + lasted * quota.count // quota.interval
    per_second = Counter((end - first) // 1_000_000_000 for _, end in spans)
    assert max(per_second.values()) <= quota.count + quota.burst
    # And they did get something: nearly the whole burst at least.
    assert len(spans) >= quota.burst // 2


@pytest.mark.parametrize("kind", ["redis", "cache"])
def test_what_does_not_come_back_is_admitted_once(kind, redis_url):
    spans = admissions(kind, redis_url, "40/day", None, 20, asynchronous=kind == "redis")
    assert len(spans) <= 40
    if kind == "redis":
        assert len(spans) == 40


def test_the_count_would_notice_one_too_many():
    quota = parse_rate("10/second")
    assert_bounded([(0, 1)] * 10, quota)
    with pytest.raises(AssertionError, match="11 admitted"):
        assert_bounded([(0, 1)] * 11, quota)
    assert_bounded([(0, 1)] * 10 + [(100_000_000, 100_000_001)], quota)
