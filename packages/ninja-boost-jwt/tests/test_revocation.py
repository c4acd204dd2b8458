"""Access tokens that are refused before they expire."""

import threading
from contextlib import contextmanager

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.db import connections, transaction
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from ninja_boost_core import ApiError
from ninja_boost_jwt import (
    adecode_jwt_token,
    arevoke,
    arevoke_user,
    create_jwt_token,
    decode_jwt_token,
    issue_tokens,
    refresh_tokens,
    revocation,
    revoke,
    revoke_user,
)
from ninja_boost_jwt.models import Revocation
from ninja_boost_jwt.statistics import statistics

from .hostile import claims, signed
from .people import let_pass, new_user

pytestmark = pytest.mark.django_db(transaction=True)
API = ["/plain/me", "/plain/native", "/api/me", "/api/native"]


@pytest.fixture
def where(database, configure):
    configure(DATABASE=database, REVOCATION=True, REVOCATION_CACHE=0)
    return database


@contextmanager
def unavailable():
    with pytest.raises(ApiError) as raised:
        yield
    assert raised.value.status_code == 503


@contextmanager
def broken_database():
    """A database that fails every query."""

    def fail(execute, sql, params, many, context):
        from django.db import OperationalError

        raise OperationalError("the server has gone away")

    with connections["default"].execute_wrapper(fail):
        yield


def test_by_token(where):
    pairs = [create_jwt_token({"user_id": 7}) for _ in range(2)]
    first, second = (decode_jwt_token(token) for token in pairs)
    assert first["jti"] != second["jti"]
    assert revoke(pairs[0]) is True
    assert decode_jwt_token(pairs[0]) is None
    assert decode_jwt_token(pairs[1])
    assert revoke(pairs[0]) is False, "it is no valid token any more"
    row = Revocation.objects.using(where).get(name=revocation.digest("jti", first["jti"]))
    assert first["jti"] not in row.name
    assert row.expires_at >= first["exp"]


def test_by_user(where):
    user, somebody = new_user(), new_user()
    before = [issue_tokens(user).access_token, create_jwt_token({"user_id": user.pk})]
    by_subject = create_jwt_token({"sub": str(user.pk)})
    spared = create_jwt_token({"user_id": somebody.pk})
    revoke_user(user.pk)
    for token in (*before, by_subject):
        assert decode_jwt_token(token) is None
    after = issue_tokens(user).access_token, create_jwt_token({"user_id": user.pk})
    for token in (*after, spared):
        assert decode_jwt_token(token)
    revoke_user(user.pk)
    for token in after:
        assert decode_jwt_token(token) is None


def test_by_session(where):
    user = new_user()
    phone, laptop = issue_tokens(user), issue_tokens(user)
    later = refresh_tokens(phone.refresh_token)
    assert revoke(later.refresh_token)
    assert decode_jwt_token(phone.access_token) is None
    assert decode_jwt_token(later.access_token) is None
    assert decode_jwt_token(laptop.access_token)


def test_reuse_ends_the_access_tokens_too(where):
    user = new_user()
    stolen = issue_tokens(user)
    thief = refresh_tokens(stolen.refresh_token)
    let_pass(user, 11, where)
    with pytest.raises(ApiError):
        refresh_tokens(stolen.refresh_token)
    assert decode_jwt_token(thief.access_token) is None


async def test_async(where):
    tokens = [create_jwt_token({"user_id": f"user-{index}"}) for index in range(3)]
    assert await arevoke(tokens[0])
    await arevoke_user("user-1")
    assert await adecode_jwt_token(tokens[0]) is None
    assert await adecode_jwt_token(tokens[1]) is None
    assert await adecode_jwt_token(tokens[2])
    with pytest.raises(SynchronousOnlyOperation, match="adecode_jwt_token"):
        decode_jwt_token(tokens[2])


def test_a_token_that_could_not_be_revoked(where):
    user = new_user().pk
    assert decode_jwt_token(signed(claims(user_id=user))), "by its user"
    assert decode_jwt_token(signed({"exp": 2**40, "jti": "x"}))
    assert decode_jwt_token(signed({"exp": 2**40})) is None
    revoke_user(user)
    assert decode_jwt_token(signed(claims(user_id=user))) is None, "nobody knows when it was issued"


def test_what_cannot_be_revoked(where):
    with pytest.raises(ValueError, match="jti"):
        revoke(signed(claims()))
    assert revoke("junk") is False
    assert revoke("") is False
    assert revoke(signed(claims(jti="x" * 3000, exp=10**300))) is True
    assert decode_jwt_token(signed(claims(jti="x" * 3000))) is None


