"""Real windows, each in a process of its own: none of them dies, whatever is closed or changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from phantoms import write_folder

DRIVER = Path(__file__).with_name("real_window.py")
SECONDS = 900
"""A real training, twice, on a machine that does other things as well."""

pytestmark = pytest.mark.timeout(SECONDS + 60)


def drive(what: str, folder: Path, *arguments: str) -> str:
    """Run a scenario; gives what it printed, fails with its stack if it died."""
    paths = [str(DRIVER.parents[1]), os.environ.get("PYTHONPATH", "")]
    command = [sys.executable, "-W", "ignore", str(DRIVER), what, str(folder), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-5000:]}"
    assert "Traceback" not in done.stderr, done.stderr[-5000:]
    assert done.stdout.rstrip().endswith("done")
    return done.stdout


@pytest.fixture
def study(display: None, tmp_path: Path) -> Path:
    return write_folder(tmp_path / "study")


@pytest.mark.slow
def test_the_dock_closes_after_and_in_a_real_training_and_opens_again(study: Path) -> None:
    drive("closings", study, "over:cross", "running:cross", "plots:menu", "none:window")


@pytest.mark.slow
@pytest.mark.parametrize("route", ["viewer", "quit"])
def test_the_window_closes_in_a_real_training_without_a_traceback(study: Path, route: str) -> None:
    drive("closings", study, f"running:{route}")


@pytest.mark.slow
@pytest.mark.parametrize("route", ["window", "viewer", "quit"])
def test_the_window_closes_while_layers_are_trained_on(study: Path, route: str) -> None:
    assert "saved" in drive("layers", study, route)


@pytest.mark.slow
@pytest.mark.parametrize("route", ["cross", "quit", "train"])
def test_a_mask_follows_the_mouse_comes_back_on_undo_and_leaves_no_process(
    display: None, tmp_path: Path, route: str
) -> None:
    said = drive("live", tmp_path, route)
    assert "undone" in said
    assert "gone" in said


@pytest.mark.slow
def test_what_is_opened_at_the_start_is_all_in_sight_the_second_time_too(study: Path) -> None:
    assert drive("starts", study, "2").count("seen") == 2


@pytest.mark.slow
def test_forty_changes_of_case_with_strokes_masks_and_uncertainty(study: Path) -> None:
    drive("changes", study, "40")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_actions_at_random_leave_what_is_drawn_and_shown_whole(study: Path, seed: int) -> None:
    drive("walk", study, str(seed), "40")
