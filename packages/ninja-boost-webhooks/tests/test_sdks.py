"""The providers' own libraries and published examples, in both directions."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

import pytest
import stripe
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from twilio.request_validator import RequestValidator

from ninja_boost_webhooks import (
    sign_github,
    sign_slack,
    sign_standard,
    sign_stripe,
    sign_twilio,
)
from ninja_boost_webhooks.schemes import GITHUB, SLACK, STRIPE, standard_scheme
from ninja_boost_webhooks.signing import body_hash
from ninja_boost_webhooks.twilio import TWILIO, joined_fields
from ninja_boost_webhooks.verification import verify

from .support import FORM, JSON, PRIVATE, PUBLIC, SEED, now

BODIES = ['{"id": "evt_1"}', "", "x", "Grüße, 世界 \U0001f600", '{"a": "' + "b" * 100_000 + '"}']
EACH_BODY = pytest.mark.parametrize("body", BODIES, ids=["json", "empty", "x", "unicode", "long"])
STANDARD = standard_scheme()
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://api.example.com/hooks/twilio?a=1&b=%20c"


@EACH_BODY
class TestStripe:
    def test_theirs_here(self, body):
        header = stripe.WebhookSignature.generate_signature_header(body, "whsec_x", now())
        headers = {"Stripe-Signature": header}
        assert verify(STRIPE, ["whsec_x"], headers, body.encode(), now()).accepted
        assert not verify(STRIPE, ["whsec_y"], headers, body.encode(), now()).accepted

    def test_ours_there(self, body):
        header = sign_stripe(body, "whsec_x")["Stripe-Signature"]
        assert stripe.WebhookSignature.verify_header(body.encode(), header, "whsec_x", 300)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(body + "x", header, "whsec_x", 300)


@EACH_BODY
class TestSlack:
    def test_theirs_here(self, body):
        stamp = str(now())
        signature = SignatureVerifier("s").generate_signature(timestamp=stamp, body=body)
        headers = {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": stamp}
        assert verify(SLACK, ["s"], headers, body.encode(), now()).accepted
        assert not verify(SLACK, ["t"], headers, body.encode(), now()).accepted

    def test_ours_there(self, body):
        headers = sign_slack(body, "s")
        assert SignatureVerifier("s").is_valid_request(body.encode(), headers)
        assert not SignatureVerifier("s").is_valid_request(body.encode() + b"x", headers)


@EACH_BODY
class TestStandard:
    def test_theirs_here(self, body):
        stamp = now()
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(stamp),
            "webhook-signature": Webhook(KEY).sign(
                "msg_1", datetime.fromtimestamp(stamp, UTC), body
            ),
        }
        assert verify(STANDARD, [KEY], headers, body.encode(), now()).accepted
        assert not verify(STANDARD, ["whsec_AAAA"], headers, body.encode(), now()).accepted

    def test_ours_there(self, body):
        headers = sign_standard(body, KEY)
        Webhook(KEY).verify(body.encode(), headers, json_parse=False)
        with pytest.raises(WebhookVerificationError):
            Webhook(KEY).verify(body.encode() + b"x", headers, json_parse=False)

    def test_theirs_here_by_the_cryptography_library(self, body):
        stamp = str(now())
        content = f"msg_1.{stamp}.{body}".encode()
        signature = Ed25519PrivateKey.from_private_bytes(SEED).sign(content)
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": stamp,
            "webhook-signature": "v1a," + base64.b64encode(signature).decode(),
        }
        assert verify(STANDARD, [PUBLIC], headers, body.encode(), now()).accepted
        assert not verify(STANDARD, [PUBLIC], headers, body.encode() + b"x", now()).accepted

    def test_ours_there_by_the_cryptography_library(self, body):
        headers = sign_standard(body, PRIVATE)
        version, _, signature = headers["webhook-signature"].partition(",")
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
        public.verify(base64.b64decode(signature), content)
        assert version == "v1a"
        with pytest.raises(InvalidSignature):
            public.verify(base64.b64decode(signature), content + b"x")


def test_the_published_example_of_github():
    headers = sign_github("Hello, World!", "It's a Secret to Everybody")
    assert headers == {
        "X-Hub-Signature-256": (
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        )
    }
    assert verify(GITHUB, ["It's a Secret to Everybody"], headers, b"Hello, World!", 0).accepted


def test_the_published_example_of_svix_for_ed25519():
    """``test_asymmetric_key_signing`` of svix-server; the key is a seed and its public key."""
    pair = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="  # noqa: E501
    body = b'{"test": 2432232314}'
    stamp = 1614265330
    headers = sign_standard(body, pair, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=stamp)
    assert headers["webhook-signature"] == (
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    )
    public = "whpk_" + base64.b64encode(base64.b64decode(pair[5:])[32:]).decode()
    assert verify(STANDARD, [public], headers, body, stamp).accepted


def test_the_published_example_of_twilio():
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    body = urlencode(
        {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        }
    )
    headers = sign_twilio(url, "12345", body)
    assert headers == {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    headers["Content-Type"] = FORM
    assert verify(TWILIO, ["12345"], headers, body.encode(), 0, url=url).accepted


FORMS = ["a=1", "", "b=2&a=1&a=0&a=1&c=", "From=%2B1555&Body=Gr%C3%BC%C3%9Fe+%F0%9F%98%80"]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("form", FORMS)
class TestTwilio:
    def test_theirs_here(self, form, algorithm):
        named = f"HMAC_{algorithm.upper()}"
        signature = RequestValidator("s").compute_signature(URL, QueryDict(form), named)
        headers = {
            "X-Twilio-Signature": signature,
            "X-Twilio-Webhooks-Signature-Settings": f"key=webhooks_x,algorithm={named}",
            "Content-Type": FORM,
        }
        assert verify(TWILIO, ["s"], headers, form.encode(), 0, url=URL).accepted
        assert not verify(TWILIO, ["t"], headers, form.encode(), 0, url=URL).accepted

    def test_ours_there(self, form, algorithm):
        signature = sign_twilio(URL, "s", form, algorithm=algorithm)["X-Twilio-Signature"]
        named = f"HMAC_{algorithm.upper()}"
        validator = RequestValidator("s")
        assert validator.validate(URL, QueryDict(form), signature, named)
        assert not validator.validate(URL, QueryDict(form + "&z=1"), signature, named)


def test_twilio_with_a_body_that_is_no_form():
    body = '{"a": "Grüße"}'
    url = f"https://api.example.com/hook?{urlencode(body_hash(body))}"
    signature = sign_twilio(url, "s")["X-Twilio-Signature"]
    assert RequestValidator("s").validate(url, body, signature)
    headers = {
        "X-Twilio-Signature": RequestValidator("s").compute_signature(url, {}),
        "Content-Type": JSON,
    }
    assert verify(TWILIO, ["s"], headers, body.encode(), 0, url=url).accepted


@given(st.lists(st.tuples(st.text(min_size=1, max_size=4), st.text(max_size=4)), max_size=6))
def test_any_form_is_signed_as_twilio_signs_it(fields):
    encodable = [
        (name, value)
        for name, value in fields
        if not any(0xD800 <= ord(character) <= 0xDFFF for character in name + value)
    ]
    body = urlencode(encodable)
    signature = RequestValidator("s").compute_signature(URL, QueryDict(body))
    assert sign_twilio(URL, "s", body)["X-Twilio-Signature"] == signature
    assert len(parse_qs(body, keep_blank_values=True)) <= len(encodable)
    assert joined_fields(body.encode()) == joined_fields("&".join(body.split("&")[::-1]).encode())
