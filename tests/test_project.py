"""What goes into a project: scribbles and their journal, predictions, reviews, runs."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import LabelError, ProjectError
from napari_scribblemix.project.project import Project
from phantoms import draw


@pytest.fixture
def image(project: Project) -> Volume:
    return project.read_image("heart")


def test_a_new_case_is_unlabelled(project: Project, image: Volume) -> None:
    scribble = project.read_scribble("heart", image.geometry)
    assert scribble.shape == image.array.shape
    assert (scribble == UNLABELLED).all()
    assert project.case_files()[0].scribble is None


def test_scribbles_come_back_on_the_images_grid(project: Project, image: Volume) -> None:
    strokes = draw(0)[2]
    project.write_scribble("heart", strokes, image.geometry)
    np.testing.assert_array_equal(project.read_scribble("heart", image.geometry), strokes)
    stored = nibabel.load(project.scribble_path("heart"))
    np.testing.assert_array_equal(stored.affine, nibabel.load(project.image_path("heart")).affine)
    assert set(np.unique(np.asarray(stored.dataobj))) == {0, 1, 2, 3, 4}


def test_strokes_are_there_before_they_are_saved(project: Project, image: Volume) -> None:
    states = [project.read_scribble("heart", image.geometry)]
    for value in (3, 0, UNLABELLED):
        after = states[-1].copy()
        after[1, 5, value % 7 : value % 7 + 4] = value
        project.record_stroke("heart", states[-1], after)
        states.append(after)
    assert project.unsaved_strokes("heart") == 3
    np.testing.assert_array_equal(project.read_scribble("heart", image.geometry), states[-1])
    project.write_scribble("heart", states[-1], image.geometry)
    assert project.unsaved_strokes("heart") == 0
    np.testing.assert_array_equal(project.read_scribble("heart", image.geometry), states[-1])


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_strokes_survive_a_kill(tmp_path: Path, project: Project, image: Volume) -> None:
    project.close()
    code = """
import os, signal, sys, pathlib
from napari_scribblemix.project.project import Project
project = Project.open(pathlib.Path(sys.argv[1]))
before = project.read_scribble("heart", project.read_image("heart").geometry)
after = before.copy()
after[2, 10, 4:9] = 2
project.record_stroke("heart", before, after)
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", code, str(project.folder)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with Project.open(project.folder) as reopened:
        scribble = reopened.read_scribble("heart", image.geometry)
    assert (scribble[2, 10, 4:9] == 2).all()
    assert (scribble != UNLABELLED).sum() == 5


def test_a_crash_between_saving_and_clearing_changes_nothing(
    project: Project, image: Volume
) -> None:
    before = project.read_scribble("heart", image.geometry)
    after = before.copy()
    after[0, 0, :5] = 1
    project.record_stroke("heart", before, after)
    journal = project.folder / "scribbles" / "heart.journal"
    kept = journal.read_bytes()
    project.write_scribble("heart", after, image.geometry)
    journal.write_bytes(kept)
    np.testing.assert_array_equal(project.read_scribble("heart", image.geometry), after)


def test_predictions_come_back_with_their_origin(project: Project, image: Volume) -> None:
    assert project.read_prediction("heart") is None
    mask = draw(0)[1]
    project.write_prediction("heart", mask, image.geometry, {"model": "m", "step": 7})
    found = project.read_prediction("heart")
    assert found is not None
    np.testing.assert_array_equal(found[0], mask)
    assert found[1] == {"model": "m", "step": 7}
    with pytest.raises(LabelError, match="unlabelled pixels"):
        project.write_prediction("heart", draw(0)[2], image.geometry, {})


def test_a_program_may_predict_while_a_person_writes(project: Project, image: Volume) -> None:
    worker = Project.open(project.folder)
    assert not worker.writable
    worker.write_prediction("heart", draw(0)[1], image.geometry, {"step": 1})
    worker.new_run("cyclemix")
    assert project.read_prediction("heart") is not None
    assert [run.name for run in project.runs()] == ["cyclemix"]


