"""What a page looks like in a response and in the OpenAPI document."""

from __future__ import annotations

from typing import Generic, TypeVar

from ninja import Schema
from pydantic import Field

__all__ = ["CursorPage", "Page"]

T = TypeVar("T")


class Page(Schema, Generic[T]):
    """One page of a list, by its number."""

    items: list[T]
    page: int = Field(description="Number of this page; the first is 1.")
    size: int = Field(description="The most items that a page of this size holds.")
    total: int | None = Field(description="Items on all pages; null where they are not counted.")
    pages: int | None = Field(description="Number of pages, at least 1; null with total.")


class CursorPage(Schema, Generic[T]):
    """One page of a list, by a position in its order."""

    items: list[T]
    next_cursor: str | None = Field(description="Send it as cursor for the page that follows.")
    prev_cursor: str | None = Field(description="Send it as cursor for the page before this one.")
    size: int = Field(description="The most items that a page of this size holds.")
    has_next: bool
    has_prev: bool
