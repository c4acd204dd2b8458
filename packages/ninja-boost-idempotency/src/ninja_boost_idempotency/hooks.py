"""Idempotency in the pipeline."""

from __future__ import annotations

import copy
import hmac
import logging
import secrets
import time
import weakref
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction

from ninja_boost_core import ApiError, Call, Hook, Order
from ninja_boost_core.steps import Do, Step, Steps, arun, run

from ._statistics import count
from .fingerprints import fingerprint, is_multipart
from .keys import MAX_LENGTH, STANDARD_HEADER, read_key
from .middleware import covers_all
from .outcomes import REPLAY_HEADER, UNREPEATABLE, asks_again, dump, replay
from .policies import Options, Policy
from .scopes import name_of, scope_of
from .stores.base import Attempt, Record, Store, StoreError
from .transactions import on_commit_alias, shares_transaction

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from ninja.operation import Operation

    from ninja_boost_core import OperationDocs

__all__ = ["DefaultIdempotencyHook", "IdempotencyHook", "hooks_in_use"]

logger: logging.Logger = logging.getLogger("ninja_boost.idempotency")

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5

_in_use: weakref.WeakSet[IdempotencyHook] = weakref.WeakSet()


@dataclass(slots=True)
class _Hold:
    """What one request holds: a key, a transaction, or both."""

    policy: Policy
    name: str
    attempt: Attempt
    holds: bool = False
    transaction: ExitStack | None = field(default=None)


class IdempotencyHook(Hook):
    """Runs an operation once for each key."""

    order: int = Order.IDEMPOTENCY

    def __init__(self, options: Options, place: str = "") -> None:
        self.options = options
        self.place = place
        self._policy: Policy | None = None
        _in_use.add(self)

    def bind(self, operation: Operation) -> Hook | None:
        policy = self.options.policy()
        name = f"{'/'.join(operation.methods)} {operation.path}"
        if getattr(operation, "stream_format", None) is not None:
            raise ImproperlyConfigured(
                f"{name}: idempotent() cannot repeat a stream. Take it away, or return a response."
            )
        if policy.store.transactional and operation.is_async:
            raise ImproperlyConfigured(
                f"{name}: {type(policy.store).__name__}(transactional=True) needs a sync view, "
                "because Django has no transactions in async code."
            )
        if not self._knows_callers(operation):
            raise ImproperlyConfigured(
                f"{name}: idempotent() on an operation without authentication, whose callers "
                "could read each other's results. Give it auth, scope= (a callable over the "
                "request and ctx), or allow_anonymous=True."
            )
        bound = copy.copy(self)
        bound._policy = policy
        return bound

    def before_view(self, call: Call) -> HttpResponse | None:
        return run(self._begin(call))

    async def abefore_view(self, call: Call) -> HttpResponse | None:
        return await arun(self._begin(call))

    def on_response(self, call: Call) -> None:
        hold: _Hold | None = call.state.pop(self, None)
        if hold is None:
            return
        if hold.transaction is not None:
            self._end_transaction(call, hold, hold.transaction)
        elif hold.holds:
            run(self._end(call, hold))

    async def aon_response(self, call: Call) -> None:
        hold: _Hold | None = call.state.pop(self, None)
        if hold is not None and hold.holds:
            await arun(self._end(call, hold))

    def document(self, docs: OperationDocs) -> None:
        policy = self._policy or self.options.policy()
        key = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}
        docs.parameter(
            policy.header,
            "header",
            key,
            required=policy.required,
            description="Chosen by the client; a retry with the same key runs once.",
        )
        if policy.header.lower() != STANDARD_HEADER.lower():
            docs.parameter(
                STANDARD_HEADER, "header", key, description=f"The same as {policy.header}."
            )
        docs.error(400, "The idempotency key is malformed.")
        if policy.required:
            docs.error(400, "The idempotency key is missing.")
        docs.error(409, "The first request with this key is still running.")
        docs.error(422, "The idempotency key was used for another request.")
        if policy.closed:
            docs.error(503, "Idempotency keys cannot be checked at the moment.")
        docs.header(
            REPLAY_HEADER,
            {"type": "string", "enum": ["true"]},
            description="The response is that of an earlier request with this key.",
        )

    def describe(self) -> str:
        policy = self._policy or self.options.policy()
        required = ", required" if policy.required else ""
        return f"idempotent for {policy.ttl:g} s, lease {policy.lease:g} s{required}"

    def _knows_callers(self, operation: Operation) -> bool:
        if self.options.allow_anonymous or callable(self.options.scope):
            return True
        # Operations of ours know what the AUTH setting adds.
        return bool(getattr(operation, "authentication", operation.auth_callbacks))

    def _begin(self, call: Call) -> Steps[HttpResponse | None]:
        policy = self._policy or self.options.policy()
        request = call.request
        key = read_key(request, policy.header)
        if key is None:
            if policy.required:
                raise ApiError(
                    400,
                    f"{policy.header} is missing: send a key of your own with each request, and "
                    "the same one when you repeat it.",
                    code="idempotency_key_missing",
                )
            return None
        scope = scope_of(call, self.options.scope, self.options.allow_anonymous)
        name = name_of(scope, self._operation_of(call), key)
        digest = yield _fingerprint(request)
        attempt = Attempt(secrets.token_hex(16), digest, policy.lease, policy.ttl)
        hold = _Hold(policy, name, attempt)
        if policy.store.transactional:
            hold.transaction = _open(policy.store)
        call.state[self] = hold
        try:
            record: Record | None = yield from self._claim(hold)
        except StoreError as error:
            if policy.closed or hold.transaction is not None:
                raise self._failed(error) from error
            self._failed(error)
            del call.state[self]
            return None
        if record is None:
            hold.holds = True
            count("executed")
            return None
        if record.result is None:
            count("in_progress")
            raise ApiError(
                409,
                "A request with this idempotency key is still running. Try again soon.",
                code="idempotency_in_progress",
                headers={"Retry-After": "1"},
            )
        count("replayed")
        return replay(record.result)

    def _claim(self, hold: _Hold) -> Steps[Record | None]:
        """Claim the key, and wait for as long as asked while somebody else has it."""
        store, name, attempt = hold.policy.store, hold.name, hold.attempt
        until = time.monotonic() + hold.policy.wait
        pause = FIRST_PAUSE
        while True:
            record: Record | None = yield Do(
                partial(store.claim, name, attempt), partial(store.aclaim, name, attempt)
            )
            if record is None:
                return None
            if record.fingerprint is not None and not hmac.compare_digest(
                record.fingerprint, attempt.fingerprint
            ):
                count("mismatched")
                raise ApiError(
                    422,
                    "This idempotency key was used for another request. Use a new key, or "
                    "repeat the request as it was.",
                    code="idempotency_key_reused",
                )
            left = until - time.monotonic()
            if record.result is not None or left <= 0:
                return record
            yield _sleep(min(pause, left))
            pause = min(pause * 2, LONGEST_PAUSE)

    def _operation_of(self, call: Call) -> list[str]:
        if call.operation is None:
            return ["view", self.place]
        return ["operation", call.request.method or "", call.route or call.operation.path]

    def _end(self, call: Call, hold: _Hold) -> Steps[None]:
        """Keep the result or free the key, where no transaction of ours is open."""
        policy, name, attempt = hold.policy, hold.name, hold.attempt
        store = policy.store
        result = _result(call, policy)
        shared = shares_transaction(store)
        if shared and connections[cast(str, store.using)].needs_rollback:
            return  # which frees the key
        if result is None:
            step = Do(partial(store.release, name, attempt), partial(store.arelease, name, attempt))
        else:
            step = Do(
                partial(store.complete, name, attempt, result),
                partial(store.acomplete, name, attempt, result),
            )
        alias = None if shared else on_commit_alias()
        if alias is not None:
            # What the view wrote is not committed yet, and may never be.
            later = partial(run, self._settle(step, hold, result, shared=False))
            transaction.on_commit(later, using=alias)
            return
        yield from self._settle(step, hold, result, shared=shared)

    def _settle(
        self, step: Step, hold: _Hold, result: bytes | None, *, shared: bool
    ) -> Steps[None]:
        try:
            ours = yield step
        except StoreError as error:
            if shared:
                transaction.set_rollback(True, using=hold.policy.store.using)
                raise self._failed(error) from error
            # The view has run, so its answer is the truth; a retry after the lease runs again.
            self._failed(error)
            return
        if not ours and result is not None:
            count("fenced")
            logger.warning(
                "A request outlived its lease of %g s, and its idempotency key had been taken "
                "over: its result was sent but not kept. Make the lease longer than the "
                "longest request.",
                hold.attempt.lease,
                extra={"idempotency_name": hold.name},
            )

    def _end_transaction(self, call: Call, hold: _Hold, stack: ExitStack) -> None:
        """Commit result and writes together, or roll both back."""
        policy, using = hold.policy, hold.policy.store.using
        with stack:
            result = _result(call, policy) if hold.holds and call.error is None else None
            if result is None:
                transaction.set_rollback(True, using=using)
                return
            if transaction.get_rollback(using=using):
                return  # as the view wants it
            try:
                kept = policy.store.complete(hold.name, hold.attempt, result)
            except StoreError as error:
                raise self._failed(error) from error
            if not kept:
                raise self._failed(StoreError("The key is no longer the transaction's own."))

    def _failed(self, error: StoreError) -> ApiError:
        count("store_failures")
        logger.error("The idempotency store failed: %s", error)
        return ApiError(
            503,
            "Idempotency keys cannot be checked at the moment. Try again later.",
            code="idempotency_unavailable",
            headers={"Retry-After": "1"},
        )


