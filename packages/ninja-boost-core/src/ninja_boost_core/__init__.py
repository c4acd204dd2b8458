"""The kernel of Ninja Boost: AutoAPI, AutoRouter and the contract for features."""

from typing import TYPE_CHECKING

from .lazy import lazy_attributes

if TYPE_CHECKING:
    from .api import AutoAPI as AutoAPI
    from .attachment import attach as attach
    from .call import Call as Call
    from .contract import Argument as Argument
    from .contract import Context as Context
    from .contract import Feature as Feature
    from .contract import Hook as Hook
    from .contract import OperationDocs as OperationDocs
    from .contract import OperationSpec as OperationSpec
    from .contract import Order as Order
    from .events import event_bus as event_bus
    from .exceptions import ApiError as ApiError
    from .exceptions import register_exception_handlers as register_exception_handlers
    from .router import AutoRouter as AutoRouter

_HOMES = {
    "ApiError": "ninja_boost_core.exceptions",
    "Argument": "ninja_boost_core.contract",
    "AutoAPI": "ninja_boost_core.api",
    "AutoRouter": "ninja_boost_core.router",
    "Call": "ninja_boost_core.call",
    "Context": "ninja_boost_core.contract",
    "Feature": "ninja_boost_core.contract",
    "Hook": "ninja_boost_core.contract",
    "OperationDocs": "ninja_boost_core.contract",
    "OperationSpec": "ninja_boost_core.contract",
    "Order": "ninja_boost_core.contract",
    "attach": "ninja_boost_core.attachment",
    "event_bus": "ninja_boost_core.events",
    "register_exception_handlers": "ninja_boost_core.exceptions",
}

__all__ = [
    "ApiError",
    "Argument",
    "AutoAPI",
    "AutoRouter",
    "Call",
    "Context",
    "Feature",
    "Hook",
    "OperationDocs",
    "OperationSpec",
    "Order",
    "attach",
    "event_bus",
    "register_exception_handlers",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
