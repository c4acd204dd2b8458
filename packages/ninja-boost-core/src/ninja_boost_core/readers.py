"""The fast request path: from a request to the arguments of a view.

Ninja validates each object of a request through a proxy that serves Django's models. JSON, forms
and query strings hold none, so the proxies are taken out of the compiled validators; what else a
schema says stays in, whatever it is. Where this path fails, Ninja's own reads the request again:
its errors, and their words, are the ones that a client sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pydantic
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from ninja.operation import Operation
from ninja.params.models import BodyModel, ParamModel, PathModel, QueryModel
from ninja.parser import Parser
from pydantic_core import SchemaValidator, core_schema, from_json

from .serializer import (
    CONFIG_KEYS,
    DEFAULT_KEYS,
    JSON,
    LIST_KEYS,
    Refused,
    Shadow,
    bare,
    below_proxy,
    fields_of,
    only,
)

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja import NinjaAPI

    from .operation import BoostOperation

__all__ = ["Readers"]

_CONFIG_KEYS = CONFIG_KEYS | {"extra_fields_behavior"}
_FIELD_KEYS = frozenset({"schema", "validation_alias", "serialization_alias", "frozen"}) | {
    "serialization_exclude"
}
_DJANGOS = frozenset({WSGIRequest, ASGIRequest})
PATIENCE = 5
"""So many requests in a row that only Ninja's path can read switch the fast one off."""

Gather = Callable[["HttpRequest", dict[str, Any]], Any]
Validate = Callable[..., Any]


