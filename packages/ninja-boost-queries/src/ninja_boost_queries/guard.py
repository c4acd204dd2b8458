"""A guard for tests: no statement again and again in one request."""

from __future__ import annotations

import re
import sys
from collections import Counter
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Any, Self

from asgiref.sync import sync_to_async
from django.core.signals import request_started
from django.db import connections
from django.db.models import QuerySet
from django.db.models.query_utils import DeferredAttribute

from .relations import attributes, relation

__all__ = ["assert_no_n_plus_one"]

LONGEST = 160
"""Characters of a statement that a message shows."""

_COLUMNS = re.compile(r"^SELECT .*? FROM ")
_READS = re.compile(r"[\s(]*(?:SELECT|WITH)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\((?:%s, )+%s\)")
_ORM = ("django.db.", "django.contrib.contenttypes.")
_LIBRARIES = ("django.", "ninja.", "ninja_boost", "pydantic.", "asgiref.")


def assert_no_n_plus_one(*, most: int = 2) -> _Guard:
    """Return a context manager that fails where a request repeats a SELECT.

    For tests: ``with assert_no_n_plus_one():``, or ``async with`` around the calls of an
    AsyncClient. Each request inside counts for itself; what runs before the first one is counted
    too. A statement is the same whatever its parameters, and however many there are in an IN.

    Args:
        most: how often a request may run one statement. An N+1 shows only with more rows than
            that; fetching the levels of a tree is one statement for each level.

    Raises:
        AssertionError: at the end of the block, naming the statements, the relations that
            they fetch row by row, and the project's line that they come from.
    """
    return _Guard(most)


class _Guard:
    def __init__(self, most: int) -> None:
        self.most = most
        self._stack = ExitStack()
        self._counted: Counter[str] = Counter()
        self._found: list[_Repeated] = []
        self._by_statement: dict[str, _Repeated] = {}

    def __enter__(self) -> Self:
        for connection in connections.all():
            self._stack.enter_context(connection.execute_wrapper(self._watch))
        request_started.connect(self._next_request)
        self._stack.callback(request_started.disconnect, self._next_request)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
        if kind is None and self._found:
            raise AssertionError("\n".join(map(str, self._found)))

    async def __aenter__(self) -> Self:
        return await sync_to_async(self.__enter__)()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await sync_to_async(self.__exit__)(kind, error, traceback)

    def _next_request(self, **kwargs: Any) -> None:
        self._counted.clear()
        self._by_statement.clear()

    def _watch(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        statement = _SEVERAL.sub("(%s)", str(sql))
        if _READS.match(statement):
            self._counted[statement] += 1
            if self._counted[statement] == self.most + 1:
                repeated = _Repeated(statement, sys._getframe(1))
                self._by_statement[statement] = repeated
                self._found.append(repeated)
            if statement in self._by_statement:
                self._by_statement[statement].times = self._counted[statement]
        return execute(sql, params, many, context)


class _Repeated:
    """A statement that a request repeats; the frames tell why."""

    def __init__(self, statement: str, frame: FrameType | None) -> None:
        self.statement = _COLUMNS.sub("SELECT … FROM ", " ".join(statement.split()), count=1)
        self.times = 0
        self.advice = "Fetch what it reads at once, before the loop."
        rows: QuerySet[Any] | None = None
        named = False
        while frame is not None and _module(frame).startswith(_ORM):
            owner = frame.f_locals.get("self")
            if isinstance(owner, QuerySet):
                rows = owner
            elif frame.f_code.co_name == "__get__" and not named:
                named = self._of_attribute(owner, frame.f_locals.get("instance"))
            frame = frame.f_back
        if rows is not None and not named:
            self._of_rows(rows)
        while frame is not None and _is_library(frame):
            frame = frame.f_back
        self.place = ""
        if frame is not None:
            code = frame.f_code
            self.place = f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"

    def _of_attribute(self, owner: Any, instance: Any) -> bool:
        """Name a relation to one object, or a column that was deferred."""
        if instance is None:
            return False
        model = type(instance).__name__
        if isinstance(owner, DeferredAttribute):
            name = owner.field.attname
            self.advice = f"{model}.{name} is deferred, and read: leave it out of defer(), or "
            self.advice += f'only("{name}") too.'
            return True
        related = getattr(owner, "related", None)
        field = getattr(owner, "field", owner)
        name = related.get_accessor_name() if related is not None else field.name
        how = "select_related"
        if hasattr(field, "ct_field"):
            how = "prefetch_related"
        self._advise(model, how, name)
        return True

    def _of_rows(self, rows: Any) -> None:
        """Name a relation to many rows: the queryset of a related manager knows its object."""
        instance = rows._hints.get("instance")
        if instance is None:
            return
        model = type(instance)
        names = [field.remote_field.get_accessor_name() for field in rows._known_related_objects]
        if not names:
            links = (relation(model, name) for name in attributes(model))
            names = [each.name for each in links if each and each.many and each.model is rows.model]
        if names:
            self._advise(model.__name__, "prefetch_related", '" or "'.join(names))

    def _advise(self, model: str, how: str, name: str) -> None:
        self.advice = (
            f'{model}.{name} is fetched row by row: {how}("{name}"), or queries=True for the '
            "operation."
        )

    def __str__(self) -> str:
        text = self.statement
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
        lines = [f"{self.times} times in one request: {text}", f"  {self.advice}"]
        return "\n".join([*lines, f"  At {self.place}"] if self.place else lines)


def _module(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__', '')}."


def _is_library(frame: FrameType) -> bool:
    name = _module(frame)
    return (
        name.startswith(_LIBRARIES)
        or name.partition(".")[0] in sys.stdlib_module_names
        or "site-packages" in frame.f_code.co_filename
    )
