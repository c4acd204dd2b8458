from __future__ import annotations

import pytest

from ninja_boost_health import registry, router


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path, settings):
    """No check, no result and no drain of another test."""
    settings.NINJA_BOOST = {"HEALTH": {"DRAIN_FILE": str(tmp_path / "drain"), "CHECKS": ()}}
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(router, "_started_up", False)
    monkeypatch.setattr(router, "runner", type(router.runner)())


@pytest.fixture
def health(settings):
    """Change options of the HEALTH setting."""

    def change(**options):
        current = settings.NINJA_BOOST["HEALTH"]
        settings.NINJA_BOOST = {"HEALTH": {**current, **options}}

    return change
