"""Settings, system checks and pings."""

import asyncio
import gc
import subprocess
import sys

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from ninja_boost_core import AutoAPI, event_bus
from ninja_boost_services import BoostService, ServiceError, inject_service
from ninja_boost_services.checks import check_services
from tests.configured import OtherUsers, Users


def configured(*services):
    return override_settings(NINJA_BOOST={"AUTH": None, "SERVICES": list(services)})


def messages():
    gc.collect()  # the views of other tests
    return [(message.id.rpartition(".")[2], message.msg, message.hint) for message in run_checks()]


def test_autoload(registry):
    seen = []
    event_bus.on("on_service_registered", lambda name, service, **kw: seen.append((name, service)))
    with configured("tests.configured.Users"):
        assert isinstance(registry.get("users"), Users)
        assert registry.get("users") is registry.get("users")
        assert messages() == []
    assert "users" not in registry
    assert seen == [("users", Users)]


@pytest.mark.parametrize("service", [Users, Users()])
def test_objects_are_fine_too(registry, service):
    with configured(service):
        assert isinstance(registry.get("users"), Users)


def test_a_service_may_be_registered_in_code_as_well(registry):
    mine = registry.register(Users())
    with configured("tests.configured.Users"):
        assert registry.get("users") is mine


@pytest.mark.parametrize(
    ("services", "problem"),
    [
        (["tests.configured.Uesrs"], r"SERVICES is 'tests\.configured\.Uesrs', which cannot be"),
        (["nowhere.Users"], r"SERVICES is 'nowhere\.Users'.*No module named 'nowhere'"),
        (["tests.configured.function"], r"SERVICES is 'tests\.configured\.function', which is"),
        (["tests.configured.Nameless"], r"SERVICES is 'tests\.configured\.Nameless'.*no name"),
        (
            ["tests.configured.Users", "tests.configured.OtherUsers"],
            r"SERVICES is 'tests\.configured\.OtherUsers', but there is a service 'users'",
        ),
    ],
)
def test_a_bad_path_stops_the_start(registry, services, problem):
    with configured(*services):
        with pytest.raises(ImproperlyConfigured, match=f"NINJA_BOOST: {problem}"):
            AutoAPI()
        with pytest.raises(ImproperlyConfigured, match=problem):
            registry.get("users")
        assert [code for code, *_ in messages()] == ["E001"]


def test_a_name_taken_in_code_is_a_problem(registry):
    registry.register(OtherUsers())
    with configured(Users):
        assert messages()[0][2].startswith("Give one of them another name")


def test_checks_find_what_cannot_be_made(registry):
    registry.register_factory("orders", lambda emial: 1)
    registry.register_factory("email", lambda: 1)
    registry.register_factory("a", lambda b: 1)
    registry.register_factory("b", lambda a: 1)
    registry.register_factory("db", lambda: 1, scope="request")
    registry.register_factory("shop", lambda db: 1)
    registry.register_factory("fine", lambda db, shop: 1, scope="request")

    @inject_service("email", "fines")
    def view(request, ctx): ...

    found = messages()
    assert [code for code, *_ in found] == ["E003", "E005", "E004", "E002"]
    texts = [text for _, text, _ in found]
    assert texts[0] == "The service 'orders' depends on 'emial', which is not registered."
    assert texts[1].startswith("The singleton 'shop' depends on 'db', of which each request")
    assert texts[2] == "Services depend on each other in a circle: a -> b -> a."
    assert texts[3].endswith("view injects 'fines', but there is no such service.")
    assert [hint for *_, hint in found] == [
        "Did you mean 'email'?",
        "Make 'shop' scoped as well, or 'db' a singleton.",
        "Take one of the dependencies away, or ask for it with ctx['services'] when needed.",
        "Did you mean 'fine'?",
    ]


def test_checks_find_async_services_in_sync_views(registry):
    async def session(): ...

    registry.register_factory("session", session)
    registry.register_factory("orders", lambda session: 1)

    @inject_service("orders")
    def view(request, ctx): ...

    @inject_service("orders")
    async def async_view(request, ctx): ...

    @inject_service("orders")
    async def stream(request, ctx):
        yield ctx

    [(code, text, _)] = messages()
    assert code == "E006"
    assert "<locals>.view is sync but injects 'orders'" in text


def test_a_service_that_depends_on_itself(registry):
    registry.register_factory("a", lambda a: a)
    assert [(code, text) for code, text, _ in messages()] == [
        ("E004", "Services depend on each other in a circle: a -> a.")
    ]


def test_checks_leave_wrong_settings_to_core():
    with override_settings(NINJA_BOOST={"SERVICES": 5}):
        assert list(check_services()) == []


class Database(BoostService):
    name = "database"
    works = True

    def ping(self):
        if self.works is None:
            raise ConnectionError("down")
        return self.works


class Queue(BoostService):
    name = "queue"
    scoped = True

    async def ping(self):
        await asyncio.sleep(0)
        return self.name == "other"


class Silent(BoostService):
    name = "silent"


def test_pings(registry):
    database = registry.register(Database())
    registry.register(Silent())
    asked = []
    registry.register_factory("cache", lambda: "cache", ping=asked.append)
    pings = {ping.name: ping for ping in registry.pings()}
    assert list(pings) == ["database", "cache"]
    assert not any(ping.is_async for ping in pings.values())
    pings["database"].ping()
    asyncio.run(pings["database"].aping())
    pings["cache"].ping()
    assert asked == ["cache"]
    database.works = False
    with pytest.raises(ServiceError, match="'database' says that it does not work"):
        pings["database"].ping()
    database.works = None
    with pytest.raises(ConnectionError):
        asyncio.run(pings["database"].aping())


def test_async_pings(registry, log):
    registry.register(Queue)

    async def session():
        log.append("+")
        yield "session"
        log.append("-")

    registry.register_factory("session", session, scope="request", ping=log.append)
    queue, other = registry.pings()
    assert queue.is_async
    assert other.is_async
    with pytest.raises(ServiceError, match="await aping"):
        queue.ping()
    with pytest.raises(ServiceError, match="does not work"):
        asyncio.run(queue.aping())
    asyncio.run(other.aping())
    assert log == ["+", "session", "-"]


def test_a_fake_is_asked_in_the_place_of_the_service(registry):
    registry.register(Database())
    with registry.override("database", "fake"):
        assert registry.pings() == []


def run_python(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_importing_the_package_needs_no_settings():
    done = run_python("import ninja_boost_services; print(ninja_boost_services.__all__)")
    assert done.stderr == ""


def test_singletons_are_cleaned_up_when_the_process_ends():
    done = run_python(
        "import asyncio, os\n"
        "from django.conf import settings\n"
        "settings.configure()\n"
        "from ninja_boost_services import service_registry\n"
        "def one():\n"
        "    yield 1\n"
        "    print('closed', flush=True)\n"
        "async def two():\n"
        "    yield 2\n"
        "service_registry.register_factory('one', one)\n"
        "service_registry.register_factory('two', two)\n"
        "service_registry.get('one')\n"
        "loop = asyncio.new_event_loop()\n"
        "loop.run_until_complete(service_registry.aget('two'))\n"
        "if os.fork() == 0:\n"
        "    raise SystemExit\n"
        "os.wait()\n"
    )
    assert done.stdout == "closed\n"
    assert "The process ends without the clean-up of two" in done.stderr
