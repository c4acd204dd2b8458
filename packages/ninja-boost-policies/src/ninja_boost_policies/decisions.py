"""Decisions: what a policy answers, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, Literal

from django.http import Http404

from ninja_boost_core import ApiError

__all__ = ["Answer", "Cause", "Decision", "PolicyDenied", "PolicyHidden", "allow", "deny"]

Cause = Literal["rule", "abstained", "error", "unknown"]

CODES: Final[dict[Cause, str]] = {
    "rule": "policy_denied",
    "abstained": "policy_abstained",
    "error": "policy_error",
    "unknown": "policy_unknown",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy decided; true if it allows.

    Attributes:
        allowed: whether the action is allowed.
        reason: why, for a person; may be a lazy translation. The client is told it only if a rule
            gave it.
        code: why, for programs. Of a denial ``policy_denied`` unless the rule names another one;
            ``policy_abstained``, ``policy_error`` and ``policy_unknown`` go with the causes below.
        resource: the resource's name.
        action: what was to be done with it.
        rule: what decided, ``"order.update"`` or ``"order.before"``.
        cause: "rule" if a rule said so; "abstained" if it said nothing; "error" if it raised, or
            answered what is no answer; "unknown" if there is no such resource or action.
        error: what the rule raised.
    """

    allowed: bool
    reason: str = ""
    code: str = ""
    resource: str = ""
    action: str = ""
    rule: str = ""
    cause: Cause = "rule"
    error: Exception | None = field(default=None, compare=False, repr=False)

    def __bool__(self) -> bool:
        return self.allowed is True

    def as_dict(self) -> dict[str, Any]:
        """Return the decision as JSON can hold it; of an error only the type's name."""
        return {
            "allowed": bool(self),
            "resource": self.resource,
            "action": self.action,
            "rule": self.rule,
            "cause": self.cause,
            "reason": str(self.reason),
            "code": self.code,
            "error": None if self.error is None else type(self.error).__name__,
        }


Answer = bool | Decision | None
"""What a rule returns: True allows, False denies, None abstains."""


def allow(reason: str = "") -> Decision:
    """Return a permission with a reason, for the audit trail."""
    return Decision(True, reason)


def deny(reason: str = "", *, code: str = "") -> Decision:
    """Return a denial.

    Args:
        reason: for a person; it becomes the message of the 403.
        code: for programs; ``policy_denied`` if it is left out.
    """
    return Decision(False, reason, code)


def refusal(resource: str, action: str, cause: Cause, reason: str, *, rule: str = "") -> Decision:
    """Return a denial that no rule gave."""
    rule = rule or f"{resource}.{action}"
    return Decision(False, reason, CODES[cause], resource, action, rule, cause)


def decide(answer: object, resource: str, action: str, rule: str) -> Decision:
    """Make a decision of what a rule returned; only True and an allowing Decision allow."""
    if answer is None:
        return refusal(resource, action, "abstained", "The rule did not decide.", rule=rule)
    if isinstance(answer, bool):
        return _plain(answer, resource, action, rule)
    if isinstance(answer, Decision):
        allowed = bool(answer)
        code = answer.code or ("" if allowed else CODES["rule"])
        return replace(
            answer, allowed=allowed, code=code, resource=resource, action=action, rule=rule
        )
    return failure(
        resource,
        action,
        rule,
        TypeError(
            f"{rule} returned a {type(answer).__name__}; return True, False, None or a Decision."
        ),
    )


@lru_cache(maxsize=1024)
def _plain(allowed: bool, resource: str, action: str, rule: str) -> Decision:
    """Return the decision that says no more than yes or no: the same for everybody."""
    return Decision(allowed, "", "" if allowed else CODES["rule"], resource, action, rule)


def failure(resource: str, action: str, rule: str, error: Exception) -> Decision:
    """Return the denial that stands for a rule which failed."""
    reason = f"The rule failed: {type(error).__name__}."
    return replace(refusal(resource, action, "error", reason, rule=rule), error=error)


class PolicyDenied(ApiError):
    """A policy denied: 401 for nobody, 403 for somebody.

    Attributes:
        decision: the decision, with what the client is not told.
    """

    def __init__(
        self, decision: Decision, *, known_caller: bool = True, challenge: str | None = None
    ) -> None:
        self.decision: Decision = decision
        if not known_caller:
            super().__init__(
                401,
                "Authentication required.",
                code="authentication_required",
                headers={"WWW-Authenticate": challenge} if challenge else None,
            )
            return
        told = decision.cause == "rule"
        code = decision.code if told else CODES["rule"]
        super().__init__(
            403,
            (str(decision.reason) if told else "") or "Permission denied.",
            code=code,
            details={"code": code, "resource": decision.resource, "action": decision.action},
        )


class PolicyHidden(Http404, PolicyDenied):
    """The same where existence is to be hidden: answered like any other 404."""

    def __init__(self, decision: Decision) -> None:
        ApiError.__init__(self, 404, "Not found.")
        self.decision = decision
