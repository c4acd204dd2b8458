"""Errors and the handlers that turn them into responses of one shape."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import connections
from django.http import Http404, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import errors as ninja_errors
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from .callables import drive
from .conf import CoreSettings, boost_settings
from .responses import error_body
from .security import challenge, resolve
from .views import current_call

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja import NinjaAPI

__all__ = ["ApiError", "error_response", "register_exception_handlers", "set_rollback"]

logger: logging.Logger = logging.getLogger("django.request")


class ApiError(HttpError):
    """An error that becomes a response.

    Args:
        status: HTTP status, 400 or more.
        message: text for a person.
        code: stable name for programs, sent in problem details.
        details: more, such as a list; must be serialisable by the API's renderer.
        headers: response headers, for example Retry-After.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        details: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, message)
        self.code = code
        self.details = details
        self.headers: Mapping[str, str] = headers or {}


def error_response(
    api: NinjaAPI,
    request: HttpRequest,
    status: int,
    message: str | None = None,
    *,
    code: str | None = None,
    details: Any = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return an error response of ``api``, in the shape of the ERRORS setting.

    See ``responses.error_body`` for the arguments.
    """
    body = error_body(request, status, message, code=code, details=details)
    response = api.create_response(request, body, status=status)
    for name, value in (headers or {}).items():
        response[name] = value
    add_error_headers(api, request, response)
    return response


def add_error_headers(api: NinjaAPI, request: HttpRequest, response: HttpResponse) -> None:
    """Add what an error of this status must carry, unless it is there.

    WWW-Authenticate with 401 (RFC 9110, section 11.6.1), Retry-After with 429 and 503 (one
    second, for whoever does not know better), and the media type of problem details.
    """
    status = response.status_code
    is_problem = boost_settings.section(CoreSettings).ERRORS == "problem"
    if is_problem and api.renderer.media_type == "application/json":
        response["Content-Type"] = "application/problem+json"
    if status == 401 and "WWW-Authenticate" not in response:
        response["WWW-Authenticate"] = challenge(request, _authentications(api, request))
    if status in (429, 503) and "Retry-After" not in response:
        response["Retry-After"] = "1"


def register_exception_handlers(api: NinjaAPI) -> None:
    """Register our handlers on ``api``; may be called any number of times.

    AutoAPI does so itself. A handler that the project registered for one of the exceptions
    stays; only Ninja's own defaults are replaced. With ``ERRORS = "ninja"`` each handler
    leaves the answer to Ninja's.
    """
    for exception, handler in _HANDLERS.items():
        known = api._exception_handlers.get(exception)
        if known is None or _is_ninjas(known):
            api.add_exception_handler(exception, _Handler(api, handler, known))


class _Handler:
    """One of our handlers, with the one of Ninja's that it stands for."""

    def __init__(
        self, api: NinjaAPI, handle: Callable[..., HttpResponse], ninjas: Callable[..., Any] | None
    ) -> None:
        self.api = api
        self.handle = handle
        self.ninjas = ninjas

    def __call__(self, request: HttpRequest, exc: Any) -> HttpResponse:
        set_rollback()
        if boost_settings.section(CoreSettings).ERRORS == "ninja":
            if self.ninjas is None:
                raise exc
            response: HttpResponse = self.ninjas(request, exc)
            return response
        return self.handle(self.api, request, exc)


def _is_ninjas(handler: Any) -> bool:
    return isinstance(handler, partial) and handler.func.__module__ == ninja_errors.__name__


def set_rollback() -> None:
    """Mark the transaction of ATOMIC_REQUESTS for rollback.

    The exception is about to become a response, so Django will not see it and would commit
    what the view had written before it failed.
    """
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["ATOMIC_REQUESTS"] and connection.in_atomic_block:
            connection.set_rollback(True)


def _authentications(api: NinjaAPI, request: HttpRequest) -> tuple[Any, ...]:
    call = current_call(request)
    callbacks = call.operation.auth_callbacks if call is not None and call.operation else ()
    auth = api.auth
    if not callbacks and isinstance(auth, list | tuple):
        callbacks = auth
    return resolve(callbacks)


def _not_found(api: NinjaAPI, request: HttpRequest, exc: Http404) -> HttpResponse:
    # The exception's text names models and patterns; it is not for the client.
    return error_response(api, request, 404, "Not found.")


def _http_error(api: NinjaAPI, request: HttpRequest, exc: HttpError) -> HttpResponse:
    headers = dict(getattr(exc, "headers", ()))
    if isinstance(exc, Throttled) and exc.wait is not None:
        headers.setdefault("Retry-After", str(math.ceil(exc.wait)))
    message = str(exc)
    if isinstance(exc, AuthenticationError) and message == "Unauthorized":
        message = (
            "Authentication required."
            if not _has_credentials(request)
            else ("Invalid credentials.")
        )
    return error_response(
        api,
        request,
        exc.status_code,
        message,
        code=getattr(exc, "code", None),
        details=getattr(exc, "details", None),
        headers=headers,
    )


def _has_credentials(request: HttpRequest) -> bool:
    return "Authorization" in request.headers


def _validation_error(api: NinjaAPI, request: HttpRequest, exc: ValidationError) -> HttpResponse:
    details = [_plain(error) for error in exc.errors]
    return error_response(
        api, request, 422, "Validation failed.", code="validation_failed", details=details
    )


def _django_validation_error(
    api: NinjaAPI, request: HttpRequest, exc: DjangoValidationError
) -> HttpResponse:
    if hasattr(exc, "error_dict"):
        items: list[tuple[tuple[str, ...], str]] = [
            (("body", field), message)
            for field, messages in exc.message_dict.items()
            for message in messages
        ]
    else:
        items = [(("body",), message) for message in exc.messages]
    details = [{"type": "value_error", "loc": list(loc), "msg": msg} for loc, msg in items]
    return error_response(
        api, request, 422, "Validation failed.", code="validation_failed", details=details
    )


def _plain(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return a validation error that any JSON renderer takes."""
    plain: dict[str, Any] = {
        "type": error.get("type", "value_error"),
        "loc": list(error.get("loc", ())),
        "msg": error.get("msg", "Invalid value."),
    }
    context = error.get("ctx")
    if isinstance(context, Mapping):
        plain["ctx"] = {
            str(key): value if _is_plain(value) else str(value) for key, value in context.items()
        }
    return plain


def _is_plain(value: Any) -> bool:
    # NaN and the infinities are no JSON.
    return isinstance(value, str | int | bool) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _permission_denied(api: NinjaAPI, request: HttpRequest, exc: PermissionDenied) -> HttpResponse:
    return error_response(api, request, 403, "Permission denied.")


def _bad_request(api: NinjaAPI, request: HttpRequest, exc: Exception) -> HttpResponse:
    return error_response(api, request, 400, "Bad request.")


def _too_large(api: NinjaAPI, request: HttpRequest, exc: Exception) -> HttpResponse:
    return error_response(api, request, 413, "The request is too large.")


def _unhandled(api: NinjaAPI, request: HttpRequest, exc: Exception) -> HttpResponse:
    """Answer 500 as Django would: logged, and reported through ``got_request_exception``."""
    logger.error(
        "Internal Server Error: %s",
        request.path,
        exc_info=exc,
        extra={"status_code": 500, "request": request},
    )
    got_request_exception.send(sender=type(api), request=request)
    if current_call(request) is None:
        # An operation of Ninja's own; the pipeline reports the errors of ours.
        from .emissions import Emissions, context_of

        drive(Emissions.of(request).report(request, False, exc, context_of(request)))
    return error_response(api, request, 500, "Internal server error.")


_HANDLERS: dict[type[Exception], Callable[..., HttpResponse]] = {
    Exception: _unhandled,
    Http404: _not_found,
    HttpError: _http_error,
    ValidationError: _validation_error,
    DjangoValidationError: _django_validation_error,
    PermissionDenied: _permission_denied,
    SuspiciousOperation: _bad_request,
    BadRequest: _bad_request,
    MultiPartParserError: _bad_request,
    UnreadablePostError: _bad_request,
    RequestDataTooBig: _too_large,
    TooManyFilesSent: _too_large,
}
