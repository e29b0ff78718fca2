"""The commands train and segment as a user calls them: progress, JSON, stopping, going on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import SMALL, Run, folder, trained

from napari_scribblemix.cli.train import describe_dice
from napari_scribblemix.errors import TrainingError
from napari_scribblemix.events import (
    Event,
    Failed,
    Finished,
    Progress,
    Started,
    clock,
    parse_event,
)
from napari_scribblemix.inference.model import read_card
from napari_scribblemix.training.loop import Training
from phantoms import write_folder

__all__ = ["folder", "trained"]


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "napari_scribblemix", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def test_training_tells_what_it_does_and_where_the_model_is(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    code, out, err = run("train", folder, "--steps", "2", "--output", tmp_path / "run", *SMALL)
    assert code == 0
    assert f"Model: {tmp_path / 'run'}" in out
    assert "8 scribbled of 8 slices, 2 scribbled of 2 cases, 1 to validate on" in err
    assert "mean Dice" in err
    assert "Done after 2 steps" in err
    lines = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    assert isinstance(parse_event(lines[0]), Started)
    assert isinstance(parse_event(lines[-1]), Finished)


def test_json_prints_events_and_nothing_else(run: Run, folder: Path, tmp_path: Path) -> None:
    code, out, _ = run(
        "train", folder, "--steps", "2", "--json", "--output", tmp_path / "run", *SMALL
    )
    assert code == 0
    events = [parse_event(line) for line in out.splitlines()]
    assert isinstance(events[0], Started)
    assert any(isinstance(event, Progress) for event in events)
    assert isinstance(events[-1], Finished)


def test_modelmix_prints_a_model_for_each_task_and_which_of_them_gained(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    other = write_folder(tmp_path / "lge", scribbled=1, masked=1, negative=True)
    pair = ("--method", "modelmix", "--with", other, "--output", tmp_path / "run")
    code, out, err = run("train", folder, *pair, "--steps", "2", *SMALL)
    assert code == 0
    models = [tmp_path / "run" / name for name in ("study", "lge")]
    assert out.splitlines() == [f"Model: {model}" for model in models]
    assert "modelmix of study and lge (fast" in err
    assert "step 2 lge: mean Dice" in err
    for name in ("study", "lge"):
        assert re.search(rf"^{name}: Dice 0\.\d+ at first, 0\.\d+ now", err, re.M)
    image = folder / "images" / "case00.nii.gz"
    masks = tmp_path / "masks"
    code, _, err = run("segment", tmp_path / "run", image, "--output", masks)
    assert code == 2
    assert "a model for each of lge, study; choose one of them" in err
    code, told, _ = run("inspect", tmp_path / "run")
    assert code == 0
    assert all(str(model / "model.safetensors") in told.replace("\n", "") for model in models)
    assert run("segment", models[1], image, "--output", masks)[0] == 0
    code, _, err = run("train", folder, "--method", "modelmix", "--steps", "2", *SMALL)
    assert code == 2
    assert "without a companion; name another folder" in err


def test_a_run_is_never_written_over(run: Run, folder: Path, trained: Path) -> None:
    before = read_card(trained).sha256
    code, _, err = run("train", folder, "--steps", "1", "--output", trained, *SMALL)
    assert code == 2
    assert "already holds a training; go on with it by --resume" in err
    assert read_card(trained).sha256 == before


def test_without_an_output_each_training_gets_a_folder_of_its_own(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert run("train", folder, "--steps", "1", "--method", "partial", *SMALL)[0] == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "study-partial",
        "study-partial-2",
    ]


def test_the_same_command_with_resume_goes_on_with_the_newest_run(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ("train", folder, "--method", "partial", "--validations", "0", *SMALL)
    code, _, err = run(*command, "--steps", "1", "--resume")
    assert code == 1
    assert f"{Path('runs') / 'study-partial'} holds no checkpoint" in err
    for steps in ("1", "2"):
        assert run(*command, "--steps", steps)[0] == 0
    code, out, err = run(*command, "--steps", "3", "--resume")
    assert code == 0
    assert "going on at step 2" in err
    newest = Path("runs") / "study-partial-2"
    assert f"Model: {newest}" in out
    assert read_card(newest).steps == 3
    assert len(list(Path("runs").iterdir())) == 2


def test_an_unusable_output_is_told_before_the_cases_are_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    code, _, err = run("train", tmp_path / "gone", "--output", tmp_path / "file" / "run")
    assert code == 2
    assert f"because {tmp_path / 'file'} is no folder; choose another --output" in err
    monkeypatch.setattr(os, "access", lambda *_: False)
    code, _, err = run("train", tmp_path / "gone", "--output", tmp_path / "run")
    assert code == 2
    assert f"you may not write to {tmp_path}; choose another --output" in err
    assert not (tmp_path / "run").exists()


def test_a_project_keeps_its_runs_inside(run: Run, folder: Path, tmp_path: Path) -> None:
    project = tmp_path / "study.scribblemix"
    assert run("import", folder, "--output", project)[0] == 0
    assert run("train", project, "--steps", "1", "--method", "partial", *SMALL)[0] == 0
    model, masks = project / "runs" / "partial" / "model.safetensors", tmp_path / "masks"
    assert model.is_file()
    assert run("segment", model, folder / "images", "--output", masks)[0] == 0
    assert len(list(masks.glob("*.nii.gz"))) == 3


def test_an_unusable_time_is_one_clear_line(run: Run, folder: Path) -> None:
    code, out, err = run("train", folder, "--time", "soon")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "expected a time such as 90s, 10m or 1.5h" in err


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_cleanly_and_the_training_goes_on(
    run: Run, folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    output = tmp_path / "run"
    common = ("train", folder, "--output", output, "--validations", "0", *SMALL)
    child = start(*common, "--time", "10m")
    try:
        deadline = time.monotonic() + 60
        while '"progress"' not in _text(output / "events.jsonl"):
            assert time.monotonic() < deadline, "no progress within a minute"
            time.sleep(0.1)
        child.send_signal(number)
        _, err = child.communicate(timeout=30)
    finally:
        child.kill()
    assert child.returncode == 130
    assert "Stopped after" in err
    assert "--resume" in err
    steps = read_card(output).steps
    assert steps > 0
    code, _, err = run(*common, "--steps", str(steps + 2), "--resume")
    assert code == 0
    assert f"going on at step {steps}" in err
    assert read_card(output).steps == steps + 2


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_failure_is_kept_with_the_run(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Training) -> Iterator[Event]:
        raise TrainingError("The device ran out of memory.")
        yield

    monkeypatch.setattr(Training, "_steps", fail)
    code, _, err = run("train", folder, "--steps", "3", "--output", tmp_path / "run", *SMALL)
    assert code == 1
    assert err.splitlines()[-1] == "Error: The device ran out of memory."
    last = parse_event((tmp_path / "run" / "events.jsonl").read_text().splitlines()[-1])
    assert isinstance(last, Failed)
    assert last.why == "The device ran out of memory."


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "-:--"), (5, "0:05"), (65.4, "1:05"), (3725, "1:02:05")]
)
def test_times_are_shown_as_on_a_clock(seconds: float | None, words: str) -> None:
    assert clock(seconds) == words


def test_dice_is_shown_per_structure() -> None:
    assert describe_dice({"RV": 0.5, "LV": 0.75}, 0.625) == "mean Dice 0.625 (RV 0.500, LV 0.750)"
