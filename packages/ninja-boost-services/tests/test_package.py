"""What holds for every package."""

from importlib.metadata import version
from importlib.resources import files

import ninja_boost_services


def test_public_names_exist():
    for name in ninja_boost_services.__all__:
        assert hasattr(ninja_boost_services, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-services")
    assert files(ninja_boost_services).joinpath("py.typed").is_file()


def test_the_examples_of_the_page_come_last(request):
    """Streams that end outside a client would look at a connection that the page has left."""
    pages = [item.path.name == "README.md" for item in request.session.items]
    assert pages == sorted(pages)
