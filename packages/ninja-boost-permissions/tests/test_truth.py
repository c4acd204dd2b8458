"""No expression permits what the truth tables of Kleene's strong logic do not permit."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ninja import NinjaAPI

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_permissions import AllowAny, BasePermission, DenyAll, require
from tests.support import Async, Sync, serving

# T, F, and N for neither; written out, as in any textbook.
NOT = {"T": "F", "F": "T", "N": "N"}
AND = {
    "TT": "T", "TF": "F", "TN": "N",
    "FT": "F", "FF": "F", "FN": "F",
    "NT": "N", "NF": "F", "NN": "N",
}  # fmt: skip
OR = {
    "TT": "T", "TF": "T", "TN": "T",
    "FT": "T", "FF": "F", "FN": "N",
    "NT": "T", "NF": "N", "NN": "N",
}  # fmt: skip

SAYS = {"T": True, "F": False, "N": None, "raises": ValueError, "text": "yes", "zero": 0}
"""What a permission does, by its letter in a table, or else N."""


class Leaf(NamedTuple):
    """One permission of an expression, whose answer is a matter of its number."""

    says: str
    style: str
    is_class: bool
    nonblocking: bool
    takes: str

    @property
    def letter(self):
        return self.says if len(self.says) == 1 else "N"

    @property
    def is_late(self):
        return self.takes != "nothing"


leaves = st.builds(
    Leaf,
    says=st.sampled_from(sorted(SAYS)),
    style=st.sampled_from(["plain", "async", "both", "coroutine"]),
    is_class=st.booleans(),
    nonblocking=st.booleans(),
    takes=st.sampled_from(["nothing", "nothing", "number", "all"]),
)


@st.composite
def trees(draw):
    """Some leaves, and an expression over their numbers, in which each may occur repeatedly."""
    pool = draw(st.lists(leaves, min_size=1, max_size=5))
    numbers = st.integers(0, len(pool) - 1)
    tree = draw(
        st.recursive(
            numbers,
            lambda inner: st.one_of(
                st.tuples(st.just("~"), inner),
                st.tuples(st.sampled_from("&|"), inner, inner),
            ),
            max_leaves=8,
        )
    )
    return pool, tree


def table(tree, letters):
    """The plain evaluator: looks everything up, leaves nothing out."""
    if isinstance(tree, int):
        return letters[tree]
    sign, *operands = tree
    values = [table(each, letters) for each in operands]
    return NOT[values[0]] if sign == "~" else {"&": AND, "|": OR}[sign]["".join(values)]


def occurrences(tree):
    return [tree] if isinstance(tree, int) else [n for each in tree[1:] for n in occurrences(each)]


def renumbered(tree, numbers):
    """The same tree with a number of its own for each occurrence."""
    if isinstance(tree, int):
        return next(numbers)
    return (tree[0], *(renumbered(each, numbers) for each in tree[1:]))


def permission(leaf: Leaf, number: int, asked: list[int]) -> Any:
    def answer():
        asked.append(number)
        said = SAYS[leaf.says]
        if said is ValueError:
            raise said("do not tell")
        return said

    async def later():
        return answer()

    def make(how):
        if leaf.takes == "nothing":
            return lambda self, request, ctx: how()
        if leaf.takes == "number":

            def method(self, request, ctx, number):
                assert type(number) is int
                return how()

            return method
        return lambda self, request, ctx, **values: how() if values["number"] == 7 else True

    def make_async():
        if leaf.takes == "nothing":

            async def method(self, request, ctx):
                return answer()
        elif leaf.takes == "number":

            async def method(self, request, ctx, number):
                return answer()
        else:

            async def method(self, request, ctx, **values):
                return answer()

        return method

    names: dict[str, Any] = {"nonblocking": leaf.nonblocking}
    if leaf.style == "async":
        names["has_permission"] = make_async()
    else:
        names["has_permission"] = make(later if leaf.style == "coroutine" else answer)
    if leaf.style == "both":
        names["ahas_permission"] = make_async()
    kind = type(f"P{number}", (BasePermission,), names)
    return kind if leaf.is_class else kind()


def expression(tree, permissions):
    if isinstance(tree, int):
        return permissions[tree]
    sign, *operands = tree
    first, *rest = [expression(each, permissions) for each in operands]
    if sign == "~":
        return ~first
    return first & rest[0] if sign == "&" else first | rest[0]


def build(kind, how, required):
    """An operation that answers 200 to whoever gets through, 422 to a wrong number."""

    def view(request, number: int):
        return {"got": "through"}

    view = require(required)(how.view(view))
    if kind == "plain":
        api = NinjaAPI()
        api.get("/{number}")(view)
        return api
    api, router = AutoAPI(auth=None), AutoRouter()
    router.get("/{number}")(view)
    api.add_router("", router)
    return api


@pytest.mark.parametrize("kind", ["plain", "auto"])
@pytest.mark.parametrize("how", [Sync(), Async()], ids=["sync", "async"])
@given(drawn=trees())
def test_an_expression_decides_as_the_truth_tables_do(kind, how, drawn):
    pool, tree = drawn
    asked: list[int] = []
    required = expression(tree, [permission(each, n, asked) for n, each in enumerate(pool)])
    permitted = table(tree, [leaf.letter for leaf in pool]) == "T"

    with serving(api=build(kind, how, required)):
        response = how.ask("get", "/api/7")

    assert response.status_code == (200 if permitted else 401), str(required)
    assert len(asked) == len(set(asked)), "a permission was asked twice"
    assert "do not tell" not in response.content.decode()


@pytest.mark.parametrize("how", [Sync(), Async()], ids=["sync", "async"])
@given(drawn=trees())
def test_what_needs_no_arguments_decides_before_there_are_any(how, drawn):
    pool, tree = drawn
    asked: list[int] = []
    required = expression(tree, [permission(each, n, asked) for n, each in enumerate(pool)])
    # Whatever the late permissions may say, each time that they are named.
    places = occurrences(tree)
    letters = ["TFN" if pool[n].is_late else pool[n].letter for n in places]
    alone = renumbered(tree, iter(range(len(places))))
    may_permit = any(table(alone, choice) == "T" for choice in itertools.product(*letters))

    with serving(api=build("auto", how, required)):
        response = how.ask("get", "/api/seven")

    assert response.status_code == (422 if may_permit else 401), str(required)
    assert not [n for n in asked if pool[n].is_late], "asked without arguments"


@given(drawn=trees())
def test_the_order_of_operands_decides_nothing(drawn):
    pool, tree = drawn

    def mirrored(each):
        return each if isinstance(each, int) else (each[0], *map(mirrored, reversed(each[1:])))

    permissions = [permission(leaf, n, []) for n, leaf in enumerate(pool)]
    both = [expression(each, permissions) for each in (tree, mirrored(tree))]
    codes = []
    for required in both:
        with serving(api=build("plain", Sync(), required)):
            codes.append(Sync().ask("get", "/api/7").status_code)
    assert codes[0] == codes[1]


@pytest.mark.parametrize(
    ("required", "status"),
    [
        (AllowAny, 200),
        (DenyAll, 401),
        (~DenyAll, 200),
        (~AllowAny(), 401),
        (~~AllowAny, 200),
        (AllowAny & ~DenyAll(), 200),
        (DenyAll | AllowAny, 200),
    ],
)
def test_the_constants(required, status, how):
    with serving(api=build("auto", how, required)):
        assert how.ask("get", "/api/7").status_code == status
