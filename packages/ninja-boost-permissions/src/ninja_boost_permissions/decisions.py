"""Decides an expression. Nothing here waits for anything.

An expression is compiled to its negation normal form: ``~`` is pushed down to the permissions, so
that what is left is ANDs and ORs of literals, "X says True" and, below an odd number of ``~``,
"X says False". That is Kleene's strong three-valued logic with True as the only value that permits:
an abstention makes neither literal true, and without a negation above the literals nothing that a
permission fails to say can permit anything. The result does not depend on the order of asking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .expressions import AllOf, AnyOf, BasePermission, Expression, Inverse
from .questions import OBJECT, Question

__all__ = [
    "Answer",
    "Answers",
    "Junction",
    "Literal",
    "Node",
    "compiled",
    "literals",
    "outcome",
    "reasons",
]


class Answer(NamedTuple):
    """What a permission said.

    Attributes:
        value: True, False, or None for an abstention or a failure.
        failure: what went wrong, such as "raised ValueError"; without what an exception says.
    """

    value: bool | None
    failure: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """True if the permission gives the wanted answer.

    Attributes:
        permission: whom to ask.
        question: how to ask.
        wanted: the answer that permits.
        key: what the answer is kept by, so that nobody is asked twice.
    """

    permission: BasePermission
    question: Question
    wanted: bool
    key: Any


@dataclass(frozen=True, slots=True, eq=False)
class Junction:
    """An AND, which one False settles, or an OR, which one True settles."""

    settled_by: bool
    parts: tuple[Node, ...]


Node = Literal | Junction

Answers = Mapping[Any, Answer]


def compiled(expression: Expression, scope: Any, wanted: bool = True) -> Node:
    """Return the normal form of "``expression`` is ``wanted``".

    Args:
        expression: the expression.
        scope: what tells the objects of two decisions about one request apart.
        wanted: the answer that permits.

    Raises:
        TypeError: naming a permission that cannot be asked.
    """
    if isinstance(expression, Inverse):
        return compiled(expression.operand, scope, not wanted)
    if isinstance(expression, AllOf | AnyOf):
        # De Morgan: "not all" is "any not".
        is_all = isinstance(expression, AllOf) is wanted
        parts = (compiled(each, scope, wanted) for each in expression.operands)
        return Junction(not is_all, tuple(parts))
    if isinstance(expression, BasePermission):
        question = Question.about(expression)
        key = (id(expression), scope if OBJECT in question.wants else None)
        return Literal(expression, question, wanted, key)
    raise TypeError(f"{type(expression).__qualname__} is an operator that nobody knows.")


def literals(node: Node) -> Iterator[Literal]:
    """Yield the literals from left to right."""
    if isinstance(node, Literal):
        yield node
    else:
        for part in node.parts:
            yield from literals(part)


def outcome(node: Node, answers: Answers, early: bool) -> bool | Literal | None:
    """Return the decision, or else what to ask next; None if only later questions are left.

    Asks from left to right, and nothing that cannot change the decision any more.

    Args:
        node: the compiled expression.
        answers: what is known, by the keys of the literals.
        early: whether only questions may be asked that need no arguments.
    """
    if isinstance(node, Literal):
        known = answers.get(node.key)
        if known is not None:
            return known.value is node.wanted
        return node if node.question.is_early or not early else None
    following: bool | Literal | None = not node.settled_by
    for part in node.parts:
        found = outcome(part, answers, early)
        if found is node.settled_by:
            return found
        if isinstance(found, Literal):
            following = following if isinstance(following, Literal) else found
        elif found is None and not isinstance(following, Literal):
            following = None
    return following


def reasons(node: Node, answers: Answers) -> Iterator[tuple[Literal, str]]:
    """Yield what was asked and did not permit, with what it said."""
    seen = set()
    for literal in literals(node):
        known = answers.get(literal.key)
        if known is None or known.value is literal.wanted or (literal.key, literal.wanted) in seen:
            continue
        seen.add((literal.key, literal.wanted))
        said = known.failure or {True: "permitted", False: "denied", None: "abstained"}[known.value]
        yield literal, f"{literal.question.name} {said}"
