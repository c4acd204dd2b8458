"""Offset and cursor pages."""

from ninja_boost_pagination import (
    CursorPage,
    CursorPagination,
    OffsetPagination,
    Page,
    auto_paginate,
    cursor_paginate,
    paginate,
)

__all__ = [
    "CursorPage",
    "CursorPagination",
    "OffsetPagination",
    "Page",
    "auto_paginate",
    "cursor_paginate",
    "paginate",
]
