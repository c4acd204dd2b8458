"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any

from ninja_boost_core.callables import is_async
from ninja_boost_core.inventory import operations
from ninja_boost_core.pings import Ping

from .registry import Check, CheckFailed, checks
from .router import ready

__all__ = ["find_pings"]


def find_pings() -> Iterator[Ping]:
    """Yield one for each check, if the URLs have the probes."""
    if not any(inspect.unwrap(operation.view_func) is ready for _, operation in operations()):
        return
    for check in checks():
        meanwhile = "/ready answers 503" if check.critical else "the project counts as degraded"
        yield Ping(f"health: {check.name}", partial(_run, check), f"While it fails, {meanwhile}.")


def _run(check: Check) -> None:
    function: Any = check.function
    answer = asyncio.run(_value(function)) if is_async(function) else function()
    if answer is False:
        raise CheckFailed("It returned False.")


async def _value(function: Any) -> Any:
    return await function()
