"""Which names a project or an app can have, and what follows from them."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from .plan import Refused

__all__ = ["check_app_name", "check_model_name", "check_project_name", "model_name", "snake_case"]

MAX_LENGTH = 40
PROJECT_FILES = frozenset({"apps", "manage", "serve", "var", "wheels"})
"""What stands beside a project's package: a package of that name would hide it."""
REQUIRED = frozenset(
    {"annotated_types", "asgiref", "click", "dj_database_url", "django", "gunicorn", "h11", "jwt"}
    | {"ninja", "packaging", "pip", "prometheus_client", "psycopg", "psycopg_binary", "pydantic"}
    | {"pydantic_core", "pkg_resources", "redis", "setuptools", "sqlparse", "typing_extensions"}
    | {"typing_inspection", "tzdata", "uvicorn"}
)
"""What a project needs, and what that needs; it may not be installed where the command is."""
FUZZING = frozenset(
    {"anyio", "certifi", "charset_normalizer", "graphql", "harfile", "hypothesis", "idna"}
    | {"hypothesis_graphql", "iniconfig", "jsonschema_rs", "markdown_it", "markupsafe", "mdurl"}
    | {"pluggy", "py", "pygments", "pyrate_limiter", "pytest", "requests", "rich", "schemathesis"}
    | {"sortedcontainers", "urllib3", "werkzeug", "yaml"}
)
"""The same for schemathesis."""
APP_FILES = frozenset({"registered", "testing"})
LABELS = frozenset(
    {"admin", "auth", "contenttypes", "flatpages", "gis", "humanize", "messages", "postgres"}
    | {"redirects", "sessions", "sitemaps", "sites", "staticfiles", "syndication"}
    | {"ninja", "ninja_boost"}
)
"""The labels of apps that a project is likely to have: a label can be there only once."""
OURS = frozenset({"accounts", "api", "docs", "health", "metrics", "openapi"})
"""Where the API of a new project has something already."""
IMPORTED = frozenset({"Any", "ApiTestCase", "AutoRouter", "HttpRequest", "QuerySet"})
"""What the modules of an app import: a model of that name would hide it."""


def check_project_name(name: str) -> str:
    """Return the name.

    Raises:
        Refused: with the reason why no project can have it.
    """
    _check(name, "a project")
    if name in PROJECT_FILES:
        raise Refused(f"{name!r} is the name of something else in a project: choose another one.")
    if name.lower() in REQUIRED | FUZZING or name.lower().startswith("ninja_boost"):
        raise Refused(f"{name!r} would hide the package of that name: choose another one.")
    return name


def check_app_name(name: str) -> str:
    """Return the name.

    Raises:
        Refused: with the reason why no app can have it.
    """
    _check(name, "an app")
    if name != name.lower():
        raise Refused(f"{name!r} has capital letters; the URLs and tables of an app have none.")
    if name in APP_FILES or name in OURS:
        raise Refused(f"{name!r} is taken in a project of ours: choose another one.")
    if name in LABELS:
        raise Refused(f"{name!r} is the label of an app that projects have: choose another one.")
    return name


def check_model_name(name: str) -> str:
    """Return the name.

    Raises:
        Refused: with the reason why no model can have it.
    """
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) or keyword.iskeyword(name):
        raise Refused(f"{name!r} is no name of a model: write it like OrderLine.")
    if name in IMPORTED:
        raise Refused(f"{name!r} is imported by the app's modules: choose another model, --model.")
    return name


def _check(name: str, what: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        near = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lstrip("0123456789_")
        hint = f" Perhaps {near!r}?" if near and not keyword.iskeyword(near) else ""
        raise Refused(f"{name!r} is no name of {what}: it is not an identifier.{hint}")
    if keyword.iskeyword(name):
        raise Refused(f"{name!r} is no name of {what}: it is a keyword of Python.")
    if name.startswith("_") or name.endswith("_"):
        raise Refused(f"{name!r} is no name of {what}: it begins or ends with an underscore.")
    if len(name) > MAX_LENGTH:
        raise Refused(f"The name of {what} has at most {MAX_LENGTH} characters, not {len(name)}.")
    lower = name.lower()
    if lower in {"test", "tests"}:
        raise Refused(f"{name!r} is no name of {what}: it means the tests, to Python and Django.")
    if lower in {each.lower() for each in sys.stdlib_module_names}:
        raise Refused(f"{name!r} is no name of {what}: the standard library has that module.")
    if is_installed(name):
        raise Refused(f"{name!r} is no name of {what}: a module of that name is installed.")


def is_installed(name: str) -> bool:
    """Whether a top-level module can be imported that is not of the current directory."""
    here = Path.cwd()
    path = [entry for entry in sys.path if entry and Path(entry).resolve() != here]
    spec = PathFinder.find_spec(name, path)
    # A directory without __init__.py hides nothing.
    return spec is not None and spec.origin is not None


def model_name(app: str) -> str:
    """Return the singular of an app's name, as a class: ``order_lines`` gives ``OrderLine``."""
    *words, last = app.split("_")
    return "".join(word[:1].upper() + word[1:] for word in [*words, _singular(last)] if word)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(ss|x|ch|sh|z)es$", word):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2:
        return word[:-1]
    return word


def snake_case(model: str) -> str:
    """``OrderLine`` gives ``order_line``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model).lower()
