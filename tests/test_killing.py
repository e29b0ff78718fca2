"""Killed at any rename of any save, the old or the new is there, whole, and no stray for long."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Kill = dict[str, Any]

# How many renames a save of each kind makes, and at which the new takes the place of the old.
RENAMES = {
    "ModelScene": (3, 2),
    "CheckpointScene": (1, 1),
    "PredictionScene": (4, 3),
    "ReviewScene": (3, 2),
    "CasesScene": (1, 1),
}


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> list[Kill]:
    if sys.platform == "win32":
        pytest.skip("SIGKILL")
    script = Path(__file__).with_name("killing.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path_factory.mktemp("killed"))],
        capture_output=True, text=True, check=True, timeout=280,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("scene", RENAMES)
def test_a_save_has_one_switch_and_is_whole_on_either_side(kills: list[Kill], scene: str) -> None:
    renames, switch = RENAMES[scene]
    of_scene = [kill for kill in kills if kill["scene"] == scene]
    assert sum(kill["died"] for kill in of_scene) == 2 * renames
    found = {(kill["rename"], kill["after"]): kill["found"] for kill in of_scene}
    expected = {
        (number, after): 2 if number > switch or (number == switch and after) else 1
        for number in range(1, renames + 1)
        for after in (False, True)
    }
    assert found == expected | {(renames + 1, after): 2 for after in (False, True)}


def test_the_next_start_leaves_no_stray(kills: list[Kill]) -> None:
    assert {kill["strays"] for kill in kills} == {0}
