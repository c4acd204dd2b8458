"""Verification of webhook signatures."""

from ninja_boost_webhooks import (
    github_webhook,
    sign_generic,
    sign_github,
    sign_slack,
    sign_standard,
    sign_stripe,
    sign_twilio,
    slack_webhook,
    standard_webhook,
    stripe_webhook,
    twilio_webhook,
    verify_webhook,
)

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
