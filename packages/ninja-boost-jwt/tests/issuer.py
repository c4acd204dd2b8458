"""Another issuer: an HTTP server on this machine that publishes a JWK set, or does worse."""

import json
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER_EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
KINDS = {"RS256": RSA, "ES256": EC, "EdDSA": ED}


def jwk(private, algorithm, **more):
    """The public JWK of a key, made by PyJWT and not by us."""
    members = type(jwt.get_algorithm_by_name(algorithm)).to_jwk(private.public_key())
    return {**json.loads(members), "alg": algorithm, "use": "sig", **more}


def foreign(private, algorithm, kid=None, headers=None, **claims):
    """A token of the other issuer."""
    payload = {"user_id": 7, "exp": int(time.time()) + 600, **claims}
    named = {} if kid is None else {"kid": kid}
    return jwt.encode(payload, private, algorithm=algorithm, headers={**named, **(headers or {})})


class Issuer:
    """What the server answers, and how often it was asked.

    Attributes:
        answer: a function of the request handler, or None for the key set.
    """

    def __init__(self, keys):
        self.keys = keys
        self.answer = None
        self.hits = 0
        self.gate = threading.Event()
        self.gate.set()
        self.url = ""

    def respond(self, handler):
        self.hits += 1
        self.gate.wait(20)
        if self.answer is not None:
            self.answer(handler)
            return
        send(handler, json.dumps({"keys": self.keys}).encode())


def send(handler, body, status=200, **headers):
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def issuing(*keys, tls=None):
    issuer = Issuer(list(keys))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                issuer.respond(self)
            except OSError:
                self.close_connection = True  # whoever asked has gone

        def log_message(self, *args):
            """The tests read our log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scheme = "http"
    if tls is not None:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    issuer.url = f"{scheme}://127.0.0.1:{server.server_port}/keys"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
