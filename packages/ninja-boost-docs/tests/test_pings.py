"""What ``boost_doctor`` asks about the pages."""

from __future__ import annotations

from types import ModuleType

import pytest
from django.test import override_settings
from django.urls import path
from ninja import NinjaAPI
from ninja.openapi.docs import Redoc, Swagger

from ninja_boost_core import AutoAPI
from ninja_boost_core.doctor import ask
from ninja_boost_docs import pages
from ninja_boost_docs._feature import feature


@pytest.fixture
def answers():
    """Return what the pings say for APIs with these docs."""

    def ask_them(*docs, kind=AutoAPI, **options):
        urls = ModuleType("urls_of_a_test")
        urls.urlpatterns = []
        for number, each in enumerate(docs):
            extra = {"docs_url": None} if each is None else {"docs": each}
            api = kind(urls_namespace=f"pings-{number}", **extra)
            api.get("/x", auth=None)(lambda request: None)
            urls.urlpatterns.append(path(f"{number}/", api.urls))
        with override_settings(ROOT_URLCONF=urls, NINJA_BOOST={"DOCS": options}):
            return {found.name: found for found in ask(list(feature.pings()), 10)}

    return ask_them


def test_only_what_is_used(answers):
    assert answers() == {}
    assert answers(None) == {}
    assert answers(Swagger(), kind=NinjaAPI) == {}
    assert answers(Swagger(), ENABLED=False) == {}
    assert answers(Swagger(), DISABLE_IN_PRODUCTION=True) == {}


def test_the_files_are_there(answers):
    found = answers(Swagger(), Swagger(), Redoc())
    assert list(found) == ["docs: SwaggerPage", "docs: RedocPage"]
    assert all(each.ok for each in found.values()), found
    assert found["docs: SwaggerPage"].detail == "4 files"


def test_a_file_is_missing(answers, monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "files", lambda package: tmp_path)
    pages._read.cache_clear()
    found = answers(Swagger())["docs: SwaggerPage"]
    assert not found.ok
    assert found.detail.startswith("FileNotFoundError")
    assert "Install" in found.hint
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "swagger.js").touch()
    found = answers(Swagger())["docs: SwaggerPage"]
    pages._read.cache_clear()
    assert found.detail == "swagger.js is empty."