def test_a_review_says_which_slices_who_and_when(project: Project) -> None:
    assert project.read_review("heart") == {}
    project.write_review("heart", [3, 1, 3], "Reader A")
    review = project.read_review("heart")
    assert review["accepted_slices"] == [1, 3]
    assert review["reviewer"] == "Reader A"
    assert review["time"].endswith("+00:00")


def test_every_run_has_a_folder_of_its_own(project: Project) -> None:
    assert project.runs() == []
    names = [project.new_run("cyclemix").name for _ in range(3)]
    assert names == ["cyclemix", "cyclemix-2", "cyclemix-3"]
    assert [path.name for path in project.runs()] == names


def test_an_unknown_case_is_refused(project: Project, image: Volume) -> None:
    for change in (
        lambda: project.write_scribble("x", draw(0)[2], image.geometry),
        lambda: project.write_prediction("x", draw(0)[1], image.geometry, {}),
        lambda: project.write_review("x", [0], "me"),
        lambda: project.image_path("x"),
    ):
        with pytest.raises(ProjectError, match="Got the case 'x'"):
            change()


def test_a_damaged_review_is_named(project: Project) -> None:
    path = project.folder / "reviews" / "heart.json"
    project.write_review("heart", [0], "me")
    path.write_text("{")
    with pytest.raises(ProjectError, match=r"heart\.json could not be read"):
        project.read_review("heart")


def test_a_prediction_never_replaces_an_accepted_slice(project: Project, image: Volume) -> None:
    mask = draw(0)[1]
    accepted = mask.copy()
    accepted[1] = 3
    project.write_review("heart", [1], "me", accepted, image.geometry)
    np.testing.assert_array_equal(project.read_accepted("heart")[1], accepted[1])
    assert (project.read_accepted("heart")[[0, 2, 3]] == UNLABELLED).all()
    worker = Project.open(project.folder, write=False)
    worker.write_prediction("heart", mask, image.geometry, {"step": 2})
    stored = np.asarray(nibabel.load(project.prediction_path("heart")).dataobj)
    assert (stored[:, :, 1] == 3).all()
    found = project.read_prediction("heart")
    assert found is not None
    np.testing.assert_array_equal(found[0][[0, 2, 3]], mask[[0, 2, 3]])
    assert found[1] == {"step": 2, "kept": {"1": {}}}


def test_a_slice_is_accepted_as_predicted_unless_its_labels_are_given(
    project: Project, image: Volume
) -> None:
    first, second = draw(0)[1], draw(3)[1]
    project.write_prediction("heart", first, image.geometry, {})
    project.write_review("heart", [0], "me")
    project.write_prediction("heart", second, image.geometry, {})
    project.write_review("heart", [0, 2], "me")
    accepted = project.read_accepted("heart")
    np.testing.assert_array_equal(accepted[0], first[0])
    np.testing.assert_array_equal(accepted[2], second[2])
    project.write_review("heart", [2], "me")
    assert (project.read_accepted("heart")[0] == UNLABELLED).all()
    assert project.read_review("heart")["accepted_slices"] == [2]


def test_only_whole_slices_can_be_accepted(project: Project, image: Volume) -> None:
    with pytest.raises(LabelError, match="unlabelled pixels in the accepted slice 2"):
        project.write_review("heart", [2], "me", draw(0)[2], image.geometry)
    with pytest.raises(LabelError, match="Got the slice 4 to accept; expected slices from 0 to 3"):
        project.write_review("heart", [4], "me", draw(0)[1], image.geometry)
    assert project.read_review("heart") == {}
    assert project.read_accepted("heart") is None


def test_uncertainty_is_kept_in_percent(project: Project, image: Volume) -> None:
    assert project.read_uncertainty("heart") is None
    values = np.linspace(0, 1, image.array.size, dtype=np.float32).reshape(image.array.shape)
    project.write_prediction("heart", draw(0)[1], image.geometry, {}, values)
    kept = project.read_uncertainty("heart")
    assert kept is not None
    np.testing.assert_allclose(kept / 100, values, atol=0.0051)
