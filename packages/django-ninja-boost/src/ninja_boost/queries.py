"""N+1-free querysets, planned from the response schema."""

from ninja_boost_queries import (
    Queries,
    assert_no_n_plus_one,
    needs,
    plan_queries,
    plan_queryset,
)

__all__ = ["Queries", "assert_no_n_plus_one", "needs", "plan_queries", "plan_queryset"]
