"""The same project behind a real HTTP server, in a thread of this process."""

import threading
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application


class Threaded(ThreadingMixIn, WSGIServer):
    """A view of it may call it again."""


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def second_server():
    """Yield its URL."""
    server = make_server(
        "127.0.0.1", 0, get_wsgi_application(), server_class=Threaded, handler_class=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