class Readers:
    """The fast request path of one operation.

    Args:
        operation: the bound operation.
        readers: for each source of parameters, what gathers its data and what validates them.
    """

    __slots__ = ("failures", "operation", "readers")

    def __init__(self, operation: Operation, readers: Sequence[tuple[Gather, Validate]]) -> None:
        self.operation: Operation = operation
        self.readers: tuple[tuple[Gather, Validate], ...] = tuple(readers)
        self.failures: int = 0

    @classmethod
    def of(cls, operation: BoostOperation) -> Readers | None:
        """Compile the fast path of an operation; None if Ninja's path has to read."""
        if type(operation)._get_values is not Operation._get_values:
            return None
        if operation.signature.response_arg is not None:
            return None
        try:
            readers = [
                (_gatherer(model, operation.api), _validator(model)) for model in operation.models
            ]
        except Refused:
            return None
        return cls(operation, readers) if readers else None

    def __call__(self, request: HttpRequest, path_params: dict[str, Any]) -> dict[str, Any]:
        """Return the view's arguments.

        Raises:
            ninja.errors.ValidationError: as Ninja's path raises it.
            ninja.errors.HttpError: a body that cannot be parsed.
        """
        values: dict[str, Any] = {}
        for gather, validate in self.readers:
            # Its errors are final: a broken upload, say, looks empty when it is read again.
            data = gather(request, path_params)
            try:
                values.update(validate(data, context={"request": request}).__dict__)
            except Exception:  # noqa: BLE001 - Ninja's path gives the error, or an answer
                return self._by_ninja(request, path_params)
        if self.failures:
            self.failures = 0
        return values

    def _by_ninja(self, request: HttpRequest, path_params: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = self.operation._get_values(request, path_params, cast(Any, None))
        # Only here it is this path that was wrong, and not the client.
        self.failures += 1
        if self.failures == PATIENCE:
            self.readers = ((_nothing, _refuse),)
        return values


def _nothing(request: HttpRequest, path_params: dict[str, Any]) -> None:
    return None


def _refuse(data: None, **_: Any) -> Any:
    raise Refused("more of the same")


def _gatherer(model: type[ParamModel], api: NinjaAPI) -> Gather:
    """Return what collects the data of one source, as Ninja does."""
    moves: Mapping[str, Any] = getattr(model, "__ninja_flatten_map__", None) or {}
    is_flat = all(path == (key,) for key, path in moves.items())
    stock = type(api.parser) is Parser
    gather = model.get_request_data.__func__  # type: ignore[attr-defined]
    if is_flat and gather is PathModel.get_request_data.__func__:  # type: ignore[attr-defined]
        return lambda request, path_params: path_params
    name: str | None = getattr(model, "__read_from_single_attr__", None)
    if is_flat and stock and name and gather is BodyModel.get_request_data.__func__:  # type: ignore[attr-defined]
        return _body_reader(name, model, api)
    is_query = gather is QueryModel.get_request_data.__func__  # type: ignore[attr-defined]

    def collect(request: HttpRequest, path_params: dict[str, Any]) -> Any:
        if is_query and stock and _has_no_query(request):
            return {}
        data = model.get_request_data(request, api, path_params)
        return data if data is None or is_flat else model._map_data_paths(data)

    return collect


def _has_no_query(request: HttpRequest) -> bool:
    """Return whether there is nothing to parse; a middleware or a test may have set ``GET``."""
    is_unread = type(request) in _DJANGOS and "GET" not in request.__dict__
    return is_unread and not request.META.get("QUERY_STRING")


def _body_reader(name: str, model: type[ParamModel], api: NinjaAPI) -> Gather:
    loads = from_json

    def read(request: HttpRequest, path_params: dict[str, Any]) -> Any:
        try:
            return {name: loads(request.body)}
        except (ValueError, RecursionError):
            # No body, or one that Ninja has an error for.
            return model.get_request_data(request, api, path_params)

    return read


def _validator(model: type[ParamModel]) -> Validate:
    schema: Any = model.__pydantic_core_schema__
    definitions: list[Any] = []
    if isinstance(schema, dict) and schema["type"] == "definitions":
        definitions, schema = schema["definitions"], schema["schema"]
    if not isinstance(schema, dict) or schema["type"] != "model":
        raise Refused("a schema that is not complete")
    walk = _Walk({each["ref"]: each for each in definitions})
    stripped = walk.model(schema)
    if definitions:
        stripped = core_schema.definitions_schema(stripped, definitions)
    validate: Validate = SchemaValidator(stripped).validate_python
    return validate


class _Walk:
    """Copies a core schema without Ninja's proxies; what it does not know stays as it is."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self.inside: list[str] = []

    def node(self, schema: JSON) -> Any:
        walk = getattr(self, f"_{schema['type'].replace('-', '_')}", None)
        if walk is None:
            return schema
        try:
            return walk(schema)
        except Refused:
            return schema

    def _definition_ref(self, schema: JSON) -> Any:
        reference = schema["schema_ref"]
        target = self.definitions[reference]
        if reference in self.inside or target["type"] != "function-wrap":
            return schema
        self.inside.append(reference)
        try:
            return self._function_wrap(target)
        finally:
            self.inside.pop()

    def _nullable(self, schema: JSON) -> Any:
        only(schema, frozenset({"schema", "strict"}))
        return core_schema.nullable_schema(self.node(schema["schema"]))

    def _default(self, schema: JSON) -> Any:
        only(schema, DEFAULT_KEYS)
        return {**bare(schema), "schema": self.node(schema["schema"])}

    def _list(self, schema: JSON) -> Any:
        only(schema, LIST_KEYS | {"items_schema"})
        if "items_schema" not in schema:
            return schema
        return {**bare(schema), "items_schema": self.node(schema["items_schema"])}

    def _function_wrap(self, schema: JSON) -> Any:
        model = below_proxy(schema)
        return core_schema.no_info_after_validator_function(_maker(model["cls"]), self.model(model))

    def model(self, schema: JSON) -> Any:
        fields = fields_of(schema, _CONFIG_KEYS)
        return core_schema.model_schema(
            Shadow,
            core_schema.model_fields_schema(
                {name: self._field(field) for name, field in fields["fields"].items()}
            ),
            config=schema.get("config"),
        )

    def _field(self, field: JSON) -> Any:
        only(field, _FIELD_KEYS)
        return {**bare(field), "schema": self.node(field["schema"])}


def _maker(cls: type[pydantic.BaseModel]) -> Callable[[Shadow], pydantic.BaseModel]:
    """Return what makes an instance of ``cls`` of what stands for it.

    It has been validated, so that this is all that pydantic does, too.
    """
    new, put = object.__new__, object.__setattr__

    def make(shadow: Any) -> pydantic.BaseModel:
        instance = new(cls)
        put(instance, "__dict__", shadow.__dict__)
        put(instance, "__pydantic_fields_set__", shadow.__pydantic_fields_set__)
        put(instance, "__pydantic_extra__", None)
        put(instance, "__pydantic_private__", None)
        return instance

    return make
