"""The hook that lets a request in if its signature is right."""

from __future__ import annotations

import logging
import re
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.core.exceptions import RequestDataTooBig
from django.db.transaction import TransactionManagementError
from django.http import HttpResponse

from ninja_boost_core import ApiError, Call, Hook, OperationDocs, Order, event_bus
from ninja_boost_core.conf import boost_settings

from .replays import DONE, Claim, StoreFailed, claim_of
from .schemes import Scheme
from .settings import Replay, WebhookOptions, WebhookSettings
from .sources import Secret, Source
from .twilio import TWILIO
from .verification import Outcome, Reason, missing_headers, verify

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

__all__ = ["ON_WEBHOOK_REFUSED", "WebhookHook", "hooks"]

ON_WEBHOOK_REFUSED: Final = "on_webhook_refused"
"""Event: ``request``, ``scheme``, ``endpoint`` and ``reason``, the text that is logged."""

event_bus.declare(ON_WEBHOOK_REFUSED, ("request", "scheme", "endpoint", "reason"))
logger: logging.Logger = logging.getLogger("ninja_boost.webhooks")

_LENGTH = re.compile(r"[0-9]{1,18}")

hooks: weakref.WeakSet[WebhookHook] = weakref.WeakSet()
"""Every hook of the process, for the system checks."""


class Refusal(Exception):
    """Why a request is refused, for the log, and the answer that it gets.

    Args:
        level: of the log entry; an error is one of the project's own.
    """

    def __init__(self, answer: ApiError, reason: str, level: int = logging.WARNING) -> None:
        super().__init__(reason)
        self.answer = answer
        self.reason = reason
        self.level = level


