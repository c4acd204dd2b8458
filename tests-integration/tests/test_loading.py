from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import airportsdata
import pytest

from .conftest import DEPLOYED, manage


@pytest.fixture
def database(loaded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(loaded, tmp_path / "copy.sqlite3"))


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(database) as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_every_airport_of_the_source_is_there(database: Path) -> None:
    source = airportsdata.load("ICAO")
    stored = rows(database, "select icao, iata, country_id, latitude from flights_airport")
    assert {icao: rest for icao, *rest in stored} == {
        icao: [row["iata"] or None, row["country"], row["lat"]] for icao, row in source.items()
    }


def test_a_second_run_changes_nothing_and_says_so(database: Path) -> None:
    tables = ("flights_country", "flights_airport", "flights_flight", "auth_user")
    before = [rows(database, f"select * from {table}") for table in tables]
    done = manage(database, "load_airports")
    assert done.returncode == 0, done.stderr
    airports = len(airportsdata.load("ICAO"))
    assert done.stdout == f"Nothing to do: all {airports:,} airports are loaded.\n"
    assert done.stderr == "", "A progress bar belongs on a terminal only."
    assert [rows(database, f"select * from {table}") for table in tables] == before


def test_what_changed_at_the_source_is_brought_up_to_date(database: Path) -> None:
    want = rows(database, "select * from flights_airport order by id")
    with sqlite3.connect(database) as connection:
        connection.execute("update flights_airport set name = 'Old name' where icao = 'LSZH'")
        # The two codes have changed hands: neither can be set while the other has it.
        connection.execute("update flights_airport set iata = null where icao = 'EGLL'")
        connection.execute("update flights_airport set iata = 'LHR' where icao = 'EGKK'")
        connection.execute("update flights_airport set iata = 'LGW' where icao = 'EGLL'")
    connection.close()
    done = manage(database, "load_airports")
    assert done.stdout == "Loaded 0 airports (3 updated) of 0 countries, and 0 flights.\n"
    assert rows(database, "select * from flights_airport order by id") == want


def test_a_load_that_fails_leaves_nothing_behind(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("delete from flights_airport")
        connection.execute("drop table flights_flight")
    connection.close()
    assert manage(database, "load_airports").returncode != 0
    assert rows(database, "select count(*) from flights_airport") == [(0,)]


def test_the_demo_user_is_never_made_in_a_deployment(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("delete from auth_user")
    connection.close()
    refused = manage(database, "create_demo_user", **DEPLOYED)
    assert refused.returncode == 1
    assert "published password" in refused.stderr
    assert manage(database, "load_airports", **DEPLOYED).returncode == 0
    assert rows(database, "select * from auth_user") == []


def test_a_deployment_passes_djangos_checks(database: Path) -> None:
    done = manage(database, "check", "--deploy", "--fail-level", "ERROR", **DEPLOYED)
    assert done.returncode == 0, done.stderr


def test_the_migrations_are_complete(database: Path) -> None:
    done = manage(database, "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout
