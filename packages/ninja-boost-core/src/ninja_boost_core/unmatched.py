"""Unknown routes below an AutoAPI answer in the API's error shape, not with Django's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import NoReverseMatch, Resolver404, resolve

from .api import AutoAPI, all_apis
from .exceptions import error_response

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

__all__ = ["answer_unknown_route"]


def answer_unknown_route(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the API's 404 in the place of Django's, for an unknown path below an API.

    A middleware calls this with the response it got. A route of the API itself cannot catch
    unknown paths: it would hide the routes after it, and APPEND_SLASH would no longer redirect.
    """
    if response.status_code != 404 or _is_served(request):
        return response
    api = _api_above(request)
    if api is None:
        return response
    answer = error_response(api, request, 404, "Not found.")
    # What the middlewares further in have added stays.
    for name, value in response.items():
        if name not in answer and name != "Content-Length":
            answer[name] = value
    if "Content-Length" in response:
        answer["Content-Length"] = str(len(answer.content))
    answer.cookies.update(response.cookies)
    return answer


def _is_served(request: HttpRequest) -> bool:
    """Return whether a route serves the path: then its view or another middleware said 404."""
    match = request.resolver_match
    if match is None:
        try:
            match = resolve(request.path_info, getattr(request, "urlconf", None))
        except Resolver404:
            return False
    # Ninja routes the root of an API to a view that is there for its name alone, and raises 404.
    return match.url_name != "api-root"


def _api_above(request: HttpRequest) -> AutoAPI | None:
    found: tuple[int, AutoAPI | None] = (0, None)
    for api in all_apis():
        try:
            root = api.get_root_path({})
        except NoReverseMatch:
            # Not in the current URL configuration, or below a path with parameters.
            continue
        if request.path.startswith(root) and len(root) > found[0]:
            found = (len(root), api)
    return found[1]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's ``handler404`` for a project without any of our middlewares.

    Write ``handler404 = "ninja_boost.exceptions.handler404"`` in the root URL configuration.
    """
    from django.views.defaults import page_not_found

    api = _api_above(request)
    if api is None:
        return page_not_found(request, exception)
    return error_response(api, request, 404, "Not found.")
