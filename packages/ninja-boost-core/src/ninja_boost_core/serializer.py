"""A response schema compiled to one validator and one serializer of pydantic-core.

Ninja puts a proxy around each object that it validates, dumps the result to Python objects and
hands these to ``json``. What is compiled here reads the attributes in Rust and writes the bytes.

Only what is known to give the same JSON is compiled, and everything else is refused when the
operation is compiled: resolvers, dotted aliases, validators, serializers, computed fields,
unions, ``Any``, dictionaries, sets. What cannot be seen from the schema raises when it is met:
the caller then takes Ninja's own path, which gives the answer or the error.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, cast

from django.db.models import Manager, QuerySet
from django.utils.duration import duration_iso_string
from ninja import Schema
from pydantic_core import SchemaSerializer, SchemaValidator, core_schema

__all__ = ["Refused", "Serializer", "compiled"]

JSON = Mapping[str, Any]

# What a node of pydantic's core schema may say without changing the JSON that comes of it.
NODE_KEYS = frozenset({"type", "metadata", "ref"})
_LEAF_KEYS: dict[str, frozenset[str]] = {
    "int": frozenset({"strict", "ge", "gt", "le", "lt", "multiple_of"}),
    "float": frozenset({"strict", "ge", "gt", "le", "lt", "multiple_of", "allow_inf_nan"}),
    "decimal": frozenset(
        {"strict", "ge", "gt", "le", "lt", "multiple_of", "allow_inf_nan"}
        | {"max_digits", "decimal_places"}
    ),
    "str": frozenset(
        {"strict", "max_length", "min_length", "pattern", "regex_engine", "strip_whitespace"}
        | {"to_lower", "to_upper", "coerce_numbers_to_str"}
    ),
    "bool": frozenset({"strict"}),
    "none": frozenset(),
    "uuid": frozenset({"strict", "version"}),
    "date": frozenset({"strict", "ge", "gt", "le", "lt", "now_op", "now_utc_offset"}),
    "datetime": frozenset(
        {"strict", "ge", "gt", "le", "lt", "now_op", "now_utc_offset", "tz_constraint"}
        | {"microseconds_precision"}
    ),
    "time": frozenset({"strict", "ge", "gt", "le", "lt", "tz_constraint"})
    | {"microseconds_precision"},
    "timedelta": frozenset({"strict", "ge", "gt", "le", "lt", "microseconds_precision"}),
    "literal": frozenset({"expected"}),
    "enum": frozenset({"cls", "members", "sub_type", "missing", "strict"}),
}
LIST_KEYS = frozenset({"items_schema", "min_length", "max_length", "strict", "fail_fast"})
DEFAULT_KEYS = frozenset({"schema", "default", "default_factory", "copy_default"})
_MODEL_KEYS = frozenset({"cls", "schema", "config", "generic_origin", "frozen"})
_FIELDS_KEYS = frozenset({"fields", "model_name", "computed_fields"})
_FIELD_KEYS = frozenset(
    {"schema", "validation_alias", "serialization_alias", "serialization_exclude", "frozen"}
)
CONFIG_KEYS = frozenset(
    {"title", "from_attributes", "allow_inf_nan", "coerce_numbers_to_str"}
    | {"str_strip_whitespace", "str_to_lower", "str_to_upper", "str_min_length", "str_max_length"}
)
_MISSING = object()
# As json writes them; pydantic's own choice is null.
_JSON_CONFIG: dict[str, Any] = {"ser_json_inf_nan": "constants"}
_ROOT_VALIDATOR = Schema._run_root_validator.__func__


class Refused(Exception):
    """The schema holds something that might not give the same JSON; the text says what."""


class Shadow:
    """Stands for a schema's instance between validation and serialization.

    pydantic-core takes the finished serializer of a schema's own class, however its core schema
    was changed. This class has none.
    """

    __slots__ = (
        "__dict__",
        "__pydantic_extra__",
        "__pydantic_fields_set__",
        "__pydantic_private__",
    )


class Serializer:
    """Validates a view's result and writes it as JSON.

    Attributes:
        validate: takes the result; what it returns is for ``to_json``.
        to_json: gives the bytes.
        model: the schema class, if the result is one object.
        names: the keys of the JSON object, as spelt with and without aliases; empty if the
            schema is no object.
        is_exact: whether all that ``validate`` returns is of the types that the schema says; a
            default may be anything.
    """

    __slots__ = ("is_exact", "model", "names", "to_json", "validate")

    def __init__(
        self,
        schema: core_schema.CoreSchema,
        model: type | None,
        names: frozenset[str],
        is_exact: bool,
    ) -> None:
        self.validate: Callable[[Any], Any] = SchemaValidator(schema).validate_python
        config = cast(core_schema.CoreConfig, _JSON_CONFIG)
        self.to_json: Callable[..., bytes] = SchemaSerializer(schema, config).to_json
        self.model: type | None = model
        self.names: frozenset[str] = names
        self.is_exact: bool = is_exact


def compiled(response_model: type[Schema], *, microseconds: bool = False) -> Serializer:
    """Compile the response model that Ninja made of an operation's ``response=``.

    Args:
        microseconds: whether datetimes are written as RFC 3339 has them, and not cut.

    Raises:
        Refused: the schema needs Ninja's own path.
    """
    schema: Any = response_model.__pydantic_core_schema__
    definitions: Iterable[Any] = ()
    if isinstance(schema, dict) and schema["type"] == "definitions":
        definitions, schema = schema["definitions"], schema["schema"]
    if not isinstance(schema, dict):
        raise Refused("a schema that is not complete")
    # Around the annotation stands the model that Ninja made, with its one field.
    fields = schema["schema"]["schema"]["fields"]
    writers = dict(_WRITERS)
    if microseconds:
        del writers["datetime"]
    walk = _Walk({each["ref"]: each for each in definitions}, writers)
    annotated = fields["response"]["schema"]
    target = walk.resolved(annotated)
    model = target["schema"] if target["type"] == "function-wrap" else {}
    node = walk.node(annotated)
    return Serializer(node, model.get("cls"), _names(model), walk.is_exact)


class _Walk:
    """Copies a core schema, with ``Shadow`` in the place of the schema classes."""

    def __init__(
        self, definitions: Mapping[str, Any], writers: Mapping[str, Callable[[Any], str]]
    ) -> None:
        self.definitions = definitions
        self.writers = writers
        self.inside: list[str] = []
        self.is_exact = True

    def resolved(self, schema: JSON) -> JSON:
        return (
            self.definitions[schema["schema_ref"]] if schema["type"] == "definition-ref" else schema
        )

    def node(self, schema: JSON) -> Any:
        kind = schema["type"]
        if kind in _LEAF_KEYS:
            return _leaf(schema, self.writers.get(kind))
        walk = getattr(self, f"_{kind.replace('-', '_')}", None)
        if walk is None:
            raise Refused(f"a field of the kind {kind}")
        return walk(schema)

    def _definition_ref(self, schema: JSON) -> Any:
        only(schema, frozenset({"schema_ref"}))
        reference = schema["schema_ref"]
        if reference in self.inside:
            raise Refused("a schema that contains itself")
        self.inside.append(reference)
        try:
            return self.node(self.definitions[reference])
        finally:
            self.inside.pop()

    def _nullable(self, schema: JSON) -> Any:
        only(schema, frozenset({"schema", "strict"}))
        return core_schema.nullable_schema(self.node(schema["schema"]))

    def _default(self, schema: JSON) -> Any:
        only(schema, DEFAULT_KEYS)
        inner = self.node(schema["schema"])
        if not _is_valid(schema.get("default", _MISSING), inner):
            self.is_exact = False
        return {**bare(schema), "schema": inner}

    def _list(self, schema: JSON) -> Any:
        only(schema, LIST_KEYS)
        items = schema.get("items_schema")
        if items is None:
            raise Refused("a list of anything")
        is_model = self.resolved(items)["type"] == "function-wrap"
        inner = self.node(items)
        if is_model and inner["type"] == "function-before":
            # One look at all the items serves as well as one at each.
            inner = inner["schema"]
        return core_schema.no_info_before_validator_function(
            _Rows(is_model), {**bare(schema), "items_schema": inner}
        )

    def _function_wrap(self, schema: JSON) -> Any:
        return self._schema_class(below_proxy(schema))

    def _schema_class(self, schema: JSON) -> Any:
        inner = fields_of(schema, CONFIG_KEYS)
        if not schema.get("config", {}).get("from_attributes"):
            raise Refused(f"{schema['cls'].__name__}, which reads no attributes")
        if inner.get("computed_fields"):
            raise Refused(f"{schema['cls'].__name__}, which computes fields")
        fields = {name: self._field(field) for name, field in inner["fields"].items()}
        model = core_schema.model_schema(
            Shadow,
            core_schema.model_fields_schema(fields),
            config=cast(core_schema.CoreConfig, {**schema["config"], **_JSON_CONFIG}),
        )
        if not any(field["schema"]["type"] == "default" for field in fields.values()):
            return model
        return core_schema.no_info_before_validator_function(_Object(), model)

    def _field(self, field: JSON) -> Any:
        only(field, _FIELD_KEYS)
        alias = field.get("validation_alias")
        if alias is not None and (not isinstance(alias, str) or not alias.isidentifier()):
            raise Refused(f"the alias {alias!r}")
        return {**bare(field), "schema": self.node(field["schema"])}


class _Object:
    """Lets an object pass whose missing fields have their defaults for Ninja too.

    Ninja asks an object without the attribute for an item of that name, which pydantic does not.
    """

    def __init__(self) -> None:
        self.known: set[type] = {dict}

    def __call__(self, value: Any) -> Any:
        if type(value) not in self.known:
            self.admit({type(value)})
        return value

    def admit(self, types: set[type]) -> None:
        for each in types - self.known:
            if hasattr(each, "__getitem__"):
                raise ValueError(f"{each.__name__} is read by item")
            self.known.add(each)


class _Rows(_Object):
    """Reads the rows of what stands for a list, as Ninja does.

    What can be read once only must not be read here: Ninja's path could not read it again.
    """

    def __init__(self, of_objects: bool) -> None:
        super().__init__()
        self.of_objects = of_objects

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Manager):
            value = value.all()
        if isinstance(value, QuerySet):
            value = list(value)
        elif not isinstance(value, list | tuple):
            raise ValueError("not a list")  # noqa: TRY004 - pydantic takes no TypeError
        if self.of_objects:
            types = set(map(type, value))
            if not types <= self.known:
                self.admit(types)
        return value


def _leaf(schema: JSON, writer: Callable[[Any], str] | None) -> Any:
    kind = schema["type"]
    only(schema, _LEAF_KEYS[kind])
    if kind == "literal":
        if any(type(value) not in (str, int, bool, type(None)) for value in schema["expected"]):
            raise Refused("a literal that is no string, number or boolean")
    elif kind == "enum" and not all(map(_is_its_value, schema["members"])):
        raise Refused("an enumeration of objects")
    copied = bare(schema)
    if writer is not None:
        copied["serialization"] = core_schema.plain_serializer_function_ser_schema(
            writer, return_schema=core_schema.str_schema()
        )
    return copied


def _is_valid(default: Any, schema: core_schema.CoreSchema) -> bool:
    """Return whether a default is what validation would have made of it; of a factory nobody knows.

    None is written as null whatever the schema says.
    """
    if default is None:
        return True
    try:
        validated = SchemaValidator(schema).validate_python(default)
    except ValueError:
        return False
    return type(validated) is type(default) and bool(validated == default)


def _is_its_value(member: Enum) -> bool:
    """Return whether ``json`` writes the member as pydantic does: as its value."""
    if isinstance(member, str):
        return type(member.value) is str and str.__str__(member) == member.value
    if isinstance(member, int):
        return type(member.value) is int and int(member) == member.value
    return False


# As Django's JSON encoder has them, to the millisecond.


def _datetime(value: datetime.datetime) -> str:
    text = value.isoformat()
    if value.microsecond:
        text = text[:23] + text[26:]
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _time(value: datetime.time) -> str:
    if value.tzinfo is not None:
        raise ValueError("JSON can't represent timezone-aware times.")
    text = value.isoformat()
    return text[:12] if value.microsecond else text


_WRITERS: dict[str, Callable[[Any], str]] = {
    "datetime": _datetime,
    "time": _time,
    "timedelta": duration_iso_string,
}


def below_proxy(schema: JSON) -> JSON:
    """Return the model below the validator with which Ninja puts a proxy around an object.

    Raises:
        Refused: it is another validator.
    """
    if getattr(schema["function"]["function"], "__func__", None) is not _ROOT_VALIDATOR:
        raise Refused("a validator")
    only(schema, frozenset({"function", "schema"}))
    model: JSON = schema["schema"]
    if model["type"] != "model":
        raise Refused("a validator of a schema")
    return model


def fields_of(model: JSON, config_keys: frozenset[str]) -> JSON:
    """Return the fields of a schema class that is made as pydantic makes them.

    Raises:
        Refused: it is made in a way of its own.
    """
    only(model, _MODEL_KEYS)
    only(model.get("config", {}), config_keys, "configuration")
    name = model["cls"].__name__
    if getattr(model["cls"], "_ninja_resolvers", None):
        raise Refused(f"{name}, which has resolvers")
    fields: JSON = model["schema"]
    if fields["type"] != "model-fields":
        raise Refused(f"a validator of {name}")
    only(fields, _FIELDS_KEYS)
    return fields


def only(node: JSON, known: frozenset[str], what: str = "field") -> None:
    # None and False say no more than a missing key.
    unknown = {key for key, value in node.items() if value is not None and value is not False}
    unknown -= known | NODE_KEYS
    if unknown:
        raise Refused(f"a {what} with {', '.join(sorted(unknown))}")


def bare(node: JSON) -> dict[str, Any]:
    # A reference would name a schema that is not the original any more.
    return {key: value for key, value in node.items() if key not in ("metadata", "ref")}


def _names(model: JSON) -> frozenset[str]:
    if not model:
        return frozenset()
    fields: Mapping[str, Any] = model["schema"].get("fields", {})
    aliases = (field.get("serialization_alias") for field in fields.values())
    return frozenset({*fields, *(alias for alias in aliases if alias)})
