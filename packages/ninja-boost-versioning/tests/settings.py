"""The smallest project that the tests run in."""

import os
from importlib.metadata import entry_points

# Ninja 1.5 refuses two NinjaAPI objects of one version in a process, which tests need.
os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")

SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "ninja_boost_core"]
MIDDLEWARE = ["ninja_boost_versioning.middleware.DeprecationMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.urls"
USE_TZ = True

# Where all packages are installed, no other one changes what these views answer.
NINJA_BOOST = {
    "DISABLED_FEATURES": {feature.name for feature in entry_points(group="ninja_boost.features")}
    - {"versioning"}
}
