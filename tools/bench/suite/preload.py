"""What workers need, imported once in their common ancestor, so that each starts quickly.

It changes no figure: what a contestant does not use it does not call, and start and memory are
measured in fresh interpreters.
"""

import importlib

from django.conf import settings
from django.utils.functional import empty

PLAIN = ("asyncio", "fastapi", "jwt", "limits", "litestar", "msgspec", "orjson", "tracemalloc")
DJANGO = (
    *("asgiref.sync", "django.core.handlers.asgi", "django.core.handlers.wsgi"),
    *("django.db.backends.sqlite3.base", "django.db.models", "django.shortcuts", "ninja"),
    *("ninja.pagination", "ninja_boost_core.api", "ninja_boost_core.router"),
)

# Ninja reads its settings when it is imported, of which no contestant has any. Each configures
# Django for itself afterwards, which one can do once in a process.
settings.configure()
for name in (*PLAIN, *DJANGO):
    importlib.import_module(name)
settings._wrapped = empty
