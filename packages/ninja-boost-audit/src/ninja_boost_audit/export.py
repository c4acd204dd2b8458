"""Records as files, for whoever has to look at them elsewhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from .chain import RECORD_COLUMNS
from .models import AuditRecord
from .records import timestamp_text

__all__ = ["as_csv", "as_json_lines"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full width


def as_csv(records: QuerySet[AuditRecord]) -> Iterator[str]:
    """Yield CSV (RFC 4180), line by line, that no spreadsheet takes for formulas.

    A cell that begins like a formula gets an apostrophe before it, as OWASP has it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(RECORD_COLUMNS)
    for row in _rows(records):
        yield _taken(buffer)
        writer.writerow([_cell(value) for value in row.values()])
    yield _taken(buffer)


def as_json_lines(records: QuerySet[AuditRecord]) -> Iterator[str]:
    """Yield one JSON object a line; ``details`` is an object, too."""
    for row in _rows(records):
        yield json.dumps({**row, "details": json.loads(row["details"])}, ensure_ascii=False) + "\n"


def _rows(records: QuerySet[AuditRecord]) -> Iterator[dict[str, Any]]:
    for values in records.values_list(*RECORD_COLUMNS).iterator(chunk_size=2000):
        row = dict(zip(RECORD_COLUMNS, values, strict=True))
        yield {**row, "timestamp": timestamp_text(row["timestamp"])}


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
