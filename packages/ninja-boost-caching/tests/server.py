"""Some server processes: each prints its pid and its port; all end with the standard input.

Run as ``python -m tests.server <processes> <requests at a time>``.
"""

import os
import signal
import sys
import threading

import django
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler


class Server(ThreadedWSGIServer):
    request_queue_size = 256


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        """The tests read what the package logs, not the accesses."""


def serve(threads: int) -> None:
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    application = get_wsgi_application()
    slots = threading.BoundedSemaphore(threads)

    def bounded(environ, start_response):
        with slots:
            response = application(environ, start_response)
            try:
                return [b"".join(response)]
            finally:
                response.close()
                connections.close_all()

    server = Server(("127.0.0.1", 0), Handler, ipv6=False)
    server.set_app(bounded)
    # At one stroke: the processes share it.
    os.write(sys.stdout.fileno(), f"{os.getpid()} {server.server_port}\n".encode())
    server.serve_forever()


def main() -> None:
    processes, threads = map(int, sys.argv[1:])
    django.setup()
    import tests.urls  # noqa: F401 - once, before the processes part

    children = []
    for _ in range(processes):
        if child := os.fork():
            children.append(child)
        else:
            serve(threads)
    sys.stdin.read()
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


main()
