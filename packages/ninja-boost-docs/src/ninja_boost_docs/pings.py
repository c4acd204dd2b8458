"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.conf import settings

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.inventory import operations
from ninja_boost_core.pings import Ping, PingFailed

from .pages import Page
from .settings import DocsSettings

__all__ = ["find_pings"]


def find_pings() -> Iterator[Ping]:
    """Yield one for each kind of page that is served."""
    options = boost_settings.section(DocsSettings).DOCS
    if not options.ENABLED or (options.DISABLE_IN_PRODUCTION and not settings.DEBUG):
        return
    apis = [operation.api for _, operation in operations() if operation.api.docs_url]
    pages = {type(api.docs): api.docs for api in apis if isinstance(api.docs, Page)}
    for kind, page in pages.items():
        yield Ping(
            f"docs: {kind.__name__}",
            partial(_read, page),
            "Install ninja-boost-docs and django-ninja again; until then the docs stay empty.",
        )


def _read(page: Page) -> str:
    names = (*page.ours, *page.ninjas, "favicon.png")
    for name in names:
        if not page._asset(name).content:
            raise PingFailed(f"{name} is empty.")
    return f"{len(names)} files"
