from tests.databases import configure

DATABASES, MISSING_DATABASES = configure()
SECRET_KEY = "tests-only"
INSTALLED_APPS = ["ninja_boost_core", "tests"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.urls"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
NINJA_BOOST = {"AUTH": None}
