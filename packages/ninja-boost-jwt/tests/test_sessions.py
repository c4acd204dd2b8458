"""Refresh tokens: rotation, grace, reuse, expiry; on each database, sync and async."""

import uuid
from contextlib import contextmanager

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import transaction

from ninja_boost_core import event_bus
from ninja_boost_jwt import (
    RefreshRefused,
    aissue_tokens,
    arefresh_tokens,
    arevoke,
    arevoke_user,
    decode_jwt_token,
    issue_tokens,
    refresh_tokens,
    revoke,
    revoke_user,
)
from ninja_boost_jwt.models import RefreshFamily, Revocation
from ninja_boost_jwt.statistics import statistics

from .people import families, let_pass, new_user, tokens

pytestmark = pytest.mark.django_db(transaction=True)

SYNC = {"issue": issue_tokens, "refresh": refresh_tokens, "revoke": revoke, "user": revoke_user}
ASYNC = {
    "issue": async_to_sync(aissue_tokens),
    "refresh": async_to_sync(arefresh_tokens),
    "revoke": async_to_sync(arevoke),
    "user": async_to_sync(arevoke_user),
}


@pytest.fixture(params=[SYNC, ASYNC], ids=["sync", "async"])
def do(request):
    """The functions, or their async twins run from sync code."""
    return type("Functions", (), {name: staticmethod(f) for name, f in request.param.items()})


@pytest.fixture
def where(database, configure):
    configure(DATABASE=database)
    return database


@pytest.fixture
def reuses():
    seen = []

    def handler(user_id, family):
        seen.append((user_id, family))

    event_bus.on("on_refresh_reuse", handler)
    yield seen
    event_bus.off("on_refresh_reuse", handler)


@contextmanager
def refused(reason):
    with pytest.raises(RefreshRefused) as raised:
        yield
    assert raised.value.reason == reason
    assert raised.value.status_code == 401
    assert str(raised.value) == "The refresh token is not valid.", "it does not say why"


def test_a_login(where, do):
    user = new_user()
    pair = do.issue(user, role="clerk")
    claims = decode_jwt_token(pair.access_token)
    (family,) = families(user, where)
    assert claims["user_id"] == user.pk
    assert claims["sub"] == str(user.pk)
    assert claims["sid"] == family.pk
    assert claims["role"] == "clerk"
    assert (pair.token_type, pair.expires_in) == ("bearer", 3600)
    assert claims["exp"] - claims["iat"] == 3600
    assert len(pair.refresh_token) == 43


def test_only_digests_are_kept(where, do, caplog):
    caplog.set_level("DEBUG")
    user = new_user()
    pair = do.refresh(do.issue(user).refresh_token)
    kept = [str(row) for row in tokens(user, where).values_list()]
    kept += [str(row) for row in families(user, where).values_list()]
    for secret in (pair.refresh_token, pair.access_token):
        assert not any(secret in row for row in kept)
        assert secret not in caplog.text
        assert secret not in repr(pair)


def test_rotation(where, do):
    user = new_user()
    first = do.issue(user, role="clerk")
    token = first.refresh_token
    seen = {token}
    for _ in range(5):
        pair = do.refresh(token)
        assert decode_jwt_token(pair.access_token)["role"] == "clerk"
        token = pair.refresh_token
        seen.add(token)
    assert len(seen) == 6
    assert families(user, where).count() == 1
    assert tokens(user, where).filter(rotated_at=None).count() == 1


def test_within_the_grace(where, do, reuses):
    """An answer that was lost, or two tabs at once."""
    user = new_user()
    first = do.issue(user)
    pairs = [do.refresh(first.refresh_token) for _ in range(3)]
    assert len({pair.refresh_token for pair in pairs}) == 3
    for pair in pairs:
        do.refresh(pair.refresh_token)
    (family,) = families(user, where)
    assert family.revoked_at is None
    assert reuses == []


@pytest.mark.parametrize("generations", [1, 3])
def test_reuse_after_the_grace(where, do, reuses, generations):
    user = new_user()
    before = statistics()["refresh_reuses"]
    stolen = do.issue(user).refresh_token
    pair = do.refresh(stolen)
    for _ in range(generations - 1):
        pair = do.refresh(pair.refresh_token)
    let_pass(user, 11, where)
    with refused("reused"):
        do.refresh(stolen)
    (family,) = families(user, where)
    assert family.revoked_at is not None
    assert reuses == [(str(user.pk), family.pk)]
    assert statistics()["refresh_reuses"] == before + 1
    for token in (pair.refresh_token, stolen):
        with refused("revoked"):
            do.refresh(token)
    assert len(reuses) == 1, "said once"


