import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

ROWS_PER_CHUNK = 500
# A spreadsheet takes a cell that starts so for a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file in chunks of some hundred lines: a write for each line would cost more than it."""
    rows = iter(rows)
    chunk: list[Sequence[Any]] = [header]
    while chunk:
        out = StringIO()
        csv.writer(out).writerows([[_harmless(cell) for cell in row] for row in chunk])
        yield out.getvalue()
        chunk = list(islice(rows, ROWS_PER_CHUNK))


def streamed(request: HttpRequest, chunks: Iterator[str]) -> Iterator[str] | AsyncIterator[str]:
    """Django streams a sync iterator under WSGI, an async one under ASGI, and buffers the other."""
    return _in_thread(chunks) if isinstance(request, ASGIRequest) else chunks


async def _in_thread(chunks: Iterator[str]) -> AsyncIterator[str]:
    step = sync_to_async(lambda: next(chunks, None))
    while (chunk := await step()) is not None:
        yield chunk


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
