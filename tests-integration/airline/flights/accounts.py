from typing import Any

from django.contrib.auth.models import User
from ninja.errors import HttpError


def claims(user: User) -> dict[str, Any]:
    """What the tokens of a user say; asked at the login and at each refresh."""
    return {"is_staff": user.is_staff}


def account(ctx: dict[str, Any]) -> User:
    """The caller's account; it may have been closed since the token was issued."""
    user_id = ctx["user"].get("user_id")
    user = User.objects.filter(pk=user_id, is_active=True).first() if type(user_id) is int else None
    if user is None:
        raise HttpError(401, "There is no such account any more.")
    return user
