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
import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from measuring import differences, in_turns, ratios, spread, timed, wsgi_asker, wsgi_environ

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
    ask = wsgi_asker(handler, wsgi_environ(f"/{name}/7"))

    def many(requests: int) -> None:
        for _ in range(requests):
            status, _, body = ask()
            assert status == "200 OK", body

    return many


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
    number = options.requests
    measures = {
        key: lambda ask=ask: timed(lambda: ask(number), 1).wall / number
        for key, ask in askers.items()
    }
    times = in_turns(measures, options.rounds)
    print(f"{'':24}{'µs':>8}{'more':>8}{'ratio':>8}")
    for (kind, name), rounds in times.items():
        bare, median = times[kind, "bare"], spread(rounds).median
        more, ratio = differences(rounds, bare).median, ratios(rounds, bare).median
        print(f"{kind:8}{name:16}{median:8.1f}{more:8.1f}{ratio:8.3f}")
    return 0


if __name__ == "__main__":
    # The URLconf is this module, which Django must not import a second time.
    sys.modules["permissions"] = sys.modules[__name__]
    sys.exit(main())
