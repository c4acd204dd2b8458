"""AutoAPI: NinjaAPI with the envelope, default auth and one shape of error."""

from ninja_boost_core.api import AutoAPI

__all__ = ["AutoAPI"]
