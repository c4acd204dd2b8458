"""Whether the ninja-boost packages of this environment work together: the way a user begins.

    python tools/smoke.py [--expect NAME ...] [--gone NAME] [--keys KEY ...]

Runs in the environment that it judges, which needs nothing but what the packages declare. It
imports every module, runs ``manage.py check``, and sends requests to an AutoAPI that has all the
installed features and middlewares. Prints one line of JSON: the packages and their settings keys.

``--expect`` names the packages that have to be there, and no others. ``--gone`` names one that was
uninstalled from under the umbrella; each of ``--keys``, its settings, must then be reported.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import pkgutil
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import Distribution, distributions
from types import ModuleType
from typing import Any

CORE = "ninja-boost-core"
UMBRELLA = "django-ninja-boost"
STANDARD_APPS = ["admin", "auth", "contenttypes", "messages", "sessions"]
STANDARD_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]


def installed() -> dict[str, Distribution]:
    """Our distributions, by normalised name."""
    ours = re.compile(r"ninja-boost-[a-z-]+|django-ninja-boost")
    named = ((re.sub(r"[-_.]+", "-", each.name).lower(), each) for each in distributions())
    return {name: each for name, each in named if ours.fullmatch(name)}


def module_name(name: str) -> str:
    return "ninja_boost" if name == UMBRELLA else name.replace("-", "_")


def configure(ours: dict[str, Distribution]) -> None:
    """A project with the apps of the packages and an in-memory database."""
    from django.conf import settings

    umbrella = UMBRELLA in ours
    apps = [
        module
        for module, distribution in ((module_name(n), d) for n, d in ours.items())
        if f"{module}/apps.py" in map(str, distribution.files or ())
    ]
    values = {
        "SECRET_KEY": "for-tests-only-and-of-no-value-0123456789",
        "JWT_SECRET_KEY": "for-tests-only-and-of-no-value-abcdefghijklmnop",
        "ALLOWED_HOSTS": ["testserver"],
        "INSTALLED_APPS": [
            *(f"django.contrib.{app}" for app in STANDARD_APPS),
            # The umbrella's app stands for that of core.
            *(a for a in apps if not (umbrella and a == "ninja_boost_core")),
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": CONTEXT_PROCESSORS},
            }
        ],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "ROOT_URLCONF": "smoke_urls",
        "NINJA_BOOST": {"AUTH": accept_one_token()},
    }
    if not settings.configured:
        settings.configure()
    for name, value in values.items():
        setattr(settings, name, value)


def accept_one_token() -> object:
    def authenticate(request: Any) -> str | None:
        return "someone" if request.headers.get("Authorization") == "Bearer good" else None

    return authenticate


def modules(name: str) -> Iterator[str]:
    package = import_module(module_name(name))
    yield package.__name__
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield found.name


def import_everything(ours: dict[str, Distribution], gone: str | None) -> list[ModuleType]:
    """Import each module; what an extra brings may be missing, and what was uninstalled is."""
    found = []
    for name, distribution in ours.items():
        for module in modules(name):
            try:
                found.append(import_module(module))
            except ImportError as error:
                missing = (error.name or "").partition(".")[0]
                optional = distribution.metadata.get_all("Provides-Extra")
                if missing.startswith("ninja_boost") or not optional:
                    if gone and missing == module_name(gone):
                        continue
                    raise
    return found


def middlewares(found: list[ModuleType]) -> list[str]:
    """The dotted paths of all middleware classes, where they are defined."""
    return sorted(
        f"{module.__name__}.{name}"
        for module in found
        for name, value in vars(module).items()
        if name.endswith("Middleware") and not name.startswith("_")
        if inspect.isclass(value) and value.__module__ == module.__name__
        # The base class of core's is given its observers by the class that a feature makes of it.
        if not module.__name__.startswith("ninja_boost_core")
    )


def build_api() -> tuple[Any, ModuleType]:
    from django.urls import path
    from ninja import Schema

    from ninja_boost_core import AutoAPI, AutoRouter

    class Lamp(Schema):
        name: str

    router = AutoRouter()

    @router.get("/lamps", response=list[Lamp])
    def lamps(request: Any, ctx: Any) -> list[dict[str, str]]:
        return [{"name": ctx["user"]}]

    api = AutoAPI(title="Smoke")
    api.add_router("", router)
    urls = ModuleType("smoke_urls")
    urls.__dict__["urlpatterns"] = [path("api/", api.urls)]
    return api, urls


def request_everything(api: Any) -> None:
    from django.test import Client

    client = Client(raise_request_exception=True)
    refused = client.get("/api/lamps")
    assert refused.status_code == 401, refused.status_code
    assert refused.json()["ok"] is False, refused.json()
    answer = client.get("/api/lamps", headers={"Authorization": "Bearer good"})
    assert answer.status_code == 200, (answer.status_code, answer.content)
    body = answer.json()
    data = body["data"]
    assert body["ok"] is True, body
    assert (data["items"] if isinstance(data, dict) else data) == [{"name": "someone"}], body
    assert "/api/lamps" in api.get_openapi_schema()["paths"]


def settings_keys() -> dict[str, list[str]]:
    """The keys of NINJA_BOOST that each installed feature understands."""
    from ninja_boost_core._sections import keys
    from ninja_boost_core.features import installed_features

    features = installed_features()
    return {f.distribution: list(keys(f.settings)) for f in features if f.settings is not None}


def unreported(gone: str, keys: list[str]) -> list[str]:
    """Those of the keys about which the system check does not say whose they are."""
    from django.conf import settings
    from django.core.checks import run_checks
    from django.test import override_settings

    silent = []
    for key in keys:
        with override_settings(NINJA_BOOST={**settings.NINJA_BOOST, key: {}}):
            said = [message.msg for message in run_checks(tags=["ninja_boost"])]
        if not any(key in text and f"{gone}, which is not installed" in text for text in said):
            silent.append(key)
    return silent


def judge(expect: list[str] | None, gone: str | None, keys: list[str]) -> dict[str, Any]:
    """The packages and their settings keys; raises whatever goes wrong."""
    ours = installed()
    if expect is not None and set(ours) != set(expect):
        raise SystemExit(f"installed are {sorted(ours)}, expected {sorted(expect)}")
    if CORE not in ours:
        import_everything(ours, gone)
        return {"packages": sorted(ours), "keys": {}}
    # Ninja 1.5 has a registry of the APIs of a process, and refuses a second one by its name.
    os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")
    configure(ours)
    import django
    from django.conf import settings
    from django.core.management import execute_from_command_line

    django.setup()
    settings.MIDDLEWARE = [*middlewares(import_everything(ours, gone)), *STANDARD_MIDDLEWARE]
    api, urls = build_api()
    sys.modules["smoke_urls"] = urls
    execute_from_command_line(["manage.py", "check", "--fail-level", "ERROR"])
    execute_from_command_line(["manage.py", "migrate", "--verbosity", "0"])
    request_everything(api)
    if gone and (silent := unreported(gone, keys)):
        raise SystemExit(f"settings of {gone} that are not reported: {', '.join(silent)}")
    return {"packages": sorted(ours), "keys": settings_keys()}


def serve(lines: Iterable[str]) -> None:
    """Judge one combination a line, each in a process forked off after Django was imported.

    A line is a JSON object: ``path``, the directories to add to sys.path, and ``expect``. Each is
    answered by a line with ``code`` and ``output``.
    """
    from django.conf import settings

    settings.configure()
    for name in ("ninja", "django.test", "django.core.management.commands.check"):
        import_module(name)
    for line in lines:
        job = json.loads(line)
        with tempfile.TemporaryFile("w+") as output:
            child = os.fork()
            if not child:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                sys.path += job["path"]
                # What is raised ends the child as it would end any program.
                print(json.dumps(judge(job["expect"], None, [])))
                sys.exit()
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            output.seek(0)
            print(json.dumps({"code": code, "output": output.read()}), flush=True)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--expect", nargs="*", metavar="NAME")
    parser.add_argument("--gone", metavar="NAME")
    parser.add_argument("--keys", nargs="*", default=[], metavar="KEY")
    parser.add_argument("--serve", action="store_true", help="combinations from standard input")
    options = parser.parse_args(argv)
    if options.serve:
        serve(sys.stdin)
        return 0
    print(json.dumps(judge(options.expect, options.gone, options.keys)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
