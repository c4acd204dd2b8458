"""What versions do to a call."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.cache import patch_vary_headers

from ninja_boost_core import ApiError, Call, Hook, Order
from ninja_boost_core.headers import ReadyHeaders, headers_of, put, ready
from ninja_boost_core.steps import Steps, arun, run

from .bodies import Conversion, conversions
from .changes import Lineage
from .deprecation import Deprecation
from .requested import VERSION, Source, choose, version_of
from .usage import used

if TYPE_CHECKING:
    from ninja.operation import Operation

    from ninja_boost_core import OperationDocs

__all__ = ["DEPRECATION", "DeprecationHook", "VersionHook"]

DEPRECATION = "_boost_deprecation"


class VersionHook(Hook):
    """Finds out the version, tells it, and converts what was otherwise in older versions.

    Args:
        lineage: the versions that are served, and their changes.
        source: where clients name theirs.
        default: the version of those that name none; None refuses them. With a source of kind
            ``"path"``, the one version of the API.
        serves_api: whether the hook does all that the API's own would do.
    """

    order: Order = Order.VERSION

    def __init__(
        self,
        lineage: Lineage,
        source: Source,
        default: str | None = None,
        *,
        serves_api: bool = False,
    ) -> None:
        if default is not None and default not in lineage.versions:
            known = ", ".join(lineage.versions)
            raise ValueError(f"default={default!r} is none of the versions {known}.")
        self.lineage = lineage
        self.source = source
        self.default = default
        self.serves_api = serves_api
        self.conversions: Mapping[str, Conversion] = {}
        self.operation: Operation | None = None
        # What is known from the binding on: where a header names the version, and what is told.
        self._key: str | None = None
        self._told: Mapping[str, ReadyHeaders] = {}

    def bind(self, operation: Operation) -> VersionHook:
        bound = copy.copy(self)
        bound.operation = operation
        bound.conversions = conversions(operation, self.lineage)
        bound._key = self.source.key if self.source.kind == "header" else None
        vary = {} if self.source.vary is None else {"Vary": self.source.vary}
        bound._told = {
            version: ready({**vary, self.source.echo: version}) for version in self.lineage.versions
        }
        return bound

    def before_auth(self, call: Call) -> None:
        if self.source.kind == "path":
            # A route may tell finer versions by itself: it knows better.
            if version_of(call.request) is None:
                setattr(call.request, VERSION, self.default)
            return
        versions = self.lineage.versions
        chosen = None if self._key is None else call.request.META.get(self._key)
        if chosen not in versions:
            chosen = choose(self.source.read(call.request), versions, self.default, self.source)
        setattr(call.request, VERSION, chosen)

    def after_auth(self, call: Call) -> None:
        call.ctx["api_version"] = version_of(call.request)
        if not self.conversions:
            return
        conversion = self._conversion(call)
        if conversion is not None:
            conversion.upgrade(call.request)

    def on_response(self, call: Call) -> None:
        response = call.response
        if response is None:
            return
        version = version_of(call.request)
        told = None if version is None else self._told.get(version)
        if told is not None and "vary" not in headers_of(response):
            put(response, told)
        else:
            if self.source.vary is not None:
                patch_vary_headers(response, [self.source.vary])
            if version is not None:
                response[self.source.echo] = version
        conversion = self._conversion(call) if self.conversions else None
        if conversion is None or self.operation is None:
            return
        if conversion.downgrade(self.operation, call.request, response) and self.source.vary:
            # It belongs to the newest shape, at the same URL.
            del response["ETag"]

    def _conversion(self, call: Call) -> Conversion | None:
        path = self.source.kind == "path"
        version = self.default if path else version_of(call.request)
        return None if version is None else self.conversions.get(version)

    def document(self, docs: OperationDocs) -> None:
        versions = list(self.lineage.versions)
        docs.header(self.source.echo, {"type": "string"}, description="The version served.")
        if self.source.kind == "path":
            return
        docs.error(400, f"Not one of the API versions {', '.join(versions)}.")
        if self.source.kind == "accept":
            # OpenAPI ignores a parameter named Accept; the description of the 400 has to do.
            return
        schema: dict[str, Any] = {"type": "string", "enum": versions}
        if self.default is not None:
            schema["default"] = self.default
        docs.parameter(
            self.source.name,
            self.source.kind,
            schema,
            description="The API version."
            + (" Bodies are described as of the newest." if self.conversions else ""),
            required=self.default is None,
        )

    def describe(self) -> str:
        versions = self.default if self.source.kind == "path" else ", ".join(self.lineage.versions)
        return f"version {versions} by {self.source}"


class DeprecationHook(Hook):
    """Says on every outcome that the route is deprecated; after its sunset, perhaps 410."""

    order: Order = Order.VERSION

    def __init__(self, deprecation: Deprecation) -> None:
        self.deprecation = deprecation

    def bind(self, operation: Operation) -> DeprecationHook:
        operation.deprecated = True
        if not getattr(operation.api, "documents_hooks", False):
            # Ninja's own document has read the flag by the time that it asks the hooks.
            declared = vars(operation).get("openapi_extra") or {}
            operation.openapi_extra = {**declared, "deprecated": True}
        return self

    def before_auth(self, call: Call) -> None:
        # For the middleware, where an unexpected error leaves the API without a response.
        setattr(call.request, DEPRECATION, self.deprecation)
        if self.deprecation.is_gone(time.time()):
            raise ApiError(410, self.deprecation.message, code="gone")

    def on_response(self, call: Call) -> None:
        run(self._conclude(call))

    async def aon_response(self, call: Call) -> None:
        await arun(self._conclude(call))

    def _conclude(self, call: Call) -> Steps[None]:
        if call.response is not None:
            self.deprecation.put_on(call.response)
        route = call.route or "(no route)"
        yield from used(call.request, call.ctx, route, self.deprecation)

    def document(self, docs: OperationDocs) -> None:
        headers = self.deprecation.headers
        texts = {
            "Deprecation": "Deprecated since (RFC 9745).",
            "Sunset": "When it may be gone (RFC 8594).",
            "Link": "What to use instead, and where to read about it.",
        }
        for name, text in texts.items():
            if name in headers:
                docs.header(name, {"type": "string"}, description=text)
        if self.deprecation.gone:
            docs.error(410, "Switched off after its sunset.")

    def describe(self) -> str:
        sunset = self.deprecation.headers.get("Sunset")
        ends = f", {'gone after' if self.deprecation.gone else 'sunset'} {sunset}" if sunset else ""
        return f"deprecated{ends}"
