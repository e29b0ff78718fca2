"""Slices corrected by hand stay, accepted or not, and each slice knows the model that made it."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from napari_scribblemix.errors import LabelError, ProjectError
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.project import Project
from phantoms import draw

STARTER = {"kind": "bundled", "model": "starter", "step": 14000}
RUN = {"kind": "run", "model": "cyclemix", "step": 540}


def predict(project: Project, value: int, origin: dict[str, object], **options: bool) -> object:
    geometry = project.read_image("heart").geometry
    mask = np.full(geometry.shape, value, np.uint8)
    return project.write_prediction("heart", mask, geometry, origin, **options)


def correct(project: Project, value: int, slices: list[int]) -> None:
    geometry = project.read_image("heart").geometry
    mask = np.full(geometry.shape, value, np.uint8)
    project.write_corrected("heart", slices, mask, geometry)


def shown(project: Project) -> list[int]:
    """The value of each slice as it is read, and as it lies in the file."""
    found = project.read_prediction("heart")
    assert found is not None
    stored = np.asarray(nibabel.load(project.prediction_path("heart")).dataobj)
    values = [int(number) for number in found[0][:, 0, 0]]
    assert values == stored[0, 0].tolist()
    return values


def test_no_prediction_replaces_a_correction_that_nobody_accepts(project: Project) -> None:
    predict(project, 1, STARTER)
    correct(project, 2, [1])
    assert predict(project, 3, RUN) == (1,)
    assert shown(project) == [3, 2, 3, 3]


def test_a_correction_goes_when_it_is_said_and_an_accepted_slice_stays(project: Project) -> None:
    predict(project, 1, STARTER)
    correct(project, 2, [1, 2])
    geometry = project.read_image("heart").geometry
    project.write_review("heart", [2], "me", np.full(geometry.shape, 2, np.uint8), geometry)
    assert predict(project, 3, RUN, over_corrections=True) == (1,)
    project.drop_corrected("heart", [1])
    assert shown(project) == [3, 3, 2, 3]


def test_each_slice_knows_the_model_that_made_it(project: Project) -> None:
    predict(project, 1, STARTER)
    correct(project, 2, [1])
    predict(project, 3, RUN)
    predict(project, 3, RUN | {"step": 600})
    found = project.read_prediction("heart")
    assert found is not None
    assert found[1] == RUN | {"step": 600, "kept": {"1": STARTER}}
    project.drop_corrected("heart", [1])
    predict(project, 3, RUN)
    assert project.read_prediction("heart")[1] == RUN  # type: ignore[index]


def test_a_slice_put_back_keeps_its_model_and_the_uncertainty(project: Project) -> None:
    predict(project, 1, STARTER)
    correct(project, 2, [1])
    geometry = project.read_image("heart").geometry
    doubt = np.full(geometry.shape, 0.37, np.float32)
    project.write_prediction("heart", np.full(geometry.shape, 3, np.uint8), geometry, RUN, doubt)
    correct(project, 2, [])
    project.put_back("heart", [1], np.full(geometry.shape, 1, np.uint8))
    assert shown(project) == [3, 1, 3, 3]
    assert project.read_prediction("heart")[1]["kept"] == {"1": STARTER}  # type: ignore[index]
    assert (project.read_uncertainty("heart") == 37).all()


def test_a_correction_that_nobody_accepts_is_not_trained_on(project: Project) -> None:
    predict(project, 1, STARTER)
    correct(project, 2, [1])
    (files,) = project.case_files()
    assert load_case(files).scribble is None


def test_only_whole_slices_and_the_holder_of_the_lock(project: Project) -> None:
    geometry = project.read_image("heart").geometry
    with pytest.raises(LabelError, match="slice 9"):
        project.write_corrected("heart", [9], draw(0)[1], geometry)
    reader = Project.open(project.folder, write=False)
    with pytest.raises(ProjectError, match="read-only"):
        reader.write_corrected("heart", [0], draw(0)[1], geometry)
    assert reader.read_corrected("heart") is None
