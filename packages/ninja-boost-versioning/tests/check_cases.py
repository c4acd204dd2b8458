"""How each system check of this package is brought about and put right."""

from django.conf import settings

MIDDLEWARE = "ninja_boost_versioning.middleware.DeprecationMiddleware"

CASES = [
    (
        "ninja_boost_versioning.E001",
        {
            "MIDDLEWARE": [],
            "NINJA_BOOST": {
                **settings.NINJA_BOOST,
                "VERSIONING": {"DEPRECATED": {"/api/v1/": {"SINCE": "2026-01-15"}}},
            },
        },
        f"Add '{MIDDLEWARE}'",
        {"MIDDLEWARE": [MIDDLEWARE]},
    ),
]
