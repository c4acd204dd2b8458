"""Who may scrape, and what they get."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from prometheus_client import CollectorRegistry

from ninja_boost_metrics import PrometheusBackend
from ninja_boost_metrics.backends import prometheus
from ninja_boost_metrics.series import series_of
from tests.scraping import exemplars, metrics, parsed

TOKEN = "scrape-me-0123456789"  # of the tests only
NEXT = "scrape-me-9876543210"
SESSION = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


@pytest.fixture
def backend():
    return PrometheusBackend("shop", registry=CollectorRegistry())


def status(client, **headers):
    return client.get("/metrics", headers=headers).status_code


def test_nobody_may_by_default(client, backend):
    with metrics(backend, ENDPOINT={}):
        assert status(client) == 404
        assert status(client, authorization="Bearer ") == 404
        assert status(client, authorization=f"Bearer {TOKEN}") == 404


def test_a_refusal_looks_like_an_unknown_path(client, backend):
    with metrics(backend, ENDPOINT={}):
        refused, unknown = client.get("/metrics"), client.get("/unknown")
    assert refused.content == unknown.content
    assert dict(refused.headers) == dict(unknown.headers)


@pytest.mark.django_db
def test_no_other_middleware_gives_it_away(backend, settings):
    settings.MIDDLEWARE = [
        *SESSION,
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    client = Client(enforce_csrf_checks=True)
    with metrics(backend, ENDPOINT={"TOKEN": TOKEN}):
        assert client.post("/metrics").status_code == 404
        assert status(client) == 404
        assert status(client, authorization=f"Bearer {TOKEN}") == 200


def test_everybody_may_in_debug_unless_it_is_said_who(client, backend):
    with override_settings(DEBUG=True):
        with metrics(backend, ENDPOINT={}):
            assert status(client) == 200
        with metrics(backend, ENDPOINT={"TOKEN": TOKEN}):
            assert status(client) == 404


def test_a_token(client, backend):
    with metrics(backend, ENDPOINT={"TOKEN": TOKEN}):
        assert status(client, authorization=f"Bearer {TOKEN}") == 200
        assert status(client, authorization=f"bearer {TOKEN}") == 200
        for wrong in ("", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer ä", f"Bearer {TOKEN}x"):
            assert status(client, authorization=wrong) == 404
        assert status(client) == 404


def test_two_tokens_while_one_replaces_the_other(client, backend):
    with metrics(backend, ENDPOINT={"TOKEN": [TOKEN, NEXT]}):
        assert status(client, authorization=f"Bearer {TOKEN}") == 200
        assert status(client, authorization=f"Bearer {NEXT}") == 200


def test_networks(client, backend):
    with metrics(backend, ENDPOINT={"NETWORKS": ["10.0.0.0/8", "2001:db8::/32"]}):
        assert status(client) == 404
        assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="2001:db8::7").status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="").status_code == 404
        # No proxy is trusted, so nobody's word is taken for an address.
        assert status(client, x_forwarded_for="10.1.2.3") == 404


def test_a_network_and_a_token_are_both_needed(client, backend):
    with metrics(backend, ENDPOINT={"NETWORKS": ["10.0.0.0/8"], "TOKEN": TOKEN}):
        bearer = {"authorization": f"Bearer {TOKEN}"}
        assert client.get("/metrics", REMOTE_ADDR="10.1.2.3", headers=bearer).status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 404
        assert client.get("/metrics", headers=bearer).status_code == 404


@pytest.mark.django_db
def test_staff(backend, settings):
    settings.MIDDLEWARE = SESSION
    client = Client()
    with metrics(backend, ENDPOINT={"STAFF": True}):
        assert status(client) == 404
        user = User.objects.create_user("mark", password="of-no-value")
        client.force_login(user)
        assert status(client) == 404
        User.objects.update(is_staff=True)
        assert status(client) == 200
        User.objects.update(is_active=False)
        assert status(client) == 404
    User.objects.update(is_active=True)
    with metrics(backend, ENDPOINT={"TOKEN": TOKEN}):
        assert status(client) == 404


def test_staff_without_sessions_is_nobody(client, backend):
    with metrics(backend, ENDPOINT={"STAFF": True}):
        assert status(client) == 404


def test_what_is_served(client, backend):
    with metrics(backend):
        client.get("/auto/items/1")
        response = client.get("/metrics")
        assert response["Content-Type"].startswith("text/plain; version=0.0.4")
        assert response["Cache-Control"] == "no-store"
        assert parsed(response.content.decode())
        assert client.head("/metrics").status_code == 200
        refused = client.post("/metrics")
        assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")


OPENMETRICS = "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"


def tracing(get_response):
    def middleware(request):
        request.trace_id = request.headers.get("X-Test-Trace")
        return get_response(request)

    return middleware


def test_exemplars_name_the_trace(backend, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.test_endpoint.tracing"]
    client, trace = Client(raise_request_exception=False), "0af7651916cd43dd8448eb211c80319c"
    with metrics(backend):
        client.get("/auto/items/1", headers={"x-test-trace": trace})
        client.get("/auto/fails", headers={"x-test-trace": 'no "trace" } of ours'})
        response = client.get("/metrics", headers={"accept": OPENMETRICS})
    assert response["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    found = exemplars(response.content.decode())
    assert found == [("http_server_request_duration_seconds_bucket", {"trace_id": trace})]


def test_an_exemplar_is_renewed_when_it_is_old(backend, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("ninja_boost_metrics.backends.prometheus.monotonic", lambda: now[0])
    named = []
    with metrics(backend):
        record = backend.request(series_of("GET", "/x", 200, "http", None))
        for second, trace in ((0.0, "a1"), (0.5, "b2"), (1.0, "c3")):
            now[0] = 100.0 + second
            record(0.001, trace)
            text, _ = backend.exposition(OPENMETRICS)
            named.append(exemplars(text.decode())[0][1]["trace_id"])
        record(30.0, "d4")
        text, _ = backend.exposition(OPENMETRICS)
    assert named == ["a1", "a1", "c3"]
    assert [labels["trace_id"] for _, labels in exemplars(text.decode())] == ["c3", "d4"]


def test_a_library_that_keeps_its_numbers_otherwise():
    seen = []

    class Child:
        def inc(self, amount):
            seen.append(amount)

        observe = inc

    prometheus._adder(Child())(2.0)
    prometheus._observer(Child())(0.5)
    assert seen == [2.0, 0.5]


def test_without_exemplars(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.test_endpoint.tracing"]
    backend = PrometheusBackend("shop", registry=CollectorRegistry(), exemplars=False)
    with metrics(backend):
        Client().get("/auto/items/1", headers={"x-test-trace": "abc"})
        text = Client().get("/metrics", headers={"accept": OPENMETRICS}).content.decode()
    assert exemplars(text) == []


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "application/openmetrics-text; version=none", "text/plain;version", "," * 5000],
)
def test_any_accept_header_gets_an_answer(client, backend, accept):
    with metrics(backend):
        assert status(client, accept=accept) == 200


def test_a_backend_with_nothing_to_scrape(client):
    with metrics("ninja_boost_metrics.LoggingBackend"):
        assert status(client) == 404
    with metrics(None):
        assert status(client) == 404


def test_the_convention_can_be_left_out(client):
    backend = PrometheusBackend("", registry=CollectorRegistry(), semantic_conventions=False)
    with metrics(backend):
        client.get("/auto/items/1")
        text = client.get("/metrics").content.decode()
    assert "http_server_request_duration_seconds" not in text
    assert "\nrequest_total{" in text
