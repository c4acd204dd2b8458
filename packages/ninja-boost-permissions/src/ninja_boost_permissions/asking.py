"""Asks permissions, and loads the object that they are asked about; no failure gets out of here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404

from ninja_boost_core import Call
from ninja_boost_core.callables import is_async
from ninja_boost_core.steps import Steps

from .decisions import Answer
from .questions import OBJECT, Question

__all__ = ["ObjectLoader", "answer_to", "begin"]

logger: logging.Logger = logging.getLogger("ninja_boost.permissions")

_MISSING = (Http404, ObjectDoesNotExist)


class ObjectLoader:
    """Loads the object of a call once, for the permissions that take it and for the view.

    Args:
        function: what ``require(obj=...)`` was given.

    Raises:
        TypeError: if that cannot be called with ``(request, ctx, ...)``.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        given: Any = function
        if not callable(given):
            raise TypeError(f"{OBJECT}={given!r:.80}: give a function that returns the object.")
        self.question: Question = Question(
            f"{OBJECT}=", function, function, (function,), may_block=not is_async(function)
        )

    def load(self, call: Call, values: Mapping[str, Any], run_async: bool) -> Steps[Any]:
        """Return the object, which is in the context from then on.

        Raises:
            Http404: if there is none.
            Exception: what else the function raised.
        """
        state: tuple[Any, Exception | None] | None = call.state.get(self)
        if state is None:
            try:
                found = yield from self.question.ask(call.request, call.ctx, values, run_async)
            except _MISSING:
                state = None, Http404()
            except Exception as error:  # noqa: BLE001 - raised below, each time
                state = None, error
            else:
                state = found, Http404() if found is None else None
            call.state[self] = state
        found, failure = state
        if failure is not None:
            raise failure
        call.ctx[OBJECT] = found
        return found

    def found_nothing(self, call: Call) -> bool:
        """Return whether there turned out to be no such object."""
        return isinstance(call.state.get(self, (None, None))[1], Http404)


_TRUE, _FALSE, _NONE = Answer(True), Answer(False), Answer(None)
_NOT_BEGUN: Any = object()
_NO_VALUES: Mapping[str, Any] = {}


def begin(question: Question, call: Call, run_async: bool) -> tuple[Answer | None, Any]:
    """Ask a permission that takes no arguments.

    Returns its answer if nothing is to be waited for, and else what ``answer_to`` goes on with.
    """
    try:
        value = question.begin(call.request, call.ctx, _NO_VALUES, run_async)
    except Exception as error:  # noqa: BLE001 - whatever it is, it permits nothing
        return _failed(question, error), None
    return _plain(value), value


def answer_to(
    question: Question,
    call: Call,
    values: Mapping[str, Any],
    run_async: bool,
    loader: ObjectLoader | None,
    begun: Any = _NOT_BEGUN,
) -> Steps[Answer]:
    """Return what a permission says; whatever goes wrong is logged and permits nothing."""
    loads = loader if OBJECT in question.wants else None
    try:
        if loads is not None:
            values = {**values, OBJECT: (yield from loads.load(call, values, run_async))}
        if begun is _NOT_BEGUN:
            begun = question.begin(call.request, call.ctx, values, run_async)
        value = yield from question.finish(begun)
    except Exception as error:  # noqa: BLE001 - whatever it is, it permits nothing
        if loads is not None and loads.found_nothing(call):
            return Answer(None, "found no object")
        return _failed(question, error)
    if (answer := _plain(value)) is not None:
        return answer
    kind = type(value).__name__
    logger.error("%s returned %s, which permits nothing: return a bool.", question.name, kind)
    return Answer(None, f"returned {kind}")


def _plain(value: Any) -> Answer | None:
    """Return the answer that True, False or None is; None for anything else, such as 1."""
    if value is True:
        return _TRUE
    if value is False:
        return _FALSE
    return _NONE if value is None else None


def _failed(question: Question, error: Exception) -> Answer:
    kind = type(error).__name__
    if isinstance(error, _MISSING):
        # Whoever asks for what is not there causes this.
        logger.info("%s raised %s, which permits nothing.", question.name, kind)
    else:
        logger.error("%s raised %s, which permits nothing.", question.name, kind, exc_info=error)
    return Answer(None, f"raised {kind}")
