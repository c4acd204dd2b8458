"""Services that settings name."""

from ninja_boost_services import BoostService


class Users(BoostService):
    name = "users"


class OtherUsers(BoostService):
    name = "users"


class Nameless: ...


def function():
    """No service."""


orders = Users()
