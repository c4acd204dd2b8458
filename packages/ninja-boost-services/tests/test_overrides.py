"""Fakes in tests."""

import asyncio
import threading

import pytest
from django.test import AsyncClient, Client

from ninja_boost_services import BoostService, ServiceNotFound, inject_service
from tests.support import data, serving_view


class Email(BoostService):
    name = "email"
    title = "real"


class Fake:
    def __init__(self, title="fake"):
        self.title = title


@pytest.fixture
def services(registry):
    registry.register(Email())
    registry.register_factory("orders", lambda email: {"email": email})
    registry.register_factory("cart", lambda orders: [orders], scope="request")
    return registry


def titles(services):
    with services.scope() as scope:
        return [
            services.get("email").title,
            services.get("orders")["email"].title,
            scope["cart"][0]["email"].title,
        ]


def test_dependents_get_the_fake_too(services):
    assert titles(services) == ["real"] * 3
    with services.override("email", Fake()) as fake:
        assert services.get("email") is fake
        assert titles(services) == ["fake"] * 3
        assert services.get("orders") is services.get("orders")
    assert titles(services) == ["real"] * 3


def test_overrides_nest(services):
    with services.override("email", Fake("outer")):
        outer = services.get("orders")
        with services.override("email", Fake("inner")):
            assert titles(services) == ["inner"] * 3
        with services.override("cart", "no cart"):
            assert services.get("orders") is outer
            assert services.scope()["cart"] == "no cart"
        assert titles(services) == ["outer"] * 3
        assert services.get("orders") is outer


def test_an_override_ends_with_an_error(services):
    with pytest.raises(ZeroDivisionError), services.override("email", Fake()):
        _ = 1 / 0
    assert titles(services) == ["real"] * 3


def test_only_what_exists_can_be_overridden(services):
    with pytest.raises(ServiceNotFound, match="Did you mean 'email'"):
        services.override("emial", Fake())


def test_an_override_is_in_force_once(services):
    override = services.override("email", Fake())
    with override, pytest.raises(RuntimeError, match="in force already"), override:
        pass
    assert titles(services) == ["real"] * 3


def test_what_was_made_inside_is_cleaned_up(services, log):
    def mailer(email):
        log.append(f"+{email.title}")
        yield email
        log.append(f"-{email.title}")

    services.register_factory("mailer", mailer)
    services.get("mailer")
    with services.override("email", Fake()):
        services.get("mailer")
    assert log == ["+real", "+fake", "-fake"]


async def test_what_async_code_made_inside_is_cleaned_up(services, log):
    async def mailer(email):
        log.append(f"+{email.title}")
        yield email
        log.append(f"-{email.title}")

    services.register_factory("mailer", mailer)
    async with services.override("email", Fake()):
        await services.aget("mailer")
    assert log == ["+fake", "-fake"]


def test_an_async_service_may_have_a_sync_fake(registry):
    async def session(): ...

    registry.register_factory("session", session)
    registry.register_factory("orders", lambda session: session)
    with registry.override("session", "fake"):
        assert registry.get("orders") == "fake"


async def test_tasks_do_not_see_each_others(services):
    async def one(title):
        with services.override("email", Fake(title)):
            await asyncio.sleep(0.001)
            return titles(services)

    found = await asyncio.gather(*(one(str(number)) for number in range(5)))
    assert found == [[str(number)] * 3 for number in range(5)]
    assert titles(services) == ["real"] * 3


def test_threads_do_not_see_each_others(services):
    entered, looked = threading.Barrier(2), threading.Barrier(2)
    found = []

    def one(title):
        with services.override("email", Fake(title)):
            entered.wait(10)
            found.append(titles(services))
            looked.wait(10)

    threads = [threading.Thread(target=one, args=(title,)) for title in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == [["a"] * 3, ["b"] * 3]
    assert titles(services) == ["real"] * 3


def test_requests_see_it(services):
    @inject_service("email", "cart")
    def view(request, ctx):
        return [ctx["svc_email"].title, ctx["svc_cart"][0]["email"].title]

    async def use():
        return data(await AsyncClient().get("/api/view"))

    with serving_view(view):
        with services.override("email", Fake()):
            assert data(Client().get("/api/view")) == ["fake", "fake"]
            assert asyncio.run(use()) == ["fake", "fake"]
        assert data(Client().get("/api/view")) == ["real", "real"]
