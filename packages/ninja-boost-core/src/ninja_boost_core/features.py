"""Finds the installed features through their entry points."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ImproperlyConfigured

from .conf import CoreSettings, boost_settings
from .contract import Feature

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .contract import Hook, OperationSpec
    from .observers import RequestObserver

__all__ = ["enabled_features", "installed_features", "request_observers", "without_features"]

GROUP = "ninja_boost.features"


@cache
def installed_features() -> tuple[Feature, ...]:
    """Return every installed feature, ordered by name, and make its settings known.

    Raises:
        ImproperlyConfigured: naming the entry point that does not load, or two features
            that claim one name, option or settings key.
    """
    features = tuple(
        _load(entry) for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    )
    owners: dict[str, str] = {}
    for feature in features:
        for claim in (f"name {feature.name!r}", *(f"option {o!r}" for o in feature.options)):
            other = owners.setdefault(claim, feature.distribution)
            if other != feature.distribution:
                raise ImproperlyConfigured(
                    f"The {claim} is claimed by {other} and by {feature.distribution}; "
                    "uninstall one of them."
                )
        if feature.settings is not None:
            boost_settings.register(
                feature.settings, owner=feature.distribution, aliases=feature.aliases
            )
        elif feature.aliases:
            boost_settings.add_aliases(feature.aliases)
    return features


def _load(entry: EntryPoint) -> Feature:
    try:
        feature = entry.load()
    except Exception as error:
        # Loading runs the feature's module, which may raise anything.
        raise ImproperlyConfigured(
            f"The feature {entry.name!r} ({entry.value}) cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(feature, Feature):
        raise ImproperlyConfigured(
            f"The entry point {entry.name!r} in the group {GROUP!r} names {entry.value}, "
            f"which is a {type(feature).__name__} and no ninja_boost_core.Feature instance."
        )
    return feature


def enabled_features() -> tuple[Feature, ...]:
    """Return the installed features that DISABLED_FEATURES does not switch off."""
    disabled = boost_settings.section(CoreSettings).DISABLED_FEATURES
    return tuple(feature for feature in installed_features() if feature.name not in disabled)


_LEFT_OUT = "_boost_left_out"

_View = TypeVar("_View", bound=Callable[..., Any])


def without_features(*names: str) -> Callable[[_View], _View]:
    """Keep features from wiring their own hooks into the decorated view.

    Hooks that decorators attach stay. A health probe says ``without_features("rate_limiting")``:
    a default limit must not answer it.
    """

    def decorate(view: _View) -> _View:
        setattr(view, _LEFT_OUT, getattr(view, _LEFT_OUT, frozenset()) | set(names))
        return view

    return decorate


def feature_hooks(spec: OperationSpec) -> tuple[Hook, ...]:
    """Return the hooks that the enabled features wire into an operation."""
    left_out: frozenset[str] = getattr(spec.view, _LEFT_OUT, frozenset())
    features = (each for each in enabled_features() if each.name not in left_out)
    return tuple(hook for feature in features for hook in feature.hooks(spec))


def request_observers() -> tuple[RequestObserver, ...]:
    """Return what the enabled features let follow every request."""
    return tuple(each for feature in enabled_features() for each in feature.observers())


def is_enabled(feature: Feature) -> bool:
    """Return whether DISABLED_FEATURES leaves ``feature`` on."""
    return feature.name not in boost_settings.section(CoreSettings).DISABLED_FEATURES


def unknown_disabled_features() -> list[str]:
    """Return the names in DISABLED_FEATURES that no installed feature has."""
    known = {feature.name for feature in installed_features()}
    return sorted(boost_settings.section(CoreSettings).DISABLED_FEATURES - known)


def claimed_options() -> Mapping[str, Feature | None]:
    """Return each operation option and the feature that claims it; core's own is ``inject``.

    A disabled feature still claims its options: they are accepted and have no effect.
    """
    options: dict[str, Feature | None] = {"inject": None}
    for feature in installed_features():
        options.update(dict.fromkeys(feature.options, feature))
    return options


OPTION_OWNERS = {
    "audit": "ninja-boost-audit",
    "paginate": "ninja-boost-pagination",
    "permissions": "ninja-boost-permissions",
    "queries": "ninja-boost-queries",
}
"""Options of packages that may not be installed."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest of ``known``, or the package that is missing."""
    if name in OPTION_OWNERS:
        return f" It belongs to {OPTION_OWNERS[name]}, which is not installed."
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {found[0]!r}?" if found else ""


_context_factories: Mapping[str, Callable[[HttpRequest], Any]] | None = None


def context_factories() -> Mapping[str, Callable[[HttpRequest], Any]]:
    """Return what the features add to the context; computed once per state of the settings."""
    global _context_factories
    if _context_factories is None:
        factories: dict[str, Callable[[HttpRequest], Any]] = {}
        for feature in enabled_features():
            factories.update(feature.context())
        _context_factories = factories
    return _context_factories


@boost_settings.on_change
def _forget_context_factories() -> None:
    global _context_factories
    _context_factories = None
