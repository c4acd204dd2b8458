"""The class that plugins derive from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ninja_boost_core import events

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from ninja import NinjaAPI

    from ninja_boost_core import Context

__all__ = ["HOOKS", "BoostPlugin", "subscriptions", "title"]

HOOKS: Final[Mapping[str, str]] = {
    "on_request": events.BEFORE_REQUEST,
    "on_response": events.AFTER_RESPONSE,
    "on_error": events.ON_ERROR,
    "on_auth_failure": events.ON_AUTH_FAILURE,
    "on_rate_limit_exceeded": events.ON_RATE_LIMIT_EXCEEDED,
    "on_permission_denied": events.ON_PERMISSION_DENIED,
    "on_policy_denied": events.ON_POLICY_DENIED,
    "on_service_registered": events.ON_SERVICE_REGISTERED,
    "on_plugin_loaded": events.ON_PLUGIN_LOADED,
}
"""The methods that handle events, and the events."""


class BoostPlugin:
    """A plugin overrides the hooks that it needs; the others cost nothing.

    Each hook may be ``async def``. All arguments are passed by name, so an override names those
    it needs and takes the others as ``**kw``. What a hook returns is ignored. What it raises is
    logged and counted by the event bus and changes nothing, except in ``on_startup``.
    """

    name: ClassVar[str]
    """What the plugin is called; unique in the registry."""

    priority: ClassVar[int] = 0
    """Plugins with a higher priority come first; those with the same one as registered."""

    def on_startup(self, api: NinjaAPI) -> Any:
        """Called once for each API: when an AutoAPI is created, or by ``startup``.

        An exception stops the start.
        """

    def on_teardown(self) -> Any:
        """Called when the plugin is unregistered and when the process ends."""

    def on_request(self, request: HttpRequest, ctx: Context, **kw: Any) -> Any:
        """Called before each operation."""

    def on_response(
        self,
        request: HttpRequest,
        ctx: Context,
        response: HttpResponseBase,
        duration_ms: float,
        **kw: Any,
    ) -> Any:
        """Called with each response; ``duration_ms`` is in milliseconds."""

    def on_error(self, request: HttpRequest, exc: BaseException, ctx: Context, **kw: Any) -> Any:
        """Called with an exception that nobody expected, which becomes a 500."""

    def on_auth_failure(self, request: HttpRequest, ctx: Context, **kw: Any) -> Any:
        """Called when a request has no valid credentials."""

    def on_rate_limit_exceeded(
        self, request: HttpRequest, ctx: Context, limit: Any, retry_after: Any, **kw: Any
    ) -> Any:
        """Called when a rate limit refuses a request; ``retry_after`` is in seconds."""

    def on_permission_denied(
        self, request: HttpRequest, ctx: Context, permission: Any, reason: Any, **kw: Any
    ) -> Any:
        """Called when ``@require`` refuses a request."""

    def on_policy_denied(
        self,
        request: HttpRequest,
        ctx: Context,
        resource: Any,
        action: Any,
        decision: Any,
        **kw: Any,
    ) -> Any:
        """Called when a policy refuses an action on a resource."""

    def on_service_registered(self, name: str, service: Any, **kw: Any) -> Any:
        """Called when a service is registered."""

    def on_plugin_loaded(self, plugin: BoostPlugin, **kw: Any) -> Any:
        """Called when a plugin is registered; this one too."""


def subscriptions(plugin: BoostPlugin) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the event and the handler of each hook that the plugin overrides.

    Raises:
        TypeError: for a hook that cannot take the arguments of its event.
    """
    for hook, event in HOOKS.items():
        if getattr(type(plugin), hook) is getattr(BoostPlugin, hook):
            continue
        handler = getattr(plugin, hook)
        arguments = _arguments(hook)
        try:
            inspect.signature(handler).bind(**dict.fromkeys(arguments))
        except TypeError as error:
            raise TypeError(
                f"{title(plugin)}.{hook}() cannot be called: {error}. Its arguments are "
                f"{', '.join(arguments)}: name those you need, and take the others as **kw."
            ) from None
        yield event, handler


def _arguments(hook: str) -> list[str]:
    _, *parameters = inspect.signature(getattr(BoostPlugin, hook)).parameters.values()
    return [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]


def title(plugin: BoostPlugin) -> str:
    """Return the dotted path of the plugin's class."""
    return f"{type(plugin).__module__}.{type(plugin).__qualname__}"
