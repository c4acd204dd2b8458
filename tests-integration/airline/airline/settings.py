"""The demo runs on these settings without any environment; a deployment sets:

AIRLINE_SECRET_KEY     required; setting it turns DEBUG off
AIRLINE_JWT_SECRET     the key of the login tokens; required without DEBUG
AIRLINE_AUDIT_KEY      signs the audit trail, 32 bytes or more; required without DEBUG
AIRLINE_STRIPE_SECRET  the signing secret of the webhook endpoint; required without DEBUG
AIRLINE_METRICS_TOKEN  what Prometheus shows at /metrics; without it only DEBUG shows them
AIRLINE_LOGIN_RATE     logins of one address, 10/minute
AIRLINE_SEARCH_RATE    searches of one address, 60/minute
AIRLINE_DOCS           swagger, from which requests can be tried, or redoc, to read
AIRLINE_ALLOWED_HOSTS  comma separated
DATABASE_URL           postgres://... or mysql://...; the default is a SQLite file
"""

from os import environ
from pathlib import Path

import dj_database_url

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

DEBUG = "AIRLINE_SECRET_KEY" not in environ
SECRET_KEY = environ.get("AIRLINE_SECRET_KEY") or (
    "only-for-the-demo-on-your-own-machine-never-for-a-deployment" if DEBUG else ""
)
ALLOWED_HOSTS = environ.get("AIRLINE_ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "ninja_boost",
    "ninja_boost_audit",
    "ninja_boost_idempotency",
    "ninja_boost_jwt",
    "flights",
]
MIDDLEWARE = [
    # Around all others, some of which answer themselves.
    "ninja_boost.security_headers.SecurityHeadersMiddleware",
    "ninja_boost.middleware.TracingMiddleware",
    "ninja_boost.lifecycle.LifecycleMiddleware",
    "ninja_boost.versioning.DeprecationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "airline.urls"
WSGI_APPLICATION = "airline.wsgi.application"
ASGI_APPLICATION = "airline.asgi.application"
APPEND_SLASH = False
# For the admin, whose files are served by urls.py under DEBUG.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"

AUDIT_KEY = environ.get("AIRLINE_AUDIT_KEY") or (
    "only-for-the-demo-on-your-own-machine-it-proves-nothing" if DEBUG else None
)
AUDIT_KEYS = {"first": AUDIT_KEY} if AUDIT_KEY else {}
NINJA_BOOST = {
    "AUTH": "ninja_boost.integrations.JWTAuth",
    "AUDIT": {"BACKEND": "ninja_boost.audit.DatabaseBackend", "KEYS": AUDIT_KEYS},
    "JWT": {"REFRESH": {"CLAIMS": "flights.accounts.claims"}},
    "METRICS": {
        "BACKEND": "ninja_boost.metrics.PrometheusBackend",
        "NAMESPACE": "airline",
        "ENDPOINT": {"TOKEN": environ.get("AIRLINE_METRICS_TOKEN")},
    },
    "POLICIES": ["flights.policies.BookingPolicy"],
    "PLUGINS": ["airline.plugins.SlowRequests"],
    "SERVICES": ["flights.notifications.Notifications"],
    "VERSIONING": {
        "DEPRECATED": {
            "/api/v1/": {
                "SINCE": "2026-11-01",
                "SUNSET": "2027-05-01",
                "REPLACEMENT": "/api/v2/",
            }
        }
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "ninja_boost.logging_structured.StructuredJsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own handlers would write each of its lines a second time, as plain text.
    "loggers": {"django": {"handlers": [], "propagate": True}},
}
# The demo sends no mail: it prints it.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
JWT_EXPIRY_MINS = 15
if "AIRLINE_JWT_SECRET" in environ:
    JWT_SECRET_KEY = environ["AIRLINE_JWT_SECRET"]

# A demo's secret is public; without one in a deployment `check` stops the start.
STRIPE_WEBHOOK_SECRET = environ.get("AIRLINE_STRIPE_SECRET") or (
    "whsec_only_for_the_demo" if DEBUG else None
)
AIRLINE_DOCS = environ.get("AIRLINE_DOCS", "swagger")
AIRLINE_LOGIN_RATE = environ.get("AIRLINE_LOGIN_RATE", "10/minute")
AIRLINE_SEARCH_RATE = environ.get("AIRLINE_SEARCH_RATE", "60/minute")

DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{VAR_DIR / 'airline.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    VAR_DIR.mkdir(exist_ok=True)
    # Readers do not wait for a writer, and a writer waits for its turn instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
