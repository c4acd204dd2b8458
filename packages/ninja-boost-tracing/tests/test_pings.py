"""What ``boost_doctor`` asks about OpenTelemetry."""

from __future__ import annotations

import sys

import opentelemetry.trace as api
import pytest
from django.test import override_settings
from opentelemetry.sdk.trace import TracerProvider

from ninja_boost_core.doctor import ask
from ninja_boost_tracing._feature import feature


@pytest.fixture
def answer():
    def ask_it():
        with override_settings(NINJA_BOOST={"TRACING": {"OPENTELEMETRY": True}}):
            (found,) = ask(list(feature.pings()), 10)
        return found

    return ask_it


def test_only_what_is_used():
    with override_settings(NINJA_BOOST={"TRACING": {"SAMPLED": True}}):
        assert list(feature.pings()) == []


def test_with_and_without_an_sdk(answer, monkeypatch):
    monkeypatch.setattr(api, "get_tracer_provider", lambda: api.NoOpTracerProvider())
    found = answer()
    assert found.ok, found.detail
    assert found.name == "tracing: OpenTelemetry"
    assert found.detail.startswith("no SDK is set up in this process")
    provider = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(api, "get_tracer_provider", lambda: provider)
    assert answer().detail == "TracerProvider"


def test_without_the_library(answer, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    found = answer()
    assert not found.ok
    assert "needs a library" in found.detail
    assert "pip install 'opentelemetry-sdk>=1.30'" in found.hint
