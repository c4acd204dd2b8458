"""``startapp``."""

from __future__ import annotations

import re
from pathlib import Path

from .names import check_app_name, check_model_name, model_name, snake_case
from .options import OPTIONS, SERVERS
from .plan import Plan, Refused
from .rendering import render_file, render_tree

__all__ = ["app_values", "start_app"]

PACKAGE = "apps"
REGISTERED = f"{PACKAGE}/registered.py"
MARKER = re.compile(
    r"^(?P<indent>[ \t]*)# ninja-boost: new apps go above this line\.?\s*$", re.MULTILINE
)


def app_values(name: str, *, model: str | None = None) -> dict[str, str]:
    """The values of the templates of an app."""
    model = check_model_name(model or model_name(name))
    return {
        "app": name,
        "package": PACKAGE,
        "path": f"{PACKAGE}.{name}",
        "model": model,
        "one": snake_case(model),
        "many": name if name != snake_case(model) else f"{name}_list",
        "title": name.replace("_", " ").capitalize(),
        "config": "".join(word.capitalize() for word in name.split("_")) + "Config",
    }


def start_app(name: str, *, root: Path | None = None, model: str | None = None) -> Plan:
    """Return the plan of an app in ``apps/``, wired into the project if it can be.

    Args:
        name: of the app, and of the beginning of its URLs.
        root: the directory with ``manage.py``; the current one by default.
        model: the name of its model; the singular of the app's by default.

    Raises:
        Refused: the name is none, or there is no project.
    """
    check_app_name(name)
    root = root or Path.cwd()
    if not (root / "manage.py").is_file():
        raise Refused(f"There is no manage.py in {root}: go to the directory of a Django project.")
    plan = Plan(root)
    values = app_values(name, model=model)
    # The options of the project are not known here, and an app needs none of them.
    flags = dict.fromkeys([*OPTIONS, *SERVERS], False)
    rendered = render_tree("app", values, flags)
    plan.add({f"{PACKAGE}/{name}/{path}": text for path, text in rendered.items()})
    if not (root / PACKAGE / "__init__.py").exists():
        plan.add({f"{PACKAGE}/__init__.py": ""})
    if not (root / PACKAGE / "testing.py").exists():
        plan.add(
            {f"{PACKAGE}/testing.py": render_file("testing.py", values, flags | {"jwt": True})}
        )
        plan.notes.append(
            f"{PACKAGE}/testing.py signs the tests' client in with a JSON Web Token. If the AUTH "
            "of this project is another one, change it there."
        )
    _wire(plan, values)
    plan.notes.append("Next:\n  python manage.py migrate\n  python manage.py test apps." + name)
    return plan


def _wire(plan: Plan, values: dict[str, str]) -> None:
    """Add the app to the list of apps, or say what to do instead."""
    path = plan.root / REGISTERED
    app = values["path"]
    old = path.read_bytes().decode("utf-8") if path.is_file() else ""
    markers = list(MARKER.finditer(old))
    if len(markers) == 1:
        [marker] = markers
        if re.search(rf"""["']{re.escape(app)}["']""", old):
            raise Refused(f"{path} names {app} already.")
        end = "\r\n" if "\r\n" in old else "\n"
        line = f'{marker["indent"]}"{app}",{end}'
        plan.edits[REGISTERED] = (old, old[: marker.start()] + line + old[marker.start() :])
        return
    why = f"{len(markers)} lines" if markers else "no line" if old else "no file"
    plan.notes.append(
        f"The app is not wired in: there is {why} that says where, in {REGISTERED}. "
        "Add it yourself:"
        f'\n  settings.py   INSTALLED_APPS += ["{app}"]'
        f"\n  urls.py       from {app}.routers import router as {values['app']}_router"
        f'\n                api.add_router("/{values["app"]}", {values["app"]}_router)'
    )
