from __future__ import annotations

import csv
import io
from collections.abc import Callable

import airportsdata
import httpx
import pytest

AIRPORTS = airportsdata.load("ICAO")


def page(client: httpx.Client, url: str, **params: object) -> dict[str, object]:
    response = client.get(url, params=params)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body.keys() == {"ok", "data"}
    assert body["ok"] is True
    return body["data"]


def test_the_list_holds_every_airport_in_pages(client: httpx.Client) -> None:
    data = page(client, "/api/airports", size=50)
    codes = sorted(AIRPORTS)
    assert [item["icao"] for item in data["items"]] == codes[:50]
    assert {key: data[key] for key in ("page", "size", "total", "pages")} == {
        "page": 1,
        "size": 50,
        "total": len(codes),
        "pages": -(-len(codes) // 50),
    }
    last = page(client, "/api/airports", size=50, page=data["pages"])
    assert [item["icao"] for item in last["items"]] == codes[(data["pages"] - 1) * 50 :]


def test_an_airport_is_sent_as_the_source_has_it(client: httpx.Client) -> None:
    source = AIRPORTS["LSZH"]
    assert page(client, "/api/airports/LSZH") == {
        "icao": "LSZH",
        "iata": "ZRH",
        "name": source["name"],
        "city": source["city"],
        "subdivision": source["subd"],
        "country": {"code": "CH", "name": "Switzerland"},
        "elevation_ft": source["elevation"],
        "latitude": source["lat"],
        "longitude": source["lon"],
        "timezone": source["tz"],
    }


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"country": "CH"}, lambda row: row["country"] == "CH"),
        ({"min_elevation": 14000}, lambda row: round(row["elevation"]) >= 14000),
        (
            {"country": "BO", "min_elevation": "13000"},
            lambda row: row["country"] == "BO" and round(row["elevation"]) >= 13000,
        ),
        ({"q": "heathrow"}, lambda row: "heathrow" in row["name"].lower()),
        ({"q": "LHR london"}, lambda row: row["icao"] == "EGLL"),
        ({"q": "SCHWABMÜNCHEN"}, lambda row: row["name"] == "Schwabmunchen Airport"),
        ({"country": "ZZ"}, lambda row: False),
        ({"q": "100%_"}, lambda row: False),
    ],
)
def test_filters(
    client: httpx.Client,
    params: dict[str, object],
    expected: Callable[[dict[str, object]], bool],
) -> None:
    wanted = sorted(code for code, row in AIRPORTS.items() if expected(row))
    first = page(client, "/api/airports", **params, size=100)
    assert first["total"] == len(wanted)
    assert [item["icao"] for item in first["items"]] == wanted[:100]


def test_the_link_header_leads_through_the_pages_and_keeps_the_filters(
    client: httpx.Client,
) -> None:
    url = "/api/airports?country=CH&size=40"
    seen: list[str] = []
    previous = None
    while url:
        response = client.get(url)
        seen += [item["icao"] for item in response.json()["data"]["items"]]
        links = {rel: link["url"] for rel, link in response.links.items()}
        assert ("prev" in links) == (previous is not None)
        previous, url = url, links.get("next", "")
    assert seen == sorted(code for code, row in AIRPORTS.items() if row["country"] == "CH")


def test_the_feed_visits_every_airport_once_from_the_highest_down(client: httpx.Client) -> None:
    seen: list[dict[str, object]] = []
    cursors: list[str] = []
    params: dict[str, object] = {"size": 100}
    while True:
        data = page(client, "/api/airports/feed", **params)
        seen += data["items"]
        assert data["has_next"] == (data["next_cursor"] is not None)
        assert data["has_prev"] == (data["prev_cursor"] is not None) == bool(cursors)
        if not data["has_next"]:
            break
        cursors.append(data["next_cursor"])
        params["cursor"] = data["next_cursor"]
    assert sorted(item["icao"] for item in seen) == sorted(AIRPORTS)
    elevations = [item["elevation_ft"] for item in seen]
    assert elevations == sorted(elevations, reverse=True)

    position = len(seen) - len(data["items"])
    for _ in range(5):
        data = page(client, "/api/airports/feed", size=100, cursor=data["prev_cursor"])
        assert data["items"] == seen[position - 100 : position]
        assert data["has_next"]
        position -= 100


def test_the_nearest_airports_are_computed_on_an_async_route(client: httpx.Client) -> None:
    data = page(
        client, "/api/airports/nearest", latitude=47.4647, longitude=8.54917, radius_km=60, limit=5
    )
    assert data[0] == {
        "airport": {"icao": "LSZH", "iata": "ZRH", "name": "Zurich Airport", "city": "Zurich"},
        "distance_km": 0,
    }
    distances = [row["distance_km"] for row in data]
    assert len(data) == 5
    assert distances == sorted(distances)
    assert distances[-1] <= 60


def test_the_neighbourhood_reaches_across_the_date_line_and_the_pole(client: httpx.Client) -> None:
    across = page(
        client, "/api/airports/nearest", latitude=-17, longitude=180, radius_km=300, limit=100
    )
    longitudes = [AIRPORTS[row["airport"]["icao"]]["lon"] for row in across]
    assert min(longitudes) < 0 < max(longitudes)
    south = page(client, "/api/airports/nearest", latitude=-90, longitude=0, radius_km=10)
    assert [row["airport"]["icao"] for row in south] == [
        code for code, row in AIRPORTS.items() if row["lat"] < -89.95
    ]


def test_the_export_streams_every_airport_without_an_envelope(client: httpx.Client) -> None:
    with client.stream("GET", "/api/airports/export.csv") as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert "content-length" not in response.headers
        text = response.read().decode()
    header, *rows = csv.reader(io.StringIO(text))
    assert header[0] == "icao"
    assert [row[0] for row in rows] == sorted(AIRPORTS)


def test_a_plain_ninja_router_is_enveloped_beside_the_others(client: httpx.Client) -> None:
    countries = page(client, "/api/countries")
    assert [country["code"] for country in countries] == sorted(
        {row["country"] for row in AIRPORTS.values()}
    )
    assert page(client, "/api/countries/XK") == {"code": "XK", "name": "Kosovo"}


def test_the_public_status_needs_no_login(client: httpx.Client) -> None:
    status = page(client, "/api/status")
    assert status["status"] == "ok"
    assert status["airports"] == len(AIRPORTS)
