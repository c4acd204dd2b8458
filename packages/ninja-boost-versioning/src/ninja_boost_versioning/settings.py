"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PrivateAttr

from ninja_boost_core.conf import SettingsSection

from .deprecation import Deprecation, deprecation

__all__ = ["DeprecatedPrefix", "VersioningOptions", "VersioningSettings"]


class DeprecatedPrefix(SettingsSection):
    """What DeprecationMiddleware says of all paths below a prefix; see ``deprecated``.

    Attributes:
        SINCE: the date from which the paths are deprecated, as ``2026-01-15``.
        SUNSET: the date from which they may be gone.
        REPLACEMENT: URL of what takes their place.
        LINK: URL of a text about the deprecation.
        SUNSET_LINK: URL of a text about the sunset.
        GONE: whether the answer is 410 after the sunset.
    """

    SINCE: str | None = None
    SUNSET: str | None = None
    REPLACEMENT: str | None = None
    LINK: str | None = None
    SUNSET_LINK: str | None = None
    GONE: bool = False

    _made: Deprecation = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        self._made = deprecation(
            since=self.SINCE,
            sunset=self.SUNSET,
            replacement=self.REPLACEMENT,
            link=self.LINK,
            sunset_link=self.SUNSET_LINK,
            gone=self.GONE,
        )

    @property
    def deprecation(self) -> Deprecation:
        return self._made


class VersioningOptions(SettingsSection):
    """``NINJA_BOOST["VERSIONING"]``.

    Attributes:
        HEADER: names the version: in responses, and in requests unless a route says otherwise.
        DEPRECATED: prefixes of paths for DeprecationMiddleware; the longest that fits counts.
    """

    HEADER: str = Field(default="X-API-Version", pattern=r"^[A-Za-z0-9-]+$")
    DEPRECATED: dict[Annotated[str, Field(pattern="^/")], DeprecatedPrefix] = Field(default={})


class VersioningSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    VERSIONING: VersioningOptions = VersioningOptions()
