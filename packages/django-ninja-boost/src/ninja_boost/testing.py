"""A pytest plugin: fixtures and assertions for all of it; imported when they are used."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from ninja_boost_testing import (
        AsyncBoostClient,
        BoostClient,
        CapturedEvents,
        Clock,
        MissingPackage,
        aassert_queries_constant,
        assert_problem,
        assert_queries_constant,
        assert_rate_limited,
        capture_events,
        override_service,
        sign_generic,
        sign_github,
        sign_slack,
        sign_standard,
        sign_stripe,
        sign_twilio,
    )

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
    "sign_generic",
    "sign_github",
    "sign_slack",
    "sign_standard",
    "sign_stripe",
    "sign_twilio",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, dict.fromkeys(__all__, "ninja_boost_testing"))