class WebhookHook(Hook):
    """Verifies the signature over the raw body, before authentication and parsing.

    Args:
        scheme: how the sender signs.
        source: gives the secrets.
        endpoint: name of the view, for logs and replay keys.
        tolerance: seconds by which a signed timestamp may be wrong, either way.
        max_body, replay, public_url: replace the settings of these names if not None.
    """

    order: int = Order.VERIFY

    def __init__(
        self,
        scheme: Scheme,
        source: Source,
        endpoint: str,
        *,
        tolerance: int,
        max_body: int | None = None,
        replay: Replay | None = None,
        public_url: str | None = None,
    ) -> None:
        self.scheme = scheme
        self.source = source
        self.endpoint = endpoint
        self.tolerance = tolerance
        self._max_body = max_body
        self._replay = replay
        self._public_url = public_url
        hooks.add(self)

    def before_auth(self, call: Call) -> HttpResponseBase | None:
        try:
            body = self._receive(call.request)
            outcome = self._check(call.request, body, self.source.read())
            claim = self._new_claim(call, outcome)
            return None if claim is None else self._admit(call, claim, claim.take())
        except (Refusal, StoreFailed) as error:
            refusal = self._refusal(call, error)
        if refusal is None:
            return None
        event_bus.emit(ON_WEBHOOK_REFUSED, request=call.request, **self._log(refusal))
        raise refusal.answer

    async def abefore_auth(self, call: Call) -> HttpResponseBase | None:
        try:
            body = self._receive(call.request)
            outcome = self._check(call.request, body, await self.source.aread())
            claim = self._new_claim(call, outcome)
            return None if claim is None else self._admit(call, claim, await claim.atake())
        except (Refusal, StoreFailed) as error:
            refusal = self._refusal(call, error)
        if refusal is None:
            return None
        await event_bus.aemit(ON_WEBHOOK_REFUSED, request=call.request, **self._log(refusal))
        raise refusal.answer

    def on_response(self, call: Call) -> None:
        claim: Claim | None = call.state.get(self)
        if claim is not None:
            handled = was_handled(call)
            try:
                claim.settle(handled)
            except StoreFailed as error:
                self._settling_failed(error, handled)

    async def aon_response(self, call: Call) -> None:
        claim: Claim | None = call.state.get(self)
        if claim is not None:
            handled = was_handled(call)
            try:
                await claim.asettle(handled)
            except StoreFailed as error:
                self._settling_failed(error, handled)

    def document(self, docs: OperationDocs) -> None:
        for name, description in self.scheme.headers.items():
            given = {"type": "string", "minLength": 1}
            docs.parameter(name, "header", given, description=description, required=True)
        docs.error(400, "A header of the signature is missing.")
        docs.error(401, "The signature is not valid.")
        docs.error(413, "The body is too large.")
        if self.replay != "allow":
            docs.error(409, "The delivery was received before.")
            if options().ON_ERROR == "closed":
                docs.error(503, "Deliveries cannot be told apart at the moment.")

    def describe(self) -> str:
        return f"{self.scheme.name} signature ({self.source})"

    @property
    def replay(self) -> Replay:
        return self._replay or options().REPLAY

    def public_url(self) -> str | None:
        return self._public_url or options().PUBLIC_URL

    def _receive(self, request: HttpRequest) -> bytes:
        """Return the body of a request that has the headers and is not too long.

        Raises:
            Refusal: if not; before the secrets are read and before anything is hashed.
        """
        headers = {name.lower(): value for name, value in request.headers.items()}
        if missing := missing_headers(self.scheme, headers):
            names = ", ".join(missing)
            answer = ApiError(400, f"Missing header: {names}.", code="missing_signature")
            raise Refusal(answer, f"{Reason.MISSING}: {names}")
        limit = self._max_body or options().MAX_BODY
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if _LENGTH.fullmatch(declared) is None:
            raise Refusal(ApiError(400, "Bad request."), "malformed Content-Length")
        if int(declared) > limit:
            raise _too_large()
        try:
            body = request.body
        except RequestDataTooBig:
            raise _too_large() from None
        # What comes in chunks, or from a server that does not hold a sender to its word.
        if len(body) > limit:
            raise _too_large()
        return body

    def _check(self, request: HttpRequest, body: bytes, secrets: tuple[Secret, ...]) -> Outcome:
        """Return the outcome for a message that is accepted; raise Refusal for another."""
        outcome = verify(
            self.scheme,
            secrets,
            request.headers,
            body,
            time.time(),
            tolerance=self.tolerance,
            url=self._url(request) if self.scheme is TWILIO else "",
        )
        if outcome.reason is None:
            return outcome
        reason = f"{outcome.reason}: {outcome.detail}" if outcome.detail else str(outcome.reason)
        own_fault = outcome.reason is Reason.NO_SECRET
        if own_fault:
            reason = f"{reason}; set {self.source}"
        # One answer for all, which tells a stranger nothing; not even that there is no secret.
        answer = ApiError(
            401,
            "Invalid signature.",
            code="invalid_signature",
            headers={"WWW-Authenticate": f'Signature realm="{self.scheme.name}"'},
        )
        raise Refusal(answer, reason, logging.ERROR if own_fault else logging.WARNING)

    def _url(self, request: HttpRequest) -> str:
        public = self.public_url()
        return f"{public}{request.get_full_path()}" if public else request.build_absolute_uri()

    def _new_claim(self, call: Call, outcome: Outcome) -> Claim | None:
        if self.replay == "allow":
            return None
        claim = claim_of(self.scheme.name, self.endpoint, outcome.delivery, self.tolerance)
        # Before it is taken: the task may be cancelled in between.
        call.state[self] = claim
        return claim

    def _admit(self, call: Call, claim: Claim, known: str | None) -> HttpResponseBase | None:
        """Let a delivery in that nobody claimed before, or answer it."""
        if known is None:
            return None
        del call.state[self]
        if known == DONE and self.replay == "acknowledge":
            if call.operation is None:
                return HttpResponse()
            return call.operation.api.create_response(call.request, None, status=200)
        answer = ApiError(409, "This delivery was received before.", code="replayed_delivery")
        raise Refusal(answer, "replayed" if known == DONE else "replayed while it is handled")

    def _refusal(self, call: Call, error: Refusal | StoreFailed) -> Refusal | None:
        """Return the refusal, or None to go on without protection against replays."""
        if isinstance(error, Refusal):
            return error
        del call.state[self]
        if options().ON_ERROR == "closed":
            answer = ApiError(503, "Try again later.", headers={"Retry-After": "10"})
            return Refusal(answer, str(error), logging.ERROR)
        logger.error("%s: %s; going on without protection against replays.", self.endpoint, error)
        return None

    def _settling_failed(self, error: StoreFailed, handled: bool) -> None:
        if not handled and isinstance(error.__cause__, TransactionManagementError):
            # ATOMIC_REQUESTS rolls back, and the claim with the rest: the cache is a table there.
            return
        logger.error(
            "%s: %s after the view; the delivery counts as being handled for %s seconds.",
            self.endpoint,
            error,
            options().LEASE,
        )

    def _log(self, refusal: Refusal) -> Mapping[str, str]:
        report = {
            "scheme": self.scheme.name,
            "endpoint": self.endpoint,
            "reason": refusal.reason,
        }
        logger.log(
            refusal.level,
            "Webhook refused: %(reason)s (%(scheme)s, %(endpoint)s)",
            report,
            extra={f"webhook_{name}": value for name, value in report.items()},
        )
        return report


def options() -> WebhookOptions:
    return boost_settings.section(WebhookSettings).WEBHOOKS


def was_handled(call: Call) -> bool:
    """Return whether a sender would count the answer as success.

    A refusal of another hook, an invalid body and a failing view are none, whoever is at fault:
    senders send again after any answer but 2xx.
    """
    if call.error is not None:
        return False
    return call.response is None or 200 <= call.response.status_code < 300


def _too_large() -> Refusal:
    return Refusal(ApiError(413, "The request is too large."), "body too large")
