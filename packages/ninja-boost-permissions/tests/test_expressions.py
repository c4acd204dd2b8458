"""What can be written, how it reads, and what is refused where it is written."""

from dataclasses import dataclass
from typing import Optional, Union

import pytest
from django.test import RequestFactory

from ninja_boost_core.views import attachment_of
from ninja_boost_permissions import (
    AllowAny,
    BasePermission,
    DenyAll,
    HasPermission,
    IsAuthenticated,
    IsOwner,
    IsStaff,
    IsSuperuser,
    require,
)


def owner(request, ctx, pk, **kw):
    return pk


@dataclass
class Level(BasePermission):
    minimum: int

    def has_permission(self, request, ctx):
        return True


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (IsAuthenticated & IsOwner(lambda req, ctx: 1), "IsAuthenticated & IsOwner(...)"),
        (IsStaff | IsOwner(owner), "IsStaff | IsOwner(owner)"),
        (~HasPermission("app.banned"), '~HasPermission("app.banned")'),
        (IsStaff() & IsSuperuser, "IsStaff & IsSuperuser"),
        (IsStaff & (IsSuperuser | AllowAny()), "IsStaff & (IsSuperuser | AllowAny)"),
        (IsStaff & IsSuperuser & AllowAny, "IsStaff & IsSuperuser & AllowAny"),
        (IsStaff & IsSuperuser | AllowAny, "(IsStaff & IsSuperuser) | AllowAny"),
        (~(IsStaff | DenyAll), "~(IsStaff | DenyAll)"),
        (~IsStaff & ~~DenyAll, "~IsStaff & ~~DenyAll"),
        (Level(3) & IsStaff, "Level(minimum=3) & IsStaff"),
    ],
)
def test_an_expression_reads_as_it_is_written(expression, text):
    assert str(expression) == text
    hook = attachment_of(require(expression)(lambda request, pk: None)).hooks[0]
    assert hook.describe() == f"requires {text}"


def function(request, ctx):
    return True


@pytest.mark.parametrize(
    "thing", [None, True, "IsStaff", 1, object, object(), function, [IsStaff], IsStaff | None]
)
def test_what_is_no_permission_is_refused_at_once(thing):
    with pytest.raises(TypeError, match="is no permission"):
        require(thing)


def test_the_decorator_needs_a_permission():
    with pytest.raises(TypeError, match="needs a permission"):
        require()
    with pytest.raises(TypeError, match="is no permission"):

        @require
        def view(request):
            return {}


@pytest.mark.parametrize("other", [None, True, "IsStaff", function, lambda: None])
def test_operators_refuse_what_is_no_permission(other):
    for mine in (IsStaff, IsStaff()):
        with pytest.raises(TypeError):
            mine & other
        with pytest.raises(TypeError):
            other & mine
    with pytest.raises(TypeError):
        IsStaff() | other


@pytest.mark.parametrize("thing", [IsStaff, IsStaff(), IsStaff & AllowAny, ~IsStaff])
def test_the_words_and_or_not_are_refused(thing):
    for use in (
        lambda: thing and AllowAny,
        lambda: thing or AllowAny,
        lambda: not thing,
    ):
        with pytest.raises(TypeError, match=r"write &, \| and ~"):
            use()


def test_classes_still_make_types():
    assert IsStaff | None == Optional[IsStaff]  # noqa: UP045
    assert IsStaff | int == Union[IsStaff, int]  # noqa: UP007


@pytest.mark.parametrize("needs", [HasPermission, IsOwner, Level])
def test_a_class_that_needs_arguments_is_no_permission_yet(needs):
    with pytest.raises(TypeError, match="give an instance"):
        require(needs)
    with pytest.raises(TypeError, match="give an instance"):
        IsStaff & needs
    with pytest.raises(TypeError, match="give an instance"):
        require(~needs)


@pytest.mark.parametrize("codename", [None, "", 3, ["a.b"], IsStaff])
def test_a_codename_is_a_text(codename):
    with pytest.raises(TypeError, match="codename"):
        HasPermission(codename)


@pytest.mark.parametrize("bad", [None, 3, "user_id"])
def test_an_owner_is_a_function(bad):
    with pytest.raises(TypeError, match="give a function"):
        IsOwner(bad)
    with pytest.raises(TypeError, match="give a function"):
        require(IsOwner(lambda request, ctx, obj: obj), obj=bad or 0)


class Empty(BasePermission):
    pass


class OfDrf(BasePermission):
    def has_permission(self, request, ctx):
        return True

    def has_object_permission(self, request, view, obj):
        return False


class TooFew(BasePermission):
    def has_permission(self, request):
        return True


class Keywords(BasePermission):
    def has_permission(self, request, *, ctx):
        return True


class Slash(BasePermission):
    def has_permission(self, request, ctx, pk, /):
        return True


class Twins(BasePermission):
    def has_permission(self, request, ctx, pk):
        return True

    async def ahas_permission(self, request, ctx):
        return True


@pytest.mark.parametrize(
    ("permission", "message"),
    [
        (BasePermission, "has no has_permission"),
        (Empty, "has no has_permission"),
        (OfDrf, "has_object_permission is never called"),
        (TooFew, r"function of \(request, ctx"),
        (Keywords, "by position"),
        (Slash, "by name"),
        (Twins, "same parameters"),
        (IsOwner(lambda obj: 1), r"function of \(request, ctx"),
    ],
)
def test_a_permission_that_cannot_be_asked_is_refused_at_once(permission, message):
    with pytest.raises(TypeError, match=message):
        require(~(IsStaff | permission))


def test_a_view_has_what_its_permissions_take():
    takes_id = IsAuthenticated & IsOwner(owner)
    with pytest.raises(TypeError, match=r"IsOwner\(owner\) takes 'pk', and .*view has no such"):

        @require(takes_id)
        def view(request, ctx, key: int):
            return {}

    for good in (
        lambda request, pk: None,
        lambda request, ctx, *, pk=1: None,
        lambda request, **kwargs: None,
    ):
        require(takes_id)(good)


def test_an_object_needs_a_loader_and_a_taker():
    takes = IsOwner(lambda request, ctx, obj: obj)
    with pytest.raises(TypeError, match=r"takes 'obj'.*Give require\(obj=\.\.\.\)"):
        require(takes)(lambda request, pk: None)
    with pytest.raises(TypeError, match="nothing in IsStaff has a parameter 'obj'"):
        require(IsStaff, obj=lambda request, ctx: 1)
    with pytest.raises(TypeError, match="rename it"):
        require(takes, obj=lambda request, ctx: 1)(lambda request, obj: None)
    with pytest.raises(TypeError, match="obj= takes 'pk'"):
        require(takes, obj=lambda request, ctx, pk: pk)(lambda request, key: None)
    require(takes)(lambda request, obj: None)  # the view's own argument


def test_a_test_may_replace_a_permission(monkeypatch):
    @require(IsStaff)
    def view(request):
        return {}

    monkeypatch.setattr(IsStaff, "has_permission", lambda self, request, ctx: True)
    assert view(RequestFactory().get("/")) == {}
