"""APIs and routers that serve several versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core import AutoAPI, AutoRouter, Hook, Order, attach

from .changes import Lineage, VersionChange
from .hooks import VersionHook
from .openapi import as_of, deprecate
from .prefixes import deprecation_below
from .requested import Source, source_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from ninja.openapi.schema import OpenAPISchema
    from ninja.operation import Operation

__all__ = ["ApiVersionHook", "VersionedAPI", "VersionedRouter", "versioned_api"]

_PATH = Source("path")


class VersionedAPI(AutoAPI):
    """One version of an API; ``versioned_api`` makes them."""

    def __init__(self, lineage: Lineage, version: str, **options: Any) -> None:
        self.lineage: Lineage = lineage
        super().__init__(version=version, **options)

    def create_response(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Render as AutoAPI does, and name the version: unknown paths and methods too."""
        response = super().create_response(request, *args, **kwargs)
        response.headers.setdefault(_PATH.echo, self.version)
        return response

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI document, with the schemas as they are in this version.

        Its paths below a prefix in ``VERSIONING["DEPRECATED"]`` are marked as deprecated.
        """
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        as_of(schema, self.lineage.replaced(self.version), self.openapi_extra)
        deprecate(schema, lambda path: deprecation_below(path)[1] is not None)
        return schema


def versioned_api(
    versions: Sequence[str],
    *,
    changes: Iterable[VersionChange] = (),
    urls_namespace: str = "api",
    **options: Any,
) -> dict[str, AutoAPI]:
    """Return one AutoAPI for each version, whose URL says the version.

    ``urlpatterns = [path(f"api/{version}/", api.urls) for version, api in apis.items()]``

    Args:
        versions: the oldest first.
        changes: what changed from version to version. A router that is mounted on several of the
            APIs is written for the newest, and serves the others through them.
        urls_namespace: beginning of the URL namespaces, ``"api-v1"`` for the version ``"v1"``.
        options: keywords of AutoAPI.

    Raises:
        ValueError: for versions or changes that do not fit together.
    """
    lineage = Lineage(versions, changes)
    return {
        version: VersionedAPI(
            lineage, version, urls_namespace=f"{urls_namespace}-{version}", **options
        )
        for version in lineage.versions
    }


class ApiVersionHook(Hook):
    """Stands for the version of the API on which an operation turns out to be mounted."""

    order: Order = Order.VERSION

    def bind(self, operation: Operation) -> VersionHook | None:
        api = operation.api
        if not isinstance(api, VersionedAPI):
            return None
        return VersionHook(api.lineage, _PATH, api.version).bind(operation)


class _RouterHook(VersionHook):
    def bind(self, operation: Operation) -> VersionHook:
        api = operation.api
        if not isinstance(api, VersionedAPI):
            return super().bind(operation)
        if api.version not in self.lineage.versions:
            raise ImproperlyConfigured(
                f"A VersionedRouter for {', '.join(self.lineage.versions)} is mounted on the API "
                f"of version {api.version}. Name that version too, or mount it elsewhere."
            )
        return VersionHook(self.lineage, _PATH, api.version).bind(operation)


class VersionedRouter(AutoRouter):
    """An AutoRouter all of whose operations serve several versions at one URL.

    On an API of ``versioned_api`` the version in the URL counts instead.

    Args:
        versions: what is served, the oldest first.
        header: the request header that names the version; ``VERSIONING["HEADER"]`` by default.
        query: a query parameter instead.
        accept: the parameter ``version`` of the media types in Accept instead.
        default: the version of a client that names none; without it, that is a 400.
        changes: what changed from version to version. Views are written for the newest.
        options: keywords of AutoRouter.

    Raises:
        ValueError: for arguments that make no sense together.
    """

    def __init__(
        self,
        versions: Sequence[str],
        *,
        header: str | None = None,
        query: str | None = None,
        accept: bool = False,
        default: str | None = None,
        changes: Iterable[VersionChange] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.lineage: Lineage = Lineage(versions, changes)
        source = source_of(header, query, accept)
        self._hook = _RouterHook(self.lineage, source, default, serves_api=True)

    def add_api_operation(
        self, path: str, methods: Sequence[str], view_func: Callable[..., Any], **options: Any
    ) -> None:
        """Register ``view_func``; see AutoRouter."""
        super().add_api_operation(path, methods, attach(self._hook)(view_func), **options)
