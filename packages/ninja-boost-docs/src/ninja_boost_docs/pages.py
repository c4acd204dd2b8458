"""The pages: Swagger UI and Redoc, from Ninja's files and ours, under a policy of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.html import escape
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

__all__ = ["Page", "RedocPage", "SwaggerPage"]

_TYPES = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
_ESCAPED = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="?asset=favicon.png">
{styles}
</head>
<body>
<div id="docs"></div>
<script type="application/json" id="docs-settings">{settings}</script>
{scripts}
</body>
</html>
"""


class Page(DocsBase):
    """A page of docs whose files come from below its own address: ``?asset=<name>``.

    So the docs need no static files, no host but their own, no inline script, and the guard of
    the page guards all of it.

    Args:
        settings: settings of the program that shows the document.
    """

    ours: ClassVar[tuple[str, ...]] = ()
    ninjas: ClassVar[tuple[str, ...]] = ()
    policy: ClassVar[str] = ""
    default_settings: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self.settings: dict[str, Any] = {**self.default_settings, **(settings or {})}

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Return the page, or one of its files."""
        name = request.GET.get("asset")
        return self._page(request, api, kwargs) if name is None else self._asset(name)

    def _page(self, request: HttpRequest, api: NinjaAPI, kwargs: dict[str, Any]) -> HttpResponse:
        document = self.get_openapi_url(api, kwargs)
        csrf = get_token(request) if _needs_csrf(api) else None
        data = {"url": document, "csrf": csrf, "settings": self.settings}
        names = (*self.ninjas, *self.ours)
        style = '<link rel="stylesheet" href="?asset={}">'
        script = '<script src="?asset={}"></script>'
        html = PAGE.format(
            title=escape(api.title),
            settings=json.dumps(data).translate(_ESCAPED),
            styles="\n".join(style.format(name) for name in names if name.endswith(".css")),
            scripts="\n".join(script.format(name) for name in names if name.endswith(".js")),
        )
        return HttpResponse(
            html,
            headers={
                "Content-Security-Policy": self.policy,
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _asset(self, name: str) -> HttpResponse:
        if name in self.ours:
            body = _read("ninja_boost_docs", f"assets/{name}")
        elif name in (*self.ninjas, "favicon.png"):
            body = _read("ninja", f"static/ninja/{name}")
        else:
            raise Http404
        return HttpResponse(
            body,
            content_type=_TYPES[name.rpartition(".")[2]],
            headers={
                "Cache-Control": "private, max-age=3600",
                "X-Content-Type-Options": "nosniff",
            },
        )


class SwaggerPage(Page):
    """Swagger UI, from which requests can be tried."""

    ninjas: ClassVar[tuple[str, ...]] = ("swagger-ui.css", "swagger-ui-bundle.js")
    ours: ClassVar[tuple[str, ...]] = ("swagger.js",)
    # Swagger UI sets styles on elements, and has pictures in data: URLs.
    policy: ClassVar[str] = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    default_settings: ClassVar[Mapping[str, Any]] = {"layout": "BaseLayout", "deepLinking": True}


class RedocPage(Page):
    """Redoc, to read."""

    ninjas: ClassVar[tuple[str, ...]] = ("redoc.standalone.js",)
    ours: ClassVar[tuple[str, ...]] = ("redoc.css", "redoc.js")
    # Redoc makes style elements, and searches in a worker that it makes from a blob.
    policy: ClassVar[str] = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _read(package: str, path: str) -> bytes:
    body = files(package).joinpath(path).read_bytes()
    # Redoc's own emblem comes from its maker's host: nobody need know who reads these docs.
    return body.replace(b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"data:,")


def _needs_csrf(api: NinjaAPI) -> bool:
    auth = api.auth
    callbacks = auth if isinstance(auth, list | tuple) else [auth]
    return any(getattr(callback, "csrf", False) for callback in callbacks)
