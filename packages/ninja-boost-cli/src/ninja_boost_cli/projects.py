"""``startproject`` and ``config``."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from pathlib import Path

from .apps import app_values
from .names import check_project_name
from .options import Choice
from .plan import Plan
from .rendering import render_file, render_tree
from .wheels import find_wheels

__all__ = ["config_block", "start_project"]

EXAMPLE = "items"
TOKEN_AUTH = "{project}.auth.ServiceToken"  # noqa: S105
GUARDED = ("docs", "rate-limiting", "security-headers")
"""What acts, or warns of a deployment, by being installed: left out means switched off."""
SESSION_AUTH = "ninja.security.django_auth"


def start_project(
    name: str, choice: Choice, *, parent: Path | None = None, source: Path | None = None
) -> Plan:
    """Return the plan of a project that runs, in a directory of its name.

    Args:
        name: of the project, and of its package.
        choice: the options.
        parent: where the directory will be; the current one by default.
        source: a checkout of django-ninja-boost, or a directory with its wheels.

    Raises:
        Refused: the name is none, or the source has no packages.
    """
    check_project_name(name)
    wheels = find_wheels(source)
    plan = Plan((parent or Path.cwd()) / name, private=frozenset({".env"}))
    flags = choice.flags()
    values = app_values(EXAMPLE) | {
        "project": name,
        # Images and Kubernetes know neither capitals nor, for the latter, underscores.
        "image": re.sub("_+", "-", name.lower()),
        "wheels": "".join(f"./wheels/{each}\n" for each in wheels.names),
        "secret": secrets.token_urlsafe(48),
        "token": secrets.token_urlsafe(48),
        "audit_key": secrets.token_urlsafe(48),
        "webhook_secret": "whsec_" + b64encode(secrets.token_bytes(32)).decode(),
        "root": "/api/v1/" if flags["versioning"] else "/api/",
    }
    auth = TOKEN_AUTH.format(project=name)
    values["settings"] = _settings(choice, auth)
    plan.add(render_tree("project", values, flags))
    plan.add({"apps/testing.py": render_file("testing.py", values, flags)})
    example = render_tree("app", values, flags)
    plan.add({f"apps/{EXAMPLE}/{path}": text for path, text in example.items()})
    plan.files |= {f"wheels/{path.name}": path.read_bytes() for path in wheels.found}
    steps = [f"cd {name}"]
    if not wheels.found:
        where = f"{wheels.checkout}/packages/*" if wheels.checkout else "CHECKOUT/packages/*"
        steps.append(f"python -m pip wheel --no-deps --wheel-dir wheels {where}")
    steps.append("python -m pip install -r requirements.txt")
    steps.append("python manage.py migrate")
    if flags["jwt"]:
        steps.append("python manage.py createsuperuser")
    steps.append("python manage.py runserver")
    plan.notes.append("\n".join(["Next:", *(f"  {step}" for step in steps)]))
    return plan


def config_block(choice: Choice) -> str:
    """Return the settings of ours for an existing project, as Python source."""
    flags = choice.flags()
    values = {"settings": _settings(choice, SESSION_AUTH)}
    return render_file("config.py", values, flags)


def _settings(choice: Choice, other_auth: str) -> str:
    disabled = [f'"{name.replace("-", "_")}"' for name in GUARDED if name not in choice.options]
    values = {"auth": other_auth, "disabled": ", ".join(disabled)}
    flags = choice.flags() | {"disabled": bool(disabled)}
    return render_file("ninja_boost.py", values, flags).strip("\n")
