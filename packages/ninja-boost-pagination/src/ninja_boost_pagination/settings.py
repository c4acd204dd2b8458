"""The keys of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from ninja_boost_core.conf import ObjectOrPath, SettingsSection

__all__ = ["PaginationSettings"]


class PaginationSettings(SettingsSection):
    """`PAGINATION` is a decorator over ``func(request, ctx, ...)``, or a pagination object.

    A page holds `PAGE_SIZE` items unless the client asks for another number, and never more
    than `MAX_PAGE_SIZE`.
    """

    PAGINATION: ObjectOrPath = "ninja_boost_pagination.auto_paginate"
    PAGE_SIZE: int = Field(default=20, ge=1)
    MAX_PAGE_SIZE: int = Field(default=100, ge=1, le=1_000_000)

    @field_validator("MAX_PAGE_SIZE")
    @classmethod
    def _holds_a_page(cls, value: int, info: ValidationInfo) -> int:
        size = info.data.get("PAGE_SIZE", 1)
        if value < size:
            raise ValueError(f"at least PAGE_SIZE, which is {size}")
        return value
