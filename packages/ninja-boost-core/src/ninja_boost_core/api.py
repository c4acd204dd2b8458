"""AutoAPI: NinjaAPI with the envelope, default auth and one shape of error."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.constants import NOT_SET
from ninja.operation import PathView

from .conf import CoreSettings, boost_settings
from .exceptions import add_error_headers, error_response, register_exception_handlers
from .features import enabled_features
from .openapi import BoostOpenAPISchema
from .operation import adopt_plain
from .rendering import BoostJSONRenderer
from .responses import BODILESS, current_wrapper, error_body_of
from .route_table import Routes
from .security import DefaultAuth

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase
    from ninja.openapi.schema import OpenAPISchema

__all__ = ["AutoAPI"]

# Ninja 1.5 binds a router's own operations to the API; later versions bind clones of them.
_BINDS_CLONES = hasattr(NinjaAPI, "_get_bound_routers")

_apis: weakref.WeakSet[AutoAPI] = weakref.WeakSet()

MOST_DOCUMENTS = 16


def all_apis() -> list[AutoAPI]:
    """Return every AutoAPI of the process."""
    return sorted(_apis, key=lambda api: api.urls_namespace)


class AutoAPI(NinjaAPI):
    """A NinjaAPI that wraps results, authenticates by default and answers errors alike.

    Takes every keyword of NinjaAPI. Without ``auth=`` the AUTH setting applies; ``auth=None``
    opens the API. Plain Ninja routers may be mounted on it: their results are wrapped too.
    """

    documents_hooks = True
    """Our schema builder asks the hooks; see ``BoostOperation.openapi_extra``."""

    def __init__(self, *, auth: Any = NOT_SET, **options: Any) -> None:
        if options.get("renderer") is None:
            options["renderer"] = BoostJSONRenderer()
        super().__init__(auth=DefaultAuth() if auth is NOT_SET else auth, **options)
        self._documents: dict[str, tuple[int, BoostOpenAPISchema]] = {}
        register_exception_handlers(self)
        for feature in enabled_features():
            feature.api_created(self)
        _apis.add(self)

    def create_response(
        self,
        request: HttpRequest,
        data: Any,
        *,
        status: int | None = None,
        temporal_response: HttpResponse | None = None,
    ) -> HttpResponse:
        """Render ``data`` as it is sent: in the envelope, or as an error body from 400 on."""
        code = temporal_response.status_code if temporal_response is not None else status or 200
        is_error = code >= 400 and boost_settings.section(CoreSettings).ERRORS != "ninja"
        if is_error:
            data = error_body_of(request, code, data)
        elif 200 <= code < 400 and code not in BODILESS:
            data = current_wrapper()(data)
        response = super().create_response(
            request, data, status=status, temporal_response=temporal_response
        )
        if is_error:
            add_error_headers(self, request, response)
        return response

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI document; it is built once for each prefix and state of the settings.

        The caller gets a copy, to change as he likes.
        """
        if path_prefix is None:
            path_prefix = self.get_root_path(path_params or {})
        self._equip_in_place()
        generation = boost_settings.generation
        known = self._documents.get(path_prefix)
        if known is None or known[0] != generation:
            # A path with parameters has as many prefixes as they have values.
            if len(self._documents) >= MOST_DOCUMENTS:
                self._documents.clear()
            known = (generation, BoostOpenAPISchema(self, path_prefix))
            self._documents[path_prefix] = known
        return known[1].copy()

    def operations(self) -> Iterator[tuple[str, Any]]:
        """Yield each bound operation with its path below the API."""
        for prefix, path, path_view in self._path_views():
            for operation in path_view.operations:
                yield "/".join(part for part in (prefix, path) if part), operation

    def _get_urls(self) -> list[Any]:
        self._equip_in_place()
        return Routes(super()._get_urls())

    def _path_views(self) -> Iterator[tuple[str, str, PathView]]:
        if _BINDS_CLONES:
            for bound in self._get_bound_routers():
                for path, path_view in bound.path_operations.items():
                    yield bound.prefix, path, path_view
        else:
            self._equip_in_place()
            for prefix, router in self._routers:
                for path, path_view in router.path_operations.items():
                    yield prefix, path, path_view

    def _get_bound_routers(self) -> list[Any]:
        fresh = self._bound_routers_cache is None
        bound_routers: list[Any] = super()._get_bound_routers()
        if fresh:
            for bound in bound_routers:
                decorators = [*bound.mount.inherited_decorators, *bound.template._decorators]
                for path_view in bound.path_operations.values():
                    self._equip(path_view, decorators)
        return bound_routers

    def _equip_in_place(self) -> None:
        if _BINDS_CLONES:
            return
        for _, router in self._routers:
            # Ninja notes what it has applied; what it applied later would be on twice.
            router._apply_decorators_to_operations()
            for path_view in router.path_operations.values():
                self._equip(path_view, None)

    def _equip(self, path_view: PathView, decorators: Sequence[tuple[Any, str]] | None) -> None:
        path_view.__class__ = BoostPathView
        path_view.api = self  # type: ignore[attr-defined]
        for operation in path_view.operations:
            adopt_plain(operation, decorators)


class BoostPathView(PathView):
    """Ninja's dispatcher over the methods of one path, with a 405 in the API's error shape."""

    api: AutoAPI

    def get_view(self) -> Callable[..., Any]:
        """Return the view of this path, which knows each method's operation beforehand."""
        by_method: dict[str, Any] = {}
        for operation in self.operations:
            for method in operation.methods:
                by_method.setdefault(method, operation)
        find = by_method.get

        def sync_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            operation = find(request.method)  # type: ignore[arg-type]
            if operation is None:
                return self._refuse(request)
            response: HttpResponseBase = operation.run(request, *args, **kwargs)
            return response

        async def async_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            operation = find(request.method)  # type: ignore[arg-type]
            if operation is None:
                return self._refuse(request)
            run = operation.run if operation.is_async else sync_to_async(operation.run)
            response: HttpResponseBase = await run(request, *args, **kwargs)
            return response

        view: Any = async_view if self.is_async else sync_view
        # As in Ninja: authentication by cookie checks the token itself.
        view.csrf_exempt = True
        return view  # type: ignore[no-any-return]

    def _refuse(self, request: HttpRequest) -> HttpResponseBase:
        if boost_settings.section(CoreSettings).ERRORS == "ninja":
            return self._not_allowed()
        allowed = sorted({method for op in self.operations for method in op.methods})
        return error_response(
            self.api, request, 405, "Method not allowed.", headers={"Allow": ", ".join(allowed)}
        )
