from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from ninja.errors import HttpError

from flights.schemas import LoginIn, TokenOut
from ninja_boost import AutoRouter, rate_limit
from ninja_boost.integrations import create_jwt_token
from ninja_boost.responses import ErrorEnvelope

router = AutoRouter(tags=["Auth"])


@router.post("/login", auth=None, paginate=False, response={200: TokenOut, 401: ErrorEnvelope})
@rate_limit(settings.AIRLINE_LOGIN_RATE, on_error="closed")
def login(request: HttpRequest, ctx: dict[str, Any], payload: LoginIn) -> dict[str, str]:
    """Unknown name or wrong password: Django takes the same time to say no."""
    user = authenticate(request, username=payload.username, password=payload.password)
    if user is None:
        raise HttpError(401, "Wrong username or password.")
    token = create_jwt_token({"user_id": user.pk, "is_staff": user.is_staff})
    return {"access_token": token, "token_type": "bearer"}
