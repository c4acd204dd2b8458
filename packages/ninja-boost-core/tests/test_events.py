"""The event bus: order, isolation, and each kind of handler from each kind of code."""

import asyncio
import contextvars
import logging
import threading
import warnings
from functools import partial
from typing import Any

import django
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from ninja_boost_core import events
from ninja_boost_core.events import EventBus, EventHandlerWarning, event_bus


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


class Recorder:
    """Collects what its handlers were called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.threads: list[int] = []

    def sync(self, name: str = "sync") -> Any:
        def handler(**kw: Any) -> None:
            self.calls.append((name, kw.get("value")))
            self.threads.append(threading.get_ident())

        return handler

    def asynchronous(self, name: str = "async") -> Any:
        async def handler(**kw: Any) -> None:
            await asyncio.sleep(0)
            self.calls.append((name, kw.get("value")))
            self.threads.append(threading.get_ident())

        return handler

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@pytest.fixture
def seen() -> Recorder:
    return Recorder()


# Registering


def test_the_decorated_function_is_returned_unchanged(bus: EventBus):
    def handler(**kw: Any) -> None: ...

    assert bus.on("x")(handler) is handler
    assert bus.on("x", handler) is handler
    assert bus.once("y")(handler) is handler
    assert bus.once("y", handler) is handler


def test_a_handler_registered_twice_runs_once(bus: EventBus, seen: Recorder):
    handler = seen.sync()
    bus.on("x", handler)
    bus.on("x", handler)
    bus.emit("x", value=1)
    assert seen.calls == [("sync", 1)]


def test_bound_methods_of_one_object_are_one_handler(bus: EventBus):
    class Listener:
        calls = 0

        def handle(self, **kw: Any) -> None:
            self.calls += 1

    listener = Listener()
    bus.on("x", listener.handle)
    bus.on("x", listener.handle)
    bus.emit("x")
    assert listener.calls == 1
    assert bus.off("x", listener.handle)
    bus.emit("x")
    assert listener.calls == 1


def test_off_says_whether_there_was_one(bus: EventBus, seen: Recorder):
    handler = bus.on("x", seen.sync())
    assert bus.off("x", handler) is True
    assert bus.off("x", handler) is False
    assert bus.off("never", handler) is False
    bus.emit("x")
    assert seen.calls == []


def test_has_handlers(bus: EventBus, seen: Recorder):
    assert not bus.has_handlers("x")
    handler = bus.on("x", seen.sync())
    assert bus.has_handlers("x")
    bus.off("x", handler)
    assert not bus.has_handlers("x")
    bus.once("x", handler)
    bus.emit("x")
    assert not bus.has_handlers("x")


def test_clear(bus: EventBus, seen: Recorder):
    bus.on("x", seen.sync())
    bus.on("y", seen.sync())
    bus.on("y", lambda: None)
    bus.emit("y", value=1)
    assert bus.failures
    bus.clear("x")
    assert not bus.has_handlers("x")
    assert bus.has_handlers("y")
    assert bus.failures
    bus.clear("y")
    assert not bus.failures
    bus.on("x", seen.sync())
    bus.clear()
    assert not bus.has_handlers("x")


@pytest.mark.parametrize("handler", [3, "name", object()])
def test_what_cannot_be_called_is_refused(bus: EventBus, handler: Any):
    with pytest.raises(TypeError, match="cannot be called"):
        bus.on("x", handler)


def test_an_unknown_delivery_is_refused(bus: EventBus, seen: Recorder):
    with pytest.raises(ValueError, match="'inline', 'on_commit' or 'task'"):
        bus.on("x", seen.sync(), delivery="later")  # type: ignore[call-overload]
    assert not bus.has_handlers("x")


# Order


async def test_priority_then_order_of_registration(bus: EventBus, seen: Recorder):
    bus.on("x", seen.sync("second"))
    bus.on("x", seen.asynchronous("third"))
    bus.on("x", seen.sync("last"), priority=-1)
    bus.on("x", seen.sync("first"), priority=5)
    await bus.aemit("x")
    assert seen.names == ["first", "second", "third", "last"]
    await sync_to_async(bus.emit)("x")
    assert seen.names[4:] == ["first", "second", "third", "last"]


def test_registering_during_an_emission_counts_for_the_next(bus: EventBus, seen: Recorder):
    def first(**kw: Any) -> None:
        bus.on("x", late)
        bus.off("x", first)

    late = seen.sync("late")
    bus.on("x", first)
    bus.on("x", seen.sync("second"))
    bus.emit("x")
    assert seen.names == ["second"]
    bus.emit("x")
    assert seen.names == ["second", "second", "late"]


# Once


async def test_once_runs_once(bus: EventBus, seen: Recorder):
    bus.once("x", seen.sync("a"), priority=1)
    bus.on("x", seen.asynchronous("b"), once=True)
    await bus.aemit("x")
    await bus.aemit("x")
    assert seen.names == ["a", "b"]


def test_concurrent_emissions_share_a_once_handler(bus: EventBus, seen: Recorder):
    bus.once("x", seen.sync())
    barrier = threading.Barrier(8)

    def emit() -> None:
        barrier.wait()
        bus.emit("x")

    threads = [threading.Thread(target=emit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen.names == ["sync"]


def test_a_once_handler_that_emits_its_own_event(bus: EventBus, seen: Recorder):
    @bus.once("x")
    def handler(**kw: Any) -> None:
        seen.calls.append(("x", None))
        bus.emit("x")

    bus.emit("x")
    assert seen.names == ["x"]


# Sync and async


def test_async_handlers_from_sync_code(bus: EventBus, seen: Recorder):
    bus.on("x", seen.asynchronous())
    bus.on("x", partial(seen.asynchronous("partial"), other=1))
    bus.emit("x", value=1)
    assert seen.calls == [("async", 1), ("partial", 1)]


def test_an_object_with_an_async_call(bus: EventBus):
    class Handler:
        called = False

        async def __call__(self, **kw: Any) -> None:
            self.called = True

    handler = bus.on("x", Handler())
    bus.emit("x")
    assert handler.called


async def test_both_kinds_from_async_code(bus: EventBus, seen: Recorder):
    bus.on("x", seen.sync())
    bus.on("x", seen.asynchronous())
    await bus.aemit("x", value=1)
    assert seen.calls == [("sync", 1), ("async", 1)]
    in_thread, in_loop = seen.threads
    assert in_thread == await sync_to_async(threading.get_ident)()
    assert in_loop == threading.get_ident()


@pytest.mark.django_db(transaction=True)
async def test_a_sync_handler_may_use_the_database_from_async_code(bus: EventBus):
    rows: list[Any] = []

    @bus.on("x")
    def handler(**kw: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            rows.append(cursor.fetchone())

    await bus.aemit("x")
    assert rows == [(1,)]
    assert not bus.failures


async def test_context_variables_reach_the_handlers(bus: EventBus):
    trace = contextvars.ContextVar("trace", default="none")
    found: list[str] = []

    @bus.on("x")
    def sync_handler(**kw: Any) -> None:
        found.append(trace.get())

    @bus.on("x")
    async def async_handler(**kw: Any) -> None:
        found.append(trace.get())

    trace.set("abc")
    await bus.aemit("x")
    await sync_to_async(bus.emit)("x")
    assert found == ["abc"] * 4


async def test_emit_on_a_running_loop_starts_async_handlers_as_tasks(bus: EventBus):
    done = asyncio.Event()

    @bus.on("x")
    async def works(**kw: Any) -> None:
        done.set()

    @bus.on("x")
    async def fails(**kw: Any) -> None:
        raise ValueError("boom")

    bus.emit("x")
    assert not done.is_set()
    await asyncio.wait_for(done.wait(), 30)
    for _ in range(10):
        await asyncio.sleep(0)
    assert list(bus.failures.values()) == [1]
    assert not bus._running


def test_without_handlers_nothing_happens(bus: EventBus):
    bus.emit("x", value=1)
    asyncio.run(bus.aemit("x", value=1))
    assert not bus.failures


def test_an_event_may_have_an_argument_called_event(bus: EventBus):
    found: list[str] = []
    bus.on("x", lambda event, self: found.extend([event, self]))
    bus.emit("x", event="inner", self="me")
    assert found == ["inner", "me"]


# Isolation


def failing_handler(**kw: Any) -> None:
    raise ValueError("boom")


async def failing_async_handler(**kw: Any) -> None:
    raise ValueError("boom")


@pytest.mark.parametrize("handler", [failing_handler, failing_async_handler])
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_failing_handler_is_isolated_logged_and_counted(
    bus: EventBus, seen: Recorder, caplog: pytest.LogCaptureFixture, handler: Any, mode: str
):
    bus.on("on_error", handler, priority=1)
    bus.on("on_error", seen.sync())
    for _ in range(2):
        if mode == "sync":
            bus.emit("on_error", value=1)
        else:
            asyncio.run(bus.aemit("on_error", value=1))
    assert seen.names == ["sync", "sync"]
    name = f"{__name__}.{handler.__qualname__}"
    assert bus.failures == {("on_error", name): 2}
    records = [record for record in caplog.records if record.name == "ninja_boost.events"]
    assert len(records) == 2
    for record in records:
        assert record.levelno == logging.ERROR
        assert record.getMessage() == f"Handler {name} of event 'on_error' failed."
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], ValueError)


def test_a_handler_that_cannot_take_the_arguments_is_isolated(bus: EventBus, seen: Recorder):
    bus.on("mine", lambda nothing_else: None, priority=1)
    bus.on("mine", seen.sync())
    bus.emit("mine", value=1)
    assert seen.names == ["sync"]
    assert sum(bus.failures.values()) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_is_no_exception_is_not_swallowed(bus: EventBus, error: type[BaseException]):
    @bus.on("x")
    def sync_handler(**kw: Any) -> None:
        raise error

    with pytest.raises(error):
        bus.emit("x")
    assert not bus.failures


async def test_a_cancelled_request_stays_cancelled(bus: EventBus):
    started = asyncio.Event()

    @bus.on("x")
    async def waits(**kw: Any) -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(bus.aemit("x"))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not bus.failures


# Arguments


GOOD = [
    lambda **kw: None,
    lambda request, **kw: None,
    lambda request, ctx, response, duration_ms: None,
    lambda request, ctx, response, duration_ms, more=None: None,
    partial(lambda extra, request, **kw: None, 1),
]


@pytest.mark.parametrize("handler", GOOD)
def test_handlers_that_fit_give_no_warning(bus: EventBus, handler: Any):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bus.on("after_response", handler)


BAD = [
    lambda request: None,
    lambda request, ctx: None,
    lambda response_time, **kw: None,
    lambda: None,
]


@pytest.mark.parametrize("handler", BAD)
def test_a_handler_that_cannot_take_its_events_arguments_is_reported(
    bus: EventBus, seen: Recorder, handler: Any
):
    with pytest.warns(EventHandlerWarning) as caught:
        bus.on("after_response", handler, priority=1)
    text = str(caught[0].message)
    assert "'after_response'" in text
    assert "request, ctx, response, duration_ms" in text
    assert "accept **kw" in text
    assert caught[0].filename == __file__
    # It is registered, and isolated when it fires.
    bus.on("after_response", seen.sync())
    bus.emit("after_response", request=1, ctx={}, response=None, duration_ms=1.0)
    assert seen.names == ["sync"]
    assert sum(bus.failures.values()) == 1


def test_every_way_to_register_reports_the_line_of_the_user(bus: EventBus):
    def handler() -> None: ...

    for register in (
        lambda: bus.on("on_error")(handler),
        lambda: bus.on("on_error", handler),
        lambda: bus.once("on_error")(handler),
        lambda: bus.once("on_error", handler),
    ):
        with pytest.warns(EventHandlerWarning) as caught:
            register()
        assert caught[0].filename == __file__


@pytest.mark.parametrize("event", sorted(events._BUILT_IN))
def test_each_built_in_event_is_checked(bus: EventBus, event: str):
    with pytest.warns(EventHandlerWarning, match=event):
        bus.on(event, lambda none_of_them: None)


def test_custom_events_are_checked_once_they_are_declared(bus: EventBus):
    bus.on("order_paid", lambda: None)
    bus.declare("order_paid", ["order"])
    with pytest.warns(EventHandlerWarning, match="keyword arguments order:"):
        bus.on("order_paid", lambda: None)


def test_a_callable_without_a_signature_is_taken(bus: EventBus):
    bus.on("on_error", type)
    assert bus.has_handlers("on_error")


def test_the_constants_name_the_documented_events():
    names = [name for name in events.__all__ if name.isupper()]
    assert {name: getattr(events, name) for name in names} == {name: name.lower() for name in names}
    assert {getattr(events, name) for name in names} == set(events._BUILT_IN)
    assert len(names) == 9
    assert isinstance(event_bus, EventBus)


# After commit


@pytest.mark.django_db(transaction=True)
def test_on_commit_waits_for_the_transaction(bus: EventBus, seen: Recorder):
    bus.on("x", seen.sync(), delivery="on_commit")
    bus.on("x", seen.asynchronous(), delivery="on_commit")
    with transaction.atomic():
        bus.emit("x", value=1)
        assert seen.calls == []
    assert seen.calls == [("sync", 1), ("async", 1)]


@pytest.mark.django_db(transaction=True)
def test_on_commit_never_runs_after_a_rollback(bus: EventBus, seen: Recorder):
    bus.on("x", seen.sync(), delivery="on_commit")
    with transaction.atomic():
        bus.emit("x", value=1)
        transaction.set_rollback(True)
    assert seen.calls == []


@pytest.mark.django_db(transaction=True)
def test_on_commit_without_a_transaction_runs_now(bus: EventBus, seen: Recorder):
    bus.on("x", seen.sync(), delivery="on_commit")
    bus.emit("x", value=1)
    assert seen.calls == [("sync", 1)]


@pytest.mark.django_db(transaction=True)
async def test_on_commit_from_async_code(bus: EventBus, seen: Recorder):
    bus.on("x", seen.sync(), delivery="on_commit")
    bus.on("x", seen.asynchronous(), delivery="on_commit")
    await bus.aemit("x", value=1)
    assert seen.calls == [("sync", 1), ("async", 1)]

    @sync_to_async
    def in_transaction() -> None:
        with transaction.atomic():
            bus.emit("x", value=2)
            assert len(seen.calls) == 2

    await in_transaction()
    assert seen.calls[2:] == [("sync", 2), ("async", 2)]


@pytest.mark.django_db(transaction=True)
def test_a_failure_after_the_commit_is_isolated(bus: EventBus, seen: Recorder):
    bus.on("x", failing_handler, delivery="on_commit", priority=1)
    bus.on("x", seen.sync(), delivery="on_commit")
    with transaction.atomic():
        bus.emit("x")
    assert seen.names == ["sync"]
    assert sum(bus.failures.values()) == 1


# As a task


class StandInTask:
    """What of a task the bus uses; real ones exist on Django 6.0 and later."""

    def __init__(self, func: Any) -> None:
        self.func = func
        self.enqueued: list[dict[str, Any]] = []

    def enqueue(self, **kwargs: Any) -> None:
        self.enqueued.append(kwargs)


async def test_a_task_is_enqueued_with_what_json_can_hold(bus: EventBus):
    task = StandInTask(lambda request, ctx, **kw: None)
    for event in ("after_response", "on_error"):
        bus.on(event, task, delivery="task")
    request = RequestFactory().post("/orders/?secret=1")
    ctx = {"trace_id": "abc", "ip": None, "user": object(), "services": {}}
    await bus.aemit(
        "after_response",
        request=request,
        ctx=ctx,
        response=HttpResponse(status=201),
        duration_ms=1.5,
    )
    await sync_to_async(bus.emit)("on_error", request=request, ctx=ctx, exc=ValueError("x"))
    expected = {
        "request": {"method": "POST", "path": "/orders/"},
        "ctx": {"trace_id": "abc", "ip": None},
    }
    assert task.enqueued == [
        {**expected, "response": {"status_code": 201}, "duration_ms": 1.5},
        {**expected, "exc": {"type": "builtins.ValueError"}},
    ]


def test_only_a_task_is_delivered_as_one(bus: EventBus, seen: Recorder):
    with pytest.raises(TypeError, match=r"decorated with @django\.tasks\.task"):
        bus.on("x", seen.sync(), delivery="task")
    with pytest.raises(TypeError, match="register it with delivery='task'"):
        bus.on("x", StandInTask(print))
    assert not bus.has_handlers("x")


def test_the_function_of_a_task_is_checked(bus: EventBus):
    with pytest.warns(EventHandlerWarning, match="accept"):
        bus.on("on_error", StandInTask(lambda request: None), delivery="task")


def charge(context: Any, order: int, **kw: Any) -> None:
    CHARGED.append(order)


CHARGED: list[int] = []


@pytest.mark.skipif(django.VERSION < (6, 0), reason="django.tasks came with Django 6.0")
@pytest.mark.filterwarnings("error::ninja_boost_core.events.EventHandlerWarning")
def test_a_task_of_djangos(bus: EventBus, settings: Any):
    from django.tasks import task

    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
    CHARGED.clear()
    bus.declare("order_paid", ["order"])
    bus.on("order_paid", task(takes_context=True)(charge), delivery="task")
    bus.emit("order_paid", order=7)
    assert CHARGED == [7]
    bus.emit("order_paid", order=object())
    assert CHARGED == [7]
    assert bus.failures == {("order_paid", f"{__name__}.charge"): 1}
