"""How each system check of this package is brought about and put right."""

from ninja_boost_pagination import OffsetPagination

NUMBER = 3


def everything(function):
    """A decorator over func(request, ctx, ...)."""
    return function


def pagination(value):
    # A list that is paginated by default would stop the import of the URLs already.
    return {"NINJA_BOOST": {"AUTH": None, "PAGINATION": value}, "ROOT_URLCONF": list}


CASES = [
    (
        "ninja_boost_pagination.E001",
        pagination("tests.check_cases.NUMBER"),
        "Make it a pagination such as OffsetPagination(size=50)",
        pagination(OffsetPagination(size=50)),
    ),
    (
        "ninja_boost_pagination.E001",
        pagination("tests.check_cases.NUMBER"),
        "a decorator over func(request, ctx, ...), or a dotted path to either.",
        pagination("tests.check_cases.everything"),
    ),
]
