"""Decorators for views, on an AutoRouter or on any other Ninja router."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, overload

from django.db.models import F, Model, OrderBy
from django.db.models.expressions import Combinable

from ninja_boost_core import attach

from ._base import Pagination
from ._hook import PageHook
from .cursor import CursorPagination
from .offset import Counting, OffsetPagination

__all__ = ["auto_paginate", "cursor_paginate", "paginate"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


class PaginationDecorator:
    """Puts pages on a view. The PAGINATION setting takes one, too."""

    def __init__(self, pagination: Pagination) -> None:
        self.pagination = pagination

    def __call__(self, view: ViewT) -> ViewT:
        return attach(PageHook(self.pagination))(view)


auto_paginate: PaginationDecorator = PaginationDecorator(OffsetPagination())
"""Offset pages as the settings say; the default of the PAGINATION setting."""


@overload
def paginate(pagination: Pagination, /) -> PaginationDecorator: ...
@overload
def paginate(view: ViewT, /) -> ViewT: ...
@overload
def paginate(
    *, size: int | None = None, max_size: int | None = None, count: Counting = "exact"
) -> PaginationDecorator: ...
def paginate(given: Any = None, /, **options: Any) -> Any:
    """Put pages on a view: ``@paginate``, ``@paginate(size=50)`` or ``@paginate(pagination)``.

    The keywords are those of `OffsetPagination`.

    Raises:
        ImproperlyConfigured: an argument that makes no sense.
    """
    if isinstance(given, Pagination):
        if options:
            raise TypeError(f"paginate() takes {given} or keywords for offset pages, not both.")
        return PaginationDecorator(given)
    decorator = PaginationDecorator(OffsetPagination(**options))
    return decorator if given is None else decorator(given)


@overload
def cursor_paginate(view: ViewT, /) -> ViewT: ...
@overload
def cursor_paginate(
    field: str | None = None,
    order: Literal["asc", "desc"] | None = None,
    *,
    fields: Sequence[str | F | OrderBy | Combinable] | None = None,
    size: int | None = None,
    max_size: int | None = None,
    model: type[Model] | None = None,
) -> PaginationDecorator: ...
def cursor_paginate(field: Any = None, order: Any = None, **options: Any) -> Any:
    """Put cursor pages on a view; the arguments are those of `CursorPagination`.

    Raises:
        ImproperlyConfigured: an argument that makes no sense.
    """
    if callable(field):
        return PaginationDecorator(CursorPagination())(field)
    return PaginationDecorator(CursorPagination(field, order, **options))
