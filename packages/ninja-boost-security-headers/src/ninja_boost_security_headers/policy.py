"""Which headers a response gets: decided from the settings, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.headers import ReadyHeaders, ready

from .settings import API_CSP, HTML_CSP, HeaderSettings, SecurityHeadersOptions

__all__ = ["Policy", "compile_policy", "current_policy"]

PRELOAD_MAX_AGE = 31_536_000
"""hstspreload.org asks for a year at least, the subdomains and the word itself."""

_CSP_NAMES = ("Content-Security-Policy", "Content-Security-Policy-Report-Only")


@dataclass(frozen=True, slots=True)
class Policy:
    """The headers of each kind of response.

    Attributes:
        api: of what is no page.
        html: of pages.
        hsts: Strict-Transport-Security, for secure requests.
        skipped: beginnings of paths whose responses are left alone.
        ready: ``api`` and ``html``, for what came over HTTPS, and for what has a policy of content
            already.
    """

    api: Mapping[str, str]
    html: Mapping[str, str]
    hsts: str | None
    skipped: tuple[str, ...]
    ready: Mapping[tuple[bool, bool, bool], ReadyHeaders] = field(init=False)

    def __post_init__(self) -> None:
        made = {key: ready(self._headers(*key)) for key in product((False, True), repeat=3)}
        object.__setattr__(self, "ready", made)

    def _headers(self, is_html: bool, is_secure: bool, has_csp: bool) -> Mapping[str, str]:
        headers = {**(self.html if is_html else self.api)}
        if has_csp:
            headers = {name: value for name, value in headers.items() if name not in _CSP_NAMES}
        if is_secure and self.hsts:
            headers["Strict-Transport-Security"] = self.hsts
        return headers


def compile_policy(options: SecurityHeadersOptions) -> Policy:
    """Return the policy of the settings."""
    common = {
        "X-Content-Type-Options": options.CONTENT_TYPE_OPTIONS,
        "X-Frame-Options": options.FRAME_OPTIONS,
        "Referrer-Policy": options.REFERRER_POLICY,
        "Permissions-Policy": options.PERMISSIONS_POLICY,
        "Cross-Origin-Resource-Policy": options.RESOURCE_POLICY,
    }
    csp = _CSP_NAMES[options.CSP_REPORT_ONLY]
    api = {**common, csp: options.CSP or API_CSP}
    html = {
        **common,
        csp: options.CSP or HTML_CSP,
        "Cross-Origin-Opener-Policy": options.OPENER_POLICY,
    }
    return Policy(
        api={name: value for name, value in api.items() if value},
        html={name: value for name, value in html.items() if value},
        hsts=_hsts(options),
        skipped=options.SKIP_PATHS,
    )


def _hsts(options: SecurityHeadersOptions) -> str | None:
    if options.HSTS_MAX_AGE is None:
        return None
    parts = [f"max-age={options.HSTS_MAX_AGE}"]
    if options.HSTS_INCLUDE_SUBDOMAINS:
        parts.append("includeSubDomains")
    if options.HSTS_PRELOAD and may_preload(options):
        parts.append("preload")
    return "; ".join(parts)


def may_preload(options: SecurityHeadersOptions) -> bool:
    """Whether the conditions of the browsers' lists hold."""
    age = options.HSTS_MAX_AGE or 0
    return age >= PRELOAD_MAX_AGE and options.HSTS_INCLUDE_SUBDOMAINS


@cache
def current_policy() -> Policy:
    """Return the policy of the settings as they are."""
    return compile_policy(boost_settings.section(HeaderSettings).SECURITY_HEADERS)


@boost_settings.on_change
def _forget() -> None:
    current_policy.cache_clear()
