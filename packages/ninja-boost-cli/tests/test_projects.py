"""What the command makes runs: its own checks, its own tests, and those of a deployment."""

from __future__ import annotations

import re
import textwrap

import pytest

from ninja_boost_cli import choose, config_block, start_app

from .baked import DEPLOYMENT, bake, check_deployment, needs_metrics, needs_umbrella, prove, run

pytestmark = needs_umbrella

VARIANTS = {
    "token": ([], {"removed": ["jwt"], "server": "uvicorn"}),
    "minimal": ([], {"minimal": True}),
    "idempotency": (["idempotency"], {}),
    "minimal token": (["idempotency"], {"minimal": True, "removed": ["jwt"]}),
    "minimal uvicorn": (["health"], {"minimal": True, "server": "uvicorn"}),
    **{
        f"without {name}": ([], {"removed": [name]})
        for name in (
            *("tracing", "lifecycle", "logging", "health"),
            *("rate-limiting", "security-headers", "docs"),
        )
    },
}


def test_a_new_project_passes_its_checks_and_its_tests(tmp_path):
    project = bake(tmp_path)
    assert "Ran 10 tests" in prove(project)
    check_deployment(project)


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_so_does_one_with_other_options(tmp_path, variant):
    added, keywords = VARIANTS[variant]
    project = bake(tmp_path, "shop", *added, **keywords)
    ran = re.search(r"Ran (\d+) tests", prove(project))
    assert int(ran[1]) >= 5
    check_deployment(project)


@needs_metrics
@pytest.mark.slow
@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_metrics(tmp_path, server):
    project = bake(tmp_path, "shop", "metrics", server=server)
    prove(project)
    check_deployment(project, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))


@pytest.mark.slow
def test_an_app_of_startapp_works_at_once(tmp_path):
    project = bake(tmp_path)
    start_app("order_lines", root=project).write()
    start_app("stock", root=project).write()
    output = prove(project)
    assert "Ran 18 tests" in output
    routes = run(project, "manage.py", "boost_routes")
    assert "/api/order_lines/" in routes
    assert "/api/stock/" in routes


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
def test_an_unsafe_deployment_is_found(tmp_path):
    """The check of the deployment can fail: the file for development is none for it."""
    project = bake(tmp_path)
    with pytest.raises(AssertionError) as failed:
        run(project, "manage.py", "check", "--deploy", "--fail-level=WARNING")
    assert "security.W018" in str(failed.value)
    assert "ninja_boost_rate_limiting.W001" in str(failed.value)


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
    "keywords", [{}, {"minimal": True}, {"removed": ["jwt"]}, {"added": ["idempotency"]}]
)
def test_the_block_of_config_passes_the_checks(tmp_path, keywords):
    choice = choose(**keywords)
    block = config_block(choice)
    wired = re.findall(r'^# +("ninja_boost\.\S+"),$', block, re.MULTILINE)
    assert len(wired) == len({"tracing", "lifecycle", "security-headers"} & choice.options)
    settings = f"""
        SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
        INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "ninja_boost"]
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
