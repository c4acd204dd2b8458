"""Which requests are the same."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.test.client import encode_multipart
from hypothesis import assume, given
from hypothesis import strategies as st

from ninja_boost_idempotency.fingerprints import fingerprint


def digest(method="POST", path="/pay/1", body=b'{"a":1}', content_type="application/json"):
    return fingerprint(RequestFactory().generic(method, path, body, content_type=content_type))


def test_an_equal_request_has_the_same():
    assert digest() == digest()


@pytest.mark.parametrize(
    "other",
    [
        {"method": "PUT"},
        {"path": "/pay/2"},
        {"path": "/pay/1?a=1"},
        {"body": b'{"a":2}'},
        {"body": b'{"a": 1}'},
        {"body": b""},
        {"content_type": "application/xml"},
    ],
)
def test_any_difference_shows(other):
    assert digest(**other) != digest()


@given(st.binary(max_size=50), st.binary(max_size=50), st.sampled_from(["", "a", "b=1"]))
def test_bodies_that_differ_have_different_ones(one, other, query):
    assume(one != other)
    assert digest(path=f"/?{query}", body=one) != digest(path=f"/?{query}", body=other)


def form(boundary, content=b"scan", method="post", **fields):
    data = {"amount": "5", "file": SimpleUploadedFile("a.pdf", content), **fields}
    return getattr(RequestFactory(), method)(
        "/",
        encode_multipart(boundary, data),
        content_type=f"multipart/form-data; boundary={boundary}",
    )


def test_a_form_counts_by_what_it_holds_and_not_by_its_boundary():
    assert fingerprint(form("one")) == fingerprint(form("two"))
    assert fingerprint(form("one")) != fingerprint(form("one", content=b"other"))
    assert fingerprint(form("one")) != fingerprint(form("one", amount="6"))
    assert fingerprint(form("one")) != fingerprint(form("one", more="6"))


def test_a_form_can_still_be_read():
    request = form("one")
    fingerprint(request)
    assert request.FILES["file"].read() == b"scan"
    assert request.POST["amount"] == "5"


def test_a_form_with_another_method_counts_by_its_bytes():
    assert fingerprint(form("one", method="put")) == fingerprint(form("one", method="put"))
    assert fingerprint(form("one", method="put")) != fingerprint(form("two", method="put"))


def test_a_part_does_not_run_into_the_next():
    first = RequestFactory().post("/", {"a": ["1", "2"]})
    second = RequestFactory().post("/", {"a": ["12", ""]})
    assert fingerprint(first) != fingerprint(second)
