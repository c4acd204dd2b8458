"""The guard fails on an N+1, and says what to do about it."""

import re

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction
from django.test import AsyncClient, Client
from ninja import Schema

from ninja_boost_queries import assert_no_n_plus_one

from .models import Category, Comment, Order, Person
from .support import api_with, fill, served
from .test_relations import LabelOut, OrderOut, PersonOut

pytestmark = pytest.mark.django_db


def get(view, response, queries=False, times=1, **options):
    with served(api_with(view, response, queries=queries)), assert_no_n_plus_one(**options):
        for _ in range(times):
            assert Client().get("/api/rows").status_code == 200


def people(request):
    return Person.objects.order_by("id")


def orders(request):
    return Order.objects.order_by("id")


def test_it_fails_on_foreign_keys_and_names_them():
    fill()
    with pytest.raises(AssertionError) as raised:
        get(people, list[PersonOut])
    company, country = str(raised.value).split("\n3 times")
    assert company.startswith("3 times in one request: SELECT")
    assert 'FROM "tests_company"' in company
    assert 'Person.company is fetched row by row: select_related("company"), or' in company
    assert "queries=True for the operation." in company
    assert "test_guard.py" in company
    assert 'Company.country is fetched row by row: select_related("country")' in country


def test_it_passes_with_a_plan():
    fill(5)
    get(people, list[PersonOut], queries=True)
    get(orders, list[OrderOut], queries=True)


def test_it_names_relations_to_many_rows():
    class LineOut(Schema):
        quantity: int

    class CommentOut(Schema):
        text: str

    class Out(Schema):
        lines: list[LineOut]
        labels: list[LabelOut]
        comments: list[CommentOut]

    class Friend(Schema):
        name: str

    class FriendOut(Schema):
        friends: list[Friend]

    fill()
    with pytest.raises(AssertionError) as raised:
        get(orders, list[Out])
    assert 'Order.lines is fetched row by row: prefetch_related("lines")' in str(raised.value)
    assert 'Order.labels is fetched row by row: prefetch_related("labels")' in str(raised.value)
    # Of these Django keeps no word.
    assert re.search('FROM "tests_comment".*\n  Fetch what it reads at once', str(raised.value))
    with pytest.raises(AssertionError, match=r'prefetch_related\("friends" or "pupils"\)'):
        get(people, list[FriendOut])


def test_it_names_the_other_side_of_a_one_to_one():
    class ProfileOut(Schema):
        bio: str

    class Out(Schema):
        profile: ProfileOut | None = None

    fill()
    with pytest.raises(AssertionError, match=r'Person.profile .* select_related\("profile"\)'):
        get(people, list[Out])


def test_it_names_generic_foreign_keys():
    class Target(Schema):
        id: int

    class Out(Schema):
        target: Target

    fill()
    comments = lambda request: Comment.objects.order_by("id")  # noqa: E731
    with pytest.raises(AssertionError, match=r'Comment.target .* prefetch_related\("target"\)'):
        get(comments, list[Out])


def test_it_names_deferred_columns_and_the_line_that_reads_them():
    class Out(Schema):
        name: str

        @staticmethod
        def resolve_name(person):
            return person.name

    fill()
    view = lambda request: Person.objects.only("email").order_by("id")  # noqa: E731
    with pytest.raises(AssertionError) as raised:
        get(view, list[Out])
    assert 'Person.name is deferred, and read: leave it out of defer(), or only("name")' in str(
        raised.value
    )
    assert "in resolve_name" in str(raised.value)


