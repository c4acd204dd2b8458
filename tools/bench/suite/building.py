"""Building a contestant's application in this process."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from . import configurations
from .contestants import Contestant

Database = dict[str, Any]


@dataclass(frozen=True)
class Spec:
    """A contestant over a database, with sync or async views."""

    contestant: Contestant
    database: Database
    interface: str = "wsgi"

    @property
    def is_async(self) -> bool:
        return self.interface != "wsgi"

    @property
    def through(self) -> str:
        """Return the interface that it is asked through: "wsgi", "asgi" or "handler"."""
        return self.interface if self.contestant.django else "asgi"


def configure(database: Database, apps: tuple[str, ...] = (), **more: Any) -> None:
    import django
    from django.conf import settings

    base: dict[str, Any] = {
        "DEBUG": False,
        "SECRET_KEY": "for-benchmarks-only-and-of-no-value-0123456789",
        "ALLOWED_HOSTS": ["*"],
        "ROOT_URLCONF": "suite_urls",
        "INSTALLED_APPS": ["suite.store", *apps],
        "MIDDLEWARE": [],
        "DATABASES": {"default": database},
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                "OPTIONS": {"MAX_ENTRIES": 100_000},
            }
        },
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "TIME_ZONE": "UTC",
        "USE_TZ": True,
    }
    settings.configure(**{**base, **more})
    django.setup()


def build(spec: Spec) -> Any:
    """Return the contestant's WSGI or ASGI application; a process can have one only."""
    one = spec.contestant
    takes_arguments = one.settings in {"feature", "growth"}
    more = getattr(configurations, one.settings)(*(one.arguments if takes_arguments else ()))
    configure(spec.database, one.apps, **more)
    make = getattr(importlib.import_module(f"suite.contestants.{one.module}"), one.build)
    if not one.django:
        return make(*one.arguments)
    urls: Any = ModuleType("suite_urls")
    sys.modules[urls.__name__] = urls
    urls.urlpatterns = make(spec.is_async, *one.arguments)
    if spec.is_async:
        from django.core.handlers.asgi import ASGIHandler

        return ASGIHandler()
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()
