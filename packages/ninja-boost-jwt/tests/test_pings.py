"""What ``boost_doctor`` asks about keys, tables and the other issuer."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections

from ninja_boost_core.doctor import ask
from ninja_boost_jwt._feature import feature
from ninja_boost_jwt.models import Revocation

from .issuer import EC, RSA, issuing, jwk, send

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.core.cache.backends.locmem.LocMemCache"


@pytest.fixture(autouse=True)
def _alone(settings, monkeypatch):
    """No operation, no router and no authentication of another test is in use."""
    monkeypatch.setattr("ninja_boost_jwt.pings.routers", [])
    settings.ROOT_URLCONF = None


@pytest.fixture
def bare(monkeypatch, tmp_path, settings):
    """Alias of a database without tables."""
    options = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "bare.sqlite3")}
    made = connections.configure_settings({"bare": options, "default": {}})["bare"]
    monkeypatch.setattr(connections, "settings", {**connections.settings, "bare": made})
    monkeypatch.setitem(settings.DATABASES, "bare", options)
    yield "bare"
    connections["bare"].close()


def answers():
    return {found.name: found for found in ask(list(feature.pings()), 10)}


def test_only_what_is_used(settings, monkeypatch):
    monkeypatch.setattr("ninja_boost_jwt.pings.is_used", lambda: False)
    assert list(feature.pings()) == []


def test_one_secret():
    (found,) = answers().values()
    assert found.ok
    assert found.name == "jwt: keys"
    assert found.detail == "1 key, signs with HS256"


def test_a_borrowed_secret(settings):
    settings.JWT_SECRET_KEY = None
    settings.DEBUG = True
    assert answers()["jwt: keys"].detail == "1 key, signs with HS256, which is Django's SECRET_KEY"


def test_a_ring_with_claims(settings, configure):
    settings.JWT_SECRET_KEY = None
    configure(
        KEYS=[
            {"ALGORITHM": "HS512", "KID": "new", "SECRET": "n" * 64},
            {"ALGORITHM": "HS256", "KID": "old", "SECRET": "o" * 32},
        ],
        ISSUER="https://issuer.example",
        AUDIENCE=["one", "two"],
        USER_CLAIM="sub",
    )
    found = answers()["jwt: keys"]
    assert found.ok, found.detail
    assert found.detail == "2 keys, signs with HS512"


def test_a_public_key_alone(settings):
    from cryptography.hazmat.primitives import serialization

    settings.JWT_SECRET_KEY = None
    settings.JWT_ALGORITHM = "ES256"
    settings.JWT_PUBLIC_KEY = EC.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert answers()["jwt: keys"].detail == "1 key, none of which signs"


def test_keys_that_do_not_fit(monkeypatch):
    """A ring that signs with one key and verifies with another."""
    from dataclasses import replace

    from ninja_boost_jwt import keys

    ring = keys.current_keys()
    wrong = (replace(ring.keys[0], verifying=b"x" * 40),)
    monkeypatch.setattr(keys, "_loaded", replace(ring, keys=wrong))
    found = answers()["jwt: keys"]
    assert not found.ok
    assert found.detail.startswith("InvalidSignatureError")


def test_no_key(settings):
    settings.JWT_SECRET_KEY = None
    with pytest.raises(ImproperlyConfigured, match="JWT_SECRET_KEY is not set"):
        answers()


def test_tables_and_cache(database, configure):
    configure(DATABASE=database, REVOCATION=True, REFRESH={"GRACE": 5})
    found = answers()
    assert list(found) == [
        "jwt: keys",
        f"jwt: tables in {database}",
        "jwt: revocations in cache default",
    ]
    assert all(each.ok for each in found.values()), found
    assert not Revocation.objects.using(database).exists()


def test_missing_tables(configure, bare):
    configure(DATABASE=bare, REVOCATION=True, REVOCATION_CACHE=0)
    found = answers()["jwt: tables in bare"]
    assert not found.ok
    assert found.detail == "Migrations of ninja_boost_jwt are not applied to 'bare': 0001_initial."
    assert found.hint == "Run: manage.py migrate ninja_boost_jwt --database bare"
    call_command("migrate", "ninja_boost_jwt", database=bare, verbosity=0)
    assert answers()["jwt: tables in bare"].ok
    with connections[bare].cursor() as cursor:
        cursor.execute("DROP TABLE ninja_boost_jwt_revocation")
    assert answers()["jwt: tables in bare"].detail.startswith("OperationalError: no such table")


def test_a_dead_cache(configure, settings):
    settings.CACHES = {
        "default": {"BACKEND": BACKEND},
        "down": {"BACKEND": "tests.backends.BrokenCache", "LOCATION": ""},
    }
    configure(REVOCATION=True, CACHE="down")
    found = answers()["jwt: revocations in cache down"]
    assert found.detail == "ConnectionError: the cache is down"
    assert "the database is asked" in found.hint


def test_the_keys_of_another_issuer(settings, configure):
    settings.DEBUG = True
    settings.JWT_SECRET_KEY = None
    with issuing(jwk(EC, "ES256", kid="a"), jwk(RSA, "RS256", kid="b")) as issuer:
        configure(JWKS={"URL": issuer.url})
        (found,) = answers().values()
        assert found.ok, found.detail
        assert found.name == "jwt: key set of 127.0.0.1"
        assert found.detail == "2 keys"
        issuer.answer = lambda handler: send(handler, b"{}", status=500)
        (found,) = answers().values()
        assert found.detail.startswith("HTTPError: HTTP Error 500")
        issuer.answer = lambda handler: send(handler, b'{"keys": []}')
        (found,) = answers().values()
        assert found.detail == "The key set has no key of the ALGORITHMS that are accepted."
    (found,) = answers().values()
    assert found.detail.startswith("URLError")
    assert "503" in found.hint
