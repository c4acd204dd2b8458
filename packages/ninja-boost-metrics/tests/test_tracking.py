"""``@track`` on operations, on views that are called directly, and on other functions."""

import asyncio

import pytest
from django.test import RequestFactory, override_settings

from ninja_boost_core.inventory import operations
from ninja_boost_metrics import increment, track
from ninja_boost_metrics.labels import MetricError
from ninja_boost_metrics.tracking import TrackHook
from tests.scraping import metrics


@pytest.mark.parametrize("api", ["plain", "auto"])
def test_an_operation(client, scrape, api):
    client.get(f"/{api}/tracked")
    client.get(f"/{api}/tracked")
    client.get(f"/{api}/atracked")
    found = scrape()
    assert found("shop_slow_query_total", kind="sync", outcome="success") == 2
    assert found("shop_slow_query_total", kind="async", outcome="success") == 1
    assert found("shop_slow_query_duration_ms_count", kind="sync", outcome="success") == 2
    assert found("shop_slow_query_duration_ms_sum", kind="sync", outcome="success") > 0


async def test_an_async_operation_under_asgi(async_client, scrape):
    await asyncio.gather(*(async_client.get("/auto/atracked") for _ in range(3)))
    assert scrape()("shop_slow_query_total", kind="async", outcome="success") == 3


@pytest.mark.parametrize("api", ["plain", "auto"])
def test_a_view_that_raises_is_a_call_with_an_error(client, scrape, api):
    assert client.get(f"/{api}/tracked-failing").status_code == 500
    found = scrape()
    assert found("shop_failing_query_total", outcome="error") == 1
    assert found("shop_failing_query_duration_ms_count", outcome="error") == 1


@pytest.mark.parametrize("api", ["plain", "auto"])
def test_a_request_that_never_gets_to_the_view_is_no_call(client, scrape, api):
    assert client.get(f"/{api}/tracked-validated", {"number": "none"}).status_code == 422
    assert scrape().named("shop_validated_query_total") == {}
    client.get(f"/{api}/tracked-validated", {"number": "1"})
    assert scrape()("shop_validated_query_total", outcome="success") == 1
    assert client.get(f"/{api}/tracked-cached?cached").content == b"cached"
    assert scrape().named("shop_cached_query_total") == {}
    client.get(f"/{api}/tracked-cached")
    assert scrape()("shop_cached_query_total", outcome="success") == 1


@track("direct_query")
def view(request, number):
    return number + 1


def test_a_view_that_is_called_directly(scrape):
    assert view(RequestFactory().get("/"), 1) == 2
    assert scrape()("shop_direct_query_total", outcome="success") == 1


@track("sums", labels={"how": "plainly"})
def add(first, *, second):
    """Add."""
    return first + second


@track("sums", labels={"how": "slowly"})
async def add_slowly(first, *, second):
    await asyncio.sleep(0)
    return first + second


class Service:
    @track("service_calls")
    def call(self, request):
        return request


async def test_other_functions(scrape):
    assert add(1, second=2) == 3
    assert await add_slowly(1, second=2) == 3
    assert Service().call("no request") == "no request"
    with pytest.raises(TypeError):
        add(1, second="2")
    found = scrape()
    assert found("shop_sums_total", how="plainly", outcome="success") == 1
    assert found("shop_sums_total", how="plainly", outcome="error") == 1
    assert found("shop_sums_total", how="slowly", outcome="success") == 1
    assert found("shop_service_calls_total", outcome="success") == 1
    assert (add.__name__, add.__doc__) == ("add", "Add.")


def test_without_a_backend_an_operation_has_no_hook():
    with metrics(None):
        for path, operation in operations():
            if path.endswith("/tracked"):
                names = [step.__qualname__ for step, _ in operation.plan().steps.before_view]
                assert not any("TrackHook" in name for name in names)
        assert view(RequestFactory().get("/"), 1) == 2
        assert add(1, second=2) == 3


def test_the_hook_describes_itself(prometheus):
    hooks = [
        hook
        for path, operation in operations()
        if path == "/auto/tracked"
        for hook in operation.plan().owned
        if isinstance(hook, TrackHook)
    ]
    assert [hook.describe() for hook in hooks] == ["tracked as slow_query"]


def test_wrong_use_is_found_at_import():
    with pytest.raises(MetricError, match="no name of a metric"):
        track("slow-query")
    with pytest.raises(MetricError, match="no name of a label"):
        track("slow_query", labels={"a-b": 1})
    with pytest.raises(MetricError, match="outcome"):
        track("slow_query", labels={"outcome": 1})
    with pytest.raises(TypeError, match="takes the name"):
        track(add)
    with pytest.raises(TypeError, match="generator"):

        @track("slow_query")
        def numbers(first):
            yield first


def test_a_mismatch_does_not_break_the_view(client, prometheus):
    increment("slow_query_total", labels={"other": 1})
    assert client.get("/auto/tracked").status_code == 200
    with override_settings(DEBUG=True), pytest.raises(MetricError):
        add_mismatch()


@track("mismatch")
def add_mismatch():
    increment("mismatch_total", labels={"other": 1})
