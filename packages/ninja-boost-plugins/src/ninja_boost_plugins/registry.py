"""The registry: which plugins there are, and what has been done for them."""

from __future__ import annotations

import asyncio
import atexit
import difflib
import inspect
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.events import ON_PLUGIN_LOADED, event_bus

from .base import BoostPlugin, subscriptions, title

if TYPE_CHECKING:
    from ninja import NinjaAPI

__all__ = ["Configured", "PluginNotFound", "PluginRegistry", "plugin_registry"]

logger: logging.Logger = logging.getLogger("ninja_boost.plugins")


class PluginNotFound(KeyError):
    """No plugin has the name."""

    def __str__(self) -> str:
        # KeyError shows its argument's repr.
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Configured:
    """A plugin as the settings name it.

    Attributes:
        source: the class or the instance.
        where: the key and the path, for messages.
    """

    source: Any
    where: str


@dataclass(eq=False, slots=True)
class _Entry:
    plugin: BoostPlugin
    handlers: tuple[tuple[str, Callable[..., Any]], ...]
    configured: Configured | None
    started: WeakSet[NinjaAPI] = field(default_factory=WeakSet)

    @property
    def label(self) -> str:
        if self.configured is not None:
            return self.configured.where
        return f"The plugin {self.plugin.name!r} is {title(self.plugin)}"


