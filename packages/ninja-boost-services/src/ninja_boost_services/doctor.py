"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

from ninja_boost_core.pings import Ping, PingFailed

from .graph import flaws
from .pings import ServicePing
from .registry import ServiceRegistry, service_registry

__all__ = ["find_pings"]

_HINT = "See to what the service talks to; until then the operations that inject it fail."


def find_pings() -> Iterator[Ping]:
    """Yield what ``boost_doctor`` asks: whether services can be made, and how they are."""
    if not service_registry.definitions:
        return
    yield Ping("services", partial(_find_flaws, service_registry))
    pings = service_registry.pings()
    for ping in pings:
        if not ping.is_async:
            yield Ping(f"service: {ping.name}", ping.ping, _HINT)
    # Those share what they depend on, and with it an event loop.
    if waiting := [ping for ping in pings if ping.is_async]:
        names = ", ".join(ping.name for ping in waiting)
        yield Ping(f"async services: {names}", lambda: asyncio.run(_ask_all(waiting)), _HINT)


def _find_flaws(registry: ServiceRegistry) -> str:
    definitions = registry.definitions
    for flaw in flaws(definitions):
        raise PingFailed(flaw.message, flaw.hint)
    return f"{len(definitions)} registered, {len(registry.pings())} with a ping"


async def _ask_all(pings: Sequence[ServicePing]) -> None:
    answers = await asyncio.gather(*(ping.aping() for ping in pings), return_exceptions=True)
    failed = [
        f"{ping.name}: {type(answer).__name__}: {answer}"
        for ping, answer in zip(pings, answers, strict=True)
        if isinstance(answer, BaseException)
    ]
    if failed:
        raise PingFailed("; ".join(failed))
