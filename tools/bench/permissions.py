"""What @require costs, as a multiple of the same operation without it.

    python tools/bench/permissions.py [--rounds N] [--requests N]

Whole requests in process (URL, view, JSON out) to a GET operation of an AutoRouter; the caller is
a dict. ``authenticated``: ``@require(IsAuthenticated)``. ``expression``: four built-in
permissions. ``owner``: ``IsAuthenticated & IsOwner(...)``, which is asked before and after
validation. Each round measures all of them in turns beside the bare operation, and a ratio is that
of two medians; absolute times say little on a shared machine. The async operations run on one event
loop, without a handler around them. There is no rival to compare with.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import django
from django.conf import settings

Ask = Callable[[int], object]

urlpatterns: list[Any] = []


def configure() -> None:
    settings.configure(
        SECRET_KEY="of-no-value-0123456789-0123456789-0123456789",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[],
        LOGGING_CONFIG=None,
    )
    django.setup()


def build() -> Any:
    from ninja_boost_core import AutoAPI, AutoRouter
    from ninja_boost_permissions import (
        HasPermission,
        IsAuthenticated,
        IsOwner,
        IsStaff,
        IsSuperuser,
        require,
    )

    def authenticate(request):
        return {"user_id": 1, "is_staff": True, "permissions": ["a.b"]}

    authenticate.nonblocking = True

    def owner(request, ctx, number):
        return 1

    required = {
        "bare": None,
        "authenticated": IsAuthenticated,
        "expression": IsStaff & ~IsSuperuser & (HasPermission("a.c") | HasPermission("a.b")),
        "owner": IsAuthenticated & IsOwner(owner, nonblocking=True),
    }
    api, router = AutoAPI(auth=authenticate), AutoRouter()
    for name, permission in required.items():

        def view(request, ctx, number: int):
            return {"number": number}

        async def aview(request, ctx, number: int):
            return {"number": number}

        for path, function in ((f"/{name}", view), (f"/async-{name}", aview)):
            guarded = function if permission is None else require(permission)(function)
            router.get(path + "/{number}")(guarded)
    api.add_router("", router)
    return api, list(required)


def sync_asker(handler: Any, name: str) -> Ask:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/{name}/7",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }

    def ask(requests: int) -> None:
        for _ in range(requests):
            response = handler({**environ, "wsgi.input": sys.stdin}, lambda status, headers: None)
            response.close()
            assert response.status_code == 200, response.content

    return ask


def async_asker(name: str) -> Ask:
    from django.test import AsyncRequestFactory
    from django.urls import resolve

    path = f"/async-{name}/7"
    match = resolve(path)
    factory = AsyncRequestFactory()

    async def run(requests: int) -> None:
        for _ in range(requests):
            response = await match.func(factory.get(path), **match.kwargs)
            assert response.status_code == 200, response.content

    return lambda requests: asyncio.run(run(requests))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=500, help="of each kind in a round")
    options = parser.parse_args()
    configure()
    from django.core.wsgi import get_wsgi_application
    from django.urls import path

    api, names = build()
    urlpatterns.append(path("", api.urls))
    handler = get_wsgi_application()
    askers = {("sync", name): sync_asker(handler, name) for name in names}
    askers |= {("async", name): async_asker(name) for name in names}
    times: dict[tuple[str, str], list[float]] = {key: [] for key in askers}
    for number in range(options.rounds + 1):
        for key, ask in askers.items():
            start = perf_counter()
            ask(options.requests)
            if number:  # the first warms up
                times[key].append((perf_counter() - start) / options.requests * 1e6)
    medians = {key: statistics.median(rounds) for key, rounds in times.items()}
    print(f"{'':24}{'µs':>8}{'more':>8}{'ratio':>8}")
    for (kind, name), median in medians.items():
        bare = medians[kind, "bare"]
        print(f"{kind:8}{name:16}{median:8.1f}{median - bare:8.1f}{median / bare:8.3f}")
    return 0


if __name__ == "__main__":
    # The URLconf is this module, which Django must not import a second time.
    sys.modules["permissions"] = sys.modules[__name__]
    sys.exit(main())
