"""Finds the payload in the bodies of requests and responses, and has it converted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from ninja.constants import NOT_SET

from ninja_boost_core import AutoAPI
from ninja_boost_core.conf import boost_settings

from .changes import Lineage
from .walking import Converter, request_converter, response_converter

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from ninja.operation import Operation

__all__ = ["Conversion", "conversions"]

_SENTINEL = object()
_DUMP = ("exclude_unset", "exclude_defaults", "exclude_none")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is to be done to the bodies of one operation for the clients of one version.

    Attributes:
        request: converts the whole body.
        responses: converts the payload, by declared status.
        envelope: the keys that lead to the payload in an enveloped response, if they are there.
    """

    request: Converter | None = None
    responses: Mapping[Any, tuple[Converter, tuple[str, ...]]] = field(default_factory=dict)

    def upgrade(self, request: HttpRequest) -> None:
        """Make the request's JSON body one of the newest version.

        What is no JSON is left for Ninja to refuse.

        Raises:
            ninja.errors.ValidationError: if the body is none of the client's own version.
        """
        if self.request is None or not request.body:
            return
        try:
            data = json.loads(request.body)
        except ValueError:
            return
        body = json.dumps(self.request(data, ("body",))).encode()
        request._body = body

    def downgrade(self, operation: Operation, call_request: HttpRequest, response: Any) -> bool:
        """Make the response's body one of the client's version; return whether it was done."""
        converter = self._converter(response)
        if converter is None:
            return False
        convert, envelope = converter
        body = json.loads(response.content)
        if envelope:
            holder = _holder(body, envelope)
            if holder is None:  # The view answered with a response of its own, unwrapped.
                body = convert(body, ())
            else:
                holder[envelope[-1]] = convert(holder[envelope[-1]], ())
        else:
            body = convert(body, ())
        status = response.status_code
        response.content = operation.api.renderer.render(call_request, body, response_status=status)
        if "Content-Length" in response:
            response["Content-Length"] = str(len(response.content))
        return True

    def _converter(self, response: HttpResponseBase) -> tuple[Converter, tuple[str, ...]] | None:
        status = response.status_code
        if status >= 400 or response.streaming or not getattr(response, "content", b""):
            return None
        media_type = response.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            return None
        return self.responses.get(status, self.responses.get(Ellipsis))


def conversions(operation: Operation, lineage: Lineage) -> dict[str, Conversion]:
    """Return the conversions of ``operation`` by version; those that do nothing are left out.

    Raises:
        ImproperlyConfigured: naming what cannot be converted.
    """
    found = {}
    dump = {name: bool(getattr(operation, name, False)) for name in _DUMP}
    dump["by_alias"] = bool(operation.by_alias)
    for version in lineage.versions:
        if not lineage.replaced(version):
            continue
        responses = {}
        for status, model in operation.response_models.items():
            if model in (None, NOT_SET) or (isinstance(status, int) and status >= 400):
                continue
            annotation = model.model_fields["response"].annotation
            convert = response_converter(lineage, annotation, version, dump)
            if convert is not None:
                responses[status] = convert, _envelope(operation, annotation)
        conversion = Conversion(_request_converter(operation, lineage, version), responses)
        if conversion.request or conversion.responses:
            _check(operation, conversion)
            found[version] = conversion
    return found


def _check(operation: Operation, conversion: Conversion) -> None:
    name = operation.view_func.__qualname__
    renders = operation.api.renderer.media_type
    if conversion.responses and "json" not in (renders or ""):
        raise ImproperlyConfigured(f"{name}: changes need a JSON renderer, not {renders}.")
    if getattr(operation, "stream_format", None) is not None and conversion.responses:
        raise ImproperlyConfigured(f"{name}: a streamed response cannot follow a change.")
    sources = {model.__ninja_param_source__ for model in operation.models}
    if conversion.request and sources & {"form", "file"}:
        raise ImproperlyConfigured(
            f"{name}: a form that holds a schema with a change cannot follow it; take JSON alone."
        )


def _request_converter(operation: Operation, lineage: Lineage, version: str) -> Converter | None:
    for model in operation.models:
        if model.__ninja_param_source__ == "body":
            single = getattr(model, "__read_from_single_attr__", None)
            if not single:
                return request_converter(lineage, model, version)
            annotation = model.model_fields[single].annotation
            convert = request_converter(lineage, annotation, version)
            if convert is None:
                return None
            return lambda data, path: convert(data, (*path, single))
    return None


def _envelope(operation: Operation, annotation: Any) -> tuple[str, ...]:
    """Return the keys under which RESPONSE_WRAPPER puts the payload; none for no envelope.

    Raises:
        ImproperlyConfigured: if the wrapper looks into the data, so that nobody can tell.
    """
    wrapper = boost_settings.RESPONSE_WRAPPER
    if wrapper is None or not isinstance(operation.api, AutoAPI):
        return ()
    try:
        shape = wrapper(_SENTINEL)
    except (TypeError, ValueError, AttributeError, KeyError):
        shape = None
    if isinstance(shape, dict) and getattr(annotation, "model_fields", {}).keys() == shape.keys():
        return ()
    path = _path_to_sentinel(shape)
    if path is None:
        raise ImproperlyConfigured(
            "NINJA_BOOST: RESPONSE_WRAPPER hides where it puts the data, so that version changes "
            "cannot find them. Return a dictionary that holds the data as they are."
        )
    return path


def _path_to_sentinel(shape: Any) -> tuple[str, ...] | None:
    if shape is _SENTINEL:
        return ()
    if isinstance(shape, dict):
        for key, value in shape.items():
            rest = _path_to_sentinel(value)
            if rest is not None:
                return (str(key), *rest)
    return None


def _holder(body: Any, path: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the dictionary that holds the payload."""
    for key in path[:-1]:
        body = body.get(key) if isinstance(body, dict) else None
    return body if isinstance(body, dict) and path[-1] in body else None
