"""The checks that a project has."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from ninja_boost_core.conf import boost_settings

from .builtin import BUILT_IN, CheckFailed
from .settings import HealthSettings

__all__ = ["Check", "CheckFailed", "checks", "register_check", "unregister_check"]

Function = Callable[[], object] | Callable[[], Awaitable[object]]
_Function = TypeVar("_Function", bound=Callable[[], object])


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        name: what it is called in the answer.
        function: takes nothing; it fails by raising or by returning False. Sync or async.
        critical: whether its failure makes the project not ready; otherwise it is degraded.
        timeout: seconds; None: the setting.
        cache_time: seconds for which its result is used again; None: the setting.
    """

    name: str
    function: Function
    critical: bool = True
    timeout: float | None = None
    cache_time: float | None = None


_registered: dict[str, Check] = {}
_lock = threading.Lock()


def register_check(
    name: str,
    *,
    critical: bool = True,
    timeout: float | None = None,
    cache_time: float | None = None,
) -> Callable[[_Function], _Function]:
    """Register the decorated function as a check; return it unchanged.

    The function runs in a thread of its own, with database connections of its own, whether it
    is sync or async.

    Args:
        name: what it is called in the answer; a built-in of this name is replaced.
        critical: whether its failure makes the project not ready.
        timeout: seconds that it may take.
        cache_time: seconds for which its result is used again.

    Raises:
        ValueError: if another function has the name, or a number is not positive.
        TypeError: if what is decorated cannot be called.
    """
    for argument, value in (("timeout", timeout), ("cache_time", cache_time)):
        if value is not None and value < 0:
            raise ValueError(f"{argument}={value!r} of the check {name!r} is negative.")

    def register(function: _Function) -> _Function:
        if not callable(function):
            raise TypeError(f"The check {name!r} is {function!r}, which cannot be called.")
        with _lock:
            known = _registered.get(name)
            if known is not None and known.function is not function:
                raise ValueError(
                    f"There is a check {name!r} already: {known.function!r}. Choose another name, "
                    "or call unregister_check first."
                )
            _registered[name] = Check(name, function, critical, timeout, cache_time)
        return function

    return register


def unregister_check(name: str) -> bool:
    """Remove a registered check; return whether there was one."""
    with _lock:
        return _registered.pop(name, None) is not None


def checks() -> list[Check]:
    """Return what is to be checked now: the built-in checks of the settings, and the project's."""
    options = boost_settings.section(HealthSettings).HEALTH
    found = {name: Check(name, BUILT_IN[name]) for name in options.CHECKS}
    with _lock:
        return list((found | _registered).values())
