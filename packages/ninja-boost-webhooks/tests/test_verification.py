"""The decision about one message, scheme by scheme, without HTTP."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ninja_boost_webhooks.schemes import GITHUB, STRIPE, generic_scheme, standard_scheme
from ninja_boost_webhooks.signing import (
    body_hash,
    sign_generic,
    sign_github,
    sign_slack,
    sign_standard,
    sign_stripe,
    sign_twilio,
)
from ninja_boost_webhooks.twilio import TWILIO
from ninja_boost_webhooks.verification import Reason, verify

from .support import CASES, EACH, EACH_TIMED, FORM, HOST, JSON, PRIVATE, PUBLIC, Case, now

URL = f"{HOST}/api/hook"


def decide(case: Case, headers, body=None, secrets=None, at=None, **options):
    return verify(
        case.scheme,
        [case.secret] if secrets is None else secrets,
        headers,
        case.body if body is None else body,
        now() if at is None else at,
        url=URL,
        **options,
    )


@EACH
def test_a_right_signature_is_accepted(case):
    outcome = decide(case, case.signed())
    assert outcome.accepted
    assert outcome.delivery


@EACH
def test_header_names_come_in_any_case(case):
    headers = {name.upper(): value for name, value in case.signed().items()}
    assert decide(case, headers).accepted


@EACH
def test_another_secret_is_refused(case):
    assert decide(case, case.signed(secret=case.other)).reason is Reason.MISMATCH


@EACH
def test_every_altered_byte_is_refused(case):
    headers = case.signed()
    for position in range(len(case.body)):
        altered = bytearray(case.body)
        altered[position] ^= 1
        outcome = decide(case, headers, bytes(altered))
        # Twilio signs the fields, not their order: no single byte leaves them all alone.
        assert not outcome.accepted, position
    assert not decide(case, headers, case.body + b"x").accepted
    assert not decide(case, headers, b"").accepted


@EACH
def test_each_of_two_secrets_is_accepted(case):
    old, new = case.secret, case.other
    if case.name == "ed25519":
        private = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
        new = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
    assert decide(case, case.signed(), secrets=[new, old]).accepted
    assert decide(case, case.signed(secret=case.other), secrets=[new, old]).accepted
    assert not decide(case, case.signed(), secrets=[new]).accepted


@EACH
@pytest.mark.parametrize("secrets", [[], [""], [" \n"], [b""]])
def test_no_secret_accepts_nothing(case, secrets):
    # Signed with what would be the key, where a blank one can be made into a key at all.
    headers = case.signed(secret="" if case.scheme.name == "standard" else " ")
    assert decide(case, headers, secrets=secrets).reason is Reason.NO_SECRET


@EACH_TIMED
@pytest.mark.parametrize(
    ("offset", "reason"),
    [
        (-300, None),
        (-301, Reason.OLD),
        (-10_000, Reason.OLD),
        (300, None),
        (301, Reason.FUTURE),
        (10_000, Reason.FUTURE),
    ],
)
def test_timestamps_are_bounded_on_both_sides(case, offset, reason):
    at = now()
    assert decide(case, case.signed(timestamp=at + offset), at=at).reason is reason


@EACH_TIMED
def test_a_signed_timestamp_cannot_be_replaced(case):
    at = now()
    old = case.signed(timestamp=at - 1000)
    fresh = case.signed(timestamp=at)
    for name, value in old.items():
        moved = {**old, name: value.replace(str(at - 1000), str(at))}
        assert not decide(case, moved, at=at).accepted
        if {**old, name: fresh[name]} != fresh:
            assert not decide(case, {**old, name: fresh[name]}, at=at).accepted


@EACH_TIMED
def test_the_tolerance_can_be_chosen(case):
    at = now()
    headers = case.signed(timestamp=at - 20)
    assert decide(case, headers, at=at, tolerance=20).accepted
    assert decide(case, headers, at=at, tolerance=19).reason is Reason.OLD


@EACH
def test_each_header_must_be_there(case):
    for name in case.scheme.headers:
        headers = case.signed()
        del headers[name]
        outcome = decide(case, headers)
        assert outcome.reason is Reason.MISSING
        assert outcome.detail == name
        assert decide(case, {**headers, name: " "}).reason is Reason.MISSING


@pytest.mark.parametrize(
    "value",
    ["", "t=", "v1=ab", "t=1,t=1,v1=ab", "t=x,v1=ab", "t=-1,v1=ab", "t=1.5,v1=ab", "t=1", "t=1,v1",
     "t=1,v1=", "t=1,v1=zz", "t=1,v1=abc", "t=1,v0=ab", "t=\u0663,v1=ab", "t=9999999999999,v1=ab",
     "t=1," + "v1=ab," * 17],
)  # fmt: skip
def test_malformed_stripe_headers(value):
    outcome = verify(STRIPE, ["s"], {"Stripe-Signature": value}, b"{}", 1)
    assert outcome.reason is (Reason.MALFORMED if value else Reason.MISSING)


def test_stripe_accepts_one_signature_among_several():
    (header,) = sign_stripe(b"{}", "s", timestamp=5).values()
    mixed = header.replace(",", ",v0=00,v1=zz,v1=00,x,=,") + ",v1=11"
    assert verify(STRIPE, ["s"], {"Stripe-Signature": mixed}, b"{}", 5).accepted


def test_the_deliverys_own_id_tells_it_from_others_where_it_is_signed():
    stripe, slack, standard = CASES[0], CASES[2], CASES[3]
    for case, delivery in ((stripe, "evt_1"), (slack, "Ev1")):
        first = decide(case, case.signed(timestamp=now() - 9))
        assert first.delivery == decide(case, case.signed()).delivery == delivery
    headers = sign_standard(b"{}", standard.secret, message_id="msg_7")
    assert decide(standard, headers, b"{}").delivery == "msg_7"


def test_without_an_id_it_is_what_was_signed():
    at = now()
    for case in (CASES[0], CASES[2]):
        for body in (b"command=%2Fpay", b"[1]", b'{"id": 7}', b'{"id": ""}', b"[" * 100_000):
            one = decide(case, case.signed(body, timestamp=at - 1), body)
            same = decide(case, case.signed(body, timestamp=at - 1), body)
            other = decide(case, case.signed(body, timestamp=at), body)
            assert one.accepted
            assert one.delivery == same.delivery != other.delivery


def test_an_unsigned_delivery_id_tells_nothing():
    case = CASES[1]
    first = decide(case, {**case.signed(), "X-GitHub-Delivery": "a"})
    assert first.delivery == decide(case, {**case.signed(), "X-GitHub-Delivery": "b"}).delivery


def test_what_a_stripped_or_respelt_signature_is_worth():
    """Each spelling of one message is the same delivery."""
    scheme = CASES[0]
    body, at = b"no json", now()
    old = sign_stripe(body, "old", timestamp=at)["Stripe-Signature"]
    new = sign_stripe(body, "new", timestamp=at)["Stripe-Signature"]
    both = f"{old},{new.partition(',')[2]}"
    spellings = [both, old, new, both.replace("v1=", " v1="), old.upper().replace("T=", "t=")]
    deliveries = {
        decide(scheme, {"Stripe-Signature": header.replace("V1=", "v1=")}, body, ["new", "old"])
        for header in spellings
    }
    assert len(deliveries) == 1
    assert deliveries.pop().accepted


def test_generic_signatures_come_in_hex_or_base64():
    scheme = generic_scheme("X-Mine")
    for encoding in ("hex", "base64"):
        for prefix in ("", "sha256="):
            headers = sign_generic(b"x", "s", header="X-Mine", encoding=encoding, prefix=prefix)
            assert verify(scheme, ["s"], headers, b"x", 0).accepted
    (value,) = sign_generic(b"x", "s").values()
    assert verify(scheme, ["s"], {"X-Mine": value.upper()}, b"x", 0).accepted
    for wrong in ("", "sha256=", f"sha1={value}", value[:-2], value + "00", f"{value},{value}"):
        assert not verify(scheme, ["s"], {"X-Mine": wrong}, b"x", 0).accepted


def test_base64_has_no_other_characters():
    (value,) = sign_generic(b"x", "s", encoding="base64").values()
    for respelt in (f"{value[:9]}*{value[9:]}", f"{value[:9]} {value[9:]}", value.rstrip("=")):
        outcome = verify(generic_scheme("X-Signature"), ["s"], {"X-Signature": respelt}, b"x", 0)
        assert outcome.reason is Reason.MALFORMED


def test_github_wants_its_prefix():
    (value,) = sign_github(b"x", "s").values()
    for wrong in (value.removeprefix("sha256="), value.replace("sha256", "sha1"), value + "0"):
        outcome = verify(GITHUB, ["s"], {"X-Hub-Signature-256": wrong}, b"x", 0)
        assert outcome.reason is Reason.MALFORMED


def test_secrets_may_be_bytes():
    for case in CASES:
        if case.name in ("standard", "ed25519"):
            continue
        assert decide(case, case.signed(), secrets=[case.secret.encode()]).accepted
    headers = sign_standard(b"{}", b"\x00\xff" * 16)
    assert verify(standard_scheme(), [b"\x00\xff" * 16], headers, b"{}", now()).accepted


class TestStandard:
    scheme = standard_scheme()

    @pytest.mark.parametrize(
        "secret",
        ["whsec_*", "whsec_", "whsec_====", "no base64!", PRIVATE, "whpk_AAAA", "whpk_", "whpk_*"],
    )
    def test_unusable_secrets_accept_nothing(self, secret):
        headers = sign_standard(b"{}", "whsec_AAAA")
        outcome = verify(self.scheme, [secret], headers, b"{}", now())
        assert outcome.reason is Reason.NO_SECRET
        assert secret not in outcome.detail

    def test_an_unusable_secret_does_not_disable_a_good_one(self):
        headers = sign_standard(b"{}", "whsec_AAAA")
        assert verify(self.scheme, ["whsec_*", "whsec_AAAA"], headers, b"{}", now()).accepted

    def test_a_key_counts_for_its_own_algorithm_only(self):
        """A public key is no secret: nobody may sign with it as if it were one."""
        forged = sign_standard(b"{}", PUBLIC.removeprefix("whpk_"))
        assert verify(self.scheme, [PUBLIC], forged, b"{}", now()).reason is Reason.MISMATCH
        for version in ("v1a", "v1"):
            header = forged["webhook-signature"].replace("v1,", f"{version},")
            forged_as = {**forged, "webhook-signature": header}
            assert not verify(self.scheme, [PUBLIC], forged_as, b"{}", now()).accepted

    def test_a_right_signature_under_another_version_is_none(self):
        headers = sign_standard(b"{}", PRIVATE)
        headers["webhook-signature"] = headers["webhook-signature"].replace("v1a,", "v1,")
        assert verify(self.scheme, [PUBLIC], headers, b"{}", now()).reason is Reason.MISMATCH

    def test_several_signatures_and_keys(self):
        headers = sign_standard(b"{}", ["whsec_AAAA", PRIVATE])
        assert headers["webhook-signature"].count(" ") == 1
        for secrets in (["whsec_AAAA"], [PUBLIC], ["whsec_BBBB", PUBLIC]):
            assert verify(self.scheme, secrets, headers, b"{}", now()).accepted
        assert not verify(self.scheme, ["whsec_BBBB"], headers, b"{}", now()).accepted

    def test_unpadded_keys(self):
        headers = sign_standard(b"{}", "whsec_AAAAAA==")
        assert verify(self.scheme, ["whsec_AAAAAA"], headers, b"{}", now()).accepted

    def test_an_id_cannot_move_its_borders(self):
        """``a.1.2.x`` is the content of (a, 1, 2.x) and of (a.1, 2, x)."""
        signed = sign_standard(b"2.x", "whsec_AAAA", message_id="a", timestamp=1)
        moved = {**signed, "webhook-id": "a.1", "webhook-timestamp": "2"}
        assert verify(self.scheme, ["whsec_AAAA"], signed, b"2.x", 1).accepted
        assert verify(self.scheme, ["whsec_AAAA"], moved, b"x", 2).reason is Reason.MALFORMED

    @pytest.mark.parametrize(
        "value", ["v1", "v1,", "v1,*", "v2,AAAA", "v1a,AA=A", ",", "v1 AAAA", "v1,AAAA " * 17]
    )
    def test_malformed_signatures(self, value):
        headers = {**sign_standard(b"{}", "whsec_AAAA"), "webhook-signature": value}
        outcome = verify(self.scheme, ["whsec_AAAA"], headers, b"{}", now())
        assert outcome.reason is Reason.MALFORMED

    def test_other_header_names(self):
        headers = sign_standard(b"{}", "whsec_AAAA", prefix="svix")
        assert set(headers) == {"svix-id", "svix-timestamp", "svix-signature"}
        assert verify(standard_scheme("Svix"), ["whsec_AAAA"], headers, b"{}", now()).accepted
        assert verify(self.scheme, ["whsec_AAAA"], headers, b"{}", now()).reason is Reason.MISSING


class TestTwilio:
    def decide(self, headers, body, url=URL):
        return verify(TWILIO, ["s"], headers, body, 0, url=url)

    def test_the_url_is_signed(self):
        headers = {**sign_twilio(URL, "s", b"a=1"), "Content-Type": FORM}
        assert self.decide(headers, b"a=1").accepted
        for url in (f"{URL}/", f"{URL}?x", URL.replace("http", "https"), URL.replace("tests", "")):
            assert self.decide(headers, b"a=1", url).reason is Reason.MISMATCH
        for url in ("", "hook", "ftp://x/", "http://[", "http://x:99999/", "http://"):
            assert self.decide(headers, b"a=1", url).reason is Reason.MALFORMED

    @pytest.mark.parametrize(
        ("signed", "seen"),
        [
            ("https://a.example/h", "https://a.example:443/h"),
            ("https://a.example:443/h?b=1", "https://a.example/h?b=1"),
            ("http://a.example:80/h", "http://a.example/h"),
            ("https://a.example/h", "https://a.example:8443/h"),
            ("https://[::1]/h", "https://[::1]:443/h"),
        ],
    )
    def test_the_port_may_be_missing(self, signed, seen):
        assert self.decide(sign_twilio(signed, "s"), b"", seen).accepted

    def test_fields_are_sorted_and_each_value_counts_once(self):
        headers = {**sign_twilio(URL, "s", b"b=2&a=1&a=0&c="), "Content-Type": FORM}
        assert self.decide(headers, b"c=&a=0&a=1&b=2&a=0").accepted
        assert not self.decide(headers, b"a=0&a=1&b=2&d=").accepted

    def test_another_body_needs_its_hash_in_the_url(self):
        body = b'{"a": 1}'
        hashed = f"{URL}?{urlencode(body_hash(body))}"
        headers = {**sign_twilio(hashed, "s"), "Content-Type": JSON}
        assert self.decide(headers, body, hashed).accepted
        assert not self.decide(headers, b'{"a": 2}', hashed).accepted
        assert not self.decide(headers, b"", hashed).accepted
        assert not self.decide({**headers, "Content-Type": FORM}, body, hashed).accepted

    def test_a_body_that_the_signature_does_not_cover_is_refused(self):
        headers = sign_twilio(URL, "s")
        assert self.decide(headers, b"").accepted
        for content_type in ("", JSON, "text/plain", "multipart/form-data; boundary=x"):
            outcome = self.decide({**headers, "Content-Type": content_type}, b"a=1")
            assert outcome.reason is Reason.MALFORMED
        twice = f"{URL}?{urlencode([*body_hash(b'x').items(), *body_hash(b'x').items()])}"
        assert not self.decide(sign_twilio(twice, "s"), b"x", twice).accepted

    def test_a_shared_key_signs_with_sha256(self):
        headers = {**sign_twilio(URL, "s", b"a=1", algorithm="sha256"), "Content-Type": FORM}
        assert self.decide(headers, b"a=1").accepted
        del headers["X-Twilio-Webhooks-Signature-Settings"]
        assert self.decide(headers, b"a=1").reason is Reason.MISMATCH
        headers["X-Twilio-Webhooks-Signature-Settings"] = "key=x,algorithm=MD5"
        assert self.decide(headers, b"a=1").reason is Reason.MALFORMED
        headers["X-Twilio-Webhooks-Signature-Settings"] = "algorithm=,x"
        assert self.decide(headers, b"a=1").reason is Reason.MISMATCH

    def test_a_form_of_absurd_size_is_refused(self):
        body = b"&".join(b"a%d=1" % n for n in range(1001))
        headers = {"X-Twilio-Signature": "AAAA", "Content-Type": FORM}
        assert self.decide(headers, body).reason is Reason.MALFORMED

    def test_one_delivery_in_any_spelling(self):
        headers = {**sign_twilio(URL, "s", b"a=1&b=2"), "Content-Type": FORM}
        one = self.decide(headers, b"a=1&b=2")
        port = URL.replace("testserver", "testserver:80")
        assert one.accepted
        assert self.decide(headers, b"b=2&a=%31", port).delivery == one.delivery


def test_slack_wants_its_version():
    headers = sign_slack(b"x", "s", timestamp=5)
    headers["X-Slack-Signature"] = headers["X-Slack-Signature"].replace("v0=", "v1=")
    outcome = verify(CASES[2].scheme, ["s"], headers, b"x", 5)
    assert outcome.reason is Reason.MALFORMED
    assert hashlib.sha256(b"x").hexdigest() not in outcome.detail
