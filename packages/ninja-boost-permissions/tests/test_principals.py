"""Who the caller is, and what the built-in permissions make of it."""

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject
from ninja import NinjaAPI

from ninja_boost_permissions import (
    HasPermission,
    IsAuthenticated,
    IsOwner,
    IsStaff,
    IsSuperuser,
    require,
)
from tests.models import ApiKey, Order
from tests.support import TokenAuth, denials, serving


class Person:
    """A principal that is neither a dict nor a model."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


def ask(permission, user, **values):
    request = RequestFactory().get("/")
    return permission.has_permission(request, {"user": user}, **values)


@pytest.mark.parametrize(
    ("user", "answer"),
    [
        (None, False),
        (True, False),
        (False, False),
        ({}, False),
        ("", False),
        (AnonymousUser(), False),
        ({"user_id": 1, "is_authenticated": False}, False),
        ({"user_id": 1, "is_authenticated": "false"}, False),
        (Person(is_authenticated=lambda: True), False),
        ({"user_id": 1}, True),
        ("alice", True),
        (7, True),
        (Person(), True),
        (User(), True),
        ({"user_id": 1, "is_active": False}, None),
        ({"user_id": 1, "is_active": "true"}, None),
        (User(is_active=False), None),
        (SimpleLazyObject(AnonymousUser), False),
        (SimpleLazyObject(User), True),
    ],
)
def test_is_authenticated(user, answer):
    assert ask(IsAuthenticated(), user) is answer


@pytest.mark.parametrize(
    ("permission", "name"), [(IsStaff(), "is_staff"), (IsSuperuser(), "is_superuser")]
)
@pytest.mark.parametrize(
    ("value", "answer"),
    [(True, True), (False, False), (None, False), ("false", None), ("true", None), (1, None)],
)
def test_only_a_literal_true_counts(permission, name, value, answer):
    assert ask(permission, {"user_id": 1, name: value}) is answer
    assert ask(permission, Person(**{name: value})) is answer
    assert ask(permission, {"user_id": 1}) is False
    assert ask(permission, {"user_id": 1, name: value, "is_active": False}) is None


@pytest.mark.parametrize(
    ("permissions", "answer"),
    [
        (["app.view"], True),
        (("app.view",), True),
        ({"app.view"}, True),
        (frozenset({"app.view"}), True),
        (["app.view_all"], False),
        ([], False),
        ("app.view", None),
        ("xapp.views", None),
        ({"app.view": True}, None),
        (None, None),
    ],
)
def test_a_list_of_permissions(permissions, answer):
    assert ask(HasPermission("app.view"), {"user_id": 1, "permissions": permissions}) is answer
    assert ask(HasPermission("app.view"), Person(permissions=permissions)) is answer


def test_no_flag_stands_for_a_permission_in_a_dict():
    assert ask(HasPermission("app.view"), {"user_id": 1, "is_superuser": True}) is False


KEY = uuid.UUID("7e0d5b52-0000-4000-8000-000000000000")


@pytest.mark.parametrize(
    ("user", "owner", "answer"),
    [
        ({"user_id": 1}, 1, True),
        ({"user_id": 1}, "1", True),
        ({"sub": "1"}, 1, True),
        ({"user_id": 2, "sub": "1"}, 1, False),
        ({"user_id": 1}, 2, False),
        ({"user_id": 1}, None, None),
        ({"username": "alice"}, None, None),
        ({"user_id": None}, "None", None),
        ({"user_id": ""}, "", None),
        ({"user_id": True}, 1, None),
        ({"user_id": "True"}, "True", True),
        ({"id": 1}, 1, None),
        ({"user_id": str(KEY)}, KEY, True),
        (Person(id=1), 1, True),
        (Person(user_id=2, id=1), 1, False),
        (Person(), 1, None),
        ("alice", "alice", True),
        (7, 7, True),
        (User(pk=1), 1, True),
        (User(pk=1), User(pk=1), True),
        (User(pk=1), User(pk=2), False),
        (User(), User(), False),
        ({"user_id": 1}, User(pk=1), True),
        ({"user_id": 1}, Order(pk=1), None),
        (User(pk=1), Order(pk=1), None),
        (ApiKey(pk=1), User(pk=1), None),
        (ApiKey(pk=1, user_id=2), User(pk=1), False),
        (ApiKey(pk=1, user_id=2), User(pk=2), True),
        (ApiKey(pk=1, user_id=2), 2, True),
        (ApiKey(pk=1, user_id=2), 1, False),
        (ApiKey(pk=1), ApiKey(pk=1), True),
        (ApiKey(pk=1), ApiKey(pk=2), False),
        (SimpleLazyObject(lambda: User(pk=1)), User(pk=1), True),
        (None, 1, False),
        (None, None, False),
        ({"user_id": 1, "is_active": False}, 1, None),
    ],
)
def test_is_owner(user, owner, answer):
    assert ask(IsOwner(lambda request, ctx: owner), user) is answer


@pytest.mark.parametrize("owner", [[1], {"user_id": 1}, True, 1.0, object()])
def test_what_can_own_nothing_is_an_error(owner):
    with pytest.raises(TypeError, match="must be an id, a user or None"):
        ask(IsOwner(lambda request, ctx: owner), {"user_id": 1})


def test_nobody_owns_anything_and_nothing_is_loaded():
    def owner(request, ctx):
        raise AssertionError("asked for nobody")

    assert ask(IsOwner(owner), None) is False


@pytest.fixture
def people(transactional_db):
    names = ("member", "direct", "other", "inactive", "root")
    users = {name: User.objects.create_user(name) for name in names}
    view = Permission.objects.get(codename="view_order")
    group = Group.objects.create(name="clerks")
    group.permissions.add(view)
    users["member"].groups.add(group)
    users["direct"].user_permissions.add(view)
    users["inactive"].user_permissions.add(view)
    User.objects.filter(username="inactive").update(is_active=False)
    User.objects.filter(username="root").update(is_superuser=True)
    return {name: User.objects.get(username=name) for name in users}


def operation(how, permission):
    def view(request, pk: int):
        return {}

    api = NinjaAPI(auth=TokenAuth())
    api.get("/{pk}")(require(permission)(how.view(view)))
    return api


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("member", (200, 403)),
        ("direct", (200, 403)),
        ("other", (403, 200)),
        ("root", (200, 403)),
        # Nothing is said about who is not active, so that no ~ permits anything.
        ("inactive", (403, 403)),
    ],
)
def test_a_django_user_is_asked(how, people, name, codes):
    permission = HasPermission("tests.view_order")
    with serving(yes=operation(how, permission), no=operation(how, ~permission)):
        got = tuple(how.ask("get", url, people[name]).status_code for url in ("/yes/1", "/no/1"))
    assert got == codes


def test_a_backend_that_knows_only_has_perm_is_asked(how, people, settings):
    settings.AUTHENTICATION_BACKENDS = ["tests.test_principals.OnlySync"]
    permission = HasPermission("tests.banned")
    with serving(yes=operation(how, permission), no=operation(how, ~permission)):
        assert how.ask("get", "/yes/1", people["other"]).status_code == 200
        assert how.ask("get", "/no/1", people["other"]).status_code == 403


class OnlySync:
    """As many third-party backends are; Django's ``ahas_perm`` skips it."""

    def has_perm(self, user, perm, obj=None):
        return perm == "tests.banned"


