"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ninja_boost_core import Feature, Hook, OperationSpec

from .settings import AuditSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.pings import Ping

__all__ = ["AuditFeature", "feature"]


class AuditFeature(Feature):
    """The settings, the system checks, and the operation option ``audit``."""

    name = "audit"
    distribution = "ninja-boost-audit"
    settings = AuditSettings
    options = frozenset({"audit"})
    aliases: ClassVar[Mapping[str, str]] = {
        f"ninja_boost.audit.{name}": f"ninja_boost_audit.{name}"
        for name in ("DatabaseBackend", "LoggingBackend", "MultiBackend")
    }

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        wanted = spec.options.get("audit", False)
        if wanted is False or wanted is None:
            return
        if wanted is not True and not (isinstance(wanted, str) and wanted):
            raise TypeError(
                f"{spec.path!r}: audit={wanted!r:.40}; write True, False or the name of the action."
            )
        from .drafts import Options
        from .hooks import AuditHook

        if any(isinstance(hook, AuditHook) for hook in spec.attached):
            return
        yield AuditHook(Options(None if wanted is True else wanted))

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_backend, check_deployment

        return check_deployment() if deploy else check_backend()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = AuditFeature()
