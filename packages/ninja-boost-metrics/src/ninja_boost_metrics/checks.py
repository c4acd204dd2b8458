"""System checks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver
from django.utils.module_loading import import_string

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.observers import ObserverMiddleware
from ninja_boost_core.problems import MissingDependency, as_error

from .endpoint import metrics_view
from .recorder import Recorder
from .recording import current
from .settings import MetricsSettings

__all__ = ["check_backend", "check_deployment"]


def check_backend() -> Iterator[checks.CheckMessage]:
    """E001: the backend cannot be made. W001: no middleware records requests."""
    if boost_settings.find_problems(imports=True):
        return  # Core reports these.
    try:
        recorder = current()
    except MissingDependency as error:
        yield as_error(error, "ninja_boost_metrics.E001", "NINJA_BOOST: METRICS.BACKEND")
        return
    except ImproperlyConfigured as error:
        yield as_error(error, "ninja_boost_metrics.E001")
        return
    if recorder is not None and not any(map(_records, settings.MIDDLEWARE)):
        yield checks.Warning(
            "NINJA_BOOST: METRICS.BACKEND is set, and MIDDLEWARE has nothing that records "
            "requests.",
            hint="Add 'ninja_boost_metrics.MetricsMiddleware' or, with ninja-boost-lifecycle, "
            "'ninja_boost_lifecycle.LifecycleMiddleware'.",
            id="ninja_boost_metrics.W001",
        )


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W002: several processes would each tell of their own. W003: nobody may scrape."""
    recorder = _recorder()
    if recorder is None or not _is_scraped(recorder):
        return
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        yield checks.Warning(
            "PROMETHEUS_MULTIPROC_DIR is not set: with several worker processes a scrape sees "
            "the metrics of whichever answers it.",
            hint="Set it to an empty directory before the server starts, and import child_exit "
            "and on_starting from ninja_boost_metrics.gunicorn in gunicorn.conf.py. If there is "
            "one process only, add 'ninja_boost_metrics.W002' to SILENCED_SYSTEM_CHECKS.",
            id="ninja_boost_metrics.W002",
        )
    options = boost_settings.section(MetricsSettings).METRICS.ENDPOINT
    guarded = options.TOKEN or options.NETWORKS or options.STAFF
    if (
        not guarded
        and hasattr(settings, "ROOT_URLCONF")
        and _is_routed(get_resolver().url_patterns)
    ):
        yield checks.Warning(
            "NINJA_BOOST: METRICS.ENDPOINT says of nobody that he may scrape, so metrics_view "
            "answers 404 to all.",
            hint="Set TOKEN, NETWORKS or STAFF in it, or take metrics_view out of the URLs.",
            id="ninja_boost_metrics.W003",
        )


def _recorder() -> Recorder | None:
    if boost_settings.find_problems(imports=True):
        return None
    try:
        return current()
    except ImproperlyConfigured:
        return None  # check_backend reports it.


def _is_scraped(recorder: Recorder) -> bool:
    # The backend itself is made already, so the module is there.
    from .backends.prometheus import PrometheusBackend

    return isinstance(recorder.backend, PrometheusBackend)


def _is_routed(patterns: Iterable[Any]) -> bool:
    return any(
        _is_routed(pattern.url_patterns)
        if hasattr(pattern, "url_patterns")
        else pattern.callback is metrics_view
        for pattern in patterns
    )


def _records(path: str) -> bool:
    try:
        middleware = import_string(path)
    except ImportError:
        return False  # Django itself tells of it.
    return isinstance(middleware, type) and issubclass(middleware, ObserverMiddleware)