def test_without_the_setting(configure):
    user = new_user().pk
    token = create_jwt_token({"user_id": user})
    assert set(decode_jwt_token(token)) == {"user_id", "iat", "exp"}
    with pytest.raises(ImproperlyConfigured, match="REVOCATION"):
        revoke(token)
    revoke_user(user)
    with CaptureQueriesContext(connections["default"]) as queries:
        assert decode_jwt_token(token)
    assert len(queries) == 0


def test_the_answer_is_remembered_briefly(configure):
    configure(REVOCATION=True, REVOCATION_CACHE=10)
    token = issue_tokens(new_user()).access_token
    with CaptureQueriesContext(connections["default"]) as queries:
        for _ in range(5):
            assert decode_jwt_token(token)
    assert len(queries) == 1, "one look for the token, its session and its user"
    revoke(token)
    with CaptureQueriesContext(connections["default"]) as queries:
        assert decode_jwt_token(token) is None, "at once, where the cache is shared"
    assert len(queries) == 0


@pytest.mark.parametrize("how", ["token", "session", "user"])
def test_a_revocation_is_told_when_it_is_committed(configure, how):
    configure(REVOCATION=True, REVOCATION_CACHE=600)
    user = new_user()
    pair = issue_tokens(user)
    call, argument = {
        "token": (revoke, pair.access_token),
        "session": (revoke, pair.refresh_token),
        "user": (revoke_user, user.pk),
    }[how]
    assert decode_jwt_token(pair.access_token)
    with transaction.atomic():
        call(argument)
        transaction.set_rollback(True)
    assert decode_jwt_token(pair.access_token), "it was rolled back"
    with transaction.atomic():
        call(argument)
    assert decode_jwt_token(pair.access_token) is None


def test_a_reader_that_is_late_does_not_undo_a_revocation(configure, monkeypatch):
    """It read the row before the revocation, and writes what it read after it."""
    configure(REVOCATION=True, REVOCATION_CACHE=600)
    token = create_jwt_token({"user_id": new_user().pk})
    remember = revocation._remember

    def late(found, options):
        monkeypatch.setattr(revocation, "_remember", remember)
        thread = threading.Thread(target=lambda: (revoke(token), connections.close_all()))
        thread.start()
        thread.join()
        remember(found, options)

    monkeypatch.setattr(revocation, "_remember", late)
    decode_jwt_token(token)
    assert decode_jwt_token(token) is None


def test_a_database_that_fails_is_a_refusal(configure, caplog):
    configure(REVOCATION=True, REVOCATION_CACHE=0)
    token = create_jwt_token({"user_id": 7})
    before = statistics()["database_failures"]
    with broken_database(), unavailable():
        decode_jwt_token(token)
    assert statistics()["database_failures"] == before + 1
    assert token not in caplog.text
    with broken_database():
        assert decode_jwt_token("junk") is None


@pytest.mark.urls("tests.api")
@pytest.mark.parametrize("url", API)
def test_through_http(configure, url):
    configure(REVOCATION=True)
    client = Client(raise_request_exception=False)
    token = create_jwt_token({"user_id": 7, "sub": new_user().username})
    headers = {"authorization": f"Bearer {token}"}
    assert client.get(url, headers=headers).status_code == 200
    assert revoke(token)
    assert client.get(url, headers=headers).status_code == 401
    caches["default"].clear()
    assert client.get(url, headers=headers).status_code == 401


@pytest.mark.urls("tests.api")
@pytest.mark.parametrize("url", API)
async def test_through_http_async(configure, url):
    configure(REVOCATION=True)
    client = AsyncClient(raise_request_exception=False)
    token = create_jwt_token({"user_id": 7, "jti": url})
    headers = {"authorization": f"Bearer {token}"}
    assert (await client.get(url, headers=headers)).status_code == 200
    assert await arevoke(token)
    assert (await client.get(url, headers=headers)).status_code == 401


@pytest.mark.urls("tests.api")
@pytest.mark.parametrize("url", ["/plain/me", "/api/me"])
def test_a_failing_database_through_http(configure, url):
    configure(REVOCATION=True, REVOCATION_CACHE=0)
    headers = {"authorization": f"Bearer {create_jwt_token({'user_id': 7})}"}
    with broken_database():
        response = Client(raise_request_exception=False).get(url, headers=headers)
    assert response.status_code == 503
    if url.startswith("/api"):
        assert response["Retry-After"]


def test_a_cache_that_fails(configure, settings, caplog):
    settings.CACHES = {
        **settings.CACHES,
        "broken": {"BACKEND": "tests.backends.BrokenCache"},
    }
    configure(REVOCATION=True, CACHE="broken")
    before = statistics()["cache_failures"]
    token = create_jwt_token({"user_id": 7})
    assert decode_jwt_token(token)
    assert revoke(token)
    assert decode_jwt_token(token) is None
    assert statistics()["cache_failures"] > before
    assert "cache of revoked tokens failed" in caplog.text
