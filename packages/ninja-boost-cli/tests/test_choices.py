"""Each option by itself: checks, tests, fuzzing, deployment and style."""

from __future__ import annotations

import pytest

from ninja_boost_cli.options import OPTIONS

from .baked import needs_tools, needs_umbrella, prove_choice

pytestmark = [needs_umbrella, needs_tools, pytest.mark.slow]


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_by_itself(tmp_path, name):
    without = [] if name == "jwt" else ["jwt"]
    prove_choice(tmp_path, [name], without, minimal=True)
