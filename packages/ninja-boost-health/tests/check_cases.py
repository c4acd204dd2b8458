"""How each system check of this package is brought about and put right."""


def health(**options):
    return {"NINJA_BOOST": {"HEALTH": options}}


CASES = [
    (
        "ninja_boost_health.E001",
        health(DATABASES=["replica"]),
        "Name one of 'default'.",
        health(DATABASES=["default"]),
    ),
    (
        "ninja_boost_health.E001",
        health(CACHES=["sessions"]),
        "Name one of 'default'.",
        health(CACHES=["default"]),
    ),
]
