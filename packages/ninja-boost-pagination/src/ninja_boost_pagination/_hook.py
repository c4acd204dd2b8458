"""How pages come into an operation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any

import ninja
from django.core.exceptions import ImproperlyConfigured
from ninja import responses
from ninja.constants import NOT_SET
from ninja.errors import ValidationError
from pydantic import ValidationError as PydanticValidationError

from ninja_boost_core import Argument, Call, Hook, OperationDocs, Order
from ninja_boost_core.callables import is_async, typed_signature
from ninja_boost_core.steps import Steps, arun, run
from ninja_boost_core.views import current_call

from ._annotations import is_success, item_type, response_type
from ._base import Answer, Pagination
from ._links import link_header
from ._sources import is_list

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from ninja.operation import Operation

__all__ = ["AutoPageHook", "ForeignPageHook", "PageHook", "PagingHook"]

ARGUMENT = "boost_page"
# Ninja has it from 1.6 on.
_Status: Any = getattr(responses, "Status", None)


class PagingHook(Hook, ABC):
    """Makes a page of the list that a view returns, and leaves everything else alone."""

    order: int = Order.PAGINATION
    keeps_items: bool = True

    def __init__(self, pagination: Pagination) -> None:
        self.pagination = pagination
        self.identity = ""
        self.paged: frozenset[int] | None = None
        self.default_status = 200

    def bind(self, operation: Operation) -> Hook | None:
        bound = copy(self)
        view = operation.view_func
        bound.identity = f"{view.__module__}.{view.__qualname__}"
        statuses = list(operation.response_models)
        bound.default_status = statuses[0] if len(statuses) == 1 else 200
        bound.paged = frozenset(
            status
            for status in statuses
            if self._is_paged(response_type(operation.response_models[status]))
            and is_success(status)
        )
        if not bound.paged:
            name = f"{'/'.join(operation.methods)} {operation.path}"
            raise ImproperlyConfigured(
                f"{name} is paginated, but its response is no list: declare response=list[...], "
                "or take the pagination away."
            )
        return bound

    def _is_paged(self, annotation: Any) -> bool:
        if annotation is NOT_SET or annotation is Any:
            return True
        return isinstance(annotation, type) and issubclass(annotation, self.pagination.schema)

    def response_annotation(self, annotation: Any, status: int) -> Any:
        item = item_type(annotation)
        if item is None or not is_success(status):
            return annotation
        schema: Any = self.pagination.schema
        return schema[item]

    def after_view(self, call: Call, result: Any) -> Any:
        steps = self._page(call, result)
        return result if steps is None else run(steps)

    async def aafter_view(self, call: Call, result: Any) -> Any:
        steps = self._page(call, result)
        return result if steps is None else await arun(steps)

    def on_response(self, call: Call) -> None:
        link = call.state.get(self)
        if isinstance(link, str) and call.response is not None and call.error is None:
            call.response["Link"] = link

    @abstractmethod
    def asked(self, call: Call) -> tuple[Any, Any]:
        """Return the query parameters, and what the pagination made of them."""

    def _page(self, call: Call, result: Any) -> Steps[Any] | None:
        status, value, rewrap = self._split(result)
        if not is_list(value) or not self._takes(status):
            return None
        return self._steps(call, value, rewrap)

    def _steps(self, call: Call, value: Any, rewrap: Callable[[Any], Any]) -> Steps[Any]:
        query, prepared = self.asked(call)
        answer: Answer = yield from self.pagination.page(value, query, prepared, call.project)
        call.state[self] = link_header(call.request, answer.links)
        return rewrap(answer.body)

    def _takes(self, status: Any) -> bool:
        if self.paged is None:
            return is_success(status)
        return status in self.paged

    def _split(self, result: Any) -> tuple[Any, Any, Callable[[Any], Any]]:
        """Take a status and a value apart, as Ninja does."""
        if _Status is not None and isinstance(result, _Status):
            return result.status_code, result.value, lambda body: _Status(result.status_code, body)
        if isinstance(result, tuple) and len(result) == 2 and not hasattr(result, "_fields"):
            status, value = result
            # Two numbers are two items.
            if type(status) is int and 100 <= status <= 599 and not isinstance(value, int):
                return status, value, lambda body: (status, body)
        return self.default_status, result, lambda body: body

    def document(self, docs: OperationDocs) -> None:
        for status in sorted(self.paged or ()):
            docs.header(
                "Link",
                {"type": "string"},
                description="Where other pages are, as in RFC 8288.",
                status=status,
            )
        for status, description in self.pagination.errors.items():
            docs.error(status, description)

    def describe(self) -> str:
        return f"pages: {self.pagination}"


class PageHook(PagingHook):
    """Pages for an operation that is known to return a list: validated before the view runs."""

    def __init__(self, pagination: Pagination) -> None:
        super().__init__(pagination)
        source: Any = ninja.Query(...)  # type: ignore[type-arg]  # a function, whatever its type
        self.arguments = [Argument(ARGUMENT, pagination.query_model(), source)]

    def before_view(self, call: Call) -> HttpResponseBase | None:
        query = call.arguments[ARGUMENT]
        prepared = self.pagination.prepare(call.request, query, self.identity)
        call.state[self] = (query, prepared)
        return None

    def asked(self, call: Call) -> tuple[Any, Any]:
        asked: tuple[Any, Any] = call.state[self]
        return asked


class AutoPageHook(PagingHook):
    """Pages for an operation that declares no response: if it returns a list, and only then,
    the parameters are read. It adds nothing to the work of one that does not.
    """

    def __init__(self, pagination: Pagination) -> None:
        super().__init__(pagination)
        self.model = pagination.query_model()

    def asked(self, call: Call) -> tuple[Any, Any]:
        given = call.request.GET
        names = (name for name in self.model.model_fields if name in given)
        try:
            query = self.model.model_validate({name: given[name] for name in names})
        except PydanticValidationError as exc:
            raise ValidationError(
                [
                    {"type": item["type"], "loc": ("query", *item["loc"]), "msg": item["msg"]}
                    for item in exc.errors(include_url=False)
                ]
            ) from exc
        return query, self.pagination.prepare(call.request, query, self.identity)

    def document(self, docs: OperationDocs) -> None:
        super().document(docs)
        for name, schema in self.model.model_json_schema()["properties"].items():
            description = schema.pop("description", "")
            docs.parameter(name, "query", schema, description=f"For a list: {description}")
        docs.error(422, "A parameter is not valid.")


class ForeignPageHook(Hook):
    """A project's own decorator, from the PAGINATION setting, applied as it is."""

    order: int = Order.PAGINATION

    def __init__(self, decorator: Callable[..., Any]) -> None:
        self.decorator = decorator

    @classmethod
    def acts(cls) -> bool:
        """True: the decorator gets the context, whether the view wants it or not."""
        return True

    def wrap_view(self, view: Callable[..., Any]) -> Callable[..., Any]:
        if "ctx" in typed_signature(view).parameters:
            decorated: Callable[..., Any] = self.decorator(view)
            return decorated
        return _with_context(view, self.decorator)

    def describe(self) -> str:
        name = getattr(self.decorator, "__qualname__", type(self.decorator).__qualname__)
        return f"pages: {name}"


def _with_context(view: Callable[..., Any], decorator: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a decorator over ``func(request, ctx, ...)`` to a view without ``ctx``."""
    if is_async(view):

        async def inner_async(request: HttpRequest, ctx: Any, **values: Any) -> Any:
            return await view(request, **values)

        decorated = decorator(inner_async)
    else:

        def inner(request: HttpRequest, ctx: Any, **values: Any) -> Any:
            return view(request, **values)

        decorated = decorator(inner)

    def outer(request: HttpRequest, **values: Any) -> Any:
        call = current_call(request)
        return decorated(request, call.ctx if call else {}, **values)

    return outer
