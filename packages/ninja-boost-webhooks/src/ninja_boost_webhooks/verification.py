"""The decision: whether a message carries a right and recent signature of a known key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ninja_boost_core.problems import Misconfigured

from ._reading import Malformed
from .keys import Key, MissingDependency, UnusableSecret
from .schemes import Evidence, Message, Scheme

__all__ = ["Outcome", "Reason", "verify"]


class Reason(StrEnum):
    """Why a message was refused."""

    MISSING = "missing header"
    MALFORMED = "malformed"
    OLD = "timestamp too old"
    FUTURE = "timestamp in the future"
    NO_SECRET = "no usable secret"  # noqa: S105 - a text
    MISMATCH = "no signature matches"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ``verify`` found.

    Attributes:
        reason: why the message is refused; None if it is accepted.
        detail: more about the reason, for the log; quotes neither secret nor message.
        delivery: of an accepted message, what tells it from others and is the same when the
            message comes again: the sender's id for it where the signature covers one, else a
            digest of what was signed.
    """

    reason: Reason | None = None
    detail: str = ""
    delivery: str = ""

    @property
    def accepted(self) -> bool:
        return self.reason is None


def verify(
    scheme: Scheme,
    secrets: Iterable[str | bytes],
    headers: Mapping[str, str],
    body: bytes,
    now: float,
    *,
    tolerance: int = 300,
    url: str = "",
) -> Outcome:
    """Decide about one message. Never raises for what a sender may send.

    Args:
        scheme: from ``schemes`` or ``twilio``.
        secrets: each of them is accepted, so that a secret can be replaced without a gap.
        headers: in any case.
        body: as it was received.
        now: Unix time in seconds.
        tolerance: seconds by which a signed timestamp may differ from ``now``, either way.
        url: the public URL; only Twilio signs it.
    """
    message = Message({name.lower(): value for name, value in headers.items()}, body, url)
    if missing := missing_headers(scheme, message.headers):
        return Outcome(Reason.MISSING, ", ".join(missing))
    try:
        evidence = scheme.read(message)
    except Malformed as error:
        return Outcome(Reason.MALFORMED, str(error))
    if evidence.timestamp is not None and abs(now - evidence.timestamp) > tolerance:
        late = evidence.timestamp < now
        return Outcome(Reason.OLD if late else Reason.FUTURE)
    keys, problems = usable_keys(scheme, secrets)
    if not keys:
        return Outcome(Reason.NO_SECRET, " ".join(each.problem for each in problems))
    content = _signed_content(keys, evidence)
    if content is None:
        return Outcome(Reason.MISMATCH)
    delivery = evidence.delivery() if evidence.delivery is not None else None
    return Outcome(delivery=delivery or hashlib.sha256(content).hexdigest())


def missing_headers(scheme: Scheme, headers: Mapping[str, str]) -> list[str]:
    """Return the scheme's headers that are missing or empty; ``headers`` by lower-case name."""
    return [name for name in scheme.headers if not headers.get(name.lower(), "").strip()]


def usable_keys(
    scheme: Scheme, secrets: Iterable[str | bytes]
) -> tuple[tuple[Key, ...], tuple[Misconfigured, ...]]:
    """Return the keys of ``secrets``, and what is wrong with those that make none."""
    keys: list[Key] = []
    problems: list[Misconfigured] = []
    for number, secret in enumerate(secrets, start=1):
        if not secret.strip():
            continue
        try:
            keys.append(scheme.key(secret))
        except UnusableSecret as error:
            hint = "Set it to the secret as the sender shows it, with its prefix."
            problems.append(Misconfigured(f"secret {number} {error}.", hint))
        except MissingDependency as error:
            problem = f"secret {number} needs a library that is not installed."
            problems.append(Misconfigured(problem, error.hint))
    return tuple(keys), tuple(problems)


def _signed_content(keys: Iterable[Key], evidence: Evidence) -> bytes | None:
    """Return the content that one of ``keys`` signed.

    All combinations are tried, so that the time taken does not tell which one was right.
    """
    found: bytes | None = None
    for key in keys:
        for algorithm, signatures in evidence.signatures.items():
            for content in evidence.contents:
                if key.accepts(algorithm, content, signatures):
                    found = content
    return found
