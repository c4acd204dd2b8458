"""The keys of another issuer, over real HTTP."""

import asyncio
import datetime
import ipaddress
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import SyncToAsync
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.core.exceptions import SynchronousOnlyOperation
from django.test import AsyncClient, Client
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm

from ninja_boost_core import ApiError
from ninja_boost_jwt import adecode_jwt_token, create_jwt_token, decode_jwt_token
from ninja_boost_jwt.key_sets import Key
from ninja_boost_jwt.keys import current_keys
from ninja_boost_jwt.remote import Fetched, decide
from ninja_boost_jwt.settings import JWKSOptions
from ninja_boost_jwt.statistics import statistics

from .hostile import claims, signed
from .issuer import EC, ED, KINDS, OTHER_EC, RSA, foreign, issuing, jwk, send


@pytest.fixture
def issuer():
    with issuing(jwk(EC, "ES256", kid="a")) as server:
        yield server


@pytest.fixture
def trust(settings):
    """Trusts an issuer, and no key of our own."""

    def configure(issuer, **options):
        settings.JWT_SECRET_KEY = None
        settings.DEBUG = True
        settings.NINJA_BOOST = {
            "AUTH": "ninja_boost_jwt.JWTAuth",
            "JWT": {"JWKS": {"URL": issuer.url, **options}},
        }

    return configure


def grow_old(seconds, *, cool_down=True):
    """Make the key set of this process older, and perhaps its last fetch too."""
    remote = current_keys().remote
    remote._fetched = Fetched(remote._fetched.keys, remote._fetched.at - seconds)
    if cool_down:
        remote._attempted -= seconds


@pytest.mark.parametrize("algorithm", KINDS)
def test_keys_of_each_kind(trust, algorithm):
    private = KINDS[algorithm]
    with issuing(jwk(private, algorithm, kid="a")) as issuer:
        trust(issuer)
        assert decode_jwt_token(foreign(private, algorithm, "a"))["user_id"] == 7
        assert decode_jwt_token(foreign(private, algorithm, "a")[:-6] + "AAAAAA") is None


def test_a_set_is_fetched_once(trust, issuer):
    trust(issuer)
    for _ in range(20):
        assert decode_jwt_token(foreign(EC, "ES256", "a"))
    assert issuer.hits == 1


def test_hostile_names_do_not_flood_the_issuer(trust, issuer):
    trust(issuer)
    before = statistics()["jwks_fetches"]
    for index in range(200):
        assert decode_jwt_token(foreign(OTHER_EC, "ES256", f"hostile-{index}")) is None
    assert issuer.hits == 1
    assert decode_jwt_token(foreign(EC, "ES256", "a"))
    # Once the cool-down is over, one more.
    grow_old(31)
    for index in range(200):
        assert decode_jwt_token(foreign(OTHER_EC, "ES256", f"hostile-{index}")) is None
    assert issuer.hits == 2
    assert statistics()["jwks_fetches"] == before + 2


def test_a_rotated_key_is_found_after_the_cool_down(trust, issuer):
    trust(issuer)
    assert decode_jwt_token(foreign(EC, "ES256", "a"))
    issuer.keys = [jwk(OTHER_EC, "ES256", kid="b")]
    assert decode_jwt_token(foreign(OTHER_EC, "ES256", "b")) is None
    grow_old(31)
    assert decode_jwt_token(foreign(OTHER_EC, "ES256", "b"))
    assert decode_jwt_token(foreign(EC, "ES256", "a")) is None, "a key that was removed"
    assert issuer.hits == 2


def test_a_set_is_fetched_again_when_it_is_old(trust, issuer):
    trust(issuer)
    assert decode_jwt_token(foreign(EC, "ES256", "a"))
    issuer.keys = []
    grow_old(299)
    assert decode_jwt_token(foreign(EC, "ES256", "a"))
    grow_old(2)
    assert decode_jwt_token(foreign(EC, "ES256", "a")) is None
    assert issuer.hits == 2