class DefaultIdempotencyHook(IdempotencyHook):
    """Stands at every operation that may need one, for IdempotencyMiddleware."""

    def bind(self, operation: Operation) -> Hook | None:
        if not covers_all() or getattr(operation, "stream_format", None) is not None:
            return None
        if not self._knows_callers(operation):
            return None
        return super().bind(operation)


def hooks_in_use() -> list[IdempotencyHook]:
    """Return the hooks that there are, for system checks."""
    return list(_in_use)


def _result(call: Call, policy: Policy) -> bytes | None:
    """Return what to keep, or None to free the key.

    Only what the view itself did is kept, and a failure only if the policy says so.
    """
    if not call.entered_view:
        return None
    response = call.response
    if response is None:
        if call.operation is None and call.error is None:
            # The view was called directly: it has run, and there is no response to keep.
            return UNREPEATABLE
        return UNREPEATABLE if policy.store_5xx else None
    if asks_again(response.status_code):
        return None
    if response.status_code >= 500 and not policy.store_5xx:
        return None
    return dump(response, policy.max_body)


def _open(store: Store) -> ExitStack:
    """Open the transaction that the store wants."""
    stack = ExitStack()
    stack.enter_context(transaction.atomic(using=store.using))
    return stack


def _fingerprint(request: HttpRequest) -> Do:
    def call() -> str:
        return fingerprint(request)

    async def acall() -> str:
        # Uploaded files may be on disk.
        if is_multipart(request):
            return await sync_to_async(fingerprint)(request)
        return fingerprint(request)

    return Do(call, acall)


def _sleep(duration: float) -> Do:
    import asyncio

    return Do(partial(time.sleep, duration), partial(asyncio.sleep, duration))
