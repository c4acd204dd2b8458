"""None of the options and all of them, on SQLite as on PostgreSQL and Redis."""

from __future__ import annotations

import pytest

from ninja_boost_cli.options import OPTIONS

from .baked import bake, needs_tools, needs_umbrella, prove, prove_choice
from .services import database_url, redis_url

pytestmark = [needs_umbrella, needs_tools, pytest.mark.slow]


def test_none(tmp_path):
    prove_choice(tmp_path, removed=["jwt"], minimal=True, server="uvicorn")


def test_all(tmp_path):
    prove_choice(tmp_path, OPTIONS, server="uvicorn")


def test_all_on_postgresql_and_redis(tmp_path):
    project = bake(tmp_path, "shop", *OPTIONS)
    with database_url() as database:
        prove(project, fuzz=True, DATABASE_URL=database, REDIS_URL=redis_url(12))


def test_fuzzing_finds_what_the_document_does_not_say(tmp_path):
    project = bake(tmp_path, "shop", removed=["jwt"], minimal=True)
    router = project / "apps" / "items" / "routers.py"
    text = router.read_text().replace("get_object_or_404(Item, id=item_id)", "Item.objects.get()")
    router.write_text(text)
    with pytest.raises(AssertionError) as failed:
        prove(project, fuzz=True)
    assert "Server error" in str(failed.value)
