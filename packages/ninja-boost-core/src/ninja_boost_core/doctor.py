"""Asks every ping at once, each bounded in time: the work of ``manage.py boost_doctor``."""

from __future__ import annotations

import platform
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from importlib.metadata import distributions, version
from time import perf_counter
from typing import NoReturn

from django.conf import settings
from django.core import checks
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from .features import enabled_features
from .inventory import operations
from .pings import Ping, PingFailed, probe_cache, redacted

__all__ = ["Answer", "ask", "find_pings", "versions"]

LONGEST = 300
"""Characters of a detail; the errors of some clients are essays."""

_CHECK = "Run: manage.py check"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a ping.

    Attributes:
        name: that of the ping.
        ok: whether all is well.
        hung: whether it had not answered when time was up.
        milliseconds: how long it took.
        detail: what it said, or what is wrong.
        hint: what to do, if something is.
    """

    name: str
    ok: bool
    hung: bool
    milliseconds: float
    detail: str
    hint: str


def find_pings() -> list[Ping]:
    """Return core's own pings and those of the enabled features.

    A feature that cannot say what to ask is a ping that fails. Without settings that are right,
    or without URLs, the features cannot be asked, and one ping says so.
    """
    pings = list(_own_pings())
    try:
        features = enabled_features()
    except ImproperlyConfigured:
        return pings  # The system checks fail and say why.
    if getattr(settings, "ROOT_URLCONF", None):
        try:
            _ = list(operations())
        except Exception as error:  # noqa: BLE001 - it is reported, whatever it is
            return [*pings, Ping("URLs", partial(_reraise, error), _CHECK)]
    for feature in features:
        try:
            pings.extend(feature.pings())
        except Exception as error:  # noqa: BLE001 - so is this
            pings.append(Ping(feature.name, partial(_reraise, error), _CHECK))
    return pings


def ask(pings: Sequence[Ping], timeout: float) -> list[Answer]:
    """Ask all of them side by side, and return their answers in the same order.

    Each has a daemon thread, because nothing can stop one that hangs.

    Args:
        pings: what to ask.
        timeout: seconds until those that have not answered are given up.
    """
    futures = [_start(ping) for ping in pings]
    wait(futures, timeout)
    hung = f"No answer within {timeout:g} s."
    return [
        future.result()
        if future.done()
        else Answer(ping.name, False, True, timeout * 1000, hung, _line(ping.hint))
        for ping, future in zip(pings, futures, strict=True)
    ]


def versions() -> dict[str, str]:
    """Return the versions of Python, of what we stand on, and of each package of ours."""
    ours = {each.name: each.version for each in distributions() if _is_ours(each.name or "")}
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in ("django", "django-ninja", "pydantic")},
        **dict(sorted(ours.items())),
    }


def _is_ours(name: str) -> bool:
    return name == "django-ninja-boost" or name.startswith("ninja-boost-")


def _start(ping: Ping) -> Future[Answer]:
    future: Future[Answer] = Future()
    threading.Thread(
        target=lambda: future.set_result(_answer(ping)), name=f"ping {ping.name}", daemon=True
    ).start()
    return future


def _answer(ping: Ping) -> Answer:
    started = perf_counter()
    detail, hint, ok = "", "", True
    try:
        try:
            said = ping.probe()
            detail = "" if said is None else str(said)
        finally:
            # Those of this thread: nobody else will.
            connections.close_all()
            caches.close_all()
    except BaseException as error:  # noqa: BLE001 - the answer says so
        (detail, own), ok = _said(error), False
        hint = own or ping.hint
    milliseconds = round((perf_counter() - started) * 1000, 1)
    return Answer(ping.name, ok, False, milliseconds, _line(detail), _line(hint))


def _said(error: BaseException) -> tuple[str, str]:
    """Return what is wrong, and the hint that the error brings along."""
    if not isinstance(error, PingFailed | ImproperlyConfigured):
        text = str(error)
        return f"{type(error).__name__}: {text}" if text else type(error).__name__, ""
    # The text of a wrong setting may have the hint in it, which is a line of its own here.
    hint = str(getattr(error, "hint", "") or "")
    return str(getattr(error, "problem", "")) or str(error).removesuffix(hint).strip(), hint


def _line(text: str) -> str:
    line = redacted(" ".join(text.split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _own_pings() -> Iterator[Ping]:
    yield Ping("system checks", _check_system, _CHECK)
    for alias in connections:
        if connections.settings[alias]["ENGINE"] != "django.db.backends.dummy":
            yield Ping(
                f"database: {alias}",
                partial(_ask_database, alias),
                f"See to the server that DATABASES[{alias!r}] names, or correct the setting.",
            )
    # Where the project says nothing Django has one in memory, which can only be well.
    if settings.is_overridden("CACHES"):
        for alias in settings.CACHES:
            yield Ping(
                f"cache: {alias}",
                partial(probe_cache, alias),
                f"See to the server that CACHES[{alias!r}] names, or correct the setting.",
            )


def _check_system() -> str:
    # Databases are asked by pings of their own; from Django 6.1 on the checks would ask them, too.
    checked = checks.run_checks(databases=[])
    found = [message for message in checked if not message.is_silenced()]
    errors = [message for message in found if message.is_serious()]
    if errors:
        first = errors[0]
        raise PingFailed(
            f"{_number(errors, 'error')}; the first is {first.id}: {first.msg}", first.hint or ""
        )
    return _number(found, "warning") if found else ""


def _number(found: Sequence[object], what: str) -> str:
    return f"{len(found)} {what}{'s' * (len(found) > 1)}"


def _ask_database(alias: str) -> str:
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    options = connection.settings_dict
    server = ":".join(str(part) for part in (options["HOST"], options["PORT"]) if part)
    name = str(options["NAME"])
    return f"{connection.display_name} {f'{server}/{name}' if server else name}"


def _reraise(error: Exception) -> NoReturn:
    raise error
