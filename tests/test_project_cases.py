"""A case of a project to a prediction in it: whose structures, and how well they fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_segment import model as threshold

from napari_scribblemix.data.labels import CARDIAC, MYOPS, UNLABELLED
from napari_scribblemix.errors import ImageError, ModelError
from napari_scribblemix.inference.model import Model, ModelCard
from napari_scribblemix.inference.project_cases import accepted_dice, class_map, predict_case
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.makers import Maker, maker_of
from napari_scribblemix.project.project import Project
from phantoms import CHANNELS, draw, write_channels, write_file


def test_structures_are_matched_by_name() -> None:
    assert class_map(CARDIAC, CARDIAC).tolist() == [0, 1, 2, 3]
    assert class_map(CARDIAC, MYOPS).tolist() == [0, 1, 2, 3]
    names = ("Background", "left ventricle", "right ventricle")
    other = CARDIAC.model_copy(update={"names": names})
    assert class_map(other, CARDIAC).tolist() == [0, 3, 1]


def test_a_structure_the_project_does_not_know_is_refused() -> None:
    with pytest.raises(ModelError, match="finds oedema, scar; the project knows background"):
        class_map(MYOPS, CARDIAC)


def test_only_accepted_slices_are_measured() -> None:
    mask = draw(0)[1]
    accepted = np.full_like(mask, UNLABELLED)
    assert accepted_dice(mask, None, 4) is None
    assert accepted_dice(mask, accepted, 4) is None
    accepted[1] = mask[1]
    prediction = np.zeros_like(mask)
    prediction[1] = mask[1]
    assert accepted_dice(prediction, accepted, 4) == 1.0
    prediction[1][prediction[1] == 3] = 2
    assert accepted_dice(prediction, accepted, 4) == pytest.approx((1 + 0 + 0.7557) / 3, abs=0.05)


def test_a_case_of_several_channels_is_predicted_and_others_are_refused(tmp_path: Path) -> None:
    source = write_channels(tmp_path / "source", scribbled=1, masked=0)
    card = ModelCard(
        name="test", network="fast", in_channels=3, channels=CHANNELS, labels=CARDIAC, spacing=1.5,
        mirrored=False, method="partial", recipe={}, steps=1, seconds=1.0, seed=0, code_version="0",
    )  # fmt: skip
    model = Model(build_network("fast", 3, CARDIAC.classes), card)
    with Project.create(tmp_path / "p.scribblemix") as project:
        project.add_case(find_cases(source)[0])
        project.add_case(CaseFiles("single", source / "images" / "case00_C0.nii.gz"))
        found = predict_case(project, "case00", model, maker=Maker("run", "r", 1))
        assert (project.folder / found.file).is_file()
        with pytest.raises(ImageError, match="Got one image; this model was trained on"):
            predict_case(project, "single", model, maker=Maker("run", "r", 1))


def test_a_mask_says_whether_its_model_is_bundled_a_run_or_from_elsewhere(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p.scribblemix") as project:
        run = project.new_run("starter")
        assert maker_of(run / "lge", 7, project) == Maker("run", "starter", 7)
        assert maker_of(Path("starter"), 7, project) == Maker("bundled", "starter", 7)
        elsewhere = tmp_path / "heart.safetensors"
        assert maker_of(elsewhere, 7, project) == Maker("model", "heart", 7)


def test_a_piece_that_a_person_drew_in_is_not_cleaned_away(tmp_path: Path) -> None:
    image = np.full((4, 48, 48), 10.0, np.float32)
    image[:, 8:20, 8:20] = 200
    image[1:3, 34:42, 34:42] = 200
    write_file(tmp_path / "heart.nii.gz", image)
    with Project.create(tmp_path / "p.scribblemix") as project:
        project.add_case(CaseFiles("heart", tmp_path / "heart.nii.gz"))

        def found() -> list[bool]:
            predict_case(project, "heart", threshold(), maker=Maker("run", "r", 1))
            prediction = project.read_prediction("heart")
            assert prediction is not None
            return [bool(prediction[0][1, at, at] == 3) for at in (14, 38)]

        assert found() == [True, False]
        nothing = np.full(image.shape, UNLABELLED, np.uint8)
        stroke = nothing.copy()
        stroke[1, 36:40, 36:40] = 3
        project.record_stroke("heart", nothing, stroke)
        assert found() == [True, True]
        project.scribble_path("heart").parent.mkdir(exist_ok=True)
        project.scribble_path("heart").write_bytes(b"no image")
        assert found() == [True, False]  # strokes that cannot be read are no reason for no mask
