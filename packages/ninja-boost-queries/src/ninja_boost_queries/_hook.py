"""How plans come into an operation."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet, aprefetch_related_objects, prefetch_related_objects
from django.db.models.manager import BaseManager
from ninja import responses
from ninja.constants import NOT_SET
from pydantic import BaseModel

from ninja_boost_core import Call, Hook, Order
from ninja_boost_core.problems import Misconfigured
from ninja_boost_core.shapes import item_shape, shape_of

from .hints import Queries
from .plan import plan
from .rows import lookups, planned

if TYPE_CHECKING:
    from ninja.operation import Operation

__all__ = ["QueriesHook", "plan_rows", "schema_model"]

# Ninja has it from 1.6 on.
_Status: Any = getattr(responses, "Status", None)


class QueriesHook(Hook):
    """Plans the querysets that a view returns, and leaves everything else alone."""

    order: int = Order.QUERIES
    keeps_items: bool = True

    def __init__(self, queries: Queries) -> None:
        self.queries = queries
        self.schemas: dict[int, type[BaseModel]] = {}
        self.default: type[BaseModel] | None = None

    def bind(self, operation: Operation) -> Hook | None:
        bound = copy(self)
        statuses: dict[Any, Any] = operation.response_models
        bound.schemas = {
            status: schema
            for status, model in statuses.items()
            if isinstance(status, int)
            and 200 <= status < 300
            and (schema := self._schema(model)) is not None
        }
        if not bound.schemas:
            if self.queries.hints:
                raise Misconfigured(
                    "There are hints for its queries, but its response has no schema.",
                    "Declare response=list[...], or take the hints away.",
                )
            return None
        bound.default = bound.schemas.get(next(iter(statuses)) if len(statuses) == 1 else 200)
        for schema in bound.schemas.values():
            model = self.queries.model or schema_model(schema)
            if model is not None:
                plan(schema, model, self.queries)
        return bound

    def _schema(self, model: Any) -> type[BaseModel] | None:
        """Return the schema of a row, or with ``instances`` of the one object."""
        if model is None or model is NOT_SET:
            return None
        annotation = model.model_fields["response"].annotation
        shape = item_shape(annotation)
        if shape is None and self.queries.instances:
            shape = shape_of(annotation)
        return None if shape is None else shape.schema

    def after_view(self, call: Call, result: Any) -> Any:
        schema, value = self._split(result)
        if self._is_one(schema, value):
            prefetch_related_objects([value], *self._lookups(schema, value))
            return result
        return self._planned(call, schema, value, result)

    async def aafter_view(self, call: Call, result: Any) -> Any:
        schema, value = self._split(result)
        if self._is_one(schema, value):
            if wanted := self._lookups(schema, value):
                await aprefetch_related_objects([value], *wanted)
            return result
        return self._planned(call, schema, value, result)

    def _split(self, result: Any) -> tuple[Any, Any]:
        """Return the schema of a result's status, and the value, as Ninja takes them apart."""
        if _Status is not None and isinstance(result, _Status):
            return self.schemas.get(result.status_code), result.value
        if isinstance(result, tuple) and len(result) == 2 and type(result[0]) is int:
            return self.schemas.get(result[0]), result[1]
        return self.default, result

    def _is_one(self, schema: Any, value: Any) -> bool:
        return self.queries.instances and schema is not None and isinstance(value, Model)

    def _lookups(self, schema: type[BaseModel], value: Model) -> list[Any]:
        of_value = plan(schema, type(value), self.queries)
        return lookups(of_value, value, only=self.queries.only)

    def _planned(self, call: Call, schema: Any, value: Any, result: Any) -> Any:
        if schema is None or not isinstance(value, QuerySet | BaseManager):
            return result
        rows = plan_rows(value, schema, self.queries)
        if rows is value or (rows._prefetch_related_lookups and _needs_no_objects(call, value)):
            return result
        if value is result:
            return rows
        if isinstance(result, tuple):
            return result[0], rows
        return _Status(result.status_code, rows)

    def describe(self) -> str:
        names = ", ".join(dict.fromkeys(each.__name__ for each in self.schemas.values()))
        known = [
            path
            for schema in dict.fromkeys(self.schemas.values())
            if (model := self.queries.model or schema_model(schema)) is not None
            for path in plan(schema, model, self.queries).root.paths()
        ]
        return f"queries: of {names}" + (f" with {', '.join(known)}" if known else "")


def _needs_no_objects(call: Call, value: Any) -> bool:
    """Return whether core reads the rows as columns, for which a prefetch would be too much."""
    project = call.project
    return project is not None and isinstance(value, QuerySet) and project(value) is not value


def plan_rows(value: Any, schema: type[BaseModel], queries: Queries) -> Any:
    """Return a queryset or manager with its plan, or itself where it needs none."""
    rows: QuerySet[Any] = value.all() if isinstance(value, BaseManager) else value
    model: Any = rows.model
    changed = planned(plan(schema, model, queries), rows, only=queries.only)
    return value if changed is rows else changed


def schema_model(schema: type[BaseModel]) -> type[Model] | None:
    """Return the model that a ModelSchema is made from."""
    model: Any = getattr(getattr(schema, "Meta", None), "model", None)
    is_model = isinstance(model, type) and issubclass(model, Model)
    return model if is_model and not model._meta.abstract else None
