"""The settings: the ``WEBHOOKS`` key of ``NINJA_BOOST``."""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from ninja_boost_core.conf import SettingsSection

__all__ = ["Replay", "WebhookOptions", "WebhookSettings"]

Replay: TypeAlias = Literal["refuse", "acknowledge", "allow"]
"""What happens to a delivery that was received before; see ``WebhookOptions.REPLAY``."""


class WebhookOptions(SettingsSection):
    """``NINJA_BOOST["WEBHOOKS"]``.

    Attributes:
        MAX_BODY: bytes of the longest body that is looked at. Django's own
            DATA_UPLOAD_MAX_MEMORY_SIZE applies as well.
        REPLAY: ``"refuse"`` answers 409 to a delivery that was received before;
            ``"acknowledge"`` 200 if it was handled, and 409 while it is; ``"allow"`` lets it in.
        REPLAY_TTL: seconds for which a delivery that was handled is remembered.
        LEASE: seconds after which a delivery that is still being handled counts as lost.
        CACHE: alias of the Django cache that remembers deliveries.
        ON_ERROR: what happens when that cache fails: ``"closed"`` answers 503, so that the
            sender tries again later; ``"open"`` goes on without protection against replays.
        PUBLIC_URL: what stands before the path in the URL that senders call, such as
            ``https://api.example.com``; None takes scheme and host from the request.
    """

    MAX_BODY: int = Field(default=2_621_440, gt=0)
    REPLAY: Replay = "refuse"
    REPLAY_TTL: int = Field(default=259_200, ge=60)
    LEASE: int = Field(default=300, ge=1)
    CACHE: str = Field(default="default", min_length=1)
    ON_ERROR: Literal["closed", "open"] = "closed"
    PUBLIC_URL: str | None = None

    @field_validator("PUBLIC_URL")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        return value if value is None else absolute_url(value)


def absolute_url(value: str) -> str:
    """Return a URL that a path can follow.

    Raises:
        ValueError: if it is none; the text says what it must be.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("scheme and host, such as 'https://api.example.com'")
    return value.rstrip("/")


class WebhookSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    WEBHOOKS: WebhookOptions = WebhookOptions()
