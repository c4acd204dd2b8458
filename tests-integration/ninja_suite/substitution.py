"""A pytest plugin: puts our classes in the place of Ninja's before a test imports them.

The environment says what to do: ``NINJA_SUITE_VARIANT`` is ``plain`` for nothing, ``api`` for
AutoAPI in NinjaAPI's place, ``router`` for AutoRouter in Router's as well.
``NINJA_SUITE_REPORT`` is the file that gets the outcome of each test as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import ninja
import pytest

from ninja_boost_core import AutoAPI, AutoRouter

VARIANT = os.environ["NINJA_SUITE_VARIANT"]
outcomes: dict[str, str] = {}


class ComparableAPI(AutoAPI):
    """AutoAPI whose document leaves out the errors that no view declared.

    Ninja documents declared responses alone, and its tests compare whole documents: without
    the additions everything else in them is compared too.
    """

    def get_openapi_schema(self, **options: Any) -> Any:
        document = super().get_openapi_schema(**options)
        for path_item in document["paths"].values():
            for operation in path_item.values():
                responses = operation["responses"]
                added = [code for code, body in responses.items() if is_added_error(code, body)]
                for code in added:
                    del responses[code]
        return document


def is_added_error(code: Any, body: dict[str, Any]) -> bool:
    return code in (400, 401, 413, 422, 429) and "content" not in body


def substitute(name: str, ours: type) -> None:
    """Set ``name`` to ``ours`` in each module of Ninja's that has imported it."""
    theirs = getattr(ninja, name)
    for module_name, module in list(sys.modules.items()):
        is_ninjas = module_name == "ninja" or module_name.startswith("ninja.")
        if is_ninjas and getattr(module, name, None) is theirs:
            setattr(module, name, ours)


def router_urls(client: Any) -> Any:
    """Return the URLs of a test client, which the API makes even for a router by itself.

    The test client of Ninja 1.5 binds a router to an API that never learns of it.
    """
    if not hasattr(client, "_urls_cache"):
        api = client.router_or_app
        if not isinstance(api, AutoAPI):
            api = ComparableAPI()
            client.router_or_app.set_api_instance(api)
            api._routers.append(("", client.router_or_app))
        client._urls_cache = api.urls[0]
    return client._urls_cache


if VARIANT in ("api", "router"):
    substitute("NinjaAPI", ComparableAPI)
    if hasattr(ninja.Router, "set_api_instance"):
        from ninja.testing.client import NinjaClientBase

        NinjaClientBase.urls = property(router_urls)  # type: ignore[assignment, method-assign]
if VARIANT == "router":
    substitute("Router", AutoRouter)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # A test has three phases, and one that fails decides.
    worst = ("failed", "skipped", "passed")
    known = outcomes.get(report.nodeid, "passed")
    outcomes[report.nodeid] = min(known, report.outcome, key=worst.index)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        outcomes[report.nodeid] = "failed"


def pytest_sessionfinish() -> None:
    Path(os.environ["NINJA_SUITE_REPORT"]).write_text(json.dumps(outcomes), encoding="utf-8")
