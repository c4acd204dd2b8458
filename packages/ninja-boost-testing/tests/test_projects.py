"""Projects of users, run by a pytest of their own."""

import importlib.util

import pytest

from .readme_blocks import blocks

pytest_plugins = ["pytester"]

SETTINGS = """
SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
ALLOWED_HOSTS = ["testserver"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "ninja_boost_core"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
ROOT_URLCONF = "urls"
USE_TZ = True
NINJA_BOOST = {"ALLOW_DEMO_AUTH": True}
"""

INI = """
[pytest]
DJANGO_SETTINGS_MODULE = settings
filterwarnings = error
pythonpath = .
asyncio_default_fixture_loop_scope = function
"""


def needs(*packages):
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")


@pytest.fixture
def project(pytester, monkeypatch):
    # pytest-django prefers it to the ini file, and it is ours.
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")

    def run(*options, **files):
        pytester.makepyfile(**{"settings": SETTINGS, **files})
        pytester.makeini(INI)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", *options)

    return run


def example(text):
    (found,) = (each for each in blocks() if text in each)
    return found


def test_the_page(project):
    """The test file of the README runs, and so does its example of the clock."""
    tests = example("def test_a_user_sees_himself") + example("def test_a_signature_expires")
    result = project(urls=example("def remove_all"), test_api=tests)
    result.assert_outcomes(passed=5)


@needs("ninja_boost_rate_limiting", "ninja_boost_services", "ninja_boost_webhooks")
def test_the_page_with_other_packages(project):
    result = project(
        urls=example("def invite("), test_api=example("def test_an_invitation_is_sent")
    )
    result.assert_outcomes(passed=4)


ORIGINAL_URLS = """
from django.urls import path
from ninja_boost_core import AutoAPI, AutoRouter, event_bus

router = AutoRouter()


@router.get("/items/")
def items(request, ctx):
    return [1, 2]


api = AutoAPI()
api.add_router("", router)
urlpatterns = [path("api/", api.urls)]
seen = []


@event_bus.on("before_request")
def note(request, ctx, **kw):
    seen.append(request.path)


event_bus.on("before_request", dict)
"""

ORIGINAL = """
import pytest
from django.test import override_settings
from ninja_boost_core import event_bus
from ninja_boost_core.conf import boost_settings
from ninja_boost_rate_limiting import _reset_backend

DEMO = {"HTTP_AUTHORIZATION": "Bearer demo"}


@pytest.fixture(autouse=True)
def reset_boost():
    boost_settings.reload()
    _reset_backend()
    yield


@pytest.mark.parametrize("turn", [1, 2])
def test_limited(client, turn):
    configured = {"ALLOW_DEMO_AUTH": True, "RATE_LIMIT": {"DEFAULT": "3/minute"}}
    with override_settings(NINJA_BOOST=configured):
        for _ in range(3):
            assert client.get("/api/items/", **DEMO).status_code == 200
        assert client.get("/api/items/", **DEMO).status_code == 429


def test_before_request_fires(client):
    seen = []

    @event_bus.on("before_request")
    def capture(request, ctx, **kw):
        seen.append(request.path)

    client.get("/api/items/", **DEMO)
    assert "/api/items/" in seen
    event_bus.off("before_request", capture)


@pytest.mark.parametrize("turn", [1, 2])
def test_handlers_of_the_urls_module_stay(client, turn):
    import urls

    urls.seen.clear()
    client.get("/api/items/", **DEMO)
    assert urls.seen == ["/api/items/"]
    assert event_bus.off("before_request", dict)
"""


@needs("ninja_boost_rate_limiting")
def test_snippets_as_before(project):
    project(urls=ORIGINAL_URLS, test_api=ORIGINAL).assert_outcomes(passed=5)


@pytest.mark.slow
def test_failures_say_what_is_wrong(project):
    result = project(
        urls=example("def remove_all"),
        test_api="""
            import pytest
            from django.contrib.auth.models import User
            from ninja_boost_testing import assert_problem, assert_queries_constant

            ANN = User(username="ann")

            def test_problem(boost_client):
                assert_problem(boost_client.as_user(ANN).get("/api/me"), 401)

            @pytest.mark.django_db
            def test_queries(boost_client):
                call = lambda: boost_client.get("/api/members")
                assert_queries_constant(call, grow=lambda n: None)

            @pytest.mark.asyncio
            async def test_event(async_boost_client, capture_events):
                events = capture_events("on_error")
                await async_boost_client.as_user(ANN).delete("/api/members")
                events.one("on_error")

            def test_service(override_service):
                override_service("mailer", 1)

            def test_clock(clock):
                clock.advance(-1)
        """,
    )
    result.assert_outcomes(failed=5)
    service = (
        "*ServiceNotFound: *mailer*"
        if importlib.util.find_spec("ninja_boost_services")
        else "*MissingPackage: *pip install 'ninja-boost-testing[[]services[]]'*"
    )
    for line in (
        "E *AssertionError: The status is 200, not 401.",
        "E *AssertionError: The call answered 401, so it measures nothing.",
        "E *AssertionError: on_error was emitted 0 times; captured: nothing.",
        service,
        "E *ValueError: advance(-1): time does not go back.",
    ):
        result.stdout.fnmatch_lines([line])


LEAVING = """
from django.core.cache import cache
import pytest

@pytest.mark.parametrize("turn", [1, 2])
def test_leaves(turn):
    assert cache.get("key") is None
    cache.set("key", turn)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "outcomes"),
    [
        ([], {"passed": 2}),
        (["-o", "boost_reset=false"], {"passed": 1, "failed": 1}),
        (["-p", "no:ninja_boost_testing"], {"passed": 1, "failed": 1}),
    ],
)
def test_the_reset_is_a_choice(project, options, outcomes):
    project(*options, urls="urlpatterns = []", test_api=LEAVING).assert_outcomes(**outcomes)


@pytest.mark.slow
def test_a_project_without_django(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_of_ours_is_loaded():
            assert not any(name.startswith("ninja") and "testing" not in name
                           and not name.startswith("ninja_boost_core") for name in sys.modules)
            assert "ninja_boost_core.conf" not in sys.modules
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:django", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
