"""The context that views get as ``ctx``."""

from ninja_boost_core.dependencies import _client_ip, build_context, inject_context

__all__ = ["_client_ip", "build_context", "inject_context"]
