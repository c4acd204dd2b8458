"""Which packages a new project uses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from .plan import Refused

__all__ = ["OPTIONS", "READY", "SERVERS", "Choice", "Option", "choose"]


@dataclass(frozen=True)
class Option:
    """A package for which a new project has lines of its own.

    Attributes:
        meaning: what the project gets.
        default: whether it is in without being asked for.
        needs: the options without which it does nothing.
    """

    meaning: str
    default: bool = True
    needs: tuple[str, ...] = ()


OPTIONS: dict[str, Option] = {
    "jwt": Option("a login that gives out JSON Web Tokens; without it: one token for a service"),
    "tracing": Option("trace ids, in responses, errors and logs"),
    "lifecycle": Option("the events and observers of every request"),
    "logging": Option("JSON logs with the request's context"),
    "health": Option("probes for live, ready and startup, and draining"),
    "rate-limiting": Option("a limit for every operation, and a tight one for logins"),
    "security-headers": Option("security headers on every response"),
    "docs": Option("docs of the API in development, and none in production"),
    "metrics": Option("Prometheus metrics of all workers together", needs=("lifecycle",)),
    "idempotency": Option("safe retries of what creates something", default=False),
    "caching": Option("a response cache for what is read", default=False),
    "audit": Option("a tamper-evident trail of logins and changes, in the database", default=False),
    "webhooks": Option("an endpoint for signed webhooks", default=False),
    "versioning": Option("versions of the API in its URLs, /api/v1/", default=False),
}
READY = (
    *("cli", "core", "pagination", "permissions", "plugins", "policies", "queries", "services"),
    "testing",
)
"""Packages that are installed with the umbrella and need no lines in a new project."""
SERVERS = {
    "gunicorn": "WSGI, several processes with threads",
    "uvicorn": "ASGI, several processes with an event loop",
}
MINIMAL = frozenset({"jwt"})


@dataclass(frozen=True)
class Choice:
    """The options of one project, and its server."""

    options: frozenset[str]
    server: str = "gunicorn"

    def flags(self) -> dict[str, bool]:
        """What the conditions in the templates ask for, by name."""
        options = {name: name in self.options for name in OPTIONS}
        return options | {name: name == self.server for name in SERVERS}


def choose(
    added: Iterable[str] = (),
    removed: Iterable[str] = (),
    *,
    minimal: bool = False,
    server: str = "gunicorn",
) -> Choice:
    """Return the defaults (or, if minimal, authentication alone) with and without some options.

    Raises:
        Refused: for an unknown name, for one that is added and removed, and if an option needs
            another one that is removed.
    """
    more, less = set(map(_known, added)), set(map(_known, removed))
    if both := more & less:
        raise Refused(f"--with and --without both name {', '.join(sorted(both))}: say one of them.")
    if server not in SERVERS:
        raise Refused(f"{server!r} is no server: choose one of {', '.join(SERVERS)}.")
    base = MINIMAL if minimal else {name for name, option in OPTIONS.items() if option.default}
    chosen = (base | more) - less
    for name in sorted(chosen):
        for needed in OPTIONS[name].needs:
            if needed in less:
                raise Refused(
                    f"{name} needs {needed}: leave out --without {needed}, or say --without "
                    f"{name},{needed}."
                )
            chosen |= {needed}
    return Choice(frozenset(chosen), server)


def _known(name: str) -> str:
    short = name.strip().lower().replace("_", "-").removeprefix("ninja-boost-")
    if short in OPTIONS:
        return short
    if short in READY:
        raise Refused(
            f"{short} is no option: it is installed with django-ninja-boost and needs no lines in "
            "a new project. Its README says how to use it."
        )
    near = difflib.get_close_matches(short, OPTIONS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise Refused(f"{name!r} is no option.{hint} There are: {', '.join(OPTIONS)}.")
