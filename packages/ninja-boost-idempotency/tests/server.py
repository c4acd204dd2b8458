"""A server process: prints its port, serves the tests' URLs, ends with its standard input.

Run as ``python -m tests.server``.
"""

import sys
import threading

import django
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

THREADS = 8
"""Requests at a time; each has a database connection."""


class Server(ThreadedWSGIServer):
    request_queue_size = 256


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        """The tests read what the package logs, not the accesses."""


def main() -> None:
    django.setup()
    from django.core.wsgi import get_wsgi_application

    application, slots = get_wsgi_application(), threading.BoundedSemaphore(THREADS)

    def bounded(environ, start_response):
        with slots:
            response = application(environ, start_response)
            try:
                return [b"".join(response)]
            finally:
                response.close()

    server = Server(("127.0.0.1", 0), Handler, ipv6=False)
    server.set_app(bounded)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
