"""How each system check of this package is brought about and put right."""

from django.urls import path

from ninja_boost_core import AutoAPI, AutoRouter


def nobody(request):
    """An authentication that knows nobody."""


NUMBER = 3
NOBODY = "tests.check_cases.nobody"


def guarded_by(auth):
    def patterns():
        router = AutoRouter(auth=auth)

        @router.get("/bookings")
        def bookings(request): ...

        api = AutoAPI()
        api.add_router("", router)
        return [path("api/", api.urls)]

    return patterns


def boost(**keys):
    return {"NINJA_BOOST": keys}


CASES = [
    (
        "ninja_boost_core.E001",
        boost(AUTHH=NOBODY),
        "Did you mean 'AUTH'?",
        boost(AUTH=NOBODY),
    ),
    (
        "ninja_boost_core.E001",
        boost(AUTH=NOBODY, XYZ=1),
        "Remove XYZ.",
        boost(AUTH=NOBODY),
    ),
    (
        "ninja_boost_core.E001",
        boost(AUTH=NOBODY, TRUSTED_PROXIES=["nowhere"]),
        "Correct TRUSTED_PROXIES, or remove it.",
        boost(AUTH=NOBODY),
    ),
    (
        "ninja_boost_core.E001",
        boost(AUTH=NOBODY, RESPONSE_WRAPPER="tests.nowhere.wrap"),
        "Correct RESPONSE_WRAPPER, or remove it.",
        boost(AUTH=NOBODY),
    ),
    (
        "ninja_boost_core.E001",
        {"NINJA_BOOST": [("AUTH", None)]},
        "Make it a dictionary",
        boost(AUTH=None),
    ),
    (
        "ninja_boost_core.E001",
        boost(AUTH="tests.check_cases.NUMBER"),
        "Set AUTH to a class or callable",
        boost(AUTH=NOBODY),
    ),
    (
        "ninja_boost_core.E002",
        {"ROOT_URLCONF": guarded_by(["token"]), **boost(AUTH=NOBODY)},
        "Give it an authentication",
        {"ROOT_URLCONF": guarded_by(nobody)},
    ),
    (
        "ninja_boost_core.E003",
        boost(),
        "Set AUTH to 'ninja_boost.integrations.JWTAuth', to an authentication of your own",
        boost(AUTH=NOBODY),
    ),
    (
        "ninja_boost_core.E003",
        boost(AUTH="ninja_boost_core.security.BearerTokenAuth"),
        "or to None if each router has one.",
        {"ROOT_URLCONF": guarded_by(nobody), **boost(AUTH=None)},
    ),
    (
        "ninja_boost_core.E004",
        boost(AUTH=NOBODY, ALLOW_DEMO_AUTH=True),
        "Remove ALLOW_DEMO_AUTH",
        boost(AUTH=NOBODY),
    ),
    (
        "ninja_boost_core.W001",
        boost(AUTH=NOBODY, DISABLED_FEATURES=["xyz"]),
        "Otherwise remove the name.",
        boost(AUTH=NOBODY, DISABLED_FEATURES=[]),
    ),
]
