"""The route template of a request."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["readable", "route_template"]

_CONVERTER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


def route_template(request: HttpRequest) -> str | None:
    """Return the template of the URL pattern that matched, such as ``/api/items/{id}``.

    None where no pattern matched, or no URL was resolved yet. A template comes from the URL
    configuration alone, so the number of different ones is bounded, whatever clients ask for.
    """
    match = getattr(request, "resolver_match", None)
    route = getattr(match, "route", None)
    return readable(route) if isinstance(route, str) else None


@lru_cache(maxsize=4096)
def readable(route: str) -> str:
    """Return the template of a URL pattern as Django notes it, ``api/items/<int:id>``."""
    if "(" in route or "\\" in route:
        from django.contrib.admindocs.utils import (
            remove_non_capturing_groups,
            replace_metacharacters,
            replace_named_groups,
            replace_unnamed_groups,
        )

        route = replace_named_groups(remove_non_capturing_groups(route))
        route = replace_metacharacters(replace_unnamed_groups(route))
    return "/" + _CONVERTER.sub(r"{\1}", route).removeprefix("^").removesuffix("$").lstrip("/")
