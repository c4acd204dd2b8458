"""The fast response path: from a view's result to the response, without detours.

Ninja makes a response before the view runs, validates the result through proxies, dumps it,
renders it and fills the response. Here all that does not depend on the result was decided when
the operation was compiled: whether it applies at all, the serializer of each status, the bytes
of the envelope and the headers. A result that needs Ninja's path gets it, unchanged, and an
operation whose results keep needing it gets nothing else from then on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.http.cookie import SimpleCookie
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, responses
from ninja.constants import NOT_SET
from ninja.operation import Operation
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from .conf import CoreSettings, boost_settings
from .headers import QuickHeaders
from .problems import MissingDependency
from .projection import Projection
from .rendering import BoostJSONRenderer, IdentityEncoder, encoder_of
from .responses import BODILESS, current_wrapper, wrap_response
from .serializer import Refused, Serializer, Shadow, compiled
from .shapes import item_shape

if TYPE_CHECKING:
    from ninja import Schema

    from .contract import Hook
    from .operation import BoostOperation

__all__ = ["Answers"]

logger: logging.Logger = logging.getLogger("ninja_boost.rendering")

PATIENCE = 5
"""So many results in a row that need Ninja's path switch the fast one off."""

# Ninja has it from 1.6 on, and since then sends an instance of the schema without validation.
_Status: Any = getattr(responses, "Status", None)
_ENCODERS: dict[type[Any], type[NinjaJSONEncoder]] = {
    BoostJSONRenderer: IdentityEncoder,
    JSONRenderer: NinjaJSONEncoder,
}


class ResponseTemplate:
    """Makes responses that differ in their content alone.

    The constructor of HttpResponse parses and encodes the same status and content type each
    time; a copy of what it made the first time is the same response.
    """

    __slots__ = ("content_type", "headers", "state", "status")

    def __init__(self, content_type: str, status: int) -> None:
        self.content_type: str = content_type
        self.status: int = status
        made = vars(HttpResponse(b"", content_type=content_type, status=status))
        self.headers: dict[str, Any] = made["headers"]._store
        self.state: dict[str, Any] | None = {
            key: value for key, value in made.items() if key not in _OWN
        }
        if made.keys() - _OWN != _SHARED or vars(made["headers"]).keys() != {"_store"}:
            self.state = None

    def __call__(self, content: bytes) -> HttpResponse:
        if self.state is None:
            return HttpResponse(content, content_type=self.content_type, status=self.status)
        headers = QuickHeaders.__new__(QuickHeaders)
        headers._store = self.headers.copy()
        response = HttpResponse.__new__(HttpResponse)
        response.__dict__ = {
            **self.state,
            "headers": headers,
            "cookies": SimpleCookie(),
            "_resource_closers": [],
            "_container": [content],
        }
        return response


# What each response has of its own, and what a known Django gives it besides.
_OWN = frozenset({"headers", "cookies", "_resource_closers", "_container"})
_SHARED = frozenset({"_charset", "_handler_class", "closed", "_reason_phrase", "status_code"})


class Answers:
    """The fast response path of one operation.

    Args:
        operation: the bound operation.
        by_status: for each status that it serves, how a result becomes the body.
        default: the status of a result that names none.
    """

    __slots__ = ("by_status", "default", "failures", "operation")

    def __init__(self, operation: Operation, by_status: Mapping[int, _Body], default: int) -> None:
        self.operation: Operation = operation
        self.by_status: Mapping[int, _Body] = by_status
        self.default = by_status.get(default)
        self.failures: int = 0

    @classmethod
    def of(cls, operation: BoostOperation) -> Answers | None:
        """Compile the fast path of an operation; None if Ninja's path has to answer."""
        api = operation.api
        if not _is_stock(operation, api):
            return None
        envelope = _envelope(api)
        if envelope is None:
            return None
        by_status: dict[int, _Body] = {}
        for status, model in operation.response_models.items():
            if not isinstance(status, int) or not 200 <= status < 400 or status in BODILESS:
                continue
            template = ResponseTemplate(api.get_content_type(), status)
            if model is NOT_SET:
                by_status[status] = _AnyBody(template, _encode(api.renderer), envelope)
            elif model is not None:
                try:
                    by_status[status] = _SchemaBody(template, model, envelope, operation)
                except Refused as refused:
                    logger.debug("%s: Ninja's path, for %s.", operation.path, refused)
        if not by_status:
            return None
        statuses = list(operation.response_models)
        return cls(operation, by_status, statuses[0] if len(statuses) == 1 else 200)

    def projection(self, hooks: Iterable[Hook]) -> Projection | None:
        """Return how rows may be read; None if somebody asks for more than the schema takes."""
        if not isinstance(self.default, _SchemaBody):
            return None
        points = ("after_view", "aafter_view")
        if any(hook.implements(p) and not hook.keeps_items for hook in hooks for p in points):
            return None
        shape = item_shape(self.default.annotation)
        validates = boost_settings.section(CoreSettings).VALIDATE_ROWS
        return None if shape is None else Projection(shape, make=None if validates else Shadow)

    def __call__(self, result: Any) -> HttpResponse | None:
        """Return the response for a view's result; None if Ninja's path has to answer."""
        body = self.default
        if _Status is not None and type(result) is _Status:
            body, result = self.by_status.get(result.status_code), result.value
        if body is None or isinstance(result, (HttpResponseBase, tuple)):
            return None
        try:
            response = body(result)
        except Exception as error:  # noqa: BLE001 - Ninja's path gives the error, or an answer
            self._failed(error)
            return None
        if self.failures:
            self.failures = 0
        return response

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        if self.failures == PATIENCE:
            self.default, self.by_status = None, {}
            # The error's text may quote the data.
            logger.info(
                "%s %s is answered by Ninja's own path from now on; the last of %d results in a "
                "row that needed it raised %s.",
                "/".join(self.operation.methods),
                self.operation.path,
                PATIENCE,
                type(error).__name__,
            )


