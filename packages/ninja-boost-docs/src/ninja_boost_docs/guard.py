"""Who may see the docs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.openapi.views import openapi_json
from ninja.responses import Response

from ninja_boost_core import AutoAPI
from ninja_boost_core.client_address import client_address
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.exceptions import error_response
from ninja_boost_core.security import admits

from .document import adjusted
from .settings import DocsOptions, DocsSettings

__all__ = ["DocGuard"]


class DocGuard:
    """Lets a request to the docs of an API in, or answers 404.

    A 404 for everything: who may not see the docs does not learn that there are any. It is what
    ``harden_docs`` gives the API as its ``docs_decorator``.

    Args:
        api: the API.
    """

    def __init__(self, api: NinjaAPI) -> None:
        self.api: NinjaAPI = api

    def __call__(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        """Return ``view``, guarded."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.admits(request):
                return self._not_found(request)
            if getattr(view, "func", None) is openapi_json:
                document = adjusted(self.api, kwargs, see_all=is_staff(request))
                response: HttpResponseBase = Response(document)
            else:
                response = view(request, *args, **kwargs)
            if self._is_restricted():
                # A shared cache must not show them to the next one.
                response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return guarded

    def admits(self, request: HttpRequest) -> bool:
        """Return whether the settings let this request see the docs."""
        options = _options()
        if not options.ENABLED or (options.DISABLE_IN_PRODUCTION and not settings.DEBUG):
            return False
        if options.ALLOWED_IPS:
            address = client_address(request)
            if address is None:
                return False
            parsed = ip_address(address)
            if not any(parsed in network for network in options.ALLOWED_IPS):
                return False
        if options.REQUIRE_STAFF and not is_staff(request):
            return False
        return not options.REQUIRE_AUTH or is_known(request) or admits(self.api, request)

    def _is_restricted(self) -> bool:
        options = _options()
        internal = bool(options.INTERNAL_TAGS)
        return (
            bool(options.REQUIRE_STAFF or options.REQUIRE_AUTH or options.ALLOWED_IPS) or internal
        )

    def _not_found(self, request: HttpRequest) -> HttpResponseBase:
        if isinstance(self.api, AutoAPI):
            return error_response(self.api, request, 404, "Not found.")
        raise Http404


def is_staff(request: HttpRequest) -> bool:
    """Whether a member of staff is logged in to Django."""
    user = getattr(request, "user", None)
    return bool(user is not None and user.is_active and getattr(user, "is_staff", False))


def is_known(request: HttpRequest) -> bool:
    """Whether somebody is logged in to Django."""
    user = getattr(request, "user", None)
    return bool(user is not None and user.is_authenticated and user.is_active)


def _options() -> DocsOptions:
    return boost_settings.section(DocsSettings).DOCS
