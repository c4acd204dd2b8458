"""The URLs of the tests' project."""

from tests.views import urlpatterns

__all__ = ["urlpatterns"]
