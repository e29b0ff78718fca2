"""One training a run folder, whoever starts when."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_scribblemix.errors import FileError, ProjectError, TrainingError
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.checkpoint import checkpoint_path
from napari_scribblemix.training.claim import LOCK_NAME, claimed, claimed_output
from phantoms import write_folder


def test_a_run_is_held_by_one_training_and_free_after_it(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with claimed(run, resume=False):
        (run / "events.jsonl").write_text("")
        with (
            pytest.raises(TrainingError, match=r"is being trained by another program; wait for it"),
            claimed(run, resume=True),
        ):
            pass
    with claimed(run, resume=True) as again:
        assert again == run


def test_two_trainings_that_start_together_get_two_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study").mkdir()
    settings = TrainSettings(folder=tmp_path / "study")
    with claimed_output(settings) as first, claimed_output(settings) as second:
        assert (first.name, second.name) == ("study-cyclemix", "study-cyclemix-2")


def test_a_training_that_never_began_leaves_no_folder(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "run"
    with pytest.raises(TrainingError, match="no stroke"), claimed(run, resume=False):
        raise TrainingError("no stroke")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_the_user_stays(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with claimed(tmp_path / "run", resume=False):
        pass
    assert (tmp_path / "run").is_dir()


def test_what_is_there_is_no_run_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(FileError, match="is no folder"), claimed(tmp_path / "run", resume=False):
        pass
    assert (tmp_path / "run").read_text() == "mine"


def test_a_finished_training_is_not_replaced(tmp_path: Path) -> None:
    checkpoint = checkpoint_path(tmp_path / "run")
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"weights")
    with (
        pytest.raises(ProjectError, match="already holds a training"),
        claimed(tmp_path / "run", resume=False),
    ):
        pass


@pytest.mark.slow
def test_real_trainings_started_at_once_share_nothing(tmp_path: Path) -> None:
    write_folder(tmp_path / "study")
    command = [
        sys.executable, "-m", "napari_scribblemix", "train", str(tmp_path / "study"), "--steps",
        "1", "--start", "scratch", "--threads", "1", "--validations", "0", "--json",
    ]  # fmt: skip
    both = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=200) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    runs = sorted((tmp_path / "runs").iterdir())
    assert [run.name for run in runs] == ["study-cyclemix", "study-cyclemix-2"]
    for run in runs:
        events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
        assert [event["event"] for event in events].count("started") == 1
        assert (run / "model.safetensors").is_file()
        assert (run / LOCK_NAME).is_file()
