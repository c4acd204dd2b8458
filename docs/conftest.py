"""Runs the Python examples of the pages, each page as one namespace.

A page is importable as the module `page`, which is also the ROOT_URLCONF: an example that assigns
`urlpatterns` can be called by the client of a later example. An upper-case name that an example
assigns is a setting for all later ones.
"""

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import override_settings
from django.urls import clear_url_caches
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser


class Page(ModuleType):
    """What the examples of one page have assigned so far."""

    assigned: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.assigned[name]
        except KeyError:
            raise AttributeError(name) from None


def expose(namespace: dict[str, Any]) -> None:
    page = Page("page")
    page.assigned = namespace
    namespace["__name__"] = "page"
    sys.modules["page"] = page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # pytest-django makes the databases that marked tests ask for.
    for item in items:
        if item.path.suffix == ".md":
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(autouse=True)
def _django_db_marker() -> None:
    """Replace pytest-django's fixture: an example has the database without a transaction."""


@pytest.fixture(scope="module")
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database whose rows last from one example to the next, and not to the next page."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", interactive=False, verbosity=0)
    cache.clear()


@pytest.fixture
def example(rows: None) -> Iterator[None]:
    clear_url_caches()
    assigned = sys.modules["page"].assigned
    constants = {name: value for name, value in assigned.items() if name.isupper()}
    with override_settings(ROOT_URLCONF="page", **constants):
        yield
    clear_url_caches()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["guides/*.md", "operations.md"],
    setup=expose,
    fixtures=["example"],
).pytest()
