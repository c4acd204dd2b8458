"""The project that the tests run in, in this process and behind servers."""

import os
import tempfile

# Ninja 1.5 refuses two NinjaAPI objects of one version in a process, which tests need.
os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")

SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "ninja_boost_core",
    "ninja_boost_health",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
# A file, because Django never closes a connection to a database in memory.
FILE = os.path.join(tempfile.gettempdir(), f"ninja-boost-health-{os.getpid()}.sqlite3")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FILE,
        "TEST": {"NAME": FILE},
    }
}
NINJA_BOOST = {}
if port := os.environ.get("HEALTH_TEST_POSTGRES"):
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "PORT": port,
        "USER": "tests",
        "NAME": "postgres",
    }
    NINJA_BOOST = {"HEALTH": {"TIMEOUT": 1.0, "CHECKS": ("database",)}}
if file := os.environ.get("HEALTH_TEST_DRAIN"):
    NINJA_BOOST = {"HEALTH": {"DRAIN_FILE": file, "CHECKS": ()}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.urls"
USE_TZ = True
