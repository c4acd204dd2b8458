"""Responses, kept and repeated."""

import io

import pytest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_core import ApiError
from ninja_boost_idempotency.outcomes import NEVER_KEPT, UNREPEATABLE, dump, replay

header_names = st.from_regex(r"\AX-[A-Za-z]{1,10}\Z")
header_values = st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=20)


@given(
    st.binary(max_size=300),
    st.integers(200, 599),
    st.sampled_from(["application/json", "text/plain; charset=latin-1", None]),
    st.dictionaries(header_names, header_values, max_size=4),
)
def test_status_body_and_headers_are_repeated(body, status, content_type, headers):
    response = HttpResponse(body, status=status, content_type=content_type)
    for name, value in headers.items():
        response[name] = value
    again = replay(dump(response, 1000))
    assert again.content == body
    assert again.status_code == status
    assert again.reason_phrase == response.reason_phrase
    assert dict(again.headers) == {**response.headers, "X-Idempotency-Replay": "true"}


def test_a_reason_of_its_own_is_repeated():
    assert replay(dump(HttpResponse(reason="Booked"), 10)).reason_phrase == "Booked"


def test_no_content_type_stays_none():
    response = HttpResponse(status=204)
    del response["Content-Type"]
    assert "Content-Type" not in replay(dump(response, 10))


@pytest.mark.parametrize("name", sorted(NEVER_KEPT))
def test_what_belongs_to_one_message_is_not_kept(name):
    response = HttpResponse(b"")
    response[name.title()] = "secret"
    kept = dump(response, 10)
    assert b"secret" not in kept
    assert replay(kept).get(name) in (None, "true")


def test_headers_that_connection_names_are_not_kept():
    response = HttpResponse(b"")
    response["Connection"] = "close, X-Hop"
    response["X-Hop"] = "secret"
    assert b"secret" not in dump(response, 10)


def test_cookies_are_not_kept():
    response = HttpResponse(b"")
    response.set_cookie("session", "secret")
    assert b"secret" not in dump(response, 10)


@pytest.mark.parametrize(
    "response",
    [
        StreamingHttpResponse(iter([b"a"])),
        FileResponse(io.BytesIO(b"a")),
        HttpResponse(b"a" * 11),
    ],
    ids=["stream", "file", "long"],
)
def test_what_cannot_be_kept_is_refused_when_repeated(response):
    kept = dump(response, 10)
    assert kept == UNREPEATABLE
    with pytest.raises(ApiError, match="cannot be repeated") as caught:
        replay(kept)
    assert caught.value.status_code == 409
    response.close()


@override_settings(
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {}}]
)
def test_a_template_response_is_kept_once_it_is_rendered():
    template = engines["django"].from_string("x")
    response = TemplateResponse(RequestFactory().get("/"), template)
    assert dump(response, 10) == UNREPEATABLE
    assert replay(dump(response.render(), 10)).content == b"x"