def test_another_login_survives(where, do):
    user = new_user()
    phone, laptop = do.issue(user), do.issue(user)
    do.refresh(phone.refresh_token)
    let_pass(user, 11, where)
    with refused("reused"):
        do.refresh(phone.refresh_token)
    do.refresh(laptop.refresh_token)


def test_the_grace_ends_when_it_says(where, do, configure):
    configure(DATABASE=where, REFRESH={"GRACE": 60})
    user = new_user()
    token = do.issue(user).refresh_token
    do.refresh(token)
    let_pass(user, 50, where)
    do.refresh(token)
    let_pass(user, 11, where)
    with refused("reused"):
        do.refresh(token)


def test_without_a_grace(where, do, configure):
    configure(DATABASE=where, REFRESH={"GRACE": 0})
    token = do.issue(new_user()).refresh_token
    do.refresh(token)
    with refused("reused"):
        do.refresh(token)


def test_expiry(where, do, configure):
    configure(DATABASE=where, REFRESH={"LIFETIME": 100, "MAX_AGE": 250})
    user = new_user()
    token = do.issue(user).refresh_token
    let_pass(user, 90, where)
    token = do.refresh(token).refresh_token
    let_pass(user, 90, where)
    token = do.refresh(token).refresh_token
    let_pass(user, 60, where)
    token = do.refresh(token).refresh_token
    let_pass(user, 11, where)
    with refused("expired"):
        do.refresh(token)


def test_an_expired_token_leaves_its_family_alone(where, do, configure):
    configure(DATABASE=where, REFRESH={"LIFETIME": 100})
    user = new_user()
    token = do.issue(user).refresh_token
    let_pass(user, 101, where)
    with refused("expired"):
        do.refresh(token)
    assert families(user, where).get().revoked_at is None


HOSTILE = [
    "",
    "x",
    "a" * 43,
    "a" * 42,
    "a" * 10_000,
    "é" * 43,
    "\x00" * 43,
    "' OR 1=1 --",
    "\udcff",
]


