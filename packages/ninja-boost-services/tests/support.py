"""Serves APIs that a test builds, through Django's whole request cycle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.test import override_settings
from django.urls import clear_url_caches, path
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoAPI, AutoRouter

KINDS = {"auto": (AutoAPI, AutoRouter), "mixed": (AutoAPI, Router), "plain": (NinjaAPI, Router)}


def data(response: Any) -> Any:
    """What the view returned, in an envelope or not, on a page or not."""
    body = response.json()
    body = body["data"] if isinstance(body, dict) and "ok" in body else body
    return body["items"] if isinstance(body, dict) and "pages" in body else body


@contextmanager
def serving(*patterns: Any, **apis: Any) -> Iterator[None]:
    """Serve each API below a path of its keyword's name: ``serving(api=AutoAPI())``."""
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        *(path(f"{name}/", api.urls) for name, api in apis.items()),
        *patterns,
    ]
    clear_url_caches()
    with override_settings(ROOT_URLCONF=urls):
        yield
    clear_url_caches()


@contextmanager
def serving_view(view: Any, kind: str = "auto", **options: Any) -> Iterator[None]:
    """Serve one view at ``/api/view`` on an API of a kind."""
    api_class, router_class = KINDS[kind]
    api, router = api_class(), router_class()
    router.get("/view", **options)(view)
    api.add_router("", router)
    with serving(api=api):
        yield


class Log(list[str]):
    """What happened, in order."""

    def generator(self, name: str) -> Any:
        """A generator factory that notes when it starts, ends and what it is told."""

        def factory() -> Iterator[str]:
            self.append(f"+{name}")
            try:
                yield name
            except BaseException as error:
                self.append(f"{name} sees {type(error).__name__}")
                raise
            finally:
                self.append(f"-{name}")

        return factory

    def async_generator(self, name: str) -> Any:
        async def factory() -> Any:
            self.append(f"+{name}")
            try:
                yield name
            except BaseException as error:
                self.append(f"{name} sees {type(error).__name__}")
                raise
            finally:
                self.append(f"-{name}")

        return factory