def broken(handler):
    send(handler, b"busy", status=500)


def test_stale_keys_during_an_outage(trust, issuer, caplog):
    trust(issuer, STALE=1000)
    token = foreign(EC, "ES256", "a")
    assert decode_jwt_token(token)
    issuer.answer = broken
    grow_old(301)
    assert decode_jwt_token(token)
    assert issuer.hits == 2
    assert "cannot be fetched" in caplog.text
    for _ in range(10):
        assert decode_jwt_token(token)
    assert issuer.hits == 2, "the cool-down holds for failures too"
    grow_old(1000)
    for _ in range(3):
        with pytest.raises(ApiError) as raised:
            decode_jwt_token(token)
        assert raised.value.status_code == 503
    issuer.answer = None
    grow_old(31)
    assert decode_jwt_token(token), "it recovers"


def test_an_outage_is_waited_for_once(trust, issuer, caplog):
    trust(issuer)
    token = foreign(EC, "ES256", "a")
    assert decode_jwt_token(token)
    issuer.answer = broken
    grow_old(301)
    assert decode_jwt_token(token)
    grow_old(31)
    issuer.gate.clear()
    # The server holds the answer back, and nobody waits for it.
    assert decode_jwt_token(token)
    assert caplog.text.count("cannot be fetched") == 1, "the second fetch is still under way"
    issuer.gate.set()


def test_an_issuer_that_was_never_reached(trust, settings):
    with issuing() as issuer:
        trust(issuer)
    token = foreign(EC, "ES256", "a")
    for _ in range(3):
        with pytest.raises(ApiError) as raised:
            decode_jwt_token(token)
        assert raised.value.status_code == 503
        assert raised.value.headers["Retry-After"]


