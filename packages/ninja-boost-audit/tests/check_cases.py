"""How each system check of this package is brought about and put right."""

from django.conf import settings

DATABASE = "ninja_boost_audit.DatabaseBackend"
VARIABLE = "NINJA_BOOST_AUDIT_KEYS"
SECRET = "of-no-value-and-only-for-these-tests"
APPS = list(settings.INSTALLED_APPS)


def audit(**options):
    return {"NINJA_BOOST": {"AUDIT": {"KEYS": settings.KEYS, **options}}}


CASES = [
    (
        "ninja_boost_audit.E001",
        {
            "INSTALLED_APPS": [app for app in APPS if app != "ninja_boost_audit"],
            **audit(BACKEND=DATABASE),
        },
        "Add 'ninja_boost_audit' to INSTALLED_APPS and run migrate.",
        {"INSTALLED_APPS": APPS},
    ),
    (
        "ninja_boost_audit.E001",
        audit(BACKEND=DATABASE, KEYS={}),
        "Set AUDIT.KEYS to {'2026': secret}",
        audit(BACKEND=DATABASE, KEYS={"2026": SECRET}),
    ),
    (
        "ninja_boost_audit.E001",
        audit(BACKEND=DATABASE, KEYS={}),
        f"or the environment variable {VARIABLE} to 2026:secret",
        {"environ": {VARIABLE: f"2026:{SECRET}"}},
    ),
    (
        "ninja_boost_audit.E001",
        {"environ": {VARIABLE: "2026"}, **audit(BACKEND=DATABASE, KEYS={})},
        f"Set {VARIABLE} to id:secret,id:secret",
        {"environ": {VARIABLE: f"2026:{SECRET},2027:{SECRET[::-1]}"}},
    ),
    (
        "ninja_boost_audit.E001",
        audit(BACKEND=DATABASE, DATABASE="nowhere"),
        "Set AUDIT.DATABASE to one of 'default'",
        audit(BACKEND=DATABASE, DATABASE="default"),
    ),
    (
        "ninja_boost_audit.E001",
        audit(BACKEND=[]),
        "Name a backend in it",
        audit(BACKEND=[DATABASE]),
    ),
    (
        "ninja_boost_audit.E001",
        audit(BACKEND="ninja_boost_audit.MultiBackend"),
        "Make AUDIT.BACKEND a list of the backends instead.",
        audit(BACKEND=["ninja_boost_audit.LoggingBackend", DATABASE]),
    ),
    (
        "ninja_boost_audit.E001",
        audit(BACKEND="ninja_boost_audit.Record"),
        "such as 'ninja_boost_audit.LoggingBackend'",
        audit(BACKEND="ninja_boost_audit.LoggingBackend"),
    ),
    (
        "ninja_boost_audit.W001",
        audit(FAIL_CLOSED=False),
        "Remove FAIL_CLOSED",
        audit(),
    ),
]