@pytest.mark.parametrize(
    "permission",
    [IsAuthenticated, HasPermission("tests.view_order"), IsOwner(lambda request, ctx: 1)],
    ids=str,
)
def test_a_user_that_is_loaded_when_it_is_looked_at(how, people, settings, permission):
    def with_lazy_user(view):
        def wrapper(request, *args, **kwargs):
            user = SimpleLazyObject(lambda: User.objects.get(username="member"))
            return view(request, {"user": user}, *args, **kwargs)

        return wrapper

    if isinstance(permission, IsOwner):
        permission = IsOwner(lambda request, ctx: people["member"].pk, nonblocking=True)
    settings.NINJA_BOOST = {"DI": with_lazy_user}
    api = operation(how, permission)
    api.auth = None
    with serving(api=api):
        assert how.ask("get", "/api/1", True).status_code == 200


def test_owners_from_the_database(how, people):
    order = Order.objects.create(user=people["other"])

    def by_id(request, ctx, pk, **kw):
        return Order.objects.get(pk=pk).user_id

    def by_user(request, ctx, pk):
        return Order.objects.select_related("user").get(pk=pk).user

    async def by_async_query(request, ctx, pk):
        return (await Order.objects.aget(pk=pk)).user_id

    for owner in (by_id, by_user, by_async_query):
        with serving(api=operation(how, IsOwner(owner))), denials() as seen:
            assert how.ask("get", f"/api/{order.pk}", people["other"]).status_code == 200
            assert how.ask("get", f"/api/{order.pk}", people["root"]).status_code == 403
            token = {"sub": str(people["other"].pk)}
            assert how.ask("get", f"/api/{order.pk}", token).status_code == 200
            assert how.ask("get", "/api/99999", people["other"]).status_code == 403
        assert seen[-1]["reason"].endswith("raised DoesNotExist")
