"""Runs a case on plain Ninja and on ours, and compares what comes back."""

import asyncio
import functools
import inspect
import json
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ninja
from asgiref.sync import iscoroutinefunction
from django.core.cache import cache
from django.test import AsyncClient, Client, override_settings
from django.utils.version import get_version_tuple
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoAPI, AutoRouter

from .support import serving

BARE = {"AUTH": None, "RESPONSE_WRAPPER": None, "ERRORS": "ninja"}
ENVELOPED = {"AUTH": None}

Status = getattr(ninja, "Status", None)
NEEDS_STATUS = None if Status else "Status came with Ninja 1.6"
NEEDS_STREAMS = None if hasattr(ninja, "streaming") else "stream formats came with Ninja 1.6"
NEEDS_ASYNC_AUTH = (
    None
    if get_version_tuple(ninja.__version__) >= (1, 7)
    else "before 1.7 Ninja refuses everybody when a sync view has async authentication"
)
NEEDS_MOUNTS = (
    None if hasattr(NinjaAPI, "_get_bound_routers") else "mounting twice came with Ninja 1.6"
)


@dataclass(frozen=True)
class Setup:
    """One pairing of our classes with Ninja's, and the settings it runs with."""

    name: str
    api_class: type[NinjaAPI]
    router_class: type[Router]
    enveloped: bool = False


PLAIN = Setup("plain", NinjaAPI, Router)
SETUPS = [
    Setup("auto api, plain router", AutoAPI, Router),
    Setup("auto api, auto router", AutoAPI, AutoRouter),
    Setup("plain api, auto router", NinjaAPI, AutoRouter),
    Setup("auto api, plain router, enveloped", AutoAPI, Router, enveloped=True),
    Setup("auto api, auto router, enveloped", AutoAPI, AutoRouter, enveloped=True),
]


class Site:
    """What a case builds on: an API, a router below it, and the classes to make more."""

    def __init__(self, setup: Setup, is_async: bool, api_options: dict[str, Any]) -> None:
        self.Router = async_router(setup.router_class) if is_async else setup.router_class
        options = {name: make() for name, make in api_options.items()}
        self.api = setup.api_class(**options)
        self.router = self.Router()


@functools.cache
def async_router(router_class: type[Router]) -> type[Router]:
    """Return a router that makes each plain function a coroutine function before it adds it."""

    class AsyncRouter(router_class):
        def add_api_operation(self, path, methods, view_func, **options):
            view = as_async(view_func)
            super().add_api_operation(path, methods, view, **options)
            if view is not view_func:
                view_func._ninja_operation = view._ninja_operation

    return AsyncRouter


