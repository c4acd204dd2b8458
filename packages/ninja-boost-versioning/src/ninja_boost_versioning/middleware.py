"""The middleware, for whole prefixes of paths."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from ninja_boost_core.conf import CoreSettings, boost_settings
from ninja_boost_core.responses import error_body
from ninja_boost_core.steps import Do, Steps, arun, run

from .deprecation import Deprecation
from .hooks import DEPRECATION
from .prefixes import deprecation_below, prefixes
from .usage import used

__all__ = ["DeprecationMiddleware"]


class DeprecationMiddleware:
    """Says what is deprecated below the prefixes in ``VERSIONING["DEPRECATED"]``.

    Sync and async. A route that says so itself, with ``deprecated``, is left to that; the
    middleware adds its headers only where an unexpected error kept it from doing so. With ``GONE``
    it answers 410 from the sunset on, before anything further in runs.

    Raises:
        django.core.exceptions.ImproperlyConfigured: at start, if ``NINJA_BOOST`` is wrong.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        prefixes()
        self.get_response = get_response
        self.is_async: bool = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return arun(self._handle(request))
        return run(self._handle(request))

    def _handle(self, request: HttpRequest) -> Steps[HttpResponseBase]:
        prefix, deprecation = deprecation_below(request.path)
        if deprecation is not None and deprecation.is_gone(time.time()):
            response: HttpResponseBase = _gone(request, deprecation)
        else:
            response = yield Do(
                lambda: self.get_response(request),
                lambda: cast("Awaitable[Any]", self.get_response(request)),
            )
        own: Deprecation | None = getattr(request, DEPRECATION, None)
        if own is not None:
            if "Deprecation" not in response:
                own.put_on(response)
        elif deprecation is not None:
            if "Deprecation" not in response:
                deprecation.put_on(response)
            yield from used(request, {}, prefix, deprecation)
        return response


def _gone(request: HttpRequest, deprecation: Deprecation) -> HttpResponseBase:
    body = error_body(request, 410, deprecation.message, code="gone")
    is_problem = boost_settings.section(CoreSettings).ERRORS == "problem"
    media_type = "application/problem+json" if is_problem else "application/json"
    return JsonResponse(body, status=410, content_type=media_type)
