"""What can be registered, and how it is made; without requests."""

import asyncio
import contextlib
import threading

import pytest

from ninja_boost_core import event_bus
from ninja_boost_services import (
    AsyncServiceError,
    BoostService,
    CircularServiceError,
    ScopeError,
    ServiceError,
    ServiceNotFound,
    ServiceRegistry,
)


class Email(BoostService):
    name = "email"


class Cart(BoostService):
    name = "cart"
    scoped = True


def test_an_instance_is_the_service(registry):
    email = registry.register(Email())
    assert registry.get("email") is email
    assert registry.scope()["email"] is email


def test_a_class_makes_one_instance_for_the_process(registry):
    assert registry.register(Email) is Email
    assert isinstance(registry.get("email"), Email)
    assert registry.get("email") is registry.get("email")


@pytest.mark.parametrize("registered", [Cart, Cart()])
def test_a_scoped_service_is_made_for_each_scope(registry, registered):
    registry.register(registered)
    with registry.scope() as one, registry.scope() as two:
        assert one["cart"] is one["cart"]
        assert one["cart"] is not two["cart"]
        assert one["cart"] is not registered
    with pytest.raises(ScopeError, match=r"own, so ask ctx\['services'\]"):
        registry.get("cart")


def test_anything_can_be_a_service_under_a_name(registry):
    registry.register({"a": 1}, name="flags")
    registry.register_factory("answer", lambda: 42)
    assert registry.get("flags") == {"a": 1}
    assert registry.get("answer") == 42


def test_what_cannot_be_registered(registry):
    class WithArguments(BoostService):
        name = "with"
        scoped = True

        def __init__(self, size=5): ...

    with pytest.raises(TypeError, match=r"has no name.*``name``"):
        registry.register(object())
    with pytest.raises(TypeError, match="has no name"):
        registry.register(BoostService())
    with pytest.raises(ValueError, match="cannot be called 'request'"):
        registry.register_factory("request", object)
    with pytest.raises(ValueError, match="cannot be called ''"):
        registry.register_factory("", object)
    with pytest.raises(TypeError, match="is scoped, so each request makes its own"):
        registry.register(WithArguments(7))
    with pytest.raises(TypeError, match="must be callable"):
        registry.register_factory("x", 5)
    with pytest.raises(ValueError, match="scope='session' of 'x'"):
        registry.register_factory("x", object, scope="session")
    with pytest.raises(TypeError, match="'x' takes the request but outlives it"):
        registry.register_factory("x", lambda request: request)
    with pytest.raises(TypeError, match="takes 'a' by position only"):
        registry.register_factory("x", lambda a, /: a)
    assert list(registry) == []


def test_names_are_unique(registry):
    first = Email()
    registry.register(first)
    registry.register(first)
    with pytest.raises(ValueError, match=r"already.*unregister\(\) it first"):
        registry.register(Email())
    registry.unregister("email")
    second = Email()
    registry.register(second)
    assert registry.get("email") is second
    with pytest.raises(ServiceNotFound):
        registry.unregister("emial")


def test_an_unknown_name_is_a_key_error_that_says_what_to_do(registry):
    with pytest.raises(KeyError) as nothing:
        registry.get("email")
    assert "None is registered: use service_registry.register()" in str(nothing.value)
    registry.register(Email())
    with pytest.raises(ServiceNotFound, match="Did you mean 'email'"):
        registry.get("emial")
    with pytest.raises(ServiceNotFound, match="Name one of email"):
        registry.get("zzz")


def test_parameters_without_a_default_are_dependencies(registry):
    class Orders(BoostService):
        name = "orders"

        def __init__(self, email, retries=3, *args, **kwargs):
            self.email, self.retries = email, retries

    registry.register(Orders)
    registry.register(Email)
    assert registry.get("orders").email is registry.get("email")
    assert registry.get("orders").retries == 3


def test_a_missing_dependency_says_who_needs_it(registry):
    registry.register_factory("orders", lambda emial: emial)
    registry.register(Email)
    with pytest.raises(ServiceNotFound, match=r"'emial', on which 'orders' depends\. Did you mean"):
        registry.get("orders")


