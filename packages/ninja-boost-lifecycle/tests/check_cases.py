"""How each system check of this package is brought about and put right."""

LIFECYCLE = "ninja_boost_lifecycle.LifecycleMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"

CASES = [
    (
        "ninja_boost_lifecycle.W001",
        {"MIDDLEWARE": [COMMON, LIFECYCLE]},
        f"Move {LIFECYCLE} above {COMMON}.",
        {"MIDDLEWARE": [LIFECYCLE, COMMON]},
    ),
]