def redirect(handler):
    send(handler, b"", status=302, Location="http://127.0.0.1:1/keys")


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def dripping(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


BAD_ANSWERS = {
    "redirect": redirect,
    "error": broken,
    "not found": lambda handler: send(handler, b"{}", status=404),
    "no content": lambda handler: send(handler, b"", status=204),
    "endless": endless,
    "dripping": dripping,
    "no JSON": lambda handler: send(handler, b"<html>"),
    "no set": lambda handler: send(handler, b"[]"),
    "no list": lambda handler: send(handler, b'{"keys": {}}'),
    "deep": lambda handler: send(handler, b"[" * 60000),
    "too many": lambda handler: send(handler, b'{"keys": [' + b"{}," * 100 + b"{}]}"),
    "too large": lambda handler: send(handler, b'{"keys": []}' + b" " * 65536),
    "no HTTP": lambda handler: handler.wfile.write(b"hello\r\n"),
    "no UTF-8": lambda handler: send(handler, b'{"keys": ["\xff"]}'),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_bad_answers(trust, issuer, answer, caplog):
    trust(issuer, TIMEOUT=0.5)
    issuer.answer = answer
    with pytest.raises(ApiError) as raised:
        decode_jwt_token(foreign(EC, "ES256", "a"))
    assert raised.value.status_code == 503
    assert issuer.hits == 1
    assert "cannot be fetched" in caplog.text, "the fetch has ended by itself"
    issuer.answer = None
    current_keys().remote._attempted -= 31
    assert decode_jwt_token(foreign(EC, "ES256", "a"))


def test_a_redirect_to_another_host_is_not_followed(trust, issuer):
    with issuing(jwk(OTHER_EC, "ES256", kid="a")) as evil:
        trust(issuer)
        issuer.answer = lambda handler: send(handler, b"", status=307, Location=evil.url)
        with pytest.raises(ApiError):
            decode_jwt_token(foreign(OTHER_EC, "ES256", "a"))
        assert (issuer.hits, evil.hits) == (1, 0)


def test_an_issuer_that_hangs_is_given_up(trust, issuer):
    trust(issuer, TIMEOUT=0.2)
    issuer.gate.clear()
    with pytest.raises(ApiError):
        decode_jwt_token(foreign(EC, "ES256", "a"))
    issuer.gate.set()


WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)
SECRET = "c2hhcmVkIHNlY3JldCBzaGFyZWQgc2VjcmV0IHNoYXJlZCBzZWNyZXQ"
IGNORED_KEYS = {
    "encrypts": jwk(EC, "ES256", kid="a", use="enc"),
    "signs only": jwk(EC, "ES256", kid="a", key_ops=["sign"]),
    "operations no list": jwk(EC, "ES256", kid="a", key_ops="verify"),
    "weak": jwk(WEAK, "RS256", kid="a"),
    "another curve": jwk(ec.generate_private_key(ec.SECP384R1()), "ES384", kid="a"),
    "algorithm not accepted": jwk(RSA, "RS512", kid="a"),
    "algorithm of another kind": jwk(EC, "ES256", kid="a") | {"alg": "RS256"},
    "algorithm no text": jwk(EC, "ES256", kid="a") | {"alg": ["ES256"]},
    "algorithm of a shared secret": jwk(EC, "ES256", kid="a") | {"alg": "HS256"},
    "shared secret": {"kty": "oct", "kid": "a", "alg": "HS256", "k": SECRET},
    "shared secret, disguised": {"kty": "oct", "kid": "a", "alg": "ES256", "k": SECRET},
    "private": json.loads(ECAlgorithm.to_jwk(EC)) | {"alg": "ES256", "kid": "a"},
    "name no text": jwk(EC, "ES256", kid=7),
    "unknown type": {"kty": "XX", "kid": "a", "alg": "ES256"},
    "type no text": {"kty": ["EC"], "kid": "a"},
    "curve no text": {"kty": "EC", "kid": "a", "crv": {}},
    "empty": {},
    "list": [],
    "null": None,
    "off the curve": jwk(EC, "ES256", kid="a") | {"x": "AAAA"},
    "without a member": {"kty": "EC", "crv": "P-256", "kid": "a"},
    "members no text": {"kty": "EC", "crv": "P-256", "kid": "a", "x": 1, "y": []},
    "RSA members no text": {"kty": "RSA", "kid": "a", "n": [], "e": {}},
    "RSA exponent one": jwk(RSA, "RS256", kid="a") | {"e": "AQ"},
}


@pytest.mark.filterwarnings("ignore:The RSA key is")
@pytest.mark.parametrize("item", IGNORED_KEYS.values(), ids=IGNORED_KEYS)
def test_keys_that_are_passed_over(trust, item):
    with issuing(item, jwk(ED, "EdDSA", kid="good")) as issuer:
        trust(issuer)
        for private, algorithm in ((EC, "ES256"), (RSA, "RS256"), (WEAK, "RS256")):
            assert decode_jwt_token(foreign(private, algorithm, "a")) is None
        assert decode_jwt_token(signed(claims(), {"alg": "HS256", "kid": "a"}, SECRET)) is None
        assert decode_jwt_token(foreign(ED, "EdDSA", "good"))
        assert issuer.hits == 1


def test_one_algorithm_for_each_key(trust):
    """RFC 8725, section 3.1."""
    key = jwk(RSA, "RS256", kid="a")
    with issuing(key) as issuer:
        trust(issuer, ALGORITHMS=["PS256", "RS256"])
        assert decode_jwt_token(foreign(RSA, "PS256", "a")) is None
        assert decode_jwt_token(foreign(RSA, "RS256", "a"))
    del key["alg"]
    with issuing(key) as issuer:
        trust(issuer, ALGORITHMS=["PS256", "RS256"])
        assert decode_jwt_token(foreign(RSA, "RS256", "a")) is None
        assert decode_jwt_token(foreign(RSA, "PS256", "a")), "the first that suits it"


def test_tokens_without_a_name(trust, issuer):
    trust(issuer)
    assert decode_jwt_token(foreign(EC, "ES256")), "there is one key"
    issuer.keys = [jwk(EC, "ES256", kid="a"), jwk(RSA, "RS256", kid="b")]
    grow_old(301)
    assert decode_jwt_token(foreign(EC, "ES256")) is None
    assert decode_jwt_token(foreign(RSA, "RS256", "b"))


def test_a_key_speaks_for_its_issuer_only(trust, issuer, settings):
    options = {"JWKS": {"URL": issuer.url, "ISSUER": "https://theirs.example"}}
    settings.DEBUG = True
    settings.NINJA_BOOST = {"JWT": {**options, "ISSUER": "https://ours.example"}}
    ours = create_jwt_token({"user_id": 1})
    assert decode_jwt_token(ours)["iss"] == "https://ours.example"
    assert decode_jwt_token(foreign(EC, "ES256", "a", iss="https://theirs.example"))
    assert decode_jwt_token(foreign(EC, "ES256", "a", iss="https://ours.example")) is None
    assert decode_jwt_token(foreign(EC, "ES256", "a")) is None
    assert decode_jwt_token(create_jwt_token({"iss": "https://theirs.example"})) is None


def test_our_own_tokens_need_no_fetch(settings, issuer):
    settings.DEBUG = True
    settings.NINJA_BOOST = {"JWT": {"JWKS": {"URL": issuer.url}}}
    assert decode_jwt_token(create_jwt_token({"user_id": 7}))["user_id"] == 7
    assert decode_jwt_token(signed(claims(), {"alg": "HS256", "kid": "unknown"}))
    assert issuer.hits == 0
    assert decode_jwt_token(foreign(EC, "ES256", "a"))
    assert issuer.hits == 1


def test_a_token_does_not_bring_its_own_keys(trust, issuer):
    with issuing(jwk(OTHER_EC, "ES256", kid="evil")) as evil:
        trust(issuer)
        own = {"jku": evil.url, "x5u": evil.url, "jwk": jwk(OTHER_EC, "ES256", kid="evil")}
        for kid in ("evil", "a", evil.url):
            assert decode_jwt_token(foreign(OTHER_EC, "ES256", kid, own)) is None
        assert decode_jwt_token(foreign(EC, "ES256", "a", own)), "they are not looked at"
        assert evil.hits == 0


def test_many_at_once_share_one_fetch(trust, issuer):
    trust(issuer)
    current_keys()
    issuer.gate.clear()
    token = foreign(EC, "ES256", "a")
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(decode_jwt_token, token) for _ in range(20)]
        while issuer.hits == 0:
            time.sleep(0.01)
        issuer.gate.set()
        assert all(answer.result(20)["user_id"] == 7 for answer in answers)
    assert issuer.hits == 1


