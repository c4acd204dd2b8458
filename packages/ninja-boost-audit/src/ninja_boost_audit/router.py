"""AuditRouter: an AutoRouter all of whose operations are audited."""

from __future__ import annotations

from typing import Any

from ninja_boost_core import AutoRouter

__all__ = ["AuditRouter"]


class AuditRouter(AutoRouter):
    """Writes an audit record for each call of each of its operations.

    Takes what AutoRouter takes. The action of an operation is its method and route, the resource
    is the route, and its id are the path's parameters; ``@audit_log`` on the view says it better.
    ``audit="order.list"`` on an operation names its action, ``audit=False`` leaves it out.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("audit", True)
        super().__init__(**options)
