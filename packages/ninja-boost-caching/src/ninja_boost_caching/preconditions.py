"""Lost updates: a change that names the state it was made from (RFC 9110, section 13.1.1)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core import ApiError, Call, Hook, Order
from ninja_boost_core.callables import is_async
from ninja_boost_core.steps import Do, Steps, arun, run

from .representations import matches_any

if TYPE_CHECKING:
    from ninja.operation import Operation

    from ninja_boost_core import OperationDocs

__all__ = ["PreconditionHook"]


class PreconditionHook(Hook):
    """Answers 412 when If-Match names another state than the current one."""

    # After idempotency: a retry of a change that was made repeats its answer.
    order: Order = Order.CACHE

    def __init__(self, etag: Callable[..., Any], required: bool) -> None:
        self.etag = etag
        self.required = required

    def bind(self, operation: Operation) -> Hook | None:
        if is_async(self.etag) and not operation.is_async:
            raise ImproperlyConfigured(
                f"{'/'.join(operation.methods)} {operation.path}: if_match() has an async "
                "callable, and the view is sync."
            )
        return copy.copy(self)

    def before_view(self, call: Call) -> None:
        run(self._check(call))

    async def abefore_view(self, call: Call) -> None:
        await arun(self._check(call))

    def document(self, docs: OperationDocs) -> None:
        docs.parameter(
            "If-Match",
            "header",
            {"type": "string"},
            required=self.required,
            description="The ETag of the state that the request was made from.",
        )
        docs.error(412, "If-Match names another state than the current one.")
        if self.required:
            docs.error(428, "If-Match is missing.")

    def describe(self) -> str:
        return "If-Match required" if self.required else "If-Match"

    def _check(self, call: Call) -> Steps[None]:
        condition = call.request.META.get("HTTP_IF_MATCH")
        if condition is None:
            if self.required:
                raise ApiError(
                    428,
                    "If-Match is missing: send the ETag of the state that you change.",
                    code="precondition_required",
                )
            return
        current: str | None = yield self._current(call)
        if not matches_any(condition, None if current is None else _quoted(current), strong=True):
            raise ApiError(
                412,
                "Somebody has changed it in the meantime. Read it again before you change it.",
                code="precondition_failed",
            )

    def _current(self, call: Call) -> Do:
        ask = partial(self.etag, call.request, call.ctx, **call.values)
        # A plain function may query the database.
        return Do(ask, ask if is_async(self.etag) else sync_to_async(ask))


def _quoted(etag: str) -> str:
    if not isinstance(etag, str):
        raise ImproperlyConfigured(
            f"if_match(): the callable returned a {type(etag).__name__}; return a text or None."
        )
    if etag.startswith(('"', "W/")):
        return etag
    if '"' in etag:
        raise ImproperlyConfigured("if_match(): an ETag cannot hold a quotation mark.")
    return f'"{etag}"'
