"""Pages by position: ``?cursor=…&size=50``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import F, Manager, Model, OrderBy, QuerySet
from django.db.models.expressions import Combinable
from pydantic import BaseModel, Field, create_model

from ninja_boost_core import ApiError
from ninja_boost_core.steps import Steps

from ._base import Answer, Pagination, Projector
from ._binding import bind
from ._keyset import page as keyset_page
from ._links import Links
from ._ordering import Key, declare, resolve
from ._token import BadCursor, Cursor, decode, encode
from .schemas import CursorPage

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["CursorPagination"]

BAD_CURSOR = (
    "The cursor is not valid for this list: it was altered, or made for another list, order or "
    "filter. Start again without a cursor."
)
"""What every refused cursor is answered with; the reason would help only a forger."""


class CursorPagination(Pagination):
    """Pages by position, which cost the same at any depth and stay right under writes.

    Args:
        field: the field or annotation to order by; the primary key if there is no `fields`.
        order: the direction of `field`.
        fields: several sort keys instead of `field` and `order`: names, with - in front for
            descending order, or expressions such as ``F("rank").desc(nulls_last=True)``.
        size: items on a page unless the client asks for another number; None for the
            PAGE_SIZE setting.
        max_size: the most that a client gets, whatever it asks for; None for MAX_PAGE_SIZE.
        model: if given, the names are checked at once; then annotations cannot be named.

    Raises:
        ImproperlyConfigured: an argument that makes no sense.
    """

    schema: ClassVar[type[BaseModel]] = CursorPage
    errors: ClassVar[Mapping[int, str]] = {400: "The cursor is not valid for this list."}

    def __init__(
        self,
        field: str | None = None,
        order: Literal["asc", "desc"] | None = None,
        *,
        fields: Sequence[str | F | OrderBy | Combinable] | None = None,
        size: int | None = None,
        max_size: int | None = None,
        model: type[Model] | None = None,
    ) -> None:
        super().__init__(size=size, max_size=max_size)
        if order not in (None, "asc", "desc"):
            raise ImproperlyConfigured(f"{self}: order is {order!r}; give 'asc' or 'desc'.")
        if fields is not None and (field is not None or order is not None):
            raise ImproperlyConfigured(
                f"{self}: give either fields, each with its own direction, or field and order."
            )
        if isinstance(fields, str):
            raise ImproperlyConfigured(f"{self}: fields is a string; give a list of names.")
        self.keys: tuple[Key, ...] = declare(
            ["pk" if field is None else field] if fields is None else fields,
            descending=order == "desc",
        )
        for key in self.keys if model is not None else ():
            if model is not None and isinstance(key.source, str) and key.source != "pk":
                try:
                    resolve(model, key.source)
                except FieldDoesNotExist as exc:
                    raise ImproperlyConfigured(
                        f"{self}: {model.__name__} has no field {key.source!r}."
                    ) from exc

    def query_model(self) -> type[BaseModel]:
        return create_model(
            "CursorQuery",
            cursor=(
                str | None,
                Field(None, description="next_cursor or prev_cursor of another page."),
            ),
            size=(int, Field(self.size, ge=1, description=self.size_description)),
        )

    def prepare(self, request: HttpRequest, query: Any, identity: str) -> tuple[str, Cursor | None]:
        """Return the scope of cursors here, and the cursor that was sent."""
        filters = sorted(item for item in request.GET.lists() if item[0] not in _OWN)
        keys = [str(key) for key in self.keys]
        scope = json.dumps([request.method, request.path, identity, keys, filters])
        if not query.cursor:
            return scope, None
        try:
            return scope, decode(query.cursor, scope)
        except BadCursor as exc:
            raise _refusal() from exc

    def page(
        self,
        source: Any,
        query: Any,
        prepared: tuple[str, Cursor | None],
        project: Projector | None = None,
    ) -> Steps[Answer]:
        # Cursors are made of the rows' own sort keys, which the schema may not take.
        scope, cursor = prepared
        if not isinstance(source, QuerySet | Manager):
            raise TypeError(
                f"Cursor pages need a queryset; the view returned {type(source).__name__}. Use "
                "offset pages for lists."
            )
        size = self.size_for(query)
        try:
            found = yield from keyset_page(bind(source.all(), self.keys), cursor, size)
        except BadCursor as exc:
            raise _refusal() from exc
        following = encode(found.following, scope) if found.following else None
        preceding = encode(found.preceding, scope) if found.preceding else None
        body = {
            "items": found.rows,
            "next_cursor": following,
            "prev_cursor": preceding,
            "size": size,
            "has_next": following is not None,
            "has_prev": preceding is not None,
        }
        return Answer(body, _links(preceding, following))


_OWN = frozenset({"cursor", "size"})


def _links(preceding: str | None, following: str | None) -> Links:
    links: dict[str, dict[str, str | None]] = {"first": {"cursor": None}}
    if preceding:
        links["prev"] = {"cursor": preceding}
    if following:
        links["next"] = {"cursor": following}
    return links


def _refusal() -> ApiError:
    return ApiError(400, BAD_CURSOR, code="invalid_cursor")
