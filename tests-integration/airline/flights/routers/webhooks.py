import json
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from flights.models import Payment
from flights.schemas import HandledOut
from ninja_boost import AutoRouter, stripe_webhook

router = AutoRouter(tags=["Webhooks"])


@router.post("/stripe", auth=None, paginate=False, response=HandledOut)
@stripe_webhook()
def stripe(request: HttpRequest, ctx: dict[str, Any]) -> dict[str, bool]:
    """What the payment provider tells us; its signature is the authentication."""
    event = json.loads(request.body)
    if event.get("type") != "payment_intent.succeeded":
        return {"handled": False}
    return {"handled": mark_paid(event["data"]["object"]["id"])}


@transaction.atomic
def mark_paid(intent: str) -> bool:
    payment = Payment.objects.select_for_update().filter(intent=intent).first()
    if payment is None:
        return False
    if payment.succeeded_at is None:
        payment.succeeded_at = payment.booking.paid_at = timezone.now()
        payment.save(update_fields=["succeeded_at"])
        payment.booking.save(update_fields=["paid_at"])
    return True
