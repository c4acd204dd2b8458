"""The smallest project that the tests run in."""

import os

from .services import configure

# Ninja 1.5 refuses two NinjaAPI objects of one version in a process, which tests need.
os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")

SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "ninja_boost_core",
    "ninja_boost_jwt",
]
MIDDLEWARE: list[str] = []
DATABASES, MISSING = configure()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.urls"
USE_TZ = True
AUTHENTICATION_BACKENDS = ["tests.backends.OneUser"]
JWT_SECRET_KEY = "for-tests-only-and-of-no-value-abcdefghijklmnop"
