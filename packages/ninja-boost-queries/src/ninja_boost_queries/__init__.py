"""N+1-free querysets for Django Ninja, planned from the response schema"""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .decorators import plan_queries as plan_queries
    from .decorators import plan_queryset as plan_queryset
    from .guard import assert_no_n_plus_one as assert_no_n_plus_one
    from .hints import Queries as Queries
    from .hints import needs as needs

_HOMES = {
    "Queries": "ninja_boost_queries.hints",
    "assert_no_n_plus_one": "ninja_boost_queries.guard",
    "needs": "ninja_boost_queries.hints",
    "plan_queries": "ninja_boost_queries.decorators",
    "plan_queryset": "ninja_boost_queries.decorators",
}

__all__ = ["Queries", "assert_no_n_plus_one", "needs", "plan_queries", "plan_queryset"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
