from __future__ import annotations

import keyword
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_cli import Refused
from ninja_boost_cli.names import (
    check_app_name,
    check_model_name,
    check_project_name,
    model_name,
    snake_case,
)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("my-api", "not an identifier. Perhaps 'my_api'?"),
        ("2fast", "not an identifier. Perhaps 'fast'?"),
        ("café", "not an identifier"),
        ("", "not an identifier"),
        ("..", "not an identifier"),
        ("a/b", "not an identifier. Perhaps 'a_b'?"),
        ("class", "keyword"),
        ("None", "keyword"),
        ("json", "standard library"),
        ("Calendar", "standard library"),
        ("pytest", "is installed"),
        ("test", "means the tests"),
        ("tests", "means the tests"),
        ("_shop", "underscore"),
        ("x" * 41, "at most 40"),
    ],
)
@pytest.mark.parametrize("check", [check_project_name, check_app_name])
def test_a_bad_name_is_refused_with_the_reason(check, name, reason):
    with pytest.raises(Refused) as refused:
        check(name)
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", ["django", "apps", "wheels", "manage", "ninja_boost_x", "jwt"])
def test_a_project_hides_nothing(name):
    with pytest.raises(Refused):
        check_project_name(name)


@pytest.mark.parametrize("name", ["auth", "sessions", "health", "registered", "accounts", "Orders"])
def test_an_app_takes_no_place_that_is_taken(name):
    with pytest.raises(Refused):
        check_app_name(name)


def test_a_directory_that_is_here_is_no_installed_module(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert check_project_name("shop") == "shop"
    monkeypatch.chdir("/")
    with pytest.raises(Refused, match="is installed"):
        check_project_name("shop")


@given(
    st.text(max_size=50)
    | st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
    | st.sampled_from(keyword.kwlist)
)
def test_an_accepted_name_can_be_imported(name):
    try:
        check_project_name(name)
    except Refused as refused:
        reason = str(refused)
    else:
        reason = None
    if reason:
        assert repr(name) in reason or f"not {len(name)}." in reason
        return
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert name not in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("app", "model"),
    [
        ("orders", "Order"),
        ("order_lines", "OrderLine"),
        ("categories", "Category"),
        ("addresses", "Address"),
        ("boxes", "Box"),
        ("status", "Status"),
        ("news", "New"),
        ("gas", "Ga"),
        ("stock", "Stock"),
        ("analysis", "Analysis"),
    ],
)
def test_the_model_is_the_singular(app, model):
    assert model_name(app) == model


@pytest.mark.parametrize("name", ["order", "True", "Order Line", "QuerySet", "Ä"])
def test_a_model_needs_a_name_of_a_class(name):
    with pytest.raises(Refused):
        check_model_name(name)


def test_snake_case():
    assert snake_case("OrderLine") == "order_line"
    assert snake_case("Order2Line") == "order2_line"
