"""The fixtures; pytest finds them through the entry point ``pytest11``.

Nothing of Django is imported before a fixture is used: pytest loads this in every project.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .client import AsyncBoostClient, BoostClient
    from .clock import Clock
    from .events import CapturedEvents

__all__ = [
    "async_boost_client",
    "boost_client",
    "capture_events",
    "clock",
    "override_service",
]

MARKER = "boost_keep_state"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "boost_reset",
        "whether ninja-boost-testing resets the state of Ninja Boost for each test",
        type="bool",
        default=True,
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARKER}: leave the state of Ninja Boost as the tests before left it"
    )


@pytest.fixture(autouse=True)
def _boost_state(request: pytest.FixtureRequest) -> Iterator[None]:
    """Reset what packages of ours keep in the process."""
    if not _resets(request):
        yield
        return
    from . import state

    urls = request.node.get_closest_marker("urls")
    state.load_urls(urls.args[0] if urls and urls.args else None)
    with state.isolated():
        try:
            state.forget()
        except Exception as error:
            raise RuntimeError(
                f"ninja-boost-testing cannot reset the state ({type(error).__name__}: {error}). "
                f"Give the tests backends of their own, or mark those with @pytest.mark.{MARKER} "
                "that shall run as they are."
            ) from error
        yield


def _resets(request: pytest.FixtureRequest) -> bool:
    if not request.config.getini("boost_reset") or request.node.get_closest_marker(MARKER):
        return False
    apps = sys.modules.get("django.apps")
    return apps is not None and bool(apps.apps.ready)


@pytest.fixture
def clock(_boost_state: None) -> Iterator[Clock]:
    """A clock: ``clock.advance(60)``."""
    from .clock import running
    from .state import forget

    with running() as running_clock:
        # Backends that exist hold the real clock; they are made anew.
        forget()
        yield running_clock
    forget()


@pytest.fixture
def boost_client(_boost_state: None) -> Iterator[BoostClient]:
    """Django's test client; ``boost_client.as_user(user)`` speaks as a user."""
    from .client import BoostClient, users_in_front

    with users_in_front():
        yield BoostClient()


@pytest.fixture
def async_boost_client(_boost_state: None) -> Iterator[AsyncBoostClient]:
    """The same for async tests; its methods are awaited."""
    from .client import AsyncBoostClient, users_in_front

    with users_in_front():
        yield AsyncBoostClient()


@pytest.fixture
def capture_events(_boost_state: None) -> Iterator[Callable[..., CapturedEvents]]:
    """``capture_events("on_error", ...)`` gives what is emitted from now on."""
    from .events import CapturedEvents, recording

    with ExitStack() as stack:

        def capture(*names: str) -> CapturedEvents:
            return stack.enter_context(recording(CapturedEvents(*names)))

        yield capture


@pytest.fixture
def override_service(_boost_state: None) -> Iterator[Callable[[str, Any], Any]]:
    """``override_service("email", fake)`` puts ``fake`` in the place of a service; returns it."""
    from .services import override_service as override

    with ExitStack() as stack:
        yield lambda name, fake: stack.enter_context(override(name, fake))
