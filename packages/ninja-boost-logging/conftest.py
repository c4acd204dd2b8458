"""Runs the Python examples of README.md, the whole page as one namespace.

The page is importable as the module ``readme``, which is also the ROOT_URLCONF: an example that
assigns ``urlpatterns`` can be called by the client of a later example. An upper-case name that an
example assigns is a setting for all later ones.
"""

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.test import override_settings
from django.urls import clear_url_caches
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

# The time of an example says nothing on a busy machine.
settings.register_profile("boost", settings.default, deadline=None)
settings.register_profile("quick", settings.get_profile("boost"), max_examples=10)
settings.load_profile("boost")


def expose(namespace: dict[str, Any]) -> None:
    readme = ModuleType("readme")

    def lookup(name: str) -> Any:
        try:
            return namespace[name]
        except KeyError:
            raise AttributeError(name) from None

    readme.__dict__.update(__getattr__=lookup, assigned=namespace)
    namespace["__name__"] = "readme"
    sys.modules["readme"] = readme


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "slow: once in the package's own session is enough, not in each environment"
    )


def is_example(item: pytest.Item) -> bool:
    return item.path.name == "README.md"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What a page registers and connects to lasts, so it comes last: in `pytest .` too.
    items.sort(key=is_example)
    # pytest-django sets up the databases that marked tests ask for.
    for item in filter(is_example, items):
        item.add_marker(pytest.mark.django_db)


@pytest.fixture(autouse=True)
def _django_db_marker(request: pytest.FixtureRequest) -> None:
    """Replace pytest-django's fixture: an example has the database without a transaction."""
    if request.node.get_closest_marker("django_db") and not is_example(request.node):
        request.getfixturevalue("_django_db_helper")


@pytest.fixture
def page(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database whose rows last from one example to the next, and the page's own URLs."""
    clear_url_caches()
    assigned = sys.modules["readme"].assigned
    constants = {name: value for name, value in assigned.items() if name.isupper()}
    overridden = override_settings(ROOT_URLCONF="readme", **constants)
    with django_db_blocker.unblock(), overridden:
        yield
    clear_url_caches()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md"],
    setup=expose,
    fixtures=["page"],
).pytest()
