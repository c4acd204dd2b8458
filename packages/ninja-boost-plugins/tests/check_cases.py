"""How each system check of this package is brought about and put right."""


def plugins(*paths):
    return {"NINJA_BOOST": {"AUTH": None, "PLUGINS": list(paths)}}


HINT = "Correct the plugin, or remove it from PLUGINS."
CASES = [
    (
        "ninja_boost_plugins.E001",
        plugins("tests.configured.Sentry", path),
        HINT,
        plugins("tests.configured.Sentry"),
    )
    for path in (
        "tests.configured.NoPlugin",
        "tests.configured.Nameless",
        "tests.configured.Demanding",
        "tests.configured.Misfit",
        "tests.configured.OtherSentry",
    )
]
