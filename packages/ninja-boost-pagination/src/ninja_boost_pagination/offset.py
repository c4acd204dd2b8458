"""Pages by number: ``?page=2&size=50``."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from pydantic import BaseModel, Field, create_model

from ninja_boost_core.steps import Steps

from ._base import Answer, Pagination, Projector
from ._counting import countable, estimate, steady
from ._links import Links
from ._sources import queryset_of, window
from ._steps import Count, Drain, Fetch
from .schemas import Page

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["OffsetPagination"]

Counting = Literal["exact", "estimated", "none"]

LARGEST_PAGE = 2**31 - 1
"""Times the largest size it is still an offset that every database can hold."""


class OffsetPagination(Pagination):
    """Pages by number.

    Args:
        size: items on a page unless the client asks for another number; None for the
            PAGE_SIZE setting.
        max_size: the most that a client gets, whatever it asks for; None for MAX_PAGE_SIZE.
        count: "exact" counts the rows, where the page does not tell their number by itself;
            "estimated" takes the planner's number for an unfiltered table on PostgreSQL and
            MariaDB, and counts everything else; "none" never counts, and sends null.

    Raises:
        ImproperlyConfigured: an argument that makes no sense.
    """

    schema: ClassVar[type[BaseModel]] = Page

    def __init__(
        self,
        *,
        size: int | None = None,
        max_size: int | None = None,
        count: Counting = "exact",
    ) -> None:
        super().__init__(size=size, max_size=max_size)
        if count not in get_args(Counting):
            raise ImproperlyConfigured(
                f"{self}: count is {count!r}; give one of {', '.join(get_args(Counting))}."
            )
        self.count: Counting = count

    def query_model(self) -> type[BaseModel]:
        return create_model(
            "PageQuery",
            page=(
                int,
                Field(1, ge=1, le=LARGEST_PAGE, description="Number of the page, from 1."),
            ),
            size=(int, Field(self.size, ge=1, description=self.size_description)),
        )

    def prepare(self, request: HttpRequest, query: Any, identity: str) -> None:
        return None

    def page(
        self, source: Any, query: Any, prepared: None, project: Projector | None = None
    ) -> Steps[Answer]:
        number, size = query.page, self.size_for(query)
        start = (number - 1) * size
        queryset = queryset_of(source)
        # One item more than the page tells whether there is another page.
        if queryset is not None:
            chosen = steady(queryset)[start : start + size + 1]
            rows = yield Fetch(chosen if project is None else project(chosen))
            total = yield from self._total(queryset, start, len(rows), size)
        else:
            counts = self.count != "none"
            if isinstance(source, AsyncIterable) and not isinstance(source, QuerySet):
                rows, seen = yield Drain(source, start, start + size + 1, counts)
            else:
                rows, seen = window(source, start, start + size + 1, to_end=counts)
            total = seen if counts else None
        more, rows = len(rows) > size, rows[:size]
        pages = None if total is None else max(1, -(-total // size))
        body = {"items": rows, "page": number, "size": size, "total": total, "pages": pages}
        return Answer(body, _links(number, more, pages))

    def _total(self, queryset: QuerySet[Any], start: int, found: int, size: int) -> Steps[Any]:
        """Work out the number of all rows, of which `found` were seen from `start` on."""
        if self.count == "none":
            return None
        if found <= size and (found or not start):
            return start + found
        if self.count == "estimated" and found:
            planner = estimate(queryset)
            if planner is not None:
                guess = next(iter((yield Fetch(planner))), None)
                # A table that was never analysed, or has grown since, has a useless guess.
                if guess is not None and guess >= start + found:
                    return int(guess)
        return (yield Count(countable(queryset)))


def _links(number: int, more: bool, pages: int | None) -> Links:
    links = {"first": 1}
    if number > 1:
        links["prev"] = number - 1 if pages is None else min(number - 1, pages)
    if more:
        links["next"] = number + 1
    if pages is not None:
        links["last"] = pages
    return {relation: {"page": str(page)} for relation, page in links.items()}