def test_a_statement_of_the_project_is_named_by_its_place():
    def view(request):
        return [Person.objects.filter(name=name).count() for name in "abc"]

    with pytest.raises(AssertionError) as raised:
        get(view, list[int])
    assert "Fetch what it reads at once, before the loop." in str(raised.value)
    assert "in <listcomp>" in str(raised.value) or "in view" in str(raised.value)


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "\n  select 1", "WITH one AS (SELECT 1) SELECT * FROM one"]
)
@pytest.mark.parametrize("alias", ["default", "other"])
@pytest.mark.django_db(databases=["default", "other"])
def test_it_sees_every_way_to_read_in_every_database(sql, alias):
    cursor = connections[alias].cursor()
    read = lambda: [cursor.execute(sql) for _ in range(3)]  # noqa: E731
    with pytest.raises(AssertionError) as raised, assert_no_n_plus_one():
        read()
    assert str(raised.value).splitlines()[0] == f"3 times in one request: {sql.strip()}"


def test_a_long_statement_is_cut():
    sql = f"SELECT '{'a' * 200}'"
    cursor = connections["default"].cursor()
    read = lambda: [cursor.execute(sql) for _ in range(3)]  # noqa: E731
    with pytest.raises(AssertionError) as raised, assert_no_n_plus_one():
        read()
    assert str(raised.value).splitlines()[0] == f"3 times in one request: {sql[:160]}…"


def test_the_key_of_a_relation_that_is_deferred_is_named():
    fill()
    view = lambda request: Person.objects.only("name").order_by("id")  # noqa: E731
    with pytest.raises(AssertionError, match=r"3 times.*\n  Person.company_id is deferred, and"):
        get(view, list[PersonOut])


def test_the_place_is_not_in_a_library():
    names = {}
    library = "def read(rows):\n    return [list(rows.all()) for _ in range(3)]\n"
    exec(compile(library, "/lib/site-packages/of_others.py", "exec"), names)
    with pytest.raises(AssertionError, match=r"At .*test_guard.py:"), assert_no_n_plus_one():
        names["read"](Person.objects)


def test_how_often_is_too_often_can_be_told():
    fill(4)
    get(people, list[PersonOut], most=4)
    with pytest.raises(AssertionError, match=r"\A4 times"):
        get(people, list[PersonOut], most=3)
    with pytest.raises(AssertionError, match=r"\A4 times"):
        get(people, list[PersonOut], most=1)


def test_each_request_counts_for_itself():
    fill(2)
    get(people, list[PersonOut], times=3)
    with pytest.raises(AssertionError) as raised:
        get(people, list[PersonOut], times=2, most=1)
    # Companies and countries, in each request.
    assert len(re.findall("^2 times", str(raised.value), re.MULTILINE)) == 4
    read = lambda: [list(Person.objects.all()) for _ in range(3)]  # noqa: E731
    with pytest.raises(AssertionError, match="3 times"), assert_no_n_plus_one():
        read()


def test_numbers_of_parameters_make_no_difference():
    fill()
    keys = ([1], [1, 2], [1, 2, 3])
    read = lambda: [list(Category.objects.filter(pk__in=several)) for several in keys]  # noqa: E731
    with pytest.raises(AssertionError, match="3 times"), assert_no_n_plus_one():
        read()


def test_writing_is_no_concern():
    with assert_no_n_plus_one():
        for number in range(5):
            with transaction.atomic():
                Person.objects.create(name=f"person {number}")


def test_an_error_in_the_block_is_what_the_test_sees():
    def fail():
        for _ in range(3):
            list(Person.objects.all())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), assert_no_n_plus_one():
        fail()


@pytest.mark.django_db(transaction=True)
async def test_it_watches_async_clients():
    await sync_to_async(fill)()

    async def view(request):
        return [person async for person in Person.objects.select_related("company__country")]

    async def reading(request):
        return [await Person.objects.filter(name=name).acount() for name in "abc"]

    with served(api_with(view, list[PersonOut])):
        async with assert_no_n_plus_one():
            assert (await AsyncClient().get("/api/rows")).status_code == 200
    with served(api_with(reading, list[int])), pytest.raises(AssertionError, match="3 times"):
        async with assert_no_n_plus_one():
            assert (await AsyncClient().get("/api/rows")).status_code == 200
