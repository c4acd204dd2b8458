"""The response cache in the pipeline."""

from __future__ import annotations

import copy
from collections.abc import Generator
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse

from ninja_boost_core import Call, Hook, Order
from ninja_boost_core.steps import arun, run

from .answers import Miss, finish
from .lookups import Found, look_up
from .policies import READS, Options, Policy

if TYPE_CHECKING:
    from ninja.operation import Operation

    from ninja_boost_core import OperationDocs

__all__ = ["CacheHook", "document_not_modified"]


class CacheHook(Hook):
    """Answers from the cache, and fills it."""

    order: Order = Order.CACHE

    def __init__(self, options: Options, view: str) -> None:
        self.options = options
        self.view = view
        self._policy: Policy | None = None

    def bind(self, operation: Operation) -> Hook | None:
        name = f"{'/'.join(operation.methods)} {operation.path}"
        if READS.isdisjoint(operation.methods):
            raise ImproperlyConfigured(
                f"{name}: cache_response() keeps answers to GET and HEAD alone. Take it away."
            )
        if getattr(operation, "stream_format", None) is not None:
            raise ImproperlyConfigured(f"{name}: cache_response() cannot keep a stream.")
        document_not_modified(operation)
        bound = copy.copy(self)
        bound._policy = Policy.of(self.options, operation, self.view)
        return bound

    def before_view(self, call: Call) -> HttpResponse | None:
        found = look_up(call, self._policy)
        return self._noted(call, run(found) if isinstance(found, Generator) else found)

    async def abefore_view(self, call: Call) -> HttpResponse | None:
        found = look_up(call, self._policy)
        return self._noted(call, await arun(found) if isinstance(found, Generator) else found)

    def on_response(self, call: Call) -> None:
        miss: Miss | None = call.state.pop(self, None)
        if miss is not None:
            run(finish(call, miss))

    async def aon_response(self, call: Call) -> None:
        miss: Miss | None = call.state.pop(self, None)
        if miss is not None:
            await arun(finish(call, miss))

    def document(self, docs: OperationDocs) -> None:
        policy = self._policy or Policy.of(self.options, docs.operation, self.view)
        text = {"type": "string"}
        docs.parameter(
            "If-None-Match", "header", text, description="ETags that the client has already."
        )
        for status in (200, 304):
            docs.header("ETag", text, description="Identifies the answer.", status=status)
            docs.header(
                "Age", {"type": "integer"}, description="Seconds in the cache.", status=status
            )
        docs.header("Cache-Status", text, description="How the cache answered (RFC 9211).")
        if policy.closed:
            docs.error(503, "The cache does not answer.")

    def describe(self) -> str:
        key = self.options.key
        whose = "own key" if callable(key) else f"key {key or 'shared'}"
        return f"cached for {self._policy.ttl:g} s, {whose}" if self._policy else f"cached, {whose}"

    def _noted(self, call: Call, found: Found | None) -> HttpResponse | None:
        if isinstance(found, Miss):
            call.state[self] = found
            return None
        return found


def document_not_modified(operation: Operation) -> None:
    """Give an operation a 304 without a body; Ninja calls this when it is created."""
    operation.response_models.setdefault(304, None)
