"""A pytest plugin for Django Ninja APIs."""

from typing import TYPE_CHECKING, Any

from ninja_boost_core.lazy import lazy_attributes

from .optional import optional_attribute

if TYPE_CHECKING:
    from collections.abc import Callable

    from .assertions import assert_problem as assert_problem
    from .assertions import assert_rate_limited as assert_rate_limited
    from .client import AsyncBoostClient as AsyncBoostClient
    from .client import BoostClient as BoostClient
    from .clock import Clock as Clock
    from .events import CapturedEvents as CapturedEvents
    from .events import capture_events as capture_events
    from .optional import MissingPackage as MissingPackage
    from .queries import aassert_queries_constant as aassert_queries_constant
    from .queries import assert_queries_constant as assert_queries_constant
    from .services import override_service as override_service

    # Those of ninja-boost-webhooks, which no feature may import.
    sign_generic: Callable[..., dict[str, str]]
    sign_github: Callable[..., dict[str, str]]
    sign_slack: Callable[..., dict[str, str]]
    sign_standard: Callable[..., dict[str, str]]
    sign_stripe: Callable[..., dict[str, str]]
    sign_twilio: Callable[..., dict[str, str]]

_HOMES = {
    "AsyncBoostClient": "ninja_boost_testing.client",
    "BoostClient": "ninja_boost_testing.client",
    "CapturedEvents": "ninja_boost_testing.events",
    "Clock": "ninja_boost_testing.clock",
    "MissingPackage": "ninja_boost_testing.optional",
    "aassert_queries_constant": "ninja_boost_testing.queries",
    "assert_problem": "ninja_boost_testing.assertions",
    "assert_queries_constant": "ninja_boost_testing.queries",
    "assert_rate_limited": "ninja_boost_testing.assertions",
    "capture_events": "ninja_boost_testing.events",
    "override_service": "ninja_boost_testing.services",
}

# The signers are no part of it: without ninja-boost-webhooks they are an ImportError.
__all__ = [
    "AsyncBoostClient",
    "BoostClient",
    "CapturedEvents",
    "Clock",
    "MissingPackage",
    "aassert_queries_constant",
    "assert_problem",
    "assert_queries_constant",
    "assert_rate_limited",
    "capture_events",
    "override_service",
]

if not TYPE_CHECKING:
    _own, __dir__ = lazy_attributes(__name__, _HOMES)

    def __getattr__(name: str) -> Any:
        if name.startswith("sign_"):
            return optional_attribute("webhooks", name)
        return _own(name)
