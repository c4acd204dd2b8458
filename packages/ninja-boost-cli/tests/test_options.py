import pytest

from ninja_boost_cli import Refused, choose
from ninja_boost_cli.options import OPTIONS

DEFAULT = {name for name, option in OPTIONS.items() if option.default}


def test_the_defaults():
    assert choose().options == DEFAULT
    opt_in = {"idempotency", "caching", "audit", "webhooks", "versioning"}
    assert set(OPTIONS) - DEFAULT == opt_in


def test_with_and_without():
    assert choose(["idempotency"], ["docs"]).options == DEFAULT - {"docs"} | {"idempotency"}
    assert choose(minimal=True).options == {"jwt"}
    assert choose(["health"], minimal=True).options == {"jwt", "health"}


def test_names_as_people_write_them():
    assert choose(removed=["ninja-boost-rate-limiting", "Security_Headers "]).options == (
        DEFAULT - {"rate-limiting", "security-headers"}
    )


def test_what_an_option_needs_comes_with_it():
    assert choose(["metrics"], minimal=True).options == {"jwt", "metrics", "lifecycle"}


@pytest.mark.parametrize(
    ("added", "removed", "reason"),
    [
        (["metricz"], [], "Did you mean metrics?"),
        (["permissions"], [], "is no option: it is installed"),
        (["docs"], ["docs"], "both name docs"),
        (["metrics"], ["lifecycle"], "metrics needs lifecycle"),
        ([], ["lifecycle"], "say --without metrics,lifecycle"),
    ],
)
def test_nonsense_is_refused(added, removed, reason):
    with pytest.raises(Refused) as refused:
        choose(added, removed)
    assert reason in str(refused.value)


def test_an_unknown_server_is_refused():
    with pytest.raises(Refused, match="gunicorn, uvicorn"):
        choose(server="apache")
