"""The envelope: what a successful body and an error body look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from ninja import Schema
from pydantic import ConfigDict, Field

from .conf import CoreSettings, boost_settings

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = [
    "Envelope",
    "ErrorBody",
    "ErrorEnvelope",
    "ProblemDetails",
    "error_body",
    "wrap_response",
]

T = TypeVar("T")
D = TypeVar("D")

BODILESS = frozenset({204, 205, 304})
"""Statuses whose response has no body, so nothing to wrap."""


class Envelope(Schema, Generic[T]):
    """A successful response."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    ok: Literal[True]
    data: T


class ErrorEnvelope(Schema, Generic[D]):
    """An error response. ``code`` is the HTTP status."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    ok: Literal[False]
    error: str = Field(description="What went wrong, for a person.")
    code: int = Field(description="The HTTP status.", ge=400, le=599)
    details: D | None = Field(default=None, description="More, such as one item per invalid value.")
    trace_id: str = Field(default="", description="Quote it when you report the error.")


class ProblemDetails(Schema):
    """An error response as RFC 9457 has it."""

    type: str = Field(description="Identifies the kind of problem; about:blank if just the status.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str = Field(description="The path of the request.")
    code: str = Field(description="A stable name for programs.")
    errors: list[dict[str, Any]] = Field(default=[], description="One item per invalid value.")
    details: Any = Field(default=None)
    trace_id: str = Field(default="")


def wrap_response(data: Any) -> dict[str, Any]:
    """Return ``data`` in the envelope: the default of the RESPONSE_WRAPPER setting."""
    return {"ok": True, "data": data}


class ErrorBody(dict[str, Any]):
    """A finished error body, which nothing wraps again."""


class _Sentinel:
    """Stands for the data when an envelope's shape is learnt."""


SENTINEL = _Sentinel()


class Wrapper:
    """The RESPONSE_WRAPPER setting, understood once.

    Attributes:
        wrap: the function, or None for no envelope.
        shape: what it makes of ``SENTINEL``, from which the schema is learnt; None if the
            function does not take an arbitrary object.
        keys: the keys of a wrapped payload; a payload with exactly these is not wrapped again.
    """

    def __init__(self, wrap: Callable[[Any], Any] | None) -> None:
        self.wrap = wrap
        self.shape: Any = None
        self.keys: frozenset[str] = frozenset()
        if wrap is None:
            return
        try:
            self.shape = wrap(SENTINEL)
        except (TypeError, ValueError, AttributeError, KeyError):
            # It looks into the data; then its schema is unknown, and so documented.
            self.shape = None
        if isinstance(self.shape, dict):
            self.keys = frozenset(self.shape)

    def __call__(self, data: Any) -> Any:
        if self.wrap is None or self.has_wrapped(data):
            return data
        return self.wrap(data)

    def has_wrapped(self, data: Any) -> bool:
        return isinstance(data, dict) and bool(self.keys) and data.keys() == self.keys


_wrapper: Wrapper | None = None


def current_wrapper() -> Wrapper:
    """Return the RESPONSE_WRAPPER setting, as understood."""
    global _wrapper
    if _wrapper is None:
        _wrapper = Wrapper(boost_settings.RESPONSE_WRAPPER)
    return _wrapper


@boost_settings.on_change
def _forget_wrapper() -> None:
    global _wrapper
    _wrapper = None


def error_body(
    request: HttpRequest,
    status: int,
    message: str | None = None,
    *,
    code: str | None = None,
    details: Any = None,
) -> ErrorBody:
    """Return an error body in the shape that the ERRORS setting asks for.

    Args:
        status: HTTP status, 400 or more.
        message: text for a person; the status's own phrase by default.
        code: stable name for programs, in problem details; from the status by default.
        details: more, such as the list of validation errors.
    """
    mode = boost_settings.section(CoreSettings).ERRORS
    phrase = _phrase(status)
    message = message or f"{phrase}."
    if mode == "ninja":
        return ErrorBody(detail=message if details is None else details)
    trace_id = getattr(request, "trace_id", None)
    body: ErrorBody
    if mode == "problem":
        body = ErrorBody(
            type="about:blank",
            title=phrase,
            status=status,
            detail=message,
            instance=request.path,
            code=code or phrase.lower().replace(" ", "_").replace("-", "_").replace("'", ""),
        )
        if _are_validation_errors(details):
            body["errors"] = [_problem_item(item) for item in details]
        elif details is not None:
            body["details"] = details
    else:
        body = ErrorBody(ok=False, error=message, code=status)
        if details is not None:
            body["details"] = details
    if trace_id:
        body["trace_id"] = trace_id
    return body


def error_body_of(request: HttpRequest, status: int, data: Any) -> ErrorBody:
    """Return the error body for a 4xx or 5xx that a view returned itself with ``data``."""
    if isinstance(data, ErrorBody):
        return data
    if isinstance(data, str):
        return error_body(request, status, data)
    if data is None:
        return error_body(request, status)
    if isinstance(data, Mapping):
        if data.get("ok") is False and {"error", "code"} <= data.keys():
            return ErrorBody(data)
        texts = (data.get(key) for key in ("error", "detail", "message", "title"))
        text = next((text for text in texts if isinstance(text, str) and text), None)
        return error_body(request, status, text, details=data)
    return error_body(request, status, details=data)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _are_validation_errors(details: Any) -> bool:
    return (
        isinstance(details, list)
        and bool(details)
        and all(isinstance(item, dict) and "loc" in item and "msg" in item for item in details)
    )


def _problem_item(item: dict[str, Any]) -> dict[str, Any]:
    """Name the place of a validation error: a JSON pointer into the body, else the parameter."""
    source, *path = (str(part) for part in item["loc"])
    result: dict[str, Any] = {"detail": item["msg"], "code": item.get("type", "invalid")}
    if source == "body":
        # Ninja's location begins with the name of the view's argument, which is not in the body.
        parts = (part.replace("~", "~0").replace("/", "~1") for part in path[1:])
        result["pointer"] = "".join(f"/{part}" for part in parts)
    else:
        result["in"] = source
        result["parameter"] = path[-1] if path else ""
    return result
