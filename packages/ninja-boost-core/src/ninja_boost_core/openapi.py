"""The OpenAPI document of an AutoAPI: what is really sent, hooks and errors included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.client import responses as phrases
from typing import TYPE_CHECKING, Any

from ninja.constants import NOT_SET
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema
from ninja.schema import NinjaGenerateJsonSchema, Schema
from pydantic.json_schema import JsonSchemaMode

from .conf import CoreSettings, boost_settings
from .contract import OperationDocs
from .operation import BoostOperation
from .responses import BODILESS, SENTINEL, Envelope, ErrorEnvelope, ProblemDetails, current_wrapper
from .security import scheme_name

if TYPE_CHECKING:
    from .api import AutoAPI

__all__ = ["BoostOpenAPISchema", "WrittenJsonSchema"]

_REF_PREFIX = REF_TEMPLATE.format(model="")
_CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
_RETRY_AFTER = {
    "Retry-After": {
        "schema": {"type": "string"},
        "required": True,
        "description": "Seconds, or a date.",
    }
}
# What ``exceptions.add_error_headers`` sees to.
_ERROR_HEADERS = {401: _CHALLENGE, 429: _RETRY_AFTER, 503: _RETRY_AFTER}


class WrittenJsonSchema(NinjaGenerateJsonSchema):
    """JSON Schema of what a response model writes: its defaults are written, too.

    Ninja says of a field with a default that it may be missing; so does a document that is to
    be Ninja's own, with ``ERRORS = "ninja"``.
    """

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Return whether the field is always there."""
        is_ninjas = boost_settings.section(CoreSettings).ERRORS == "ninja"
        if is_ninjas or self.mode != "serialization" or field["type"] == "typed-dict-field":
            return super().field_is_required(field, total)
        return field.get("serialization_exclude_if") is None


