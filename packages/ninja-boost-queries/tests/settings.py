import os

from tests.databases import configure

# Ninja 1.5 refuses two NinjaAPI objects of one version in a process, which tests need.
os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")

DATABASES, MISSING_DATABASES = configure()
SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "ninja_boost_core",
    "tests",
]
# Tables are made at once, those of the tests among them.
MIGRATION_MODULES = {"contenttypes": None}
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.urls"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# What other packages, if they are installed, would do to a list.
NINJA_BOOST = {"AUTH": None, "DISABLED_FEATURES": ["pagination", "rate_limiting"]}
