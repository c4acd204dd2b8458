"""Offset and cursor pages for Django Ninja."""

from .cursor import CursorPagination
from .decorators import auto_paginate, cursor_paginate, paginate
from .offset import OffsetPagination
from .schemas import CursorPage, Page

__all__ = [
    "CursorPage",
    "CursorPagination",
    "OffsetPagination",
    "Page",
    "auto_paginate",
    "cursor_paginate",
    "paginate",
]
