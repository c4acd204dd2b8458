"""A clock that can be advanced, for what reads the time in this process.

It replaces the functions of ``time``, and ``datetime.now``, in chosen modules rather than in
``time`` itself: an event loop, or whatever else waits, must not see hours pass. It goes on
running: code that waits until a deadline would otherwise wait for ever.
"""

from __future__ import annotations

import datetime as datetime_module
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from importlib import import_module
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.features import installed_features

__all__ = ["Clock", "running"]

logger: logging.Logger = logging.getLogger("ninja_boost.testing")

COVERED = (
    "django.contrib.sessions.backends.base",
    "django.core.cache.backends.base",
    "django.core.cache.backends.db",
    "django.core.cache.backends.filebased",
    "django.core.cache.backends.locmem",
    "django.core.signing",
    "django.utils.timezone",
    "jwt",
)
"""Modules that obey, with all below them, beside our own packages."""

NANOSECONDS = 1_000_000_000

_offset = 0
"""Nanoseconds by which the clock is ahead."""


def _time() -> float:
    return time.time() + _offset / NANOSECONDS


def _time_ns() -> int:
    return time.time_ns() + _offset


def _monotonic() -> float:
    return time.monotonic() + _offset / NANOSECONDS


def _monotonic_ns() -> int:
    return time.monotonic_ns() + _offset


class _SameInstances(type):
    """Makes every datetime an instance of the stand-in."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, datetime)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, datetime)


class _Datetime(datetime, metaclass=_SameInstances):
    """``datetime`` with another now; what it makes are plain datetimes."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return datetime(*args, **kwargs)  # noqa: DTZ001 - as the caller has it

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.now(tz) + timedelta(microseconds=_offset / 1000)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(UTC).replace(tzinfo=None)


class _Module(ModuleType):
    """A module some of whose names are replaced."""

    def __init__(self, original: ModuleType, **names: Any) -> None:
        super().__init__(original.__name__, original.__doc__)
        self.__dict__.update(names)
        self.__dict__["__getattr__"] = lambda name: getattr(original, name)


_REPLACED: dict[Any, Any] = {
    time.time: _time,
    time.time_ns: _time_ns,
    time.monotonic: _monotonic,
    time.monotonic_ns: _monotonic_ns,
    datetime: _Datetime,
    time: _Module(
        time, time=_time, time_ns=_time_ns, monotonic=_monotonic, monotonic_ns=_monotonic_ns
    ),
    datetime_module: _Module(datetime_module, datetime=_Datetime),
}


class Clock:
    """Time as ``advance`` makes it; the fixture ``clock`` is one."""

    def __init__(self) -> None:
        self._included: list[str] = list(COVERED)
        self._done: set[str] = set()
        self._undo: list[Callable[[], None]] = []

    def advance(self, seconds: float | timedelta) -> None:
        """Let time pass, at once.

        Raises:
            ValueError: if ``seconds`` is negative: a monotonic clock never goes back.
        """
        global _offset
        value = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        if value < 0:
            raise ValueError(f"advance({seconds!r}): time does not go back.")
        self._cover()
        _offset += round(value * NANOSECONDS)

    def include(self, *modules: str) -> None:
        """Let modules of your own obey, and all below them: ``clock.include("shop.tokens")``.

        Raises:
            ImportError: if there is no such module.
        """
        for name in modules:
            import_module(name)
            self._included.append(name)
        self._cover()

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return datetime.now(UTC) + timedelta(microseconds=_offset / 1000)

    def time(self) -> float:
        """Return the moment in seconds since 1970, as ``time.time()`` would."""
        return _time()

    def start(self) -> None:
        _load_backends()
        for name in COVERED:
            if name.startswith("django."):
                import_module(name)
        self._cover()

    def stop(self) -> None:
        global _offset
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        self._done.clear()
        _offset = 0

    def _cover(self) -> None:
        # An import that is blocked is None there.
        modules: Mapping[str, ModuleType | None] = dict(sys.modules)
        for name, module in modules.items():
            if name not in self._done and module is not None and self._covers(name):
                self._done.add(name)
                self._replace_in(module)

    def _covers(self, name: str) -> bool:
        if name.partition(".")[0] == "ninja_boost_testing":
            return False
        own = name.partition(".")[0].startswith("ninja_boost")
        return own or any(f"{name}.".startswith(f"{each}.") for each in self._included)

    def _replace_in(self, module: ModuleType) -> None:
        names = vars(module)
        for name, value in list(names.items()):
            if _is_replaced(value):
                self._set(names, name, _REPLACED[value])
            elif getattr(value, "__module__", None) != module.__name__:
                continue
            elif isinstance(value, type):
                for member in list(vars(value).values()):
                    self._replace_defaults(getattr(member, "__func__", member))
            else:
                self._replace_defaults(value)

    def _replace_defaults(self, function: Any) -> None:
        """Replace a clock that is the default of a parameter."""
        if not isinstance(function, FunctionType):
            return
        defaults, keywords = function.__defaults__, function.__kwdefaults__
        if defaults and any(_is_replaced(each) for each in defaults):
            self._undo.append(lambda: setattr(function, "__defaults__", defaults))
            function.__defaults__ = tuple(
                _REPLACED[each] if _is_replaced(each) else each for each in defaults
            )
        for name, value in list((keywords or {}).items()):
            if _is_replaced(value):
                self._set(keywords, name, _REPLACED[value])

    def _set(self, mapping: Any, name: str, value: Any) -> None:
        before = mapping[name]
        self._undo.append(lambda: mapping.__setitem__(name, before))
        mapping[name] = value


def _is_replaced(value: Any) -> bool:
    # Others may not be hashable.
    return isinstance(value, BuiltinFunctionType | ModuleType | type) and value in _REPLACED


def _load_backends() -> None:
    """Load the public names of the installed packages, before one of them reads the time.

    A module that is loaded later obeys from the next ``advance`` on.
    """
    for feature in installed_features():
        package = type(feature).__module__.partition(".")[0]
        module = sys.modules[package]
        for name in getattr(module, "__all__", ()):
            try:
                getattr(module, name)
            except (ImportError, RuntimeError, ImproperlyConfigured) as error:
                # It needs a library or an app that the project does not have, nor use therefore.
                logger.debug("%s.%s cannot be loaded: %s", package, name, error)


@contextmanager
def running() -> Iterator[Clock]:
    """Give a clock, which is put back at the end."""
    clock = Clock()
    clock.start()
    try:
        yield clock
    finally:
        clock.stop()
