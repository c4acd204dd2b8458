"""The NINJA_BOOST setting, typed and validated."""

from ninja_boost_core.conf import SettingsSection, boost_settings

__all__ = ["SettingsSection", "boost_settings"]
