"""The Link header and the other parameters of a request."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_pagination._links import link_header

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
NAMES = st.sampled_from(["page", "size", "q"]) | TEXTS


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=5))
def test_the_others_are_kept_as_django_writes_them(pairs: list[tuple[str, str]]) -> None:
    request = RequestFactory().get("/items")
    query = QueryDict(mutable=True)
    for name, value in pairs:
        query.appendlist(name, value)
    request.GET = query.copy()
    query.pop("page", None)
    own = "&".join(filter(None, (query.urlencode(), "page=2")))
    assert link_header(request, {"next": {"page": "2"}}) == f'</items?{own}>; rel="next"'


def test_the_query_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError("A deep copy of the parameters takes longer than the header.")

    monkeypatch.setattr(QueryDict, "__deepcopy__", refuse)
    request = RequestFactory().get("/items?q=a%20b&q=c&page=1")
    assert link_header(request, {"last": {"page": "9"}}) == (
        '</items?q=a+b&q=c&page=9>; rel="last"'
    )
