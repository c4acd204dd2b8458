"""Applications whose completed requests are lines in the file that OBSERVED names."""

import json
import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from ninja_boost_core.observers import ObserverMiddleware, RequestObserver


class Lines(RequestObserver):
    def completed(self, exchange):
        record = {
            "route": exchange.route,
            "status": exchange.status,
            "disconnected": exchange.disconnected,
            "size": exchange.body_size,
        }
        with open(os.environ["OBSERVED"], "a") as log:
            log.write(json.dumps(record) + "\n")


LINES = Lines()


class LinesMiddleware(ObserverMiddleware):
    def observers(self):
        return [LINES]


settings.MIDDLEWARE = [
    "ninja_boost_lifecycle.middleware.LifecycleMiddleware",
    "tests.server.LinesMiddleware",
]

wsgi = get_wsgi_application()
asgi = get_asgi_application()
