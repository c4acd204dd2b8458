"""Middleware: tracing."""

from ninja_boost_tracing import TracingMiddleware

__all__ = ["TracingMiddleware"]
