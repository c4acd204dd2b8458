from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from ninja.errors import HttpError

from flights.accounts import claims
from flights.schemas import LoginIn
from ninja_boost import AutoRouter, rate_limit
from ninja_boost.integrations import TokenPair, issue_tokens
from ninja_boost.responses import ErrorEnvelope

router = AutoRouter(tags=["Auth"])


@router.post("/login", auth=None, paginate=False, response={200: TokenPair, 401: ErrorEnvelope})
@rate_limit(settings.AIRLINE_LOGIN_RATE, on_error="closed")
def login(request: HttpRequest, ctx: dict[str, Any], payload: LoginIn) -> TokenPair:
    """Unknown name or wrong password: Django takes the same time to say no."""
    user = authenticate(request, username=payload.username, password=payload.password)
    if user is None:
        raise HttpError(401, "Wrong username or password.")
    return issue_tokens(user, **claims(user))
