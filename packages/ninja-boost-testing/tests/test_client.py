"""``as_user`` on every kind of operation and authentication."""

import pytest
from django.contrib.auth.models import AnonymousUser, User

from ninja_boost_core.operation import BoostOperation
from ninja_boost_testing import AsyncBoostClient, BoostClient

pytestmark = pytest.mark.urls("tests.api")
ANN = User(username="ann")
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


@pytest.fixture(autouse=True)
def _middleware(settings):
    settings.MIDDLEWARE = MIDDLEWARE
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"


@pytest.mark.parametrize("url", ["/plain/whoami", "/plain/awhoami", "/auto/whoami"])
def test_a_user(boost_client, url):
    assert boost_client.as_user(ANN).get(url).content.count(b'"ann"') >= 1
    assert boost_client.get(url).status_code == 401


@pytest.mark.parametrize("url", ["/plain/whoami", "/plain/awhoami", "/auto/awhoami"])
async def test_a_user_in_async_code(async_boost_client, url):
    response = await async_boost_client.as_user(ANN).get(url)
    assert b'"ann"' in response.content
    assert (await async_boost_client.get(url)).status_code == 401


def test_any_principal(boost_client):
    client = boost_client.as_user({"sub": 7})
    assert client.get("/auto/whoami").json()["data"] == {"auth": "{'sub': 7}"}


def test_request_user(boost_client):
    response = boost_client.as_user(ANN).get("/plain/whoami")
    assert response.json() == {"auth": "ann", "user": "ann"}


def test_operations_without_authentication_stay_anonymous(boost_client):
    client = boost_client.as_user(ANN)
    assert client.get("/plain/open").json() == {"auth": "None"}
    assert client.get("/auto/open").json()["data"] == {"auth": "None"}


def test_clients_do_not_share_their_user(boost_client):
    ann = boost_client.as_user(ANN)
    bob = ann.as_user(User(username="bob"))
    assert bob.get("/auto/whoami").json()["data"] == {"auth": "bob"}
    assert ann.get("/auto/whoami").json()["data"] == {"auth": "ann"}
    assert bob.as_user(None).get("/auto/whoami").status_code == 401


def test_the_real_authentication_is_there(boost_client):
    right = boost_client.get("/auto/awhoami", headers={"X-Key": "right"})
    assert right.json()["data"] == {"auth": "{'key': 'right'}"}
    assert boost_client.get("/auto/awhoami", headers={"X-Key": "wrong"}).status_code == 401


def test_no_header_makes_a_user(boost_client):
    name = "ninja_boost_testing.principal"
    assert boost_client.get("/auto/whoami", headers={name: "ann"}).status_code == 401


def test_nothing_is_left_behind(client, request):
    before = BoostOperation.__dict__["authentication"]
    request.getfixturevalue("boost_client")
    request.getfixturevalue("async_boost_client")
    assert BoostOperation.__dict__["authentication"] is not before


def test_nothing_was_left_behind(client):
    assert BoostOperation.__dict__["authentication"].fget.__module__ == "ninja_boost_core.operation"
    key = {"ninja_boost_testing.principal": ANN}
    assert client.get("/auto/whoami", **key).status_code == 401


def test_a_principal_that_refuses(boost_client):
    with pytest.raises(ValueError, match=r"as_user.None. sends requests as nobody"):
        boost_client.as_user({})


@pytest.mark.parametrize("client", [BoostClient, AsyncBoostClient])
def test_a_client_that_no_fixture_made(client):
    with pytest.raises(RuntimeError, match="fixtures boost_client"):
        client().as_user(ANN)


def test_anonymous_users_of_django_are_principals_too(boost_client):
    response = boost_client.as_user(AnonymousUser()).get("/auto/whoami")
    assert response.json()["data"] == {"auth": "AnonymousUser"}