@pytest.mark.parametrize("token", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_refresh_token(where, do, token):
    with refused("unknown"):
        do.refresh(token)


def test_an_access_token_is_no_refresh_token_nor_the_reverse(where, do):
    pair = do.issue(new_user())
    with refused("unknown"):
        do.refresh(pair.access_token)
    assert decode_jwt_token(pair.refresh_token) is None


def test_a_user_who_is_gone(where, do):
    users = new_user(), new_user()
    gone, inactive = (do.issue(user).refresh_token for user in users)
    users[1].is_active = False
    users[1].save()
    key = users[0].pk
    users[0].delete()
    for token in (gone, inactive):
        with refused("user"):
            do.refresh(token)
    users[1].is_active = True
    users[1].save()
    with refused("revoked"):
        do.refresh(inactive)
    assert RefreshFamily.objects.using(where).get(user=str(key)).revoked_at


def test_logout(where, do):
    user = new_user()
    first = do.issue(user)
    other = do.issue(user)
    second = do.refresh(first.refresh_token)
    assert do.revoke(first.refresh_token) is True
    assert do.revoke(second.refresh_token) is False, "it was revoked already"
    for pair in (first, second):
        with refused("revoked"):
            do.refresh(pair.refresh_token)
    do.refresh(other.refresh_token)
    assert do.revoke("a" * 43) is False


def test_every_login_of_a_user(where, do):
    user, somebody = new_user(), new_user()
    pairs = [do.issue(user) for _ in range(3)]
    spared = do.issue(somebody)
    assert do.user(user.pk) == 3
    for pair in pairs:
        with refused("revoked"):
            do.refresh(pair.refresh_token)
    do.refresh(spared.refresh_token)
    again = do.issue(user)
    do.refresh(again.refresh_token)
    assert do.user(str(user.pk)) == 1


def test_a_login_that_was_not_yet_there(where):
    """It began before the user was revoked, and was committed after."""
    user = new_user()
    pair = issue_tokens(user)
    revoke_user(user.pk)
    families(user, where).update(revoked_at=None)
    with refused("revoked"):
        refresh_tokens(pair.refresh_token)


def current_claims(user):
    return {"role": user.last_name, "user_id": "forged", "sid": "forged"}


def any_user(user_id):
    return type("Principal", (), {"pk": uuid.UUID(user_id)})() if "-" in user_id else None


def test_claims_are_asked_for_again(do, configure):
    configure(REFRESH={"CLAIMS": "tests.test_sessions.current_claims"})
    user = new_user(last_name="admin")
    pair = do.issue(user, role="at login", device="phone")
    claims = decode_jwt_token(pair.access_token)
    assert (claims["role"], claims["device"], claims["user_id"]) == ("admin", "phone", user.pk)
    assert claims["sid"] == families(user).get().pk
    user.last_name = "clerk"
    user.save()
    claims = decode_jwt_token(do.refresh(pair.refresh_token).access_token)
    assert (claims["role"], claims["device"]) == ("clerk", "phone")


def test_users_of_another_kind(do, configure):
    configure(REFRESH={"USER": any_user}, USER_CLAIM="account")
    principal = any_user(str(uuid.uuid4()))
    pair = do.refresh(do.issue(principal).refresh_token)
    assert decode_jwt_token(pair.access_token)["account"] == str(principal.pk)
    principal.pk = "unknown"
    with refused("user"):
        do.refresh(do.issue(principal).refresh_token)


@pytest.mark.parametrize("name", ["exp", "iat", "jti", "nbf", "sid", "sub", "user_id"])
def test_claims_that_are_not_the_caller_s(name):
    user = new_user()
    with pytest.raises(ValueError, match=f"'{name}'"):
        issue_tokens(user, **{name: 1})
    assert not families(user).exists()


def test_a_user_who_is_not_saved():
    with pytest.raises(ValueError, match="save"):
        issue_tokens(User(username="x"))


def test_a_failure_uses_nothing_up(do, configure):
    user = new_user()
    token = do.issue(user).refresh_token

    def fail(user):
        raise RuntimeError("the directory is away")

    configure(REFRESH={"CLAIMS": fail})
    with pytest.raises(RuntimeError):
        do.refresh(token)
    with pytest.raises(RuntimeError):
        do.issue(user)
    configure()
    assert tokens(user).get().rotated_at is None
    assert families(user).count() == 1
    do.refresh(token)


def test_without_a_key_nothing_is_used_up(do, settings):
    token = do.issue(new_user()).refresh_token
    key, settings.JWT_SECRET_KEY = settings.JWT_SECRET_KEY, None
    with pytest.raises(ImproperlyConfigured, match="JWT_SECRET_KEY"):
        do.refresh(token)
    settings.JWT_SECRET_KEY = key
    do.refresh(token)


def test_inside_a_transaction(where):
    user = new_user()
    with transaction.atomic(using=where):
        pair = refresh_tokens(issue_tokens(user).refresh_token)
    refresh_tokens(pair.refresh_token)


def test_without_the_app(do, settings):
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "ninja_boost_jwt"]
    for call in (lambda: do.issue(new_user()), lambda: do.refresh("a" * 43), lambda: do.user(1)):
        with pytest.raises(ImproperlyConfigured, match="INSTALLED_APPS"):
            call()


def test_purge(where, configure, capsys):
    RefreshFamily.objects.using(where).all().delete()
    Revocation.objects.using(where).all().delete()
    configure(DATABASE=where, REVOCATION=True, REFRESH={"LIFETIME": 100, "MAX_AGE": 1000})
    old, young = new_user(), new_user()
    for _ in range(5):
        issue_tokens(old)
    let_pass(old, 1001, where)
    kept = issue_tokens(young)
    revoke(kept.access_token)
    revoke_user(old.pk)
    Revocation.objects.using(where).create(name="x", expires_at=1)
    call_command("purge_jwt_tokens", batch=2)
    assert "Deleted 11 expired rows" in capsys.readouterr().out
    assert not families(old, where).exists()
    assert families(young, where).count() == 1
    assert Revocation.objects.using(where).count() == 2, "a token and a user"
    refresh_tokens(kept.refresh_token)
    let_pass(young, 101, where)
    call_command("purge_jwt_tokens")
    assert not tokens(young, where).exists()
    with pytest.raises(CommandError):
        call_command("purge_jwt_tokens", batch=0)


def test_the_migrations_are_complete(capsys):
    call_command("makemigrations", "ninja_boost_jwt", check=True, dry_run=True)
    assert "No changes" in capsys.readouterr().out
