"""Headers that were made ready, on responses of Django and on those of somebody else."""

import pickle

import pytest
from django.http import BadHeaderError, HttpResponse, StreamingHttpResponse
from django.http.response import ResponseHeaders
from django.utils.datastructures import CaseInsensitiveMapping

from ninja_boost_core.headers import headers_of, put, put_missing, ready


class Foreign(CaseInsensitiveMapping):
    """Headers of a response that keeps them in its own way."""

    def __init__(self, headers):
        super().__init__(headers)
        self.data, self._store = dict(headers), None

    def __getitem__(self, name):
        return self.data[name]

    def __setitem__(self, name, value):
        self.data[name] = value

    def __iter__(self):
        return iter(self.data)

    def __len__(self):
        return len(self.data)

    def setdefault(self, name, value):
        return self.data.setdefault(name, value)


def foreign():
    response = HttpResponse(b"")
    response.headers = Foreign({"Content-Type": "text/html"})
    return response


MADE = [lambda: HttpResponse(b"", content_type="text/html"), StreamingHttpResponse, foreign]


@pytest.mark.parametrize("make", MADE)
def test_put(make):
    response = make()
    put(response, ready({"X-One": "1", "Content-Type": "text/plain"}))
    assert dict(response.items()) == {"Content-Type": "text/plain", "X-One": "1"}
    assert response["X-One"] == "1"


@pytest.mark.parametrize("make", MADE)
def test_put_missing(make):
    response = make()
    put_missing(response, ready({"X-One": "1", "Content-Type": "text/plain"}))
    assert response["Content-Type"].startswith("text/html")
    assert response["X-One"] == "1"


@pytest.mark.parametrize("make", MADE)
def test_headers_of(make):
    response = make()
    name, value = headers_of(response)["content-type"]
    assert name == "Content-Type"
    assert value.startswith("text/html")
    assert "x-one" not in headers_of(response)


def test_what_is_ready_is_shared_by_no_responses():
    headers = ready({"X-One": "1"})
    first, second = HttpResponse(b""), HttpResponse(b"")
    put(first, headers)
    put_missing(second, headers)
    first["X-One"] = second["X-One"] = "2"
    del second["X-One"]
    assert headers == {"x-one": ("X-One", "1")}


def test_a_value_is_one_line():
    with pytest.raises(BadHeaderError):
        ready({"X-One": "1\r\nX-Two: 2"})


def test_headers_that_were_put_are_read_in_one_go(monkeypatch):
    response = HttpResponse(b"", content_type="text/html")
    put(response, ready({"X-One": "1"}))
    monkeypatch.delattr(CaseInsensitiveMapping, "__iter__")
    monkeypatch.delattr(CaseInsensitiveMapping, "__getitem__")
    assert list(response.items()) == [("Content-Type", "text/html"), ("X-One", "1")]


@pytest.mark.parametrize("write", [put, put_missing])
def test_headers_that_were_put_are_djangos_otherwise(write):
    response = HttpResponse(b"", content_type="text/html")
    write(response, ready({"X-One": "1"}))
    response["x-one"] = "2"
    response.headers["X-Two"] = "€"
    del response["content-type"]
    assert response.headers == {"x-one": "2", "X-Two": "=?utf-8?b?4oKs?="}
    with pytest.raises(BadHeaderError):
        response["X-Two"] = "1\r\nX-Three: 3"


def test_what_a_cache_keeps_of_them_is_djangos_alone():
    response = HttpResponse(b"", content_type="text/html")
    put(response, ready({"X-One": "1"}))
    kept = pickle.loads(pickle.dumps(response))
    assert type(kept.headers) is ResponseHeaders
    assert list(kept.items()) == list(response.items())
