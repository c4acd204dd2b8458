"""How each system check of this package is brought about and put right."""

from weakref import WeakSet

from django.conf import settings
from django.urls import path
from ninja import NinjaAPI

from ninja_boost_webhooks import checks, github_webhook, hook, standard_webhook, twilio_webhook

from .support import PRIVATE, PUBLIC

BACKENDS = "django.core.cache.backends"
SECRET = "of-no-value-and-only-for-these-tests"
ED25519 = "cryptography.hazmat.primitives.asymmetric.ed25519"
REDIS = {"BACKEND": f"{BACKENDS}.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
TIMEOUTS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
CACHES = {
    **settings.CACHES,
    "dummy": {"BACKEND": f"{BACKENDS}.dummy.DummyCache"},
    "redis": {**REDIS, "OPTIONS": TIMEOUTS},
    "slow": REDIS,
}


def receiving(decorator, cache="redis", **settings):
    """One endpoint, and nobody else's."""

    def patterns():
        api = NinjaAPI()

        @api.post("/hook")
        @decorator()
        def receive(request): ...

        return [path("api/", api.urls)]

    used = WeakSet()
    return {
        "CACHES": CACHES,
        "NINJA_BOOST": {"AUTH": None, "WEBHOOKS": {"CACHE": cache}},
        "ROOT_URLCONF": patterns,
        "code": [(hook, "hooks", used), (checks, "hooks", used)],
        **settings,
    }


def webhooks(**options):
    return {"NINJA_BOOST": {"AUTH": None, "WEBHOOKS": options}}


CASES = [
    (
        "ninja_boost_webhooks.E001",
        receiving(github_webhook),
        "Set GITHUB_WEBHOOK_SECRET to the secret that the sender signs with.",
        {"GITHUB_WEBHOOK_SECRET": SECRET},
    ),
    (
        "ninja_boost_webhooks.E001",
        receiving(github_webhook),
        "Set GITHUB_WEBHOOK_SECRET to the secret that the sender signs with.",
        {"environ": {"GITHUB_WEBHOOK_SECRET": SECRET}},
    ),
    (
        "ninja_boost_webhooks.E002",
        receiving(github_webhook, GITHUB_WEBHOOK_SECRET=12345),
        "Make GITHUB_WEBHOOK_SECRET a str or bytes.",
        {"GITHUB_WEBHOOK_SECRET": "12345"},
    ),
    (
        "ninja_boost_webhooks.E002",
        receiving(standard_webhook, STANDARD_WEBHOOK_SECRET="*"),
        "Set it to the secret as the sender shows it, with its prefix.",
        {"STANDARD_WEBHOOK_SECRET": "whsec_AAAA"},
    ),
    (
        "ninja_boost_webhooks.E002",
        receiving(standard_webhook, STANDARD_WEBHOOK_SECRET=PRIVATE),
        "Set it to the secret as the sender shows it, with its prefix.",
        {"STANDARD_WEBHOOK_SECRET": PUBLIC},
    ),
    (
        "ninja_boost_webhooks.E002",
        receiving(standard_webhook, STANDARD_WEBHOOK_SECRET=PUBLIC, absent=[ED25519]),
        "pip install 'ninja-boost-webhooks[ed25519]'",
        {"absent": []},
    ),
    (
        "ninja_boost_webhooks.E003",
        receiving(github_webhook, cache="nowhere", GITHUB_WEBHOOK_SECRET=SECRET),
        "Set NINJA_BOOST['WEBHOOKS']['CACHE'] to one of 'default', 'dummy', 'redis'",
        webhooks(CACHE="redis"),
    ),
    (
        "ninja_boost_webhooks.W001",
        receiving(github_webhook, GITHUB_WEBHOOK_SECRET=f"{SECRET}\n"),
        "Take the white space away",
        {"GITHUB_WEBHOOK_SECRET": SECRET},
    ),
    (
        "ninja_boost_webhooks.W002",
        receiving(github_webhook, cache="dummy", GITHUB_WEBHOOK_SECRET=SECRET),
        "Name another cache in NINJA_BOOST['WEBHOOKS']['CACHE'].",
        webhooks(CACHE="redis"),
    ),
    (
        "ninja_boost_webhooks.W003",
        receiving(github_webhook, cache="default", GITHUB_WEBHOOK_SECRET=SECRET),
        "Name a cache on Redis, Memcached or a database in NINJA_BOOST['WEBHOOKS']['CACHE'].",
        webhooks(CACHE="redis"),
    ),
    (
        "ninja_boost_webhooks.W004",
        receiving(github_webhook, cache="slow", GITHUB_WEBHOOK_SECRET=SECRET),
        f"Set CACHES['slow']['OPTIONS'] to {TIMEOUTS}.",
        {"CACHES": {**CACHES, "slow": {**REDIS, "OPTIONS": TIMEOUTS}}},
    ),
    (
        "ninja_boost_webhooks.W005",
        receiving(twilio_webhook, TWILIO_AUTH_TOKEN=SECRET),
        "Set NINJA_BOOST['WEBHOOKS']['PUBLIC_URL'] to the scheme and host of the API",
        webhooks(CACHE="redis", PUBLIC_URL="https://api.example.com"),
    ),
]