class PluginRegistry:
    """Plugins by name; ``plugin_registry`` is the one that APIs use.

    Args:
        load: returns the plugins of the settings.
    """

    def __init__(self, load: Callable[[], Iterable[Configured]] | None = None) -> None:
        self._load = load
        self._loaded = False
        self._entries: tuple[_Entry, ...] = ()
        self._apis: WeakKeyDictionary[NinjaAPI, None] = WeakKeyDictionary()
        self._failures: Counter[str] = Counter()
        self._lock = threading.RLock()
        self._ends = False

    def register(self, plugin: BoostPlugin | type[BoostPlugin]) -> BoostPlugin:
        """Register a plugin, or an instance of its class; return the instance.

        APIs that exist already get their ``on_startup`` now.

        Raises:
            TypeError: if it is no plugin, has no name, or a hook cannot take its arguments.
            ValueError: if the name is taken.
            ImproperlyConfigured: if ``on_startup`` raises; then it is not registered.
        """
        return self._add(plugin, None).plugin

    def unregister(self, name: str) -> BoostPlugin:
        """Remove a plugin and tear it down; return it.

        Raises:
            PluginNotFound: if there is none.
        """
        with self._lock:
            entry = self._entry(name)
            self._remove(entry)
        return entry.plugin

    def get(self, name: str) -> BoostPlugin:
        """Return a plugin.

        Raises:
            PluginNotFound: a KeyError that names the nearest.
        """
        self.load()
        return self._entry(name).plugin

    def all(self) -> list[BoostPlugin]:
        """Return the plugins in their order."""
        self.load()
        return [entry.plugin for entry in self._entries]

    def startup(self, api: NinjaAPI) -> None:
        """Run ``on_startup`` of each plugin that has not seen ``api``; AutoAPI does so itself.

        Raises:
            ImproperlyConfigured: naming the plugin that raises, or that cannot be loaded.
        """
        self.load()
        with self._lock:
            self._apis[api] = None
            for entry in self._entries:
                _start(entry, api)

    def clear(self) -> None:
        """Unregister all plugins, the last first."""
        with self._lock:
            for entry in reversed(self._entries):
                self._remove(entry)
            self._loaded = False

    @property
    def failures(self) -> Counter[str]:
        """How often each plugin failed in ``on_teardown``; the event bus counts its hooks."""
        return Counter(self._failures)

    def load(self) -> None:
        """Register the plugins of the settings, unless that is done.

        Raises:
            ImproperlyConfigured: naming the key, the path and the reason.
        """
        if self._loaded or self._load is None:
            return
        # Importing a user's module may register plugins, in other threads too: no lock yet.
        wanted = tuple(self._load())
        sources = [each.source for each in wanted]
        with self._lock:
            for entry in reversed(self._entries):
                if entry.configured is not None and entry.configured.source not in sources:
                    self._remove(entry)
            for each in wanted:
                self._add_configured(each)
            self._loaded = True

    def reload(self) -> None:
        """Follow changed settings: plugins that they still name stay as they are."""
        if not self._loaded:
            return
        self._loaded = False
        # Wrong settings are reported when they are next used; until then nothing changes.
        if not boost_settings.find_problems(imports=True):
            self.load()

    def _add(self, source: Any, configured: Configured | None) -> _Entry:
        if inspect.isclass(source) and issubclass(source, BoostPlugin):
            plugin = source()
        elif isinstance(source, BoostPlugin):
            plugin = source
        else:
            raise TypeError(f"{source!r} is no plugin: derive its class from BoostPlugin.")
        name = getattr(plugin, "name", None)
        if not isinstance(name, str) or not name:
            raise TypeError(f"{title(plugin)} has no name: give the class a ``name``.")
        with self._lock:
            for known in self._entries:
                if known.plugin is plugin:
                    return known
                if known.plugin.name == name:
                    raise ValueError(
                        f"There is a plugin {name!r} already: {title(known.plugin)}. "
                        "unregister() it first, or give one of them another name."
                    )
            entry = _Entry(plugin, tuple(subscriptions(plugin)), configured)
            for event, handler in entry.handlers:
                event_bus.on(event, handler, priority=plugin.priority)
            self._entries = tuple(
                sorted((*self._entries, entry), key=lambda each: -each.plugin.priority)
            )
            try:
                for api in list(self._apis):
                    _start(entry, api)
            except ImproperlyConfigured:
                self._remove(entry, tear_down=bool(entry.started))
                raise
            if not self._ends:
                self._ends = True
                atexit.register(self._at_exit)
        event_bus.emit(ON_PLUGIN_LOADED, plugin=plugin)
        return entry

    def _add_configured(self, wanted: Configured) -> None:
        for entry in self._entries:
            known = entry.configured
            if known is not None and known.source is wanted.source:
                return
            if known is None and wanted.source in (entry.plugin, type(entry.plugin)):
                return  # It is registered in code as well.
        try:
            self._add(wanted.source, wanted)
        except ImproperlyConfigured:
            raise
        except Exception as error:
            # Its constructor may raise anything.
            raise ImproperlyConfigured(
                f"{wanted.where}, which cannot be registered: {type(error).__name__}: {error}"
            ) from error

    def _remove(self, entry: _Entry, *, tear_down: bool = True) -> None:
        self._entries = tuple(each for each in self._entries if each is not entry)
        for event, handler in entry.handlers:
            event_bus.off(event, handler)
        if tear_down:
            self._tear_down(entry)

    def _tear_down(self, entry: _Entry) -> None:
        plugin = entry.plugin
        try:
            _finish(plugin.on_teardown())
        except Exception:
            self._failures[plugin.name] += 1
            logger.exception(
                "Plugin %r failed in on_teardown.", plugin.name, extra={"plugin": plugin.name}
            )

    def _at_exit(self) -> None:
        for entry in reversed(self._entries):
            self._tear_down(entry)

    def _entry(self, name: str) -> _Entry:
        names = [entry.plugin.name for entry in self._entries]
        if name in names:
            return self._entries[names.index(name)]
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        hint = (
            f"Did you mean {near[0]!r}?" if near else f"Registered: {', '.join(names) or 'none'}."
        )
        raise PluginNotFound(f"There is no plugin {name!r}. {hint}")


def _start(entry: _Entry, api: NinjaAPI) -> None:
    if api in entry.started:
        return
    try:
        _finish(entry.plugin.on_startup(api))
    except Exception as error:
        raise ImproperlyConfigured(
            f"{entry.label}, whose on_startup failed: {type(error).__name__}: {error}"
        ) from error
    entry.started.add(api)


def _finish(result: Any) -> None:
    """Wait for a hook that is a coroutine function."""
    if not inspect.isawaitable(result):
        return

    async def wait() -> None:
        await result

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(wait())
        return
    # Django imports the URLs of an ASGI application on the loop that serves it.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, wait()).result()


def _configured() -> Iterable[Configured]:
    from .settings import configured_plugins

    return configured_plugins()


plugin_registry: PluginRegistry = PluginRegistry(_configured)
boost_settings.on_change(plugin_registry.reload)
