"""The decorators, one for each scheme.

Their common arguments:

secret: a secret, a list of them, or a sync or async function that returns either.
secret_env: where ``secret`` is not given: the name of a Django setting, which may hold a list, or
    of an environment variable; or several names, each of which may be unset while one is not.
max_body: bytes of the longest body; None takes the setting.
replay: what happens to a delivery that was received before; None takes the setting.
endpoint: name of the endpoint in logs and replay keys; None takes the view's dotted name.

Every secret is accepted, so that one can be replaced without a gap. TypeError and ValueError are
raised for arguments that make no sense.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypedDict, TypeVar, Unpack, get_args

from ninja_boost_core import attach

from .hook import WebhookHook
from .schemes import GITHUB, SLACK, STRIPE, Scheme, generic_scheme, standard_scheme
from .settings import Replay, absolute_url
from .sources import SecretOption, source_of
from .twilio import TWILIO

__all__ = [
    "github_webhook",
    "slack_webhook",
    "standard_webhook",
    "stripe_webhook",
    "twilio_webhook",
    "verify_webhook",
]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
TOLERANCE = 300


class Options(TypedDict, total=False):
    """See the module's docstring."""

    max_body: int | None
    replay: Replay | None
    endpoint: str | None


def stripe_webhook(
    secret: SecretOption = None,
    *,
    secret_env: str | Sequence[str] = "STRIPE_WEBHOOK_SECRET",
    tolerance: int = TOLERANCE,
    **options: Unpack[Options],
) -> Callable[[ViewT], ViewT]:
    """Let only deliveries of Stripe in; see the module for the arguments.

    Args:
        tolerance: seconds by which the signed timestamp may be wrong, either way.
    """
    return _decorator(STRIPE, secret, secret_env, tolerance=tolerance, **options)


def github_webhook(
    secret: SecretOption = None,
    *,
    secret_env: str | Sequence[str] = "GITHUB_WEBHOOK_SECRET",
    **options: Unpack[Options],
) -> Callable[[ViewT], ViewT]:
    """Let only deliveries of GitHub in; see the module for the arguments."""
    return _decorator(GITHUB, secret, secret_env, **options)


def slack_webhook(
    secret: SecretOption = None,
    *,
    secret_env: str | Sequence[str] = "SLACK_SIGNING_SECRET",
    tolerance: int = TOLERANCE,
    **options: Unpack[Options],
) -> Callable[[ViewT], ViewT]:
    """Let only requests of Slack in; see ``stripe_webhook``."""
    return _decorator(SLACK, secret, secret_env, tolerance=tolerance, **options)


def standard_webhook(
    secret: SecretOption = None,
    *,
    secret_env: str | Sequence[str] = "STANDARD_WEBHOOK_SECRET",
    tolerance: int = TOLERANCE,
    prefix: str = "webhook",
    **options: Unpack[Options],
) -> Callable[[ViewT], ViewT]:
    """Let only deliveries in that are signed as Standard Webhooks; see ``stripe_webhook``.

    Secrets are ``whsec_`` (HMAC) or ``whpk_`` (Ed25519, with the ``ed25519`` extra) keys.

    Args:
        prefix: of the header names; some senders use ``svix``.
    """
    return _decorator(standard_scheme(prefix), secret, secret_env, tolerance=tolerance, **options)


def twilio_webhook(
    secret: SecretOption = None,
    *,
    secret_env: str | Sequence[str] = "TWILIO_AUTH_TOKEN",
    public_url: str | None = None,
    **options: Unpack[Options],
) -> Callable[[ViewT], ViewT]:
    """Let only requests of Twilio in; see the module for the arguments.

    Args:
        public_url: scheme and host that Twilio calls; None takes the setting PUBLIC_URL.
    """
    return _decorator(TWILIO, secret, secret_env, public_url=public_url, **options)


def verify_webhook(
    secret: SecretOption = None,
    *,
    secret_env: str | Sequence[str] | None = None,
    header: str = "X-Signature",
    **options: Unpack[Options],
) -> Callable[[ViewT], ViewT]:
    """Let only requests in whose ``header`` holds an HMAC-SHA256 of the body.

    In hex or base64, with or without ``sha256=`` before it; see the module for the arguments.
    """
    return _decorator(generic_scheme(header), secret, secret_env, **options)


def _decorator(
    scheme: Scheme,
    secret: SecretOption,
    secret_env: str | Sequence[str] | None,
    *,
    tolerance: int = TOLERANCE,
    max_body: int | None = None,
    replay: Replay | None = None,
    endpoint: str | None = None,
    public_url: str | None = None,
) -> Callable[[ViewT], ViewT]:
    if callable(secret):
        _check_function(scheme, secret)
    source = source_of(secret, secret_env)
    if tolerance < 1:
        raise ValueError(f"tolerance={tolerance}; it is a number of seconds from 1.")
    if max_body is not None and max_body < 1:
        raise ValueError(f"max_body={max_body}; it is a number of bytes from 1.")
    if replay is not None and replay not in get_args(Replay):
        raise ValueError(f"replay={replay!r}; it is one of {', '.join(get_args(Replay))}.")
    if public_url is not None:
        public_url = absolute_url(public_url)

    def decorate(view: ViewT) -> ViewT:
        hook = WebhookHook(
            scheme,
            source,
            endpoint or f"{view.__module__}.{getattr(view, '__qualname__', type(view).__name__)}",
            tolerance=tolerance,
            max_body=max_body,
            replay=replay,
            public_url=public_url,
        )
        return attach(hook)(view)

    return decorate


def _check_function(scheme: Scheme, function: Callable[..., Any]) -> None:
    """Say so if ``function`` is the view, as it is where the parentheses are forgotten."""
    try:
        inspect.signature(function).bind()
    except TypeError:
        name = getattr(function, "__qualname__", type(function).__qualname__)
        raise TypeError(
            f"{name} takes arguments, so it gives no secret. The decorator of the {scheme.name} "
            "scheme is written with parentheses."
        ) from None
    except ValueError:
        return  # Some callables written in C have no signature to check.
