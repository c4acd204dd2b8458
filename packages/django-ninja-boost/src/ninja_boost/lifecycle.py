"""The middleware around every request."""

from ninja_boost_core.observers import Exchange, ObserverMiddleware, ObserverOrder, RequestObserver
from ninja_boost_lifecycle import LifecycleMiddleware

__all__ = [
    "Exchange",
    "LifecycleMiddleware",
    "ObserverMiddleware",
    "ObserverOrder",
    "RequestObserver",
]
