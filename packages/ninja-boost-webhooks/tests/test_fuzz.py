"""Whatever a stranger sends: an answer, and never the one that lets in."""

from __future__ import annotations

import time

import pytest
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoAPI
from ninja_boost_webhooks import stripe_webhook
from ninja_boost_webhooks.verification import verify

from .support import CASES, EACH, HOST, post, serving, view_of

PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["t=", "t=1", "v1=", "v0=", "v1,", "v1a,", "sha256=", ",", " ", "=", ".", "\x00", "\ud800",
         "é", "٣", "99999999999999999999", "-1", "ab" * 32, "AAAA", "algorithm=HMAC_SHA256"]
    ),
)  # fmt: skip
VALUES = st.lists(PIECES, max_size=6).map("".join)


@EACH
@given(data=st.data())
def test_no_header_raises_and_none_is_accepted(case, data):
    genuine = case.signed()
    headers = dict(genuine)
    for name in [*case.scheme.headers, "Content-Type", "X-Twilio-Webhooks-Signature-Settings"]:
        if data.draw(st.booleans()):
            headers[name] = data.draw(VALUES)
    body = data.draw(st.one_of(st.just(case.body), st.binary(max_size=40)))
    url = data.draw(st.one_of(st.just(f"{HOST}/api/hook"), VALUES, VALUES.map("http://".__add__)))
    outcome = verify(case.scheme, [case.secret], headers, body, time.time(), url=url)
    signed = [*case.scheme.headers]
    untouched = all(headers[name].strip() == genuine[name] for name in signed)
    if not (untouched and body == case.body):
        assert not outcome.accepted
    assert case.secret not in outcome.detail


@EACH
@given(secret=st.one_of(VALUES, st.binary(max_size=40)))
def test_no_secret_raises(case, secret):
    outcome = verify(
        case.scheme, [secret], case.signed(), case.body, time.time(), url=f"{HOST}/api/hook"
    )
    assert not outcome.accepted or secret in (case.secret, case.secret.encode())


@EACH
@pytest.mark.parametrize("kind", [AutoAPI, NinjaAPI])
def test_through_http(case, kind):
    """Latin-1 is what a header can hold; everything else the server refuses."""
    entered: list[bytes] = []
    router = Router()
    router.post("/hook", auth=None)(case.decorator(case.secret)(view_of(False, entered)))
    api = kind(urls_namespace=f"fuzz-{case}-{kind.__name__}")
    api.add_router("", router)

    @given(data=st.data())
    def fuzz(data):
        latin = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=30)
        headers = {name: data.draw(latin) for name in case.scheme.headers}
        answer = post(client, {**case.signed(), **headers}, data.draw(st.binary(max_size=30)))
        assert answer.status_code in (400, 401), headers

    with serving(api=api):
        client = Client()
        fuzz()
    assert not entered


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "9" * 5000, "0x10", " "])
def test_a_malformed_content_length(length):
    entered: list[bytes] = []
    case = CASES[0]
    router = Router()
    router.post("/hook", auth=None)(stripe_webhook(case.secret)(view_of(False, entered)))
    api = AutoAPI(urls_namespace="length")
    api.add_router("", router)
    with serving(api=api), override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None):
        answer = Client().post(
            "/api/hook",
            data=case.body,
            content_type="application/json",
            headers=case.signed(),
            CONTENT_LENGTH=length,
        )
    assert answer.status_code in (400, 413)
    assert not entered
