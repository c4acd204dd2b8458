"""Webhook signature verification for Django Ninja."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .decorators import github_webhook as github_webhook
    from .decorators import slack_webhook as slack_webhook
    from .decorators import standard_webhook as standard_webhook
    from .decorators import stripe_webhook as stripe_webhook
    from .decorators import twilio_webhook as twilio_webhook
    from .decorators import verify_webhook as verify_webhook
    from .signing import sign_generic as sign_generic
    from .signing import sign_github as sign_github
    from .signing import sign_slack as sign_slack
    from .signing import sign_standard as sign_standard
    from .signing import sign_stripe as sign_stripe
    from .signing import sign_twilio as sign_twilio

__all__ = [
    "github_webhook",
    "sign_generic",
    "sign_github",
    "sign_slack",
    "sign_standard",
    "sign_stripe",
    "sign_twilio",
    "slack_webhook",
    "standard_webhook",
    "stripe_webhook",
    "twilio_webhook",
    "verify_webhook",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(
        __name__,
        {
            name: f"{__name__}.{'signing' if name.startswith('sign_') else 'decorators'}"
            for name in __all__
        },
    )
