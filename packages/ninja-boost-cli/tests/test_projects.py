"""What the command makes runs: its own checks, its own tests, and those of a deployment."""

from __future__ import annotations

import re
import textwrap
from importlib.metadata import requires

import pytest

from ninja_boost_cli import choose, config_block, start_app
from ninja_boost_cli.options import OPTIONS, READY

from .baked import DEPLOYMENT, bake, check_deployment, needs_umbrella, prove, run

pytestmark = needs_umbrella

DELIMITERS = re.compile(r"[ ;<>=!\[]")


def test_every_package_of_the_umbrella_can_be_chosen_or_is_always_in():
    required = {DELIMITERS.split(each)[0] for each in requires("django-ninja-boost")}
    ours = {name.removeprefix("ninja-boost-") for name in required if "ninja-boost-" in name}
    assert ours == set(OPTIONS) | set(READY)


def test_a_new_project_passes_its_checks_and_its_tests(tmp_path):
    project = bake(tmp_path)
    assert "Ran 12 tests" in prove(project)
    check_deployment(project)


@pytest.mark.slow
def test_an_app_of_startapp_works_at_once(tmp_path):
    project = bake(tmp_path)
    start_app("order_lines", root=project).write()
    start_app("stock", root=project).write()
    output = prove(project)
    assert "Ran 20 tests" in output
    routes = run(project, "manage.py", "boost_routes")
    assert "/api/order_lines/" in routes
    assert "/api/stock/" in routes


SECOND_SCHEMA = """
from datetime import datetime

from ninja import Field, Schema


class ItemIn(Schema):
    name: str = Field(min_length=1, max_length=200)


class ItemOut(Schema):
    id: int
    title: str = Field(validation_alias="name")
    created_at: datetime


class ItemOutV1(Schema):
    id: int
    name: str
    created_at: datetime
"""
SECOND_VERSION = """
from ninja_boost.versioning import VersionChange

from apps.items.schemas import ItemOut, ItemOutV1


def item_as_it_was(item):
    return {"id": item["id"], "name": item["title"], "created_at": item["created_at"]}


VERSIONS = ["v1", "v2"]
CHANGES = [
    VersionChange("v2", newer=ItemOut, older=ItemOutV1, downgrade=item_as_it_was),
]
"""


@pytest.mark.slow
def test_a_second_version_as_the_readme_has_it(tmp_path):
    project = bake(tmp_path, "shop", "versioning", "caching")
    readme = (project / "README.md").read_text()
    [line] = re.findall(r"^    VersionChange\(.*$", readme, re.MULTILINE)
    assert line in SECOND_VERSION
    (project / "shop" / "versions.py").write_text(SECOND_VERSION)
    # The tests, which speak v1, do not notice.
    (project / "apps" / "items" / "schemas.py").write_text(SECOND_SCHEMA)
    prove(project)
    assert "/api/v2/items/{item_id}" in run(project, "manage.py", "boost_routes")
    (project / "shop" / "versions.py").write_text(SECOND_VERSION.replace('item["title"]', '"?"'))
    with pytest.raises(AssertionError, match="test_one_is_read_and_deleted"):
        prove(project)


@pytest.mark.slow
def test_without_an_environment_there_is_no_start(tmp_path):
    project = bake(tmp_path)
    (project / ".env").unlink()
    with pytest.raises(AssertionError) as failed:
        run(project, "manage.py", "check")
    assert "The environment variable SECRET_KEY is not set" in str(failed.value)
    with pytest.raises(AssertionError) as failed:
        run(project, "manage.py", "check", **DEPLOYMENT, DEBUG="maybe")
    assert "DEBUG is 'maybe': say true or false." in str(failed.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET_KEY", "AUDIT_KEYS", "WEBHOOK_SECRET"])
def test_an_empty_secret_is_none(tmp_path, name):
    project = bake(tmp_path, "shop", "audit", "webhooks")
    with pytest.raises(AssertionError, match=f"The environment variable {name} is not set"):
        check_deployment(project, **{name: ""})


@pytest.mark.slow
def test_an_empty_flag_is_the_default(tmp_path):
    """And so never less secure."""
    check_deployment(bake(tmp_path), SECURE_SSL_REDIRECT="", DEBUG="")


@pytest.mark.slow
def test_an_unsafe_deployment_is_found(tmp_path):
    """The check of the deployment can fail: the file for development is none for it."""
    project = bake(tmp_path)
    with pytest.raises(AssertionError) as failed:
        run(project, "manage.py", "check", "--deploy", "--fail-level=WARNING")
    assert "security.W018" in str(failed.value)
    assert "ninja_boost_rate_limiting.W001" in str(failed.value)
    assert "ninja_boost_metrics.W" in str(failed.value)


@pytest.mark.slow
def test_the_tests_of_the_project_pass_in_a_deployment_too(tmp_path):
    project = bake(tmp_path)
    (project / ".env").unlink()
    variables = {**DEPLOYMENT, "DATABASE_URL": "", "REDIS_URL": ""}
    assert "\nOK\n" in run(project, "manage.py", "test", **variables)


@pytest.mark.slow
def test_a_broken_project_fails_its_tests(tmp_path):
    project = bake(tmp_path)
    router = project / "apps" / "items" / "routers.py"
    router.write_text(router.read_text().replace('get("/", ', 'get("/", auth=None, '))
    with pytest.raises(AssertionError) as failed:
        prove(project)
    assert "test_nobody_gets_in_without_authentication" in str(failed.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    "keywords", [{}, {"minimal": True, "removed": ["jwt"]}, {"added": list(OPTIONS)}]
)
def test_the_block_of_config_passes_the_checks(tmp_path, keywords):
    choice = choose(**keywords)
    block = config_block(choice)
    wired = re.findall(r'^# +("ninja_boost\.\S+"),$', block, re.MULTILINE)
    middleware = {"tracing", "lifecycle", "security-headers", "versioning"}
    assert len(wired) == len(middleware & choice.options)
    apps = re.findall(r'^# .*("ninja_boost(?:_[a-z]+)?")$', block, re.MULTILINE)
    assert len(apps) == 1 + len({"audit", "idempotency"} & choice.options)
    settings = f"""
        SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
        INSTALLED_APPS = [
            "django.contrib.auth", "django.contrib.contenttypes", {", ".join(apps)}
        ]
        MIDDLEWARE = [{", ".join(wired)}]
        DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
        ROOT_URLCONF = "urls"
        USE_TZ = True
    """
    urls = """
        from django.urls import path
        from ninja_boost import AutoAPI

        api = AutoAPI()
        urlpatterns = [path("api/", api.urls)]
    """
    (tmp_path / "settings_of_mine.py").write_text(textwrap.dedent(settings) + block)
    (tmp_path / "urls.py").write_text(textwrap.dedent(urls))
    command = ("-m", "django", "check", "--fail-level=WARNING")
    variables = {**DEPLOYMENT, "DJANGO_SETTINGS_MODULE": "settings_of_mine", "PYTHONPATH": "."}
    run(tmp_path, *command, **variables)
    broken = block.replace("PAGE_SIZE", "PAGE_SIZES", 1)
    (tmp_path / "settings_of_mine.py").write_text(textwrap.dedent(settings) + broken)
    with pytest.raises(AssertionError, match="PAGE_SIZES is no known key"):
        run(tmp_path, *command, **variables)
