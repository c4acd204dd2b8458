"""Who takes part. The modules are imported in the process that runs one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Contestant:
    """An application and how to build it.

    Attributes:
        module: in this package; ``build`` names a function in it, ``settings`` one in
            configurations.py. ``arguments`` go to ``build``.
        django: ``build`` returns URL patterns, else an ASGI application.
        interfaces: "wsgi", "asgi"; what has no WSGI is driven as ASGI in the tables of WSGI.
        full: everything is on; such a one is asked with a token, and proves that it works.
        without: cases that it does not have.
    """

    name: str
    title: str
    module: str
    build: str = "urlpatterns"
    settings: str = "nothing"
    arguments: tuple[Any, ...] = ()
    django: bool = True
    apps: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ("wsgi", "asgi")
    full: bool = False
    without: tuple[str, ...] = ()

    def takes(self, interface: str) -> bool:
        """Return whether it is there in the tables of an interface."""
        if interface == "handler":
            return self.django and "asgi" in self.interfaces
        return interface in self.interfaces


BASELINE = "plain"
# A list that is paginated is never one of instances.
PAGED = ("instances",)
APPLICATION: dict[str, Any] = {"build": "application", "django": False}

CONTESTANTS = {
    each.name: each
    for each in (
        Contestant("plain", "plain Ninja", "plain"),
        Contestant(
            "off",
            "ours, features off",
            "ours",
            "off_urlpatterns",
            "off",
        ),
        Contestant(
            "on",
            "ours, everything on, token cache",
            "ours",
            "on_urlpatterns",
            "on",
            apps=("ninja_boost",),
            full=True,
            without=PAGED,
        ),
        Contestant(
            "verifying",
            "ours, everything on, no token cache",
            "ours",
            "on_urlpatterns",
            "verifying",
            apps=("ninja_boost",),
            full=True,
            without=PAGED,
        ),
        Contestant(
            "hand",
            "hand-wired Ninja, everything on",
            "hand_views",
            settings="hand",
            full=True,
            without=PAGED,
        ),
        Contestant(
            "modern_rest", "django-modern-rest, msgspec", "modern_rest", settings="modern_rest"
        ),
        Contestant(
            "drf",
            "Django REST Framework",
            "drf",
            settings="drf",
            apps=("rest_framework",),
            interfaces=("wsgi",),
        ),
        Contestant(
            "fastapi", "FastAPI, Django's ORM", "fastapi_app", arguments=("orm",), **APPLICATION
        ),
        Contestant(
            "fastapi_sql", "FastAPI, hand SQL", "fastapi_app", arguments=("sql",), **APPLICATION
        ),
        Contestant(
            "litestar", "Litestar, Django's ORM", "litestar_app", arguments=("orm",), **APPLICATION
        ),
        Contestant(
            "litestar_sql", "Litestar, hand SQL", "litestar_app", arguments=("sql",), **APPLICATION
        ),
        Contestant("raw_json", "raw view, json", "raw", arguments=("json",)),
        Contestant("raw_orjson", "raw view, orjson", "raw", arguments=("orjson",)),
    )
}


def feature(name: str) -> Contestant:
    """Return ours with one feature alone."""
    return Contestant(f"feature:{name}", name, "features", settings="feature", arguments=(name,))


def growing(of: str, routes: int = 0) -> Contestant:
    """Return a contestant with more of something; see growth.py."""
    name = f"growth:{of}:{routes}"
    return Contestant(name, of, "growth", settings="growth", arguments=(of, routes))
