"""How each system check of this package is brought about and put right."""


def docs(**options):
    return {"NINJA_BOOST": {"DOCS": options}}


HINT = "Set DISABLE_IN_PRODUCTION, REQUIRE_STAFF, REQUIRE_AUTH or ALLOWED_IPS"
CASES = [
    ("ninja_boost_docs.W001", docs(), HINT, docs(DISABLE_IN_PRODUCTION=True)),
    ("ninja_boost_docs.W001", docs(), HINT, docs(REQUIRE_STAFF=True)),
    ("ninja_boost_docs.W001", docs(), HINT, docs(REQUIRE_AUTH=True)),
    ("ninja_boost_docs.W001", docs(), HINT, docs(ALLOWED_IPS=["10.0.0.0/8"])),
    (
        "ninja_boost_docs.W001",
        docs(),
        "for a public API, add 'ninja_boost_docs.W001' to SILENCED_SYSTEM_CHECKS.",
        {"SILENCED_SYSTEM_CHECKS": ["ninja_boost_docs.W001"]},
    ),
]
