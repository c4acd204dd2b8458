"""Assertions about error responses, whatever their shape."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["assert_problem", "assert_rate_limited"]

MOST_SHOWN = 600
"""Characters of a body that a message shows."""


def assert_problem(
    response: Any, status: int, *, code: str | int | None = None, text: str | None = None
) -> dict[str, Any]:
    """Assert that a response is an error in the API's shape, and return its body.

    Understands the envelope (``{"ok": false, "error": ..., "code": ...}``) and problem details
    (RFC 9457); which of them it is, the response says.

    Args:
        response: a response of a test client.
        status: the HTTP status that is expected, which the body must give too.
        code: the body's ``code``: a stable name in problem details, the status in an envelope.
        text: a part of the text for a person.

    Raises:
        AssertionError: saying what is different, with the body.
    """
    if response.status_code != status:
        raise AssertionError(
            f"The status is {response.status_code}, not {status}.{_shown(response)}"
        )
    body = _body(response)
    if _media_type(response) == "application/problem+json":
        found_status, found_text, shape = body.get("status"), body.get("detail"), "problem details"
    elif body.get("ok") is False and {"error", "code"} <= body.keys():
        found_status, found_text, shape = body["code"], body["error"], "envelope"
    else:
        raise AssertionError(
            "The body is neither an error envelope nor problem details (RFC 9457, media type "
            f"application/problem+json).{_shown(response)}"
        )
    if found_status != status:
        raise AssertionError(
            f"The {shape} says {found_status!r}, but the status is {status}.{_shown(response)}"
        )
    if code is not None and body.get("code") != code:
        hint = ""
        if shape == "envelope" and isinstance(code, str):
            hint = (
                " The code of an envelope is the status; names such as this one are in problem "
                'details alone: NINJA_BOOST["ERRORS"] = "problem".'
            )
        raise AssertionError(
            f"The code is {body.get('code')!r}, not {code!r}.{hint}{_shown(response)}"
        )
    if text is not None and text not in str(found_text):
        raise AssertionError(f"The text does not contain {text!r}.{_shown(response)}")
    return body


def assert_rate_limited(response: Any) -> int:
    """Assert that a response is a 429 that says when to come back; return the seconds.

    Raises:
        AssertionError: with what the response says about its limit.
    """
    if response.status_code != 429:
        limits = {
            name: value for name, value in response.items() if "ratelimit" in name.lower()
        } or "no headers about a limit, so the operation may have none"
        raise AssertionError(
            f"The status is {response.status_code}, not 429; {limits}.{_shown(response)}"
        )
    value = response.get("Retry-After")
    if value is None:
        raise AssertionError(f"The 429 has no Retry-After.{_shown(response)}")
    if not value.isdecimal() or int(value) < 1:
        raise AssertionError(f"Retry-After is {value!r}, which is no positive number of seconds.")
    return int(value)


def _body(response: Any) -> dict[str, Any]:
    if getattr(response, "streaming", False):
        raise AssertionError("The response is a stream, which is no error body.")
    try:
        body = json.loads(response.content)
    except ValueError:
        raise AssertionError(f"The body is no JSON.{_shown(response)}") from None
    if not isinstance(body, dict):
        raise AssertionError(f"The body is no JSON object.{_shown(response)}")  # noqa: TRY004
    return body


def _media_type(response: Any) -> str:
    return str(response.get("Content-Type", "")).partition(";")[0].strip().lower()


def _shown(response: Any) -> str:
    if getattr(response, "streaming", False):
        return "\nThe response is a stream."
    text = response.content.decode(errors="replace")
    more = "…" if len(text) > MOST_SHOWN else ""
    return f"\n{_media_type(response) or 'no content type'}: {text[:MOST_SHOWN]}{more}"
