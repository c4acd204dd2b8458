"""The middleware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ninja_boost_core.client_address import is_secure
from ninja_boost_core.headers import headers_of as response_headers
from ninja_boost_core.headers import put_missing

from .decorators import headers_of, put
from .policy import current_policy

__all__ = ["SecurityHeadersMiddleware"]

_CSP = "content-security-policy"
_PAGES = ("text/html", "application/xhtml")


class SecurityHeadersMiddleware:
    """Puts the security headers on every response that does not have them.

    Sync and async. Near the top of ``MIDDLEWARE`` it covers errors and early answers of those
    below; beside Django's SecurityMiddleware and XFrameOptionsMiddleware nothing is sent twice: a
    header that is there stays as it is. What ``with_headers`` asked for always wins.

    Raises:
        django.core.exceptions.ImproperlyConfigured: at start, if ``NINJA_BOOST`` is wrong.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        current_policy()
        self.get_response = get_response
        self.is_async: bool = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        return protect(request, self.get_response(request))

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        return protect(request, cast(HttpResponseBase, await self.get_response(request)))


def protect(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Add the headers of the settings to ``response`` and return it."""
    policy = current_policy()
    own = headers_of(request)
    if not (policy.skipped and request.path.startswith(policy.skipped)):
        known = response_headers(response)
        is_page = "content-type" in known and known["content-type"][1].startswith(_PAGES)
        # Django 6's own CSP middleware stands outside or inside: one policy is enough.
        has_csp = _CSP in known or hasattr(response, "_csp_config")
        kind = is_page, is_secure(request), has_csp
        put_missing(response, policy.ready[kind])
    if own:
        put(own, response)
    return response