def test_a_circle_is_an_error(registry):
    registry.register_factory("a", lambda b: b)
    registry.register_factory("b", lambda c: c)
    registry.register_factory("c", lambda b: b)
    with pytest.raises(CircularServiceError, match="b -> c -> b"):
        registry.get("a")
    with pytest.raises(CircularServiceError):
        asyncio.run(registry.aget("a"))


def test_a_factory_that_asks_for_itself_is_an_error(registry):
    registry.register_factory("a", lambda: registry.get("a"))
    with pytest.raises(ServiceError, match="being made in this very thread"):
        registry.get("a")


def test_a_singleton_cannot_hold_a_scoped_service(registry):
    registry.register(Cart)
    registry.register_factory("shop", lambda cart: cart)
    with registry.scope() as services, pytest.raises(ScopeError, match="singleton 'shop' depends"):
        services["shop"]


def test_a_scoped_service_may_use_both_kinds(registry):
    registry.register(Email)
    registry.register(Cart)
    registry.register_factory("checkout", lambda cart, email: (cart, email), scope="request")
    with registry.scope() as services:
        assert services["checkout"] == (services["cart"], registry.get("email"))


def test_the_request_is_there_in_requests_only(registry):
    registry.register_factory("path", lambda request: request.path, scope="request")
    with registry.scope() as services, pytest.raises(ScopeError, match="there is none"):
        services["path"]


def test_generators_are_cleaned_up_in_the_reverse_order(registry, log):
    for name in ("a", "b", "c"):
        registry.register_factory(name, log.generator(name), scope="request")
    with registry.scope() as services:
        assert [services["b"], services["a"], services["b"]] == ["b", "a", "b"]
    assert log == ["+b", "+a", "-a", "-b"]


def test_a_dependency_outlives_what_depends_on_it(registry, log):
    registry.register_factory("db", log.generator("db"), scope="request")

    def orders(db):
        log.append("+orders")
        yield db
        log.append("-orders")

    registry.register_factory("orders", orders, scope="request")
    with registry.scope() as services:
        services["orders"]
    assert log == ["+db", "+orders", "-orders", "-db"]


