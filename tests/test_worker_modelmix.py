"""The training process with companions: ModelMix and what it says of bad ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from child_at_work import Once, _often, of, project, train_job, work

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.events import (
    Failed,
    Finished,
    Preview,
    Progress,
    ScribblesTaken,
    Segmented,
    Started,
)
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.run_models import MODEL_NAME
from napari_scribblemix.training.folders import is_finished_model
from napari_scribblemix.worker.messages import ScribblesChanged, SegmentJob
from phantoms import draw, write_folder

__all__ = ["_often", "project"]


@pytest.fixture
def companion(tmp_path: Path) -> Path:
    """Another folder whose cases have names and hearts of their own."""
    return write_folder(tmp_path / "other", scribbled=1, masked=0)


def mix_job(project: Project, *companions: Path, **changes: Any) -> Any:
    return train_job(project, method="modelmix", companions=list(companions), **changes)


def test_both_tasks_are_trained_and_only_the_project_is_shown(
    project: Project, companion: Path
) -> None:
    code, events = work(project, mix_job(project, companion))
    assert code == 0
    (started,) = of(Started, events)
    assert started.tasks == ["p", "other"]
    assert {"p: sup", "other: sup"} <= of(Progress, events)[-1].terms.keys()
    assert {event.case for event in of(Preview, events)} == {"case00", "case01"}
    for task in started.tasks:
        assert (project.folder / "runs" / "r" / task / MODEL_NAME).is_file()
    labels, origin = project.read_prediction("case01") or (None, {})
    assert labels is not None
    assert origin["model"] == "r"


def test_new_strokes_of_the_project_take_part(project: Project, companion: Path) -> None:
    _, _, strokes = draw(1)
    project.record_stroke("case01", np.full_like(strokes, UNLABELLED), strokes)
    change = Once(Progress, ScribblesChanged(case="case01"))
    _, events = work(project, mix_job(project, companion, time=6.0, steps=None), change)
    (taken,) = of(ScribblesTaken, events)
    assert (taken.case, taken.scribbled_cases) == ("case01", 2)


def test_a_companion_is_found_by_a_relative_path_and_again_from_another_folder(
    project: Project, companion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _ = work(project, mix_job(project, Path("other"), steps=2))
    assert code == 0
    monkeypatch.chdir("/")
    kept = (project.folder / "runs" / "r" / "settings.json").read_text()
    assert f'"{companion}"' in kept


def test_a_finished_model_leaves_one_task_that_looks_like_any_other_run(project: Project) -> None:
    work(project, train_job(project))
    frozen = project.folder / "runs" / "r"
    before = (frozen / MODEL_NAME).read_bytes()
    job = mix_job(project, frozen).model_copy(update={"run": frozen.with_name("mix")})
    code, events = work(project, job)
    assert code == 0
    assert of(Started, events)[0].tasks == []
    assert (frozen / MODEL_NAME).read_bytes() == before
    # A run whose only model lies in a folder of its own is still a finished model.
    assert is_finished_model(frozen.with_name("mix"))
    model = frozen.with_name("mix") / "p"
    code, events = work(project, SegmentJob(model=model, cases=("case01",), device="cpu"))
    assert len(of(Segmented, events)) == 1
    found = project.read_prediction("case01")
    assert found is not None
    assert found[1]["model"] == "mix"


@pytest.mark.parametrize(
    ("companion", "words"),
    [
        ("none", "nothing there"),
        ("blank", "no scribbled case"),
        ("p.scribblemix", "twice"),
        ("starter", "only equal ones can be mixed"),
    ],
)
def test_a_bad_companion_ends_as_one_failure_that_names_it(
    project: Project, tmp_path: Path, companion: str, words: str
) -> None:
    write_folder(tmp_path / "blank", scribbled=0, unlabelled=1, masked=0)
    path = Path(companion) if companion == "starter" else tmp_path / companion
    preset = "best" if companion == "starter" else "fast"
    code, events = work(project, mix_job(project, path, preset=preset))
    (failed,) = of(Failed, events)
    assert code != 0
    assert words in failed.why
    assert companion.removesuffix(".scribblemix") in failed.why
    assert "\n" not in failed.why
    assert not of(Finished, events)
    assert not (project.folder / "runs" / "r" / "settings.json").exists()
