"""The smallest project that the tests run in."""

import os

# Ninja 1.5 refuses two NinjaAPI objects of one version in a process, which tests need.
os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")

SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "ninja_boost_core",
]
MIDDLEWARE = ["ninja_boost_metrics.MetricsMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.urls"
USE_TZ = True
if "METRICS_TEST_BACKEND" in os.environ:
    # A server process of the tests; its clients read by Content-Length.
    MIDDLEWARE.append("django.middleware.common.CommonMiddleware")
    NINJA_BOOST = {
        "METRICS": {
            "BACKEND": os.environ["METRICS_TEST_BACKEND"],
            "NAMESPACE": "shop",
            "ENDPOINT": {"NETWORKS": ["127.0.0.0/8"]},
        }
    }
