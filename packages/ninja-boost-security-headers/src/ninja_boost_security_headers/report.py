"""What the headers of a response are worth, and what the settings would send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ninja_boost_core.conf import boost_settings

from .policy import PRELOAD_MAX_AGE, compile_policy, may_preload
from .settings import HeaderSettings

__all__ = ["Finding", "Grade", "grade", "security_report"]

Grade = Literal["A", "B", "C", "D", "F"]
Severity = Literal["high", "medium", "low"]

_POINTS: Mapping[Severity, int] = {"high": 30, "medium": 15, "low": 5}
_WEAK_CSP = re.compile(
    r"(?:script-src|default-src)[^;]*(?:'unsafe-inline'|'unsafe-eval'|\*(?:\s|;|$))"
)
_REFERRERS = {
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is missing or weak.

    Attributes:
        header: the header it is about.
        severity: how much it matters.
        text: what is wrong, and what to do.
    """

    header: str
    severity: Severity
    text: str


def grade(headers: Mapping[str, str], *, secure: bool) -> tuple[Grade, list[Finding]]:
    """Judge the headers of one response, by OWASP's secure headers project.

    Args:
        headers: the response headers; names in any case.
        secure: whether the request came over HTTPS, where HSTS counts.
    """
    given = {name.lower(): value for name, value in headers.items()}
    is_html = given.get("content-type", "").startswith("text/html")
    findings = [
        *(_hsts(given.get("strict-transport-security")) if secure else _insecure(given)),
        *_csp(given.get("content-security-policy"), given),
        *_framing(given),
        *_plain(given, is_html),
    ]
    points = 100 - sum(_POINTS[finding.severity] for finding in findings)
    letter: Grade = (
        "A" if points >= 95 else "B" if points >= 80 else "C" if points >= 65
        else "D" if points >= 50 else "F"
    )  # fmt: skip
    return letter, findings


def _hsts(value: str | None) -> list[Finding]:
    name = "Strict-Transport-Security"
    if value is None:
        return [Finding(name, "high", "Missing: browsers may be led to plain HTTP.")]
    age = re.search(r"max-age=(\d+)", value)
    seconds = int(age.group(1)) if age else 0
    findings = []
    if seconds < 15_552_000:
        findings.append(Finding(name, "medium", f"{seconds} s is less than half a year."))
    if "includesubdomains" not in value.lower():
        findings.append(Finding(name, "low", "Without includeSubDomains, those are unprotected."))
    if "preload" in value.lower() and (
        seconds < PRELOAD_MAX_AGE or "includesubdomains" not in value.lower()
    ):
        text = "preload needs a year and includeSubDomains; as it is, it does nothing."
        findings.append(Finding(name, "low", text))
    return findings


def _insecure(given: Mapping[str, str]) -> list[Finding]:
    if "strict-transport-security" in given:
        text = "Sent over plain HTTP, where browsers ignore it (RFC 6797, section 7.2)."
        return [Finding("Strict-Transport-Security", "low", text)]
    return []


def _csp(value: str | None, given: Mapping[str, str]) -> list[Finding]:
    name = "Content-Security-Policy"
    if value is None:
        if "content-security-policy-report-only" in given:
            return [Finding(name, "medium", "It only reports. Enforce it when it reports nothing.")]
        return [Finding(name, "high", "Missing: a page may load and run anything.")]
    findings = []
    if _WEAK_CSP.search(value):
        text = "Scripts may be inline, eval'ed or from anywhere. Use nonces or files of your own."
        findings.append(Finding(name, "medium", text))
    if "default-src" not in value and "script-src" not in value:
        findings.append(Finding(name, "medium", "Neither default-src nor script-src is named."))
    return findings


def _framing(given: Mapping[str, str]) -> list[Finding]:
    csp = given.get("content-security-policy", "")
    options = given.get("x-frame-options", "").upper()
    if "frame-ancestors" in csp or options in ("DENY", "SAMEORIGIN"):
        return []
    text = "Anybody may frame this. Send DENY, or frame-ancestors in the CSP."
    if options:
        text = f"{options!r} is no valid value, and browsers ignore it: use frame-ancestors."
    return [Finding("X-Frame-Options", "medium", text)]


def _plain(given: Mapping[str, str], is_html: bool) -> list[Finding]:
    findings = []
    if given.get("x-content-type-options", "").lower() != "nosniff":
        text = "Not nosniff: a browser may take data for a script."
        findings.append(Finding("X-Content-Type-Options", "medium", text))
    referrer = given.get("referrer-policy", "")
    if not {each.strip() for each in referrer.split(",")} & _REFERRERS:
        text = "URLs, with what is in them, go to other sites."
        findings.append(Finding("Referrer-Policy", "low", text))
    if "permissions-policy" not in given:
        text = "Missing: scripts may ask for camera, position and the rest."
        findings.append(Finding("Permissions-Policy", "low", text))
    if is_html and "cross-origin-opener-policy" not in given:
        text = "Missing: a page that opens this one keeps a handle on it."
        findings.append(Finding("Cross-Origin-Opener-Policy", "low", text))
    telling = [n for n in ("Server", "X-Powered-By") if re.search(r"\d", given.get(n.lower(), ""))]
    return findings + [Finding(name, "low", "It tells versions.") for name in telling]


def security_report() -> dict[str, object]:
    """Return what the settings send, their grade over HTTPS, and what is weak about them.

    Returns:
        ``headers`` by kind of response (``"api"``, ``"html"``), ``grade``, ``findings`` (a list of
        dictionaries) and ``skipped`` paths: JSON as it is.
    """
    options = boost_settings.section(HeaderSettings).SECURITY_HEADERS
    policy = compile_policy(options)
    kinds = {"api": dict(policy.api), "html": dict(policy.html)}
    findings: dict[tuple[str, str], Finding] = {}
    letters: list[Grade] = []
    for kind, headers in kinds.items():
        if policy.hsts:
            headers["Strict-Transport-Security"] = policy.hsts
        content = "text/html" if kind == "html" else "application/json"
        letter, found = grade({**headers, "Content-Type": content}, secure=True)
        letters.append(letter)
        findings |= {(finding.header, finding.text): finding for finding in found}
    if options.HSTS_PRELOAD and not may_preload(options):
        text = "HSTS_PRELOAD needs HSTS_MAX_AGE of a year and HSTS_INCLUDE_SUBDOMAINS."
        finding = Finding("Strict-Transport-Security", "low", text)
        findings[finding.header, finding.text] = finding
    return {
        "grade": max(letters),
        "headers": kinds,
        "findings": [
            {"header": each.header, "severity": each.severity, "text": each.text}
            for each in findings.values()
        ],
        "skipped": list(policy.skipped),
    }
