"""One middleware around every request of a Django project."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .middleware import LifecycleMiddleware as LifecycleMiddleware

__all__ = ["LifecycleMiddleware"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(
        __name__, {"LifecycleMiddleware": "ninja_boost_lifecycle.middleware"}
    )
