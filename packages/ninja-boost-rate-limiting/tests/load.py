"""Processes that hit a backend, each from several threads or tasks; see ``test_processes``.

Its first argument says how: ``{"kind", "url", "rate", "burst", "scope", "processes", "workers",
"hits", "asynchronous"}``. It prints when each hit that was admitted began and ended, in
nanoseconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import django
from django.conf import settings


def backend_of(job):
    from ninja_boost_rate_limiting import CacheBackend, RedisBackend

    return CacheBackend() if job["kind"] == "cache" else RedisBackend(job["url"], timeout=10)


def from_threads(job, backend, bucket):
    spans: list[tuple[int, int]] = []

    def work() -> None:
        for _ in range(job["hits"]):
            begin = time.time_ns()
            if backend.hit(bucket, "client").allowed:
                spans.append((begin, time.time_ns()))

    threads = [threading.Thread(target=work) for _ in range(job["workers"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spans


async def from_tasks(job, backend, bucket):
    spans: list[tuple[int, int]] = []

    async def work() -> None:
        for _ in range(job["hits"]):
            begin = time.time_ns()
            if (await backend.ahit(bucket, "client")).allowed:
                spans.append((begin, time.time_ns()))

    await asyncio.gather(*(work() for _ in range(job["workers"])))
    return spans


def prepared(job):
    settings.configure(
        CACHES={
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": job["url"],
                "OPTIONS": {"socket_timeout": 10},
            }
        }
    )
    django.setup()
    from ninja_boost_rate_limiting.backends.base import Bucket
    from ninja_boost_rate_limiting.rates import parse_rate

    backend = backend_of(job)
    backend.check()
    return backend, Bucket.named(job["scope"], parse_rate(job["rate"], job["burst"]))


def child(job, number, backend, bucket, gate, results):
    os.read(gate, 1)
    if job["asynchronous"] and number % 2 == 0:
        spans = asyncio.run(from_tasks(job, backend, bucket))
    else:
        spans = from_threads(job, backend, bucket)
    Path(results, str(number)).write_text(json.dumps(spans))


def main() -> None:
    job = json.loads(sys.argv[1])
    backend, bucket = prepared(job)
    gate, opened = os.pipe()
    results = tempfile.mkdtemp()
    children = []
    for number in range(job["processes"]):
        pid = os.fork()
        if not pid:
            child(job, number, backend, bucket, gate, results)
            os._exit(0)
        children.append(pid)
    os.write(opened, b"x" * len(children))
    failed = [pid for pid in children if os.waitpid(pid, 0)[1]]
    spans = [span for path in Path(results).iterdir() for span in json.loads(path.read_text())]
    shutil.rmtree(results)
    print(json.dumps({"failed": failed, "spans": spans}))


if __name__ == "__main__":
    main()
