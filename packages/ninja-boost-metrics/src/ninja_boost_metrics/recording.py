"""Recording, wherever the METRICS setting says."""

from __future__ import annotations

from threading import RLock
from typing import Any, Final

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import Misconfigured

from .backends.base import BaseMetricsBackend
from .labels import Labels
from .recorder import Recorder
from .settings import MetricsOptions, MetricsSettings

__all__ = ["current", "gauge", "increment", "timing"]


def increment(name: str, value: float = 1.0, labels: Labels | None = None) -> None:
    """Add to a counter.

    Args:
        name: ASCII letters, digits and underscores.
        value: what to add; not negative.
        labels: texts or numbers by name; the same names in each use of the metric.

    Raises:
        MetricError: in DEBUG, if the metric is misused; elsewhere that is logged and counted.
    """
    if (recorder := current()) is not None:
        recorder.record("counter", name, value, labels)


def gauge(name: str, value: float, labels: Labels | None = None) -> None:
    """Set a gauge; see ``increment``."""
    if (recorder := current()) is not None:
        recorder.record("gauge", name, value, labels)


def timing(name: str, value: float, labels: Labels | None = None) -> None:
    """Record a duration.

    Args:
        name, labels: see ``increment``.
        value: milliseconds; not negative.

    Raises:
        MetricError: see ``increment``.
    """
    if (recorder := current()) is not None:
        recorder.record("timing", name, value, labels)


class _Unknown:
    """What stands for a recorder before the settings have been read."""


_UNKNOWN: Final = _Unknown()
_current: Recorder | _Unknown | None = _UNKNOWN
_owned: BaseMetricsBackend | None = None
_loading = RLock()


def current() -> Recorder | None:
    """Return the recorder of the METRICS setting; None if its BACKEND is None.

    Raises:
        django.core.exceptions.ImproperlyConfigured: naming the key that is wrong.
        MissingDependency: if a library is missing.
    """
    recorder = _current
    return _load() if isinstance(recorder, _Unknown) else recorder


def _load() -> Recorder | None:
    global _current, _owned
    with _loading:
        if not isinstance(_current, _Unknown):
            return _current
        options = boost_settings.section(MetricsSettings).METRICS
        configured = options.resolve("BACKEND")
        if configured is None:
            _current = None
            return None
        backend = _backend(configured, options)
        _owned = None if backend is configured else backend
        _current = recorder = Recorder(backend, options.MAX_LABEL_SETS)
        return recorder


def _backend(configured: Any, options: MetricsOptions) -> BaseMetricsBackend:
    if isinstance(configured, BaseMetricsBackend):
        return configured
    if isinstance(configured, type) and issubclass(configured, BaseMetricsBackend):
        return configured.from_settings(options)
    raise Misconfigured(
        f"NINJA_BOOST: METRICS.BACKEND is {configured!r}.",
        "Make it a subclass of BaseMetricsBackend, an instance of one or a dotted path to either, "
        "such as 'ninja_boost_metrics.LoggingBackend'.",
    )


@boost_settings.on_change
def _forget() -> None:
    global _current, _owned
    with _loading:
        _current = _UNKNOWN
        owned, _owned = _owned, None
    if owned is not None:
        owned.close()
