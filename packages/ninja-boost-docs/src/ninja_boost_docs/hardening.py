"""What turns the docs of an API into guarded ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase, Redoc, Swagger

from .guard import DocGuard
from .pages import RedocPage, SwaggerPage

__all__ = ["add_rate_limit_headers_to_schema", "add_security_scheme", "harden_docs"]


def harden_docs(api: NinjaAPI) -> NinjaAPI:
    """Put the docs and the schema of ``api`` under the DOCS setting, and return ``api``.

    Ninja's own pages are replaced by ours, which load nothing from elsewhere; a page of another
    class stays, and so does a ``docs_decorator``, inside the guard. Call it before the URLs are
    made; AutoAPI does so itself, and a second call changes nothing.
    """
    decorator: Any = api.docs_decorator
    if getattr(decorator, "_boost_guards", False):
        return api
    api.docs = _page(api.docs)
    guard = DocGuard(api)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        return guard(decorator(view) if decorator else view)

    decorate._boost_guards = True  # type: ignore[attr-defined]
    api.docs_decorator = cast("Any", decorate)
    return api


def _page(docs: DocsBase) -> DocsBase:
    if type(docs) is Swagger:
        return SwaggerPage(docs.settings)
    return RedocPage(docs.settings) if type(docs) is Redoc else docs


def add_security_scheme(
    api: NinjaAPI,
    name: str,
    *,
    type: str = "http",  # noqa: A002 - OpenAPI's own word
    scheme: str | None = "bearer",
    bearer_format: str | None = None,
    description: str | None = None,
    **fields: Any,
) -> None:
    """Name a security scheme in the document's components, beside those of the operations.

    Args:
        api: the API; its document must not have been asked for yet.
        name: key in the components.
        type, scheme, bearer_format, description, fields: of the OpenAPI security scheme object.
    """
    given = {"type": type, "scheme": scheme if type == "http" else None}
    given |= {"bearerFormat": bearer_format, "description": description, **fields}
    found = {key: value for key, value in given.items() if value is not None}
    _components(api, "securitySchemes")[name] = found


def add_rate_limit_headers_to_schema(api: NinjaAPI) -> None:
    """Document the headers of rate limits as components, to be referred to.

    Which operation sends them is said where it is known: by the operations that have a limit.
    """
    integer = {"schema": {"type": "integer"}}
    _components(api, "headers").update(
        {
            "X-RateLimit-Limit": {**integer, "description": "Requests that a window admits."},
            "X-RateLimit-Remaining": {**integer, "description": "Requests that are left."},
            "X-RateLimit-Reset": {**integer, "description": "Seconds until all are back."},
            "Retry-After": {**integer, "description": "Seconds to wait before the next request."},
        }
    )


def _components(api: NinjaAPI, kind: str) -> dict[str, Any]:
    components = api.openapi_extra.setdefault("components", {})
    found: dict[str, Any] = components.setdefault(kind, {})
    return found
