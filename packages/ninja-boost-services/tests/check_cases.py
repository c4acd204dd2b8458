"""How each system check of this package is brought about and put right."""

from django.urls import path
from ninja import NinjaAPI

from ninja_boost_services import BoostService, inject_service


class Email(BoostService):
    name = "email"


class OtherEmail(Email): ...


class Session(BoostService):
    """Only async code can enter it."""

    name = "session"

    async def __aenter__(self):
        return self

    async def __aexit__(self, *raised): ...


class Mailer(Email):
    """Depends on what only async code can make."""

    def __init__(self, session): ...


class ScopedEmail(Email):
    scoped = True


class EmailOfOrders(Email):
    def __init__(self, orders): ...


class Nameless: ...


class Orders(BoostService):
    name = "orders"

    def __init__(self, email): ...


class MisspeltOrders(Orders):
    def __init__(self, emial): ...


def function():
    """No service."""


def services(*used):
    return {
        "NINJA_BOOST": {
            "AUTH": None,
            "SERVICES": [f"tests.check_cases.{each.__name__}" for each in used],
        }
    }


def injecting(name, is_async=False):
    """One operation that asks for a service."""

    def patterns():
        api = NinjaAPI()

        def shop(request, ctx): ...

        async def ashop(request, ctx): ...

        api.get("/shop")(inject_service(name)(ashop if is_async else shop))
        return [path("api/", api.urls)]

    return {"ROOT_URLCONF": patterns}


CASES = [
    (
        "ninja_boost_services.E001",
        services(Email, function),
        "Name a class or an object with a name instead",
        services(Email, Orders),
    ),
    (
        "ninja_boost_services.E001",
        services(Email, Nameless),
        "or remove it from SERVICES.",
        services(Email),
    ),
    (
        "ninja_boost_services.E001",
        services(Email, OtherEmail),
        "Give one of them another name",
        {"code": [(OtherEmail, "name", "other_email")]},
    ),
    (
        "ninja_boost_services.E002",
        {**services(Email), **injecting("emial")},
        "Did you mean 'email'?",
        injecting("email"),
    ),
    (
        "ninja_boost_services.E002",
        {**services(), **injecting("email")},
        "NINJA_BOOST['SERVICES']",
        services(Email),
    ),
    (
        "ninja_boost_services.E003",
        services(Email, MisspeltOrders),
        "Did you mean 'email'?",
        {"code": [(MisspeltOrders, "__init__", Orders.__init__)]},
    ),
    (
        "ninja_boost_services.E003",
        services(Orders),
        "or register it in NINJA_BOOST['SERVICES'].",
        services(Orders, Email),
    ),
    (
        "ninja_boost_services.E004",
        services(EmailOfOrders, Orders),
        "Take one of the dependencies away",
        {"code": [(Orders, "__init__", lambda self: None)]},
    ),
    (
        "ninja_boost_services.E005",
        services(ScopedEmail, Orders),
        "Make 'orders' scoped as well",
        {"code": [(Orders, "scoped", True)]},
    ),
    (
        "ninja_boost_services.E005",
        services(ScopedEmail, Orders),
        "or 'email' a singleton.",
        {"code": [(ScopedEmail, "scoped", False)]},
    ),
    (
        "ninja_boost_services.E006",
        {**services(Session, Mailer), **injecting("email")},
        "Make the view async",
        injecting("email", is_async=True),
    ),
    (
        "ninja_boost_services.E006",
        {**services(Session, Mailer), **injecting("email")},
        "or the service's factory and dependencies sync.",
        {"code": [(Mailer, "__init__", lambda self: None)]},
    ),
]