def as_async(view):
    is_plain = inspect.isfunction(view) and not iscoroutinefunction(view)
    if not is_plain or inspect.isgeneratorfunction(view) or inspect.isasyncgenfunction(view):
        return view

    @functools.wraps(view)
    async def async_view(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    return async_view


@dataclass
class Req:
    """One request of a case.

    Attributes:
        own: the view's, the project's or Django's own response, which nothing changes.
    """

    method: str
    path: str
    options: dict[str, Any] = field(default_factory=dict)
    own: bool = False


def get(path, *, own=False, **options):
    return Req("get", path, options, own)


def post(path, data=None, *, own=False, **options):
    if data is not None:
        options = {"data": data, "content_type": "application/json", **options}
    return Req("post", path, options, own)


def form(path, data, **options):
    return Req("post", path, {"data": data, **options})


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: str
    body: bytes
    streaming: bool

    def json(self):
        return json.loads(self.body)


@dataclass
class Case:
    build: Callable[[Site], None]
    requests: list[Req]
    kinds: tuple[str, ...]
    api_options: dict[str, Callable[[], Any]]
    skip: str | None
    compares_documents: bool

    def __repr__(self):
        return self.build.__name__


@dataclass
class Outcome:
    answers: dict[str, list[Answer]]
    warnings: set[str]
    document: Any
    urls: list[tuple[str, str]]


CASES: list[Case] = []


def case(*requests, kinds=("sync", "async"), api_options=None, skip=None, documents=True):
    """Register a case: its requests give the same answers in every setup.

    Args:
        kinds: ``sync`` as written, ``async`` with every view made a coroutine function.
        api_options: keywords of the API; each value is made anew by calling it.
        documents: whether the OpenAPI documents are compared too.
    """

    def register(build):
        CASES.append(Case(build, list(requests), kinds, api_options or {}, skip, documents))
        return build

    return register


def run(setup: Setup, tested: Case, kind: str) -> Outcome:
    """Build the case, ask its requests with both clients, and note what can be compared."""
    with (
        override_settings(NINJA_BOOST=ENVELOPED if setup.enveloped else BARE),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        cache.clear()
        site = Site(setup, kind == "async", tested.api_options)
        tested.build(site)
        site.api.add_router("", site.router)
        with serving(api=site.api):
            answers = {"wsgi": ask_wsgi(tested.requests), "asgi": ask_asgi(tested.requests)}
            urls = [(str(url.pattern), url.name) for url in site.api.urls[0]]
            is_documented = tested.compares_documents and not setup.enveloped
            # A coroutine function is documented as the function is.
            is_documented = is_documented and kind == tested.kinds[0]
            document = comparable_document(site.api) if is_documented else None
    texts = {f"{warning.category.__name__}: {warning.message}" for warning in caught}
    return Outcome(answers, texts, document, urls)


@functools.cache
def run_plain(index: int, kind: str) -> Outcome:
    return run(PLAIN, CASES[index], kind)


CLIENT = {"enforce_csrf_checks": True, "raise_request_exception": False}


def ask_wsgi(requests: list[Req]) -> list[Answer]:
    return [
        answer(getattr(Client(**CLIENT), request.method)(f"/api{request.path}", **fresh(request)))
        for request in requests
    ]


def ask_asgi(requests: list[Req]) -> list[Answer]:
    async def ask(request):
        method = getattr(AsyncClient(**CLIENT), request.method)
        response = await method(f"/api{request.path}", **fresh(request))
        if response.streaming and response.is_async:
            return answer(response, b"".join([part async for part in response.streaming_content]))
        return answer(response)

    async def ask_all():
        return [await ask(request) for request in requests]

    return asyncio.run(ask_all())


def fresh(request: Req) -> dict[str, Any]:
    """Return the options with new files: a client reads them to their end."""
    options = dict(request.options)
    data = options.get("data")
    if isinstance(data, dict):
        options["data"] = {
            key: value()
            if callable(value)
            else [v() if callable(v) else v for v in value]
            if isinstance(value, list)
            else value
            for key, value in data.items()
        }
    return options


def answer(response, body=None) -> Answer:
    if body is None:
        body = b"".join(response) if response.streaming else response.content
    headers = {name.lower(): value for name, value in response.headers.items()}
    if "allow" in headers:
        headers["allow"] = ", ".join(sorted(headers["allow"].split(", ")))
    # ``expires`` is the clock; ``max-age`` says the same.
    cookies = re.sub(r"expires=[^;]*", "expires=", response.cookies.output())
    return Answer(response.status_code, headers, cookies, body, response.streaming)


def comparable_document(api: NinjaAPI) -> Any:
    """Return the document without what AutoAPI does on purpose.

    It documents errors that no view declared, and numbers the ids of views of one name.
    """
    document = json.loads(json.dumps(api.get_openapi_schema(path_prefix=""), default=str))
    for path_item in document["paths"].values():
        for operation in path_item.values():
            operation["operationId"] = re.sub(r"_\d+$", "", operation["operationId"])
            operation["responses"] = {
                code: response
                for code, response in operation["responses"].items()
                if code not in ("400", "401", "413", "422", "429") or "content" in response
            }
    return document
