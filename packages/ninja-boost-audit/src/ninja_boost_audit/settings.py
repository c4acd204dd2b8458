"""The keys of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from ninja_boost_core.conf import ObjectOrPath, SettingsSection, boost_settings

__all__ = ["SECRET_NAMES", "AuditOptions", "AuditSettings", "current_options"]

SECRET_NAMES = (
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "authorization",
    "auth",
    "credential",
    "cookie",
    "session",
    "csrf",
    "jwt",
    "otp",
    "pin",
    "cvc",
    "cvv",
    "cardnumber",
    "ssn",
    "salt",
    "signature",
)
"""What looks like a secret, by default."""

MIN_KEY = 32

KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")]


class AuditOptions(SettingsSection):
    """``NINJA_BOOST["AUDIT"]``.

    Attributes:
        BACKEND: an ``AuditBackend``, a subclass of it or a dotted path to one; a list of them is
            a MultiBackend.
        FAIL_CLOSED: what happens when a record cannot be written: refuse with a 503, or let the
            operation be, and log and count the loss.
        KEYS: secrets of at least 32 bytes by key id. The first signs, the others verify.
        KEYS_ENV: the environment variable that has the keys if KEYS is empty, as
            ``id:secret,id:secret``.
        DATABASE: alias of DatabaseBackend's database.
        STREAM: the name that its streams share.
        STREAMS: how many there are; more of them let more writers write at once.
        LOCK_TIMEOUT: seconds for which a writer waits while all streams are busy.
        REDACT: names of members whose values no record may hold; see ``changes``.
    """

    BACKEND: ObjectOrPath | list[ObjectOrPath] = "ninja_boost_audit.LoggingBackend"
    FAIL_CLOSED: bool = True
    KEYS: dict[KeyId, SecretStr] = Field(default_factory=dict)
    KEYS_ENV: str = "NINJA_BOOST_AUDIT_KEYS"
    DATABASE: str = "default"
    STREAM: str = Field(default="main", pattern=r"^[a-z0-9_.]{1,40}$")
    STREAMS: int = Field(default=16, ge=1, le=64)
    LOCK_TIMEOUT: float = Field(default=2.0, gt=0, le=60)
    REDACT: tuple[str, ...] = SECRET_NAMES

    @field_validator("KEYS")
    @classmethod
    def _long_enough(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in keys.items():
            if len(secret.get_secret_value().encode()) < MIN_KEY:
                raise ValueError(f"a secret of at least {MIN_KEY} bytes for the key {name!r}")
        return keys


class AuditSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    AUDIT: AuditOptions = AuditOptions()


def current_options() -> AuditOptions:
    """Return ``NINJA_BOOST["AUDIT"]``."""
    return boost_settings.section(AuditSettings).AUDIT
