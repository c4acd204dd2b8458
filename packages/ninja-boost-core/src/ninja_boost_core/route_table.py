"""Resolves a path among the routes of an API in a time that does not grow with their number.

Django tries one route after the other. Of the routes here, those that could match are found by
the segments of the path; they are then tried in their order, by Django's own patterns, so that
the answer is the one that Django would have given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.urls import Resolver404, URLPattern, URLResolver
from django.urls.converters import IntConverter, SlugConverter, StringConverter, UUIDConverter
from django.urls.resolvers import RoutePattern

if TYPE_CHECKING:
    from django.urls import ResolverMatch

__all__ = ["RouteTable", "Routes"]

# The values of these hold no slash. Of a converter of the project nobody knows.
_WITHIN_A_SEGMENT = (IntConverter, SlugConverter, StringConverter, UUIDConverter)

Route = URLPattern
Numbered = tuple[int, Route]


class Routes(list[Any]):
    """The routes of an API, which Django's ``path()`` takes for a module with its URL patterns.

    So a request passes through the table, and who looks at the list finds the routes in it.
    """

    @property
    def urlpatterns(self) -> list[Any]:
        # Includes, which only an API of the project's own making has, are for Django.
        if all(isinstance(route, URLPattern) for route in self):
            return [RouteTable(self)]
        return list(self)


class _Node:
    """The routes that share their first segments."""

    __slots__ = ("any", "children", "ends", "rest")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.ends: list[Numbered] = []
        self.rest: list[Numbered] = []
        """Routes whose next segment may hold slashes."""


class RouteTable(URLResolver):
    """Stands between an API's ``path()`` and its routes; reverses and checks as they do.

    Args:
        routes: the routes of the API, in their order.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        super().__init__(RoutePattern("", is_endpoint=False), list(routes))
        self._fixed: dict[str, ResolverMatch] | None = None
        self._root = _Node()

    def resolve(self, path: str) -> ResolverMatch:
        """Return what the first route that matches makes of ``path``.

        Raises:
            Resolver404: there is none.
        """
        fixed = self._fixed if self._fixed is not None else self._built()
        # The resolver above copies what it needs of a match, so that one serves all requests.
        match = fixed.get(path)
        if match is None:
            match = _first(_candidates(self._root, path), path)
            if match is None:
                raise Resolver404({"path": path, "tried": [[each] for each in self.url_patterns]})
        return match

    def _built(self) -> dict[str, ResolverMatch]:
        root = _Node()
        fixed: dict[str, ResolverMatch] = {}
        routes: list[Any] = self.url_patterns
        for numbered in enumerate(routes):
            route = numbered[1]
            path = str(route.pattern)
            # One that an earlier route may match, too, is tried like those with parameters.
            if _is_fixed(route) and not _candidates(root, path):
                match = route.resolve(path)
                if match is not None:
                    fixed.setdefault(path, match)
            else:
                _insert(root, numbered)
        # In this order: another thread sees a finished table or none.
        self._root, self._fixed = root, fixed
        return fixed


def _candidates(root: _Node, path: str) -> list[Numbered]:
    """Return the routes that may match and are not fixed, in their order."""
    nodes, found = [root], list(root.rest)
    for segment in path.split("/"):
        nodes = list(_below(nodes, segment))
        for node in nodes:
            found += node.rest
    for node in nodes:
        found += node.ends
    if len(found) > 1:
        found.sort(key=_number)
    return found


def _below(nodes: list[_Node], segment: str) -> Iterator[_Node]:
    for node in nodes:
        child = node.children.get(segment)
        if child is not None:
            yield child
        if node.any is not None:
            yield node.any


def _number(numbered: Numbered) -> int:
    return numbered[0]


def _first(candidates: Any, path: str) -> ResolverMatch | None:
    for _, route in candidates:
        match: ResolverMatch | None = route.resolve(path)
        if match is not None:
            return match
    return None


def _text(route: Route) -> str | None:
    """Return the text of a route as ``path()`` takes it; None for any other."""
    text: Any = getattr(route.pattern, "_route", None)
    # A translated one is no str.
    is_plain = type(route.pattern) is RoutePattern and isinstance(text, str)
    return text if is_plain else None


def _is_fixed(route: Route) -> bool:
    return _text(route) is not None and not route.pattern.converters


def _insert(root: _Node, numbered: Numbered) -> None:
    text, node = _text(numbered[1]), root
    if text is None:
        node.rest.append(numbered)
        return
    converters = numbered[1].pattern.converters.values()
    bound = all(type(each) in _WITHIN_A_SEGMENT for each in converters)
    for segment in text.split("/"):
        if "<" not in segment:
            node = node.children.setdefault(segment, _Node())
        elif bound:
            node.any = node = node.any or _Node()
        else:
            node.rest.append(numbered)
            return
    node.ends.append(numbered)
