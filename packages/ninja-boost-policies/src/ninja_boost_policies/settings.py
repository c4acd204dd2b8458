"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from ninja_boost_core.conf import ObjectOrPath, SettingsSection

__all__ = ["PoliciesSettings"]


class PoliciesSettings(SettingsSection):
    """``POLICIES``: policies to register, as classes, instances or dotted paths to them."""

    POLICIES: tuple[ObjectOrPath, ...] = ()