def test_clean_up_is_told_of_the_error(registry, log):
    registry.register_factory("a", log.generator("a"), scope="request")
    services = registry.scope()
    services["a"]
    services.close(ZeroDivisionError())
    assert log == ["+a", "a sees ZeroDivisionError", "-a"]

    def use():
        with registry.scope() as services:
            services["a"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use()
    assert log[3:] == log[:3]


def test_no_clean_up_can_suppress_the_error_or_stop_the_others(registry, log, caplog):
    def broken():
        yield
        raise RuntimeError("cannot close")

    def swallowing():
        with contextlib.suppress(ZeroDivisionError):
            yield

    registry.register_factory("a", log.generator("a"), scope="request")
    registry.register_factory("broken", broken, scope="request")
    registry.register_factory("swallowing", swallowing, scope="request")
    with pytest.raises(RuntimeError, match="cannot close"), registry.scope() as services:
        services["a"], services["broken"], services["swallowing"]
    assert log == ["+a", "-a"]
    assert registry.failures == {"broken": 1}
    assert not caplog.records

    def breaking():
        try:
            yield
        finally:
            raise RuntimeError("cannot close") from None

    registry.register_factory("breaking", breaking, scope="request")
    services = registry.scope()
    services["a"], services["breaking"], services["swallowing"]
    services.close(ZeroDivisionError())
    assert log == ["+a", "-a", "+a", "a sees ZeroDivisionError", "-a"]
    assert "The clean-up of the service 'breaking' failed." in caplog.text


def test_of_several_failures_the_first_is_raised_and_the_others_are_logged(registry, caplog):
    def failing(name):
        def factory():
            yield
            raise RuntimeError(name)

        return factory

    for name in ("a", "b"):
        registry.register_factory(name, failing(name), scope="request")
    with pytest.raises(RuntimeError, match="b"), registry.scope() as services:
        services["a"], services["b"]
    assert [record.service for record in caplog.records] == ["a"]
    assert registry.failures == {"a": 1, "b": 1}


class Connection:
    def __init__(self, log):
        self.log = log

    def __enter__(self):
        self.log.append("enter")
        return "entered"

    def __exit__(self, *exc_info):
        self.log.append("exit")


def test_context_managers_are_entered_unless_told_otherwise(registry, log):
    connection = Connection(log)
    registry.register_factory("a", lambda: connection, scope="request")
    registry.register_factory("b", lambda: connection, scope="request", enter=False)
    registry.register(connection, name="c")
    with registry.scope() as services:
        assert services["a"] == "entered"
        assert services["b"] is connection
        assert services["c"] is connection
    assert log == ["enter", "exit"]


def test_a_factory_made_by_contextmanager(registry, log):
    registry.register_factory("a", contextlib.contextmanager(log.generator("a")), scope="request")
    made = contextlib.asynccontextmanager(log.async_generator("b"))
    registry.register_factory("b", made, scope="request")

    async def use():
        async with registry.scope() as services:
            assert [services["a"], await services.aget("b")] == ["a", "b"]

    asyncio.run(use())
    assert log == ["+a", "+b", "-b", "-a"]


async def test_async_factories_and_their_dependents(registry, log):
    async def session():
        await asyncio.sleep(0)
        return "session"

    registry.register_factory("session", session)
    registry.register_factory("db", log.async_generator("db"), scope="request")
    registry.register_factory("orders", lambda db, session: (db, session), scope="request")
    async with registry.scope() as services:
        with pytest.raises(AsyncServiceError, match="await aget"):
            services["orders"]
        assert await services.aget("orders") == ("db", "session")
        assert services["orders"] == ("db", "session")  # it is there now
        assert registry.get("session") == "session"
    assert log == ["+db", "-db"]


async def test_an_async_context_manager_needs_an_async_factory(registry, log):
    class Client:
        async def __aenter__(self):
            log.append("enter")
            return self

        async def __aexit__(self, *exc_info):
            log.append("exit")

    async def client():
        return Client()

    registry.register_factory("class", Client, scope="request")
    registry.register_factory("function", client, scope="request")
    registry.register_factory("lambda", lambda: Client(), scope="request")
    async with registry.scope() as services:
        assert isinstance(await services.aget("class"), Client)
        assert isinstance(await services.aget("function"), Client)
        with pytest.raises(ServiceError, match="make the factory a coroutine function"):
            await services.aget("lambda")
    assert log == ["enter", "enter", "exit", "exit"]


async def test_clean_up_goes_on_when_it_is_cancelled(registry, log):
    closing = asyncio.Event()

    async def slow():
        try:
            yield
        finally:
            closing.set()
            await asyncio.sleep(60)

    registry.register_factory("a", log.generator("a"), scope="request")
    registry.register_factory("slow", slow, scope="request")
    services = registry.scope()
    services["a"], await services.aget("slow")
    task = asyncio.create_task(services.aclose())
    await closing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["+a", "-a"]


def test_sync_code_cleans_up_what_async_code_made(registry, log):
    registry.register_factory("a", log.async_generator("a"), scope="request")
    services = registry.scope()
    with asyncio.Runner() as runner:
        runner.run(services.aget("a"))
        services.close()
    assert log == ["+a", "-a"]


def test_a_failed_factory_is_tried_again(registry):
    answers = iter([RuntimeError("not yet"), 5])

    def factory():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    registry.register_factory("a", factory)
    with pytest.raises(RuntimeError, match="not yet"):
        registry.get("a")
    assert registry.get("a") == 5


def test_close_forgets_singletons(registry, log):
    registry.register_factory("a", log.generator("a"))
    registry.get("a")
    registry.close()
    registry.get("a")
    assert log == ["+a", "-a", "+a"]


def test_threads_make_a_singleton_once(registry):
    made, ready = [], threading.Barrier(8)
    gate = threading.Event()

    def factory():
        gate.wait(10)
        made.append(object())
        return made[-1]

    registry.register_factory("a", factory)
    found = []

    def ask():
        ready.wait(10)
        found.append(registry.get("a"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(10)
    assert len(made) == 1
    assert found == made * 8


async def test_tasks_make_a_singleton_once(registry):
    made = []

    async def factory():
        await asyncio.sleep(0.01)
        made.append(object())
        return made[-1]

    registry.register_factory("a", factory)
    registry.register_factory("b", lambda a: [a])
    found = await asyncio.gather(*(registry.aget(name) for name in "abab"))
    assert len(made) == 1
    assert found[0] is found[2] is made[0]
    assert found[1] is found[3]


async def test_tasks_of_one_request_share_its_instances(registry):
    async def factory():
        await asyncio.sleep(0)
        return object()

    registry.register_factory("a", factory, scope="request")
    async with registry.scope() as services:
        one, two = await asyncio.gather(services.aget("a"), services.aget("a"))
        assert one is two


async def test_others_take_over_when_the_maker_is_cancelled(registry):
    started, starts = asyncio.Event(), []

    async def factory():
        starts.append(1)
        started.set()
        await asyncio.sleep(60 if len(starts) == 1 else 0)
        return len(starts)

    registry.register_factory("a", factory)
    first = asyncio.create_task(registry.aget("a"))
    await started.wait()
    others = [asyncio.create_task(registry.aget("a")) for _ in range(3)]
    await asyncio.sleep(0)
    others[0].cancel()  # one who waits and leaves disturbs nobody
    first.cancel()
    assert await asyncio.gather(*others[1:]) == [2, 2]
    assert first.cancelled() or first.cancelling()


async def test_who_waits_gets_the_makers_exception(registry):
    calls = []

    async def factory():
        calls.append(1)
        await asyncio.sleep(0.01)
        raise RuntimeError("down")

    registry.register_factory("a", factory)
    found = await asyncio.gather(*(registry.aget("a") for _ in range(3)), return_exceptions=True)
    assert [str(each) for each in found] == ["down"] * 3
    assert len(calls) == 1


async def test_a_thread_that_makes_a_singleton_does_not_block_the_loop(registry):
    """Its factory may need the loop, as async_to_sync does."""
    loop = asyncio.get_running_loop()
    entered = threading.Event()

    def factory():
        entered.set()
        return asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01, "made"), loop).result(10)

    registry.register_factory("a", factory)
    registry.register_factory("b", lambda a: a)
    thread = threading.Thread(target=registry.get, args=("a",))
    thread.start()
    await asyncio.to_thread(entered.wait, 10)
    assert await registry.aget("b") == "made"
    thread.join(10)


def test_services_are_a_mapping_that_makes_nothing_by_itself(registry, log):
    registry.register(Email())
    registry.register_factory("lazy", log.generator("lazy"))
    registry.register_factory("mine", log.generator("mine"), scope="request")
    with registry.scope() as services:
        assert list(services) == ["email", "lazy", "mine"]
        assert len(services) == 3
        assert "email" in services
        assert "other" not in services
        assert services.get("other") is None
        assert services.get("other", 1) == 1
        assert "<singleton, not made yet>" in repr(services)
        assert services == services
        assert services != registry.scope()
        assert log == []
        assert services["mine"] == "mine"
        assert "'mine': 'mine'" in repr(services)


def test_get_does_not_hide_a_key_error_of_a_factory(registry):
    registry.register_factory("a", lambda: {}["missing"])
    with registry.scope() as services, pytest.raises(KeyError, match="missing"):
        services.get("a")


def test_registering_is_an_event(registry):
    seen = []
    event_bus.on("on_service_registered", lambda name, service, **kw: seen.append((name, service)))
    email = Email()
    registry.register(email)
    registry.register(email)
    registry.register_factory("answer", int)
    assert seen == [("email", email), ("answer", int)]


def test_registries_are_independent(registry):
    registry.register(Email())
    other = ServiceRegistry()
    assert list(other) == []
    other.register_factory("email", lambda: "other")
    with registry.override("email", "fake"):
        assert other.get("email") == "other"
