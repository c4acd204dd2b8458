"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AliasChoices, Field

from ninja_boost_core.conf import SettingsSection

__all__ = ["HeaderSettings", "SecurityHeadersOptions"]


def _one_line(value: str | None) -> str | None:
    if value is not None and not (value.isprintable() and value.isascii()):
        raise ValueError("a header value is one line of visible ASCII characters")
    return value


HeaderValue = Annotated[str, AfterValidator(_one_line)]

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media"),
        *("geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment"),
        *("picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "usb"),
        *("web-share", "xr-spatial-tracking"),
    )
)
"""Nothing that a browser would have to ask its user for; the list is OWASP's, without features
that browsers no longer know."""

API_CSP = "default-src 'none'; frame-ancestors 'none'"
"""For what is no page: nothing may be loaded by it, and nobody may frame it (OWASP REST)."""

HTML_CSP = (
    "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:; object-src 'none'"
)
"""For pages: their own files only, and no inline script. Django's admin works under it."""


class SecurityHeadersOptions(SettingsSection):
    """``NINJA_BOOST["SECURITY_HEADERS"]``.

    A header whose option is None is not sent.

    Attributes:
        HSTS_MAX_AGE: seconds for which browsers use HTTPS only; 0 takes it back, None: no header.
        HSTS_INCLUDE_SUBDOMAINS: whether that holds for all subdomains.
        HSTS_PRELOAD: ask for a place in the browsers' lists; needs a year and the subdomains.
        FRAME_OPTIONS: X-Frame-Options.
        CONTENT_TYPE_OPTIONS: X-Content-Type-Options.
        REFERRER_POLICY: Referrer-Policy.
        PERMISSIONS_POLICY: Permissions-Policy.
        CSP: Content-Security-Policy of every response; None: one for pages, another for the rest.
        CSP_REPORT_ONLY: send it as Content-Security-Policy-Report-Only instead.
        OPENER_POLICY: Cross-Origin-Opener-Policy, for pages.
        RESOURCE_POLICY: Cross-Origin-Resource-Policy.
        SKIP_PATHS: beginnings of paths whose responses are left alone.
    """

    HSTS_MAX_AGE: int | None = Field(
        default=31_536_000, ge=0, validation_alias=AliasChoices("HSTS_MAX_AGE", "HSTS_SECONDS")
    )
    HSTS_INCLUDE_SUBDOMAINS: bool = True
    HSTS_PRELOAD: bool = False
    FRAME_OPTIONS: HeaderValue | None = Field(
        default="DENY", validation_alias=AliasChoices("FRAME_OPTIONS", "X_FRAME_OPTIONS")
    )
    CONTENT_TYPE_OPTIONS: HeaderValue | None = Field(
        default="nosniff",
        validation_alias=AliasChoices("CONTENT_TYPE_OPTIONS", "X_CONTENT_TYPE_OPTIONS"),
    )
    REFERRER_POLICY: HeaderValue | None = "strict-origin-when-cross-origin"
    PERMISSIONS_POLICY: HeaderValue | None = PERMISSIONS_POLICY
    CSP: HeaderValue | None = Field(
        default=None, validation_alias=AliasChoices("CSP", "CONTENT_SECURITY_POLICY")
    )
    CSP_REPORT_ONLY: bool = False
    OPENER_POLICY: HeaderValue | None = "same-origin"
    RESOURCE_POLICY: HeaderValue | None = "same-origin"
    SKIP_PATHS: tuple[Annotated[str, Field(pattern="^/")], ...] = ()


class HeaderSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    SECURITY_HEADERS: SecurityHeadersOptions = SecurityHeadersOptions()
