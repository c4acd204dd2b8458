"""Views whose annotations are texts, which only this module's names resolve."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Schema


class Ticket(Schema):
    seat: str
    price: int = 1


class Search(Schema):
    text: str
    limit: int = 10


def show(
    request: HttpRequest,
    number: Annotated[UUID, Path()],
    search: Annotated[Search, Query()],
    accept_language: Annotated[str, Header()] = "en",
) -> list[Any]:
    return [str(number), search.model_dump(), accept_language]


def change(request: HttpRequest, ticket: Ticket, response: HttpResponse) -> dict[str, Any]:
    response["X-Seat"] = ticket.seat
    return ticket.model_dump()


async def change_async(
    request: HttpRequest, ticket: Ticket, response: HttpResponse
) -> dict[str, Any]:
    return change(request, ticket, response)