_Body = Callable[[Any], "HttpResponse | None"]


class _AnyBody:
    """The body of an operation without ``response=``: whatever the encoder makes of the result."""

    __slots__ = ("_after", "_before", "_encode", "_envelope", "_template")

    def __init__(
        self, template: ResponseTemplate, encode: Callable[[Any], bytes], envelope: Envelope
    ) -> None:
        self._template = template
        self._encode = encode
        self._envelope = envelope
        self._before, self._after = envelope.parts

    def __call__(self, result: Any) -> HttpResponse | None:
        if isinstance(result, dict) and result.keys() == self._envelope.keys:
            return None
        return self._template(b"".join((self._before, self._encode(result), self._after)))


def _encode(renderer: Any) -> Callable[[Any], bytes]:
    """Return what writes JSON like ``renderer``, without its preparations for each result.

    Raises:
        MissingDependency: orjson is asked for, and is not installed.
    """
    encoder = encoder_of(renderer)()
    if boost_settings.section(CoreSettings).JSON == "orjson":
        return _with_orjson(encoder.default)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return lambda result: encoder.encode(result).encode()
    # A result that contains itself ends in a RecursionError here, and in Ninja's words there.
    chunks = make(
        None,
        encoder.default,
        json.encoder.encode_basestring_ascii,
        None,
        encoder.key_separator,
        encoder.item_separator,
        encoder.sort_keys,
        encoder.skipkeys,
        encoder.allow_nan,
    )
    return lambda result: "".join(chunks(result, 0)).encode()


def _with_orjson(default: Callable[[Any], Any]) -> Callable[[Any], bytes]:
    try:
        import orjson
    except ImportError as error:
        raise MissingDependency("pip install 'orjson>=3.10'") from error
    options = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
    dumps = orjson.dumps
    return lambda result: dumps(result, default, options)


class _SchemaBody:
    """The body of an operation with a response schema."""

    __slots__ = (
        "_after",
        "_before",
        "_careful",
        "_dumped",
        "_options",
        "_serializer",
        "_template",
        "annotation",
    )

    def __init__(
        self,
        template: ResponseTemplate,
        model: type[Schema],
        envelope: Envelope,
        operation: Operation,
    ) -> None:
        core = boost_settings.section(CoreSettings)
        serializer = compiled(model, microseconds=core.DATETIMES == "rfc3339")
        if envelope.keys and serializer.names >= envelope.keys:
            raise Refused("a schema that may be an envelope itself")
        self._template = template
        self._serializer: Serializer = serializer
        self.annotation: Any = model.model_fields["response"].annotation
        self._before, self._after = envelope.parts
        # What Ninja dumps as it is, and so does this: nothing is left to validate.
        self._dumped = serializer.model if _Status is not None else None
        options: dict[str, Any] = {"by_alias": operation.by_alias}
        for name in ("exclude_unset", "exclude_defaults", "exclude_none"):
            if getattr(operation, name):
                options[name] = True
        # Of a value that is not what the schema says, Ninja's path warns. To look out for one
        # costs as much as to write a small object, so it is done only where there may be one.
        self._careful: dict[str, Any] = {**options, "warnings": "error"}
        is_exact = serializer.is_exact and core.VALIDATE_ROWS
        self._options: dict[str, Any] = options if is_exact else self._careful

    def __call__(self, result: Any) -> HttpResponse | None:
        if self._dumped is not None and isinstance(result, self._dumped):
            if type(result) is not self._dumped:
                return None
            body = self._serializer.to_json(result, **self._careful)
        else:
            body = self._serializer.to_json(self._serializer.validate(result), **self._options)
        if body == b"null":
            return None  # with exclude_none, Ninja has no answer
        return self._template(b"".join((self._before, body, self._after)))


class Envelope:
    """The bytes around the data, and the keys of a result that is not wrapped again."""

    __slots__ = ("keys", "parts")

    def __init__(self, parts: tuple[bytes, bytes], keys: frozenset[str]) -> None:
        self.parts: tuple[bytes, bytes] = parts
        self.keys: frozenset[str] = keys


def _envelope(api: NinjaAPI) -> Envelope | None:
    """Return what AutoAPI puts around a result; None if only its function can tell."""
    if type(api).create_response is NinjaAPI.create_response:
        return Envelope((b"", b""), frozenset())
    wrapper = current_wrapper()
    if wrapper.wrap is None:
        return Envelope((b"", b""), frozenset())
    if wrapper.wrap is not wrap_response:
        return None
    return Envelope((b'{"ok": true, "data": ', b"}"), wrapper.keys)


def _is_stock(operation: Operation, api: NinjaAPI) -> bool:
    """Return whether nobody has put something of his own in the way from result to response."""
    from .api import AutoAPI

    kind = type(api)
    renderer = api.renderer
    return (
        getattr(operation, "stream_format", None) is None
        and operation.signature.response_arg is None
        and type(operation)._result_to_response is Operation._result_to_response
        and kind.create_response in (NinjaAPI.create_response, AutoAPI.create_response)
        and kind.create_temporal_response is NinjaAPI.create_temporal_response
        and kind.get_content_type is NinjaAPI.get_content_type
        and isinstance(renderer, JSONRenderer)
        and type(renderer) in _ENCODERS
        and vars(renderer).keys() <= {"encoder_class"}
        and renderer.encoder_class is _ENCODERS[type(renderer)]
        and not renderer.json_dumps_params
        and not {"create_response", "create_temporal_response"} & vars(api).keys()
    )
