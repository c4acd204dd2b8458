"""A guard against N+1 queries: more rows must not mean more queries."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

from asgiref.sync import sync_to_async

from ninja_boost_core.steps import Do, Steps, arun, run

__all__ = ["aassert_queries_constant", "assert_queries_constant"]

LONGEST = 160
"""Characters of a statement that a message shows."""


def assert_queries_constant(
    call: Callable[[], Any], *, grow: Callable[[int], Any], sizes: Sequence[int] = (1, 5)
) -> int:
    """Assert that ``call`` makes as many queries for few rows as for many; return the number.

    ``call`` runs once before anything is counted, so that what is done once in a process, such
    as the look-up of content types, does not count.

    Args:
        call: does what is measured, such as a request. If it returns a response, that must be
            no error, and must differ between the sizes: otherwise the rows are not in it.
        grow: takes a number and makes so many rows more, each with relations of its own.
        sizes: how many rows there are each time; ascending. The largest must fit on a page.

    Raises:
        AssertionError: naming the queries that grew; or if the measurement is worth nothing,
            because there was no query, an error, or the same answer.
        ValueError: if the sizes are not ascending.
        TypeError: if ``call`` or ``grow`` is async; use ``aassert_queries_constant``.
    """
    return run(_measure(call, grow, sizes))


async def aassert_queries_constant(
    call: Callable[[], Any], *, grow: Callable[[int], Any], sizes: Sequence[int] = (1, 5)
) -> int:
    """See ``assert_queries_constant``; ``call`` and ``grow`` may be async.

    A ``grow`` that is sync runs in Django's thread, because it may use the ORM.
    """
    return await arun(_measure(call, grow, sizes))


def _measure(
    call: Callable[[], Any], grow: Callable[[int], Any], sizes: Sequence[int]
) -> Steps[int]:
    if len(sizes) < 2 or sizes[0] < 1 or any(a >= b for a, b in pairwise(sizes)):
        raise ValueError(f"sizes={sizes!r}; give at least two positive numbers, ascending.")
    rows = 0
    counted: list[Counter[str]] = []
    answers: list[Any] = []
    for size in sizes:
        yield _step(grow, size - rows, in_thread=True)
        rows = size
        if not counted:
            _accept((yield _step(call)))
        watch = _Watch()
        yield Do(watch.start, sync_to_async(watch.start))
        try:
            answer = yield _step(call)
        finally:
            yield Do(watch.stop, sync_to_async(watch.stop))
        _accept(answer)
        counted.append(watch.statements)
        answers.append(answer)
    _compare(sizes, counted)
    _differ(sizes, answers)
    return counted[0].total()


class _Watch:
    """Counts the statements of every database connection of a context."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self._stack = ExitStack()

    def start(self) -> None:
        from django.db import connections

        for connection in connections.all():
            self._stack.enter_context(connection.execute_wrapper(self._count))

    def stop(self) -> None:
        self._stack.close()

    def _count(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.statements[str(sql)] += 1
        return execute(sql, params, many, context)


def _step(function: Callable[..., Any], *arguments: Any, in_thread: bool = False) -> Do:
    def call() -> Any:
        answer = function(*arguments)
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise TypeError(f"{function!r} is async: await aassert_queries_constant(...).")
        return answer

    async def acall() -> Any:
        if in_thread and not inspect.iscoroutinefunction(function):
            answer = await sync_to_async(function)(*arguments)
        else:
            answer = function(*arguments)
        return await answer if inspect.isawaitable(answer) else answer

    return Do(call, acall)


def _accept(answer: Any) -> None:
    status = getattr(answer, "status_code", 200)
    if status >= 400:
        text = "" if getattr(answer, "streaming", False) else answer.content[:400].decode()
        raise AssertionError(f"The call answered {status}, so it measures nothing.\n{text}")


def _compare(sizes: Sequence[int], counted: Sequence[Counter[str]]) -> None:
    first = counted[0]
    for size, statements in zip(sizes[1:], counted[1:], strict=True):
        if statements.total() == first.total():
            continue
        changed = [
            f"  {first[sql]} → {statements[sql]}  {_short(sql)}"
            for sql in sorted({*first, *statements})
            if first[sql] != statements[sql]
        ]
        raise AssertionError(
            f"{first.total()} queries for {_rows(sizes[0])}, {statements.total()} for "
            f"{_rows(size)}. These are not constant:\n"
            + "\n".join(changed)
            + "\nselect_related() or prefetch_related() fetch relations at once."
        )
    if not first.total():
        raise AssertionError(
            "The call made no query, so it measures nothing. Is its answer cached?"
        )


def _differ(sizes: Sequence[int], answers: Sequence[Any]) -> None:
    contents = [
        each.content
        for each in answers
        if hasattr(each, "status_code") and not getattr(each, "streaming", False)
    ]
    for size, (before, after) in zip(sizes[1:], pairwise(contents), strict=False):
        if before == after:
            raise AssertionError(
                f"The answer with {_rows(size)} is the one with fewer, so it measures nothing. "
                "Does grow() make rows that the answer shows, and is the page large enough?"
            )


def _short(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
