"""A database and a Redis of the tests' own, or the reason why there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

POSTGRES_URL = os.environ.get("POSTGRES_URL", "postgres://root@127.0.0.1:5432/test")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
NAME = f"ninja_boost_cli_{os.getpid()}"


def missing(service: str, variable: str, error: Exception) -> None:
    text = f"{service} is missing (set {variable}): {error}"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


@contextmanager
def database_url() -> Iterator[str]:
    """A new, empty PostgreSQL database."""
    url = urlsplit(POSTGRES_URL)._replace(scheme="postgresql").geturl()
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        missing("PostgreSQL", "POSTGRES_URL", error)
        raise
    with connection:
        connection.execute(f"CREATE DATABASE {NAME}")
        try:
            yield urlsplit(POSTGRES_URL)._replace(scheme="postgres", path=f"/{NAME}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def redis_url(number: int) -> str:
    """A Redis database that is empty: each module of tests has its own, as they run at a time."""
    url = urlsplit(REDIS_URL)._replace(path=f"/{number}").geturl()
    try:
        redis.Redis.from_url(url, socket_connect_timeout=5).flushdb()
    except redis.RedisError as error:
        missing("Redis", "REDIS_URL", error)
    return url
