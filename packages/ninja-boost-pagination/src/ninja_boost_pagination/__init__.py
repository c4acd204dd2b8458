"""Offset and cursor pages for Django Ninja."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .cursor import CursorPagination as CursorPagination
    from .decorators import auto_paginate as auto_paginate
    from .decorators import cursor_paginate as cursor_paginate
    from .decorators import paginate as paginate
    from .offset import OffsetPagination as OffsetPagination
    from .schemas import CursorPage as CursorPage
    from .schemas import Page as Page

_HOMES = {
    "CursorPage": "ninja_boost_pagination.schemas",
    "CursorPagination": "ninja_boost_pagination.cursor",
    "OffsetPagination": "ninja_boost_pagination.offset",
    "Page": "ninja_boost_pagination.schemas",
    "auto_paginate": "ninja_boost_pagination.decorators",
    "cursor_paginate": "ninja_boost_pagination.decorators",
    "paginate": "ninja_boost_pagination.decorators",
}

__all__ = [
    "CursorPage",
    "CursorPagination",
    "OffsetPagination",
    "Page",
    "auto_paginate",
    "cursor_paginate",
    "paginate",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