async def test_a_fetch_leaves_the_loop_free(trust, issuer):
    trust(issuer)
    issuer.gate.clear()
    token = foreign(EC, "ES256", "a")
    waiting = [asyncio.create_task(adecode_jwt_token(token)) for _ in range(200)]
    turns = 0
    while issuer.hits == 0 or turns < 100:
        await asyncio.sleep(0)
        turns += 1
    assert not any(task.done() for task in waiting)
    threads = [thread.name for thread in threading.enumerate()]
    assert threads.count("ninja-boost-jwks") == 1, "one for the fetch, none for those who wait"
    waiting[0].cancel()
    issuer.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(result["user_id"] == 7 for result in results[1:])
    assert issuer.hits == 1


@pytest.mark.urls("tests.api")
@pytest.mark.parametrize("url", ["/plain/native", "/api/native"])
async def test_cached_keys_need_no_thread(trust, issuer, monkeypatch, url):
    trust(issuer)
    client = AsyncClient()
    headers = {"authorization": f"Bearer {foreign(EC, 'ES256', 'a')}"}
    assert (await client.get(url, headers=headers)).status_code == 200
    entered, started = [], []
    original_call, original_start = SyncToAsync.__call__, threading.Thread.start

    async def spy(self, *args, **kwargs):
        entered.append(self.func)
        return await original_call(self, *args, **kwargs)

    def spy_start(self):
        if self.name == "ninja-boost-jwks":
            started.append(self.name)
        original_start(self)

    monkeypatch.setattr(SyncToAsync, "__call__", spy)
    monkeypatch.setattr(threading.Thread, "start", spy_start)
    for kid in ("a", "unknown"):
        await client.get(url, headers={"authorization": f"Bearer {foreign(EC, 'ES256', kid)}"})
    ours = [f for f in entered if "ninja_boost_jwt" in getattr(f, "__module__", "")]
    assert (ours, started) == ([], [])
    grow_old(301)
    assert (await client.get(url, headers=headers)).status_code == 200
    assert started == ["ninja-boost-jwks"], "the spy sees it"


