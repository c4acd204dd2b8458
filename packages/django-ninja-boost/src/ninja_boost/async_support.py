"""The original's names for async views; everything here serves sync and async views alike."""

from ninja_boost_core.dependencies import inject_context as async_inject_context
from ninja_boost_pagination import auto_paginate as async_paginate
from ninja_boost_permissions import require as async_require
from ninja_boost_rate_limiting import rate_limit as async_rate_limit
from ninja_boost_tracing import TracingMiddleware as AsyncTracingMiddleware

__all__ = [
    "AsyncTracingMiddleware",
    "async_inject_context",
    "async_paginate",
    "async_rate_limit",
    "async_require",
]
