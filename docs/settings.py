"""The project in which the site is built and its examples run: every app of ours."""

import os

from django.conf import global_settings

# Ninja 1.5 refuses two NinjaAPI objects of one version in a process.
os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")

SECRET_KEY = "for-the-documentation-only-and-of-no-value"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "ninja_boost",
    "ninja_boost_audit",
    "ninja_boost_idempotency",
    "ninja_boost_jwt",
]
MIDDLEWARE: list[str] = []
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = global_settings.DEFAULT_AUTO_FIELD
ROOT_URLCONF = "page"
USE_TZ = True