@pytest.mark.urls("tests.api")
@pytest.mark.parametrize("url", ["/plain/me", "/api/me", "/plain/native", "/api/native"])
async def test_through_http(trust, issuer, url):
    trust(issuer)
    client = AsyncClient(raise_request_exception=False)
    for token, status in (
        (foreign(EC, "ES256", "a"), 200),
        (foreign(OTHER_EC, "ES256", "a"), 401),
        (foreign(OTHER_EC, "ES256", "b"), 401),
    ):
        response = await client.get(url, headers={"authorization": f"Bearer {token}"})
        assert response.status_code == status
    issuer.answer = broken
    grow_old(4000)
    headers = {"authorization": f"Bearer {foreign(EC, 'ES256', 'a')}"}
    assert (await client.get(url, headers=headers)).status_code == 503


@pytest.mark.urls("tests.api")
def test_through_http_sync(trust, issuer):
    trust(issuer)
    headers = {"authorization": f"Bearer {foreign(EC, 'ES256', 'a')}"}
    for url in ("/plain/me", "/api/me", "/plain/native", "/api/native"):
        assert Client().get(url, headers=headers).status_code == 200
    assert issuer.hits == 1


async def test_the_sync_function_does_not_block_a_loop(trust, issuer):
    trust(issuer)
    token = foreign(EC, "ES256", "a")
    with pytest.raises(SynchronousOnlyOperation, match="adecode_jwt_token"):
        decode_jwt_token(token)
    assert await adecode_jwt_token(token)
    assert decode_jwt_token(token), "with the keys at hand it does not"


def certificate(directory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = directory / "cert.pem", directory / "key.pem"
    chain.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain, private


def test_https(trust, tmp_path, monkeypatch, settings):
    tls = certificate(tmp_path)
    with issuing(jwk(EC, "ES256", kid="a"), tls=tls) as issuer:
        trust(issuer)
        settings.DEBUG = False
        with pytest.raises(ApiError):
            decode_jwt_token(foreign(EC, "ES256", "a"))
        assert issuer.hits == 0, "nobody vouches for the certificate"
        monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(tls[0]))
        settings.DEBUG = True
        assert decode_jwt_token(foreign(EC, "ES256", "a"))


@given(st.none() | st.floats(0, 10_000), st.booleans(), st.floats(0, 10_000), st.floats(0, 10_000))
def test_decisions(age, known, since_attempt, now):
    options = JWKSOptions(CACHE=300, STALE=1000, COOLDOWN=30)
    fetched = None if age is None else Fetched((Key("a", "ES256", None),), now - age)
    known = known and fetched is not None
    decision = decide(options, fetched, known=known, attempted=now - since_attempt, now=now)
    if decision == "use":
        assert known
        assert now - fetched.at < 1300
    if decision == "fetch":
        assert now - (now - since_attempt) >= 30
        assert not known or now - fetched.at >= 300
    if decision == "unknown":
        assert not known
        assert now - fetched.at < 1300
    if decision == "unavailable":
        assert fetched is None or now - fetched.at >= 1300
