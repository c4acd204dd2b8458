"""What offset and cursor pages have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from pydantic import BaseModel

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.steps import Steps

from ._links import Links
from .settings import PaginationSettings

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["Answer", "Pagination", "Projector"]

Projector = Callable[[QuerySet[Any]], QuerySet[Any]]

LARGEST_SIZE = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A page as it is sent, and where its Link header leads."""

    body: Mapping[str, Any]
    links: Links


class Pagination(ABC):
    """Turns a list into pages; immutable, and shared by all requests.

    Args:
        size: items on a page unless the client asks for another number; None for the
            PAGE_SIZE setting.
        max_size: the most that a client gets, whatever it asks for; None for MAX_PAGE_SIZE.

    Raises:
        ImproperlyConfigured: an argument that makes no sense.
    """

    schema: ClassVar[type[BaseModel]]
    """The generic schema of a page."""

    errors: ClassVar[Mapping[int, str]] = {}
    """Error statuses that a request for a page can cause, with a description."""

    def __init__(self, *, size: int | None = None, max_size: int | None = None) -> None:
        for name, value in (("size", size), ("max_size", max_size)):
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int):
                raise ImproperlyConfigured(f"{self}: {name} is {value!r}; give an integer.")
            if not 1 <= value <= LARGEST_SIZE:
                raise ImproperlyConfigured(
                    f"{self}: {name} is {value}; give a number from 1 to {LARGEST_SIZE}."
                )
        if size is not None and max_size is not None and size > max_size:
            raise ImproperlyConfigured(
                f"{self}: size is {size}, which is more than max_size, {max_size}."
            )
        self._size = size
        self._max_size = max_size

    def __str__(self) -> str:
        return type(self).__name__

    @property
    def max_size(self) -> int:
        """The most items on a page; never less than an explicit `size`."""
        if self._max_size is not None:
            return self._max_size
        return max(boost_settings.section(PaginationSettings).MAX_PAGE_SIZE, self._size or 1)

    @property
    def size(self) -> int:
        """Items on a page by default; never more than an explicit `max_size`."""
        if self._size is not None:
            return self._size
        return min(boost_settings.section(PaginationSettings).PAGE_SIZE, self.max_size)

    def size_for(self, query: Any) -> int:
        """Return how many items the page for a request holds."""
        if "size" in query.model_fields_set:
            return min(int(query.size), self.max_size)
        return self.size

    @property
    def size_description(self) -> str:
        return f"Items on a page. More than {self.max_size} gives {self.max_size}."

    @abstractmethod
    def query_model(self) -> type[BaseModel]:
        """Return the model of the query parameters, with the present defaults."""

    @abstractmethod
    def prepare(self, request: HttpRequest, query: Any, identity: str) -> Any:
        """Return what `query` asks for, before the view runs.

        Args:
            identity: names the operation.

        Raises:
            ApiError: the request cannot be answered.
        """

    @abstractmethod
    def page(
        self, source: Any, query: Any, prepared: Any, project: Projector | None = None
    ) -> Steps[Answer]:
        """Work out the page of `source`, a list in the sense of `_sources.is_list`.

        Args:
            source: what the view returned.
            query: the query parameters.
            prepared: what `prepare` made of them.
            project: see `Call.project`; for the queryset of the page, with its order and limits.
        """
