"""What writes the record of an operation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction

from ninja_boost_core import Call, Hook, Order
from ninja_boost_core.callables import is_async
from ninja_boost_core.exceptions import set_rollback
from ninja_boost_core.steps import Do, Steps, arun, run

from .backends.base import AuditBackend, AuditError
from .backends.current import configured_backend
from .changes import difference
from .drafts import Options, Passage, actor_in, call_with, draft, status_of
from .settings import current_options
from .transactions import outside_doomed_blocks
from .writing import lost, put, unavailable

if TYPE_CHECKING:
    from ninja.operation import Operation

    from ninja_boost_core import OperationDocs

__all__ = ["AuditHook", "SnapshotHook", "hook_for"]


class AuditHook(Hook):
    """Writes one record for each call, whatever its outcome.

    Bound to an operation, it knows its backend and what there is to do before the view; a view
    that is called directly has to ask each time.
    """

    order: int = Order.AUDIT
    keeps_items: bool = True

    def __init__(self, options: Options) -> None:
        self.options = options
        self.backend: AuditBackend | None = None
        self.closed = True
        self._prepares = True

    def bind(self, operation: Operation) -> Hook | None:
        bound = copy.copy(self)
        bound.closed = self._fails_closed()
        bound.backend = configured_backend()
        # A backend whose check is the one that does nothing has nothing to be asked.
        checks = getattr(bound.backend.check, "__func__", None) is not AuditBackend.check
        bound._prepares = self.options.snapshot is not None or (bound.closed and checks)
        where = f"{'/'.join(operation.methods)} {operation.path}"
        if self.options.transactional:
            if operation.is_async:
                raise ImproperlyConfigured(
                    f"{where}: audit_log(transactional=True) needs a sync view, because Django "
                    "has no transactions in async code."
                )
            if not bound.backend.aliases:
                raise ImproperlyConfigured(
                    f"{where}: audit_log(transactional=True) needs a DatabaseBackend; see "
                    "NINJA_BOOST['AUDIT']['BACKEND']."
                )
        if not operation.is_async and is_async(self.options.snapshot):
            raise ImproperlyConfigured(
                f"{where}: audit_log(snapshot=) is async, and the view is not."
            )
        return bound

    def before_view(self, call: Call) -> None:
        passage = self._passage(call)
        if self.options.transactional and not _in_request_transaction(*self._backend().aliases):
            with ExitStack() as stack:
                for alias in sorted(self._backend().aliases):
                    stack.enter_context(transaction.atomic(using=alias))
                passage.transaction = stack.pop_all()
        if self._prepares:
            run(self._before(call, passage))

    async def abefore_view(self, call: Call) -> None:
        passage = self._passage(call)
        if self._prepares:
            await arun(self._before(call, passage))

    def on_response(self, call: Call) -> None:
        passage = self._passage(call)
        if passage.transaction is not None:
            self._end_transaction(call, passage, passage.transaction)
            return
        aliases = self._backend().aliases
        if not aliases:
            self._refuse(call, run(self._write(call, passage)))
            return
        # A caller may yet catch what a function raises that is called directly.
        leaving = call.response is None and call.error is not None and call.operation is not None
        with outside_doomed_blocks(aliases, leaving=leaving):
            failed = run(self._write(call, passage))
        self._refuse(call, failed)

    async def aon_response(self, call: Call) -> None:
        self._refuse(call, await arun(self._write(call, self._passage(call))))

    def document(self, docs: OperationDocs) -> None:
        if self.closed:
            docs.error(503, "The audit record cannot be written at the moment.")

    def describe(self) -> str:
        name = self.options.action or "its method and route"
        return f"audited as {name}, fails {'closed' if self._fails_closed() else 'open'}"

    def _fails_closed(self) -> bool:
        if self.backend is not None:
            return self.closed
        own = self.options.fail_closed
        return current_options().FAIL_CLOSED if own is None else own

    def _backend(self) -> AuditBackend:
        return configured_backend() if self.backend is None else self.backend

    def _passage(self, call: Call) -> Passage:
        passage: Passage | None = call.state.get(self)
        if passage is None:
            # Before the view, which may delete or change who it was.
            passage = call.state[self] = Passage(actor_in(call))
        return passage

    def _before(self, call: Call, passage: Passage) -> Steps[None]:
        backend = self._backend()
        if self._fails_closed():
            # Where nothing can be rolled back later, at least nothing is begun.
            def check() -> None:
                if passage.transaction is None and not _in_request_transaction(*backend.aliases):
                    backend.check()

            try:
                yield Do(check, backend.acheck)
            except AuditError as error:
                lost(error, draft(call, self.options, passage))
                raise unavailable() from error
        if self.options.snapshot is not None:
            passage.before = yield _snapshot(self.options.snapshot, call)

    def _write(self, call: Call, passage: Passage) -> Steps[AuditError | None]:
        return put(self._backend(), draft(call, self.options, passage))

    def _refuse(self, call: Call, failed: AuditError | None) -> None:
        if failed is None or not self._fails_closed():
            return
        if call.error is not None or (status_of(call) or 0) >= 400:
            return  # refused already
        # A plain NinjaAPI would commit what came before this error.
        set_rollback()
        raise unavailable() from failed

    def _end_transaction(self, call: Call, passage: Passage, stack: ExitStack) -> None:
        """Commit record and writes together; or roll the writes back, and keep the record."""
        aliases = sorted(self._backend().aliases)
        status = call.response.status_code if call.response is not None else 200
        failed: AuditError | None = None
        try:
            with stack:
                ends = call.error is not None or status >= 500
                ends = ends or any(transaction.get_rollback(using=alias) for alias in aliases)
                if not ends:
                    failed = run(self._write(call, passage))
                if ends or (failed is not None and self._fails_closed()):
                    for alias in aliases:
                        transaction.set_rollback(True, using=alias)
        except Exception as error:
            # The commit failed, and with it the record of a success.
            call.error, call.response = error, None
            run(self._write(call, passage))
            raise
        if ends:
            with outside_doomed_blocks(aliases, leaving=call.response is None):
                failed = run(self._write(call, passage))
        self._refuse(call, failed)


class SnapshotHook(AuditHook):
    """The same with what the view has changed."""

    def after_view(self, call: Call, result: Any) -> Any:
        run(self._after(call, self._passage(call)))
        return result

    async def aafter_view(self, call: Call, result: Any) -> Any:
        await arun(self._after(call, self._passage(call)))
        return result

    def _after(self, call: Call, passage: Passage) -> Steps[None]:
        if self.options.snapshot is not None:
            after = yield _snapshot(self.options.snapshot, call)
            # What fails here still gets the record of an error.
            passage.changes = difference(passage.before, after)


def hook_for(options: Options) -> AuditHook:
    """Return the hook for the arguments of ``audit_log``."""
    return AuditHook(options) if options.snapshot is None else SnapshotHook(options)


def _snapshot(take: Callable[..., Any], call: Call) -> Do:
    taking = partial(call_with, take, call.values)

    # A copy, because the view may have the same object, and change it.
    def snapshot() -> Any:
        return copy.copy(taking())

    async def asnapshot() -> Any:
        if is_async(take):
            return copy.copy(await taking())
        return await sync_to_async(snapshot)()

    return Do(snapshot, asnapshot)


def _in_request_transaction(*aliases: str) -> bool:
    """Whether ATOMIC_REQUESTS has opened a transaction on all of these databases."""
    opened = [
        connections[alias].in_atomic_block and connections[alias].settings_dict["ATOMIC_REQUESTS"]
        for alias in aliases
    ]
    return bool(opened) and all(opened)