class BoostOpenAPISchema(OpenAPISchema):
    """Ninja's document with the envelope, the errors and what the hooks add."""

    api: AutoAPI

    def copy(self) -> BoostOpenAPISchema:
        """Return a copy that shares nothing that one may change."""
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self))
        dict.update(copied, _copied(dict(self)))
        copied.schemas = copied["components"]["schemas"]
        copied.securitySchemes = copied["components"].get("securitySchemes", {})
        return copied

    def get_components(self) -> dict[str, Any]:
        components: dict[str, Any] = super().get_components()
        # Ninja leaves out what ``openapi_extra`` adds to a part that it makes itself.
        for kind, found in self.api.openapi_extra.get("components", {}).items():
            components[kind] = {**components.get(kind, {}), **found}
        return components

    def operation_details(self, operation: Any) -> dict[str, Any]:
        name = operation.operation_id or self.api.get_openapi_operation_id(operation)
        unique = self._unused(name)
        given, operation.operation_id = operation.operation_id, unique
        try:
            details: dict[str, Any] = super().operation_details(operation)
        finally:
            operation.operation_id = given
        return details

    def methods(self, operations: list[Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for operation in operations:
            # One operation may serve several methods; each needs an id of its own.
            for method in operation.methods if operation.include_in_schema else ():
                result[method.lower()] = self.operation_details(operation)
        return result

    def operation_parameters(self, operation: Any) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().operation_parameters(operation)
        for parameter in parameters:
            if parameter["in"] == "path":
                parameter["required"] = True
        if isinstance(operation, BoostOperation):
            parameters += operation.docs().parameters
        return parameters

    def operation_security(self, operation: Any) -> list[dict[str, Any]] | None:
        result: list[dict[str, Any]] = []
        for callback in operation.authentication:
            name = scheme_name(callback)
            if name is not None:
                result.append({name: []})
                self.securitySchemes[name] = callback.openapi_security_schema
        return result or None

    def responses(self, operation: Any) -> dict[Any, dict[str, Any]]:
        docs = operation.docs()
        result: dict[Any, dict[str, Any]] = {}
        for status, model in operation.response_models.items():
            if status is not Ellipsis:
                result[status] = self._declared_response(operation, status, model)
        for status, description in sorted(self._errors(operation, docs).items()):
            if status not in result:
                result[status] = self._error_response(description)
        required: Mapping[Any, dict[str, Any]] = {}
        if boost_settings.section(CoreSettings).ERRORS != "ninja":
            result["default"] = self._error_response("Any other error.")
            required = _ERROR_HEADERS
        for status, response in result.items():
            added = (required.get(status), docs.headers.get(None), docs.headers.get(status))
            headers = {name: header for each in added if each for name, header in each.items()}
            if headers:
                response.setdefault("headers", {}).update(headers)
        return result

    def _declared_response(self, operation: Any, status: int, model: Any) -> dict[str, Any]:
        response: dict[str, Any] = {"description": phrases.get(status, "Unknown Status Code")}
        is_error = status >= 400
        if is_error and boost_settings.section(CoreSettings).ERRORS != "ninja":
            if model is None:
                # Ninja sends no body then.
                return response
            details = None if model is NOT_SET else model.__annotations__["response"]
            return self._error_response(response["description"], details, operation)
        if model is None or status in BODILESS:
            return response
        if getattr(operation, "stream_format", None) is not None:
            schema = self._schema_of(model, operation)
            response["content"] = operation.stream_format.openapi_content_schema(schema)
            return response
        schema = self._enveloped(model, operation)
        if schema or model is not NOT_SET:
            response["content"] = {self.api.renderer.media_type: {"schema": schema}}
        return response

    def _enveloped(self, model: Any, operation: Any) -> dict[str, Any]:
        wrapper = current_wrapper()
        annotation = Any if model is NOT_SET else model.__annotations__["response"]
        is_ours = wrapper.shape == {"ok": True, "data": SENTINEL}
        if is_ours and not _has_fields(annotation, wrapper.keys):
            envelope: Any = Envelope
            return self._schema_of(_response_model(envelope[annotation]), operation)
        schema = {} if model is NOT_SET else self._schema_of(model, operation)
        return schema if wrapper.wrap is None or is_ours else _learnt(wrapper.shape, schema)

    def _errors(self, operation: Any, docs: OperationDocs) -> dict[int, str]:
        """Return the errors that the pipeline and the hooks can cause, with a description."""
        errors = dict(docs.errors)
        if operation.authentication:
            errors.setdefault(401, "Missing or wrong credentials.")
        sources = {model.__ninja_param_source__ for model in operation.models}
        if sources:
            errors.setdefault(422, "A parameter or the body is not valid.")
        if sources & {"body", "form", "file"}:
            errors.setdefault(400, "The body cannot be parsed.")
            errors.setdefault(413, "The body is too large.")
        if operation.throttle_objects:
            errors.setdefault(429, "Too many requests.")
        return errors

    def _error_response(
        self, description: str, details: Any = None, operation: Any = None
    ) -> dict[str, Any]:
        errors = boost_settings.section(CoreSettings).ERRORS
        media_type = self.api.renderer.media_type
        response: dict[str, Any] = {"description": description}
        model: Any
        if errors == "ninja":
            return response
        if errors == "problem":
            model = ProblemDetails
            if media_type == "application/json":
                media_type = "application/problem+json"
        elif details is None or details is str or _is_error_envelope(details):
            model = ErrorEnvelope[Any]
        else:
            generic: Any = ErrorEnvelope
            model = generic[details]
        # Errors are no dumped models: they leave out what they have nothing to say for.
        schema = self._schema_of(_response_model(model), operation, NinjaGenerateJsonSchema)
        response["content"] = {media_type: {"schema": schema}}
        return response

    def _schema_of(
        self,
        model: Any,
        operation: Any,
        generator: type[NinjaGenerateJsonSchema] = WrittenJsonSchema,
    ) -> dict[str, Any]:
        """Return the schema of a response model; its definitions go to the components."""
        schema: dict[str, Any] = model.model_json_schema(
            ref_template=REF_TEMPLATE,
            by_alias=operation.by_alias if operation is not None else False,
            schema_generator=generator,
            mode="serialization",
        )
        if operation is not None:
            _relax(schema, operation)
        schema = self._with_components(schema, "serialization")
        result: dict[str, Any] = schema["properties"]["response"]
        return result

    def _create_schema_from_model(
        self,
        model: Any,
        by_alias: bool = True,
        remove_level: bool = True,
        mode: JsonSchemaMode = "validation",
    ) -> tuple[dict[str, Any], bool]:
        if hasattr(model, "__ninja_flatten_map__"):
            schema = self._flatten_schema(model)
        else:
            schema = self._with_components(
                model.model_json_schema(
                    ref_template=REF_TEMPLATE,
                    by_alias=by_alias,
                    schema_generator=NinjaGenerateJsonSchema,
                    mode=mode,
                ),
                mode,
            )
        if remove_level and len(schema["properties"]) == 1:
            name, details = next(iter(schema["properties"].items()))
            return details, name in schema.get("required", ())
        return schema, True

    def _with_components(self, schema: dict[str, Any], mode: str) -> dict[str, Any]:
        """Move ``$defs`` to the components and return the rest.

        A definition whose name is taken by a different one gets a name of its own: two schemas
        of one name, or one schema as it is read and as it is written, are two components.
        """
        definitions: dict[str, Any] = schema.pop("$defs", {})
        renamed: dict[str, str] = {}
        for name, definition in definitions.items():
            known = self.schemas.get(name)
            if known is not None and known != definition:
                candidates = self._other_names(name, mode)
                renamed[name] = next(
                    candidate
                    for candidate in candidates
                    if self.schemas.get(candidate) in (None, _renamed(definition, renamed))
                )
        for name, definition in definitions.items():
            self.schemas[renamed.get(name, name)] = _renamed(definition, renamed)
        result: dict[str, Any] = _renamed(schema, renamed)
        return result

    def _other_names(self, name: str, mode: str) -> Iterator[str]:
        base = f"{name}{'Output' if mode == 'serialization' else 'Input'}"
        yield base
        for number in range(2, 10_000):
            yield f"{base}{number}"

    def _unused(self, name: str) -> str:
        if name not in self.all_operation_ids:
            return name
        number = 2
        while f"{name}_{number}" in self.all_operation_ids:
            number += 1
        return f"{name}_{number}"


def _copied(value: Any) -> Any:
    """Return a deep copy of what JSON can hold."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


def _response_model(annotation: Any) -> type[Schema]:
    return type("NinjaResponseSchema", (Schema,), {"__annotations__": {"response": annotation}})


def _has_fields(annotation: Any, keys: frozenset[str]) -> bool:
    fields = getattr(annotation, "model_fields", None)
    return fields is not None and frozenset(fields) == keys


def _is_error_envelope(annotation: Any) -> bool:
    fields = getattr(annotation, "model_fields", None)
    return fields is not None and {"ok", "error", "code"} <= set(fields)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return ``value`` with its references to renamed components changed."""
    if not names:
        return value
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        changed = {key: _renamed(item, names) for key, item in value.items()}
        reference = changed.get("$ref")
        if isinstance(reference, str):
            name = reference.removeprefix(_REF_PREFIX)
            changed["$ref"] = _REF_PREFIX + names.get(name, name)
        return changed
    return value


def _relax(schema: dict[str, Any], operation: Any) -> None:
    """Drop from ``required`` what the operation's ``exclude_*`` options may leave out."""
    if not (operation.exclude_none or operation.exclude_unset or operation.exclude_defaults):
        return
    for name, definition in schema.get("$defs", {}).items():
        if "required" not in definition or name.startswith("Envelope"):
            continue
        properties = definition.get("properties", {})
        kept = [
            key
            for key in definition["required"]
            if not (operation.exclude_unset or operation.exclude_defaults)
            and not _may_be_null(properties.get(key, {}))
        ]
        if kept:
            definition["required"] = kept
        else:
            del definition["required"]


def _may_be_null(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "null" or any(
        _may_be_null(option) for option in schema.get("anyOf", ())
    )


def _learnt(shape: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a custom envelope, from what it made of the sentinel."""
    if shape is SENTINEL:
        return data
    if isinstance(shape, dict):
        return {
            "type": "object",
            "properties": {str(key): _learnt(value, data) for key, value in shape.items()},
            "required": [str(key) for key in shape],
        }
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(shape, kind):
            return {"type": name}
    if isinstance(shape, list | tuple):
        return {"type": "array", "items": _learnt(shape[0], data) if shape else {}}
    return {}
