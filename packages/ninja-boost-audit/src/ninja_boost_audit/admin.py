"""The records in Django's admin, to be read and exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.http import StreamingHttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from .export import as_csv, as_json_lines
from .models import AuditRecord

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    Admin = admin.ModelAdmin[AuditRecord]
else:
    Admin = admin.ModelAdmin

__all__ = ["AuditRecordAdmin"]

_NOTHING = "–"  # noqa: RUF001 - an en dash, as the admin has it


@admin.register(AuditRecord)
class AuditRecordAdmin(Admin):
    """Shows records; nobody adds, changes or deletes one here, whatever permissions they have."""

    list_display: tuple[str, ...] = (
        "timestamp",
        "outcome",
        "status",
        "actor_id",
        "action",
        "resource",
        "resource_id",
        "ip",
        "place",
    )
    list_filter: ClassVar[tuple[str, ...]] = (
        "outcome",
        "timestamp",
        "action",
        "resource",
        "stream",
    )
    search_fields: ClassVar[tuple[str, ...]] = (
        "=actor_id",
        "action",
        "resource",
        "=resource_id",
        "=trace_id",
        "=ip",
    )
    search_help_text: ClassVar[str] = (
        "Actor, resource id, trace id and address exactly; part of action or resource."
    )
    date_hierarchy: ClassVar[str] = "timestamp"
    ordering: ClassVar[tuple[str, ...]] = ("-timestamp", "-id")
    list_per_page = 50
    show_full_result_count = False
    actions: tuple[str, ...] = ("export_csv", "export_json_lines")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("timestamp", "outcome", "status", "actor_id", "action")}),
        ("Resource", {"fields": ("resource", "resource_id", "changes", "more")}),
        ("Request", {"fields": ("ip", "trace_id")}),
        ("Chain", {"fields": ("place", "previous", "mac", "key_id"), "classes": ("collapse",)}),
    )
    readonly_fields: ClassVar[tuple[str, ...]] = ("place", "changes", "more")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditRecord | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditRecord | None = None) -> bool:
        return False

    @admin.display(description="record", ordering="sequence")
    def place(self, record: AuditRecord) -> str:
        return str(record)

    @admin.display(description="changes")
    def changes(self, record: AuditRecord) -> SafeString | str:
        changes = json.loads(record.details).get("changes") or {}
        if not isinstance(changes, dict):
            return _NOTHING
        rows = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", _cells(changes))
        if not rows:
            return _NOTHING
        return format_html(
            "<table><thead><tr><th>field</th><th>before</th><th>after</th></tr></thead>"
            "<tbody>{}</tbody></table>",
            rows,
        )

    @admin.display(description="details")
    def more(self, record: AuditRecord) -> SafeString | str:
        details = json.loads(record.details)
        details.pop("changes", None)
        if not details:
            return _NOTHING
        text = json.dumps(details, indent=2, ensure_ascii=False, sort_keys=True)
        return format_html("<pre>{}</pre>", text)

    @admin.action(description="Export selected records as CSV", permissions=["view"])
    def export_csv(
        self, request: HttpRequest, records: QuerySet[AuditRecord]
    ) -> StreamingHttpResponse:
        return _download(as_csv(records), "csv", "text/csv; charset=utf-8")

    @admin.action(description="Export selected records as JSON lines", permissions=["view"])
    def export_json_lines(
        self, request: HttpRequest, records: QuerySet[AuditRecord]
    ) -> StreamingHttpResponse:
        return _download(as_json_lines(records), "jsonl", "application/x-ndjson")


def _cells(changes: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, change in changes.items():
        before, after = change if isinstance(change, list) and len(change) == 2 else (None, change)
        yield name, _text(before), _text(after)


def _text(value: Any) -> str:
    if value is None:
        return _NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _download(lines: Iterator[str], ending: str, kind: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="audit.{ending}"'
    return response
