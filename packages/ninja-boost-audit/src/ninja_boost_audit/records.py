"""What a record says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

__all__ = ["OUTCOMES", "Outcome", "Record", "clean_text", "outcome_of", "timestamp_text"]

Outcome = Literal["success", "denied", "failure", "error"]
OUTCOMES: tuple[Outcome, ...] = ("success", "denied", "failure", "error")

LONGEST = 255


@dataclass(frozen=True, slots=True)
class Record:
    """Who did what to which resource, when, from where, and how it ended.

    Attributes:
        timestamp: in UTC.
        actor_id: who, as authentication has it; None for nobody.
        action: what, such as "order.update".
        resource: what kind of thing, such as "order".
        resource_id: which one.
        outcome: "success"; "denied" by authentication or permission (401, 403); "failure" for
            any other refusal (4xx); "error" (5xx, an unhandled exception, a cancelled request).
        ip: the client's address.
        trace_id: that of the request.
        status: the HTTP status; None outside a request.
        details: more, as JSON can hold it; ``changes`` has the difference.
    """

    action: str
    outcome: Outcome = "success"
    resource: str | None = None
    resource_id: str | None = None
    actor_id: int | str | None = None
    ip: str | None = None
    trace_id: str | None = None
    status: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON can hold it."""
        return {
            "timestamp": timestamp_text(self.timestamp),
            "actor_id": self.actor_id,
            "action": self.action,
            "resource": self.resource,
            "resource_id": self.resource_id,
            "outcome": self.outcome,
            "ip": self.ip,
            "trace_id": self.trace_id,
            "status": self.status,
            "details": dict(self.details),
        }


def timestamp_text(moment: datetime) -> str:
    """Return ``moment`` in UTC, with microseconds; a naive one is in UTC already."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{aware.isoformat(timespec='microseconds')[:26]}Z"


def clean_text(value: Any, longest: int = LONGEST) -> str | None:
    """Return a text that every database can hold, so that no client can prevent its record.

    NUL and lone surrogates are escaped, and what is too long is cut and marked so.
    """
    if value is None:
        return None
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        text = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def outcome_of(status: int | None) -> Outcome:
    """Return what an HTTP status, None for none, says of an operation."""
    if status is None or status < 400:
        return "success"
    if status in (401, 403):
        return "denied"
    return "failure" if status < 499 else "error"
