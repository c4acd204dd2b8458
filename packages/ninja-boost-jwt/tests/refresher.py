"""A process that refreshes tokens: jobs come as lines of standard input, answers go out as lines.

Run as ``python -m tests.refresher``.
"""

import json
import sys
import threading
import time
from pathlib import Path

import django
from django.test import override_settings

from .hostile import SECRET


def slow_claims(user):
    """Hold the transaction open until the process is killed."""
    Path(user.last_name).touch()
    time.sleep(60)


def attempt(token, chain):
    """Refresh a token, and what comes of it, until there is a refusal."""
    from django.db import connections

    from ninja_boost_jwt import RefreshRefused, refresh_tokens

    pairs, reason = [], None
    try:
        for _ in range(chain):
            pair = refresh_tokens(token)
            token = pair.refresh_token
            pairs.append([pair.access_token, token])
    except RefreshRefused as refused:
        reason = refused.reason
    except Exception as error:  # noqa: BLE001 - the test shows it
        reason = repr(error)
    finally:
        connections.close_all()
    return {"pairs": pairs, "reason": reason}


def work(job):
    from django.db import connections

    results, barrier = [], threading.Barrier(job["threads"])

    def refresh():
        connections[job["options"]["DATABASE"]].ensure_connection()
        connections["default"].ensure_connection()
        barrier.wait()
        while time.time() < job["start"]:
            time.sleep(0.0005)
        results.append(attempt(job["token"], job["chain"]))

    threads = [threading.Thread(target=refresh) for _ in range(job["threads"])]
    with override_settings(
        JWT_SECRET_KEY=SECRET, NINJA_BOOST={"AUTH": None, "JWT": job["options"]}
    ):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return results


def main():
    django.setup()
    from ninja_boost_core import event_bus
    from ninja_boost_jwt import sessions

    events = []
    event_bus.on(sessions.ON_REFRESH_REUSE, lambda **about: events.append(about))
    print("ready", flush=True)
    for line in sys.stdin:
        events.clear()
        results = work(json.loads(line))
        print(json.dumps({"results": results, "events": events}), flush=True)


if __name__ == "__main__":
    main()
