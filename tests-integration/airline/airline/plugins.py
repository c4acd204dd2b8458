import logging
from typing import Any

from django.http import HttpRequest

from ninja_boost.plugins import BoostPlugin

logger = logging.getLogger("airline.slow")


class SlowRequests(BoostPlugin):
    """Says which requests took more than a second."""

    name = "slow-requests"

    def on_response(
        self,
        request: HttpRequest,
        ctx: dict[str, Any],
        response: Any,
        duration_ms: float,
        **kw: Any,
    ) -> None:
        if duration_ms > 1000:
            logger.warning("A request took %.1f s.", duration_ms / 1000)
