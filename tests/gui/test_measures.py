from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribblemix.errors import FileError, ProjectError, SettingsError
from napari_scribblemix.gui.review.export import export_mask, plan_export
from napari_scribblemix.gui.state.measures import Measures
from napari_scribblemix.gui.state.open_case import read_case
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.mask_files import MaskWriter
from napari_scribblemix.project.project import Project
from phantoms import draw, write_file

RUN = {"kind": "run", "model": "cyclemix", "step": 540}
STARTER = {"kind": "bundled", "model": "starter", "step": 14000}

NIFTI = MaskWriter("nifti")


def predict(
    project: Project, case_id: str, ventricle: int, origin: Mapping[str, object] = RUN
) -> None:
    """A mask with so many voxels of the left ventricle."""
    image = project.read_image(case_id)
    mask = np.zeros(image.array.shape, np.uint8)
    mask.flat[:ventricle] = 3
    mask.flat[-50:] = 2
    project.write_prediction(case_id, mask, image.geometry, origin)


@pytest.fixture
def phases(tmp_path: Path) -> Iterator[Project]:
    project = Project.create(tmp_path / "p.scribblemix")
    for name in ("heart_ED", "heart_ES", "other_ED"):
        write_file(tmp_path / f"{name}.nii.gz", draw(0)[0])
        project.add_case(CaseFiles(name, tmp_path / f"{name}.nii.gz"))
    predict(project, "heart_ED", 1000)
    predict(project, "heart_ES", 400)
    yield project
    project.close()


def test_both_phases_give_the_ejection_fraction(phases: Project) -> None:
    lines = Measures().look(phases, read_case(phases, "heart_ED")).lines
    # 1000 voxels of 8 x 1.5 x 1.5 mm
    assert "LV 18 ml" in lines[0]
    assert "LV EF 60 %" in lines[1]
    assert "ED heart_ED, ES heart_ES" in lines[1]


def test_one_phase_gives_volumes_only(phases: Project) -> None:
    predict(phases, "other_ED", 100)
    assert len(Measures().look(phases, read_case(phases, "other_ED")).lines) == 1


def test_without_a_mask_there_is_nothing_to_measure(phases: Project) -> None:
    assert Measures().look(phases, read_case(phases, "other_ED")).lines == ()


def test_another_phase_is_measured_again_when_its_mask_was_written_again(phases: Project) -> None:
    measures, case = Measures(), read_case(phases, "heart_ED")
    assert "LV EF 60 %" in measures.look(phases, case).lines[1]
    predict(phases, "heart_ES", 500)
    assert "LV EF 50 %" in measures.look(phases, case).lines[1]


def test_masks_of_two_models_give_no_ejection_fraction(phases: Project) -> None:
    predict(phases, "heart_ED", 1000, STARTER)
    for name in ("heart_ED", "heart_ES"):
        line = Measures().look(phases, read_case(phases, name)).lines[1]
        assert "EF" not in line
        assert "ED by starter; ES by run cyclemix, step 540" in line
    predict(phases, "heart_ED", 1000)
    assert "LV EF 60 %" in Measures().look(phases, read_case(phases, "heart_ED")).lines[1]


def test_acceptance_does_not_make_masks_of_two_models_comparable(phases: Project) -> None:
    predict(phases, "heart_ED", 1000, STARTER)
    phases.write_review("heart_ED", range(read_case(phases, "heart_ED").slices), "me")
    line = Measures().look(phases, read_case(phases, "heart_ED")).lines[1]
    assert "EF" not in line
    assert "ED by starter (accepted); ES by run cyclemix, step 540" in line


def test_two_states_of_a_run_are_marked(phases: Project) -> None:
    predict(phases, "heart_ES", 400, RUN | {"step": 600})
    line = Measures().look(phases, read_case(phases, "heart_ED")).lines[1]
    assert "LV EF 60 %" in line
    assert "ED by run cyclemix, step 540; ES by run cyclemix, step 600" in line


def test_another_phase_is_measured_again_when_a_person_corrected_it(phases: Project) -> None:
    measures, case = Measures(), read_case(phases, "heart_ED")
    assert "LV EF 60 %" in measures.look(phases, case).lines[1]
    other = read_case(phases, "heart_ES")
    mask = np.zeros(other.image.array.shape, np.uint8)
    mask.flat[:500] = 3
    phases.write_corrected("heart_ES", [0], mask, other.image.geometry)
    phases.write_review("heart_ES", [0], "me", labels=mask, geometry=other.image.geometry)
    assert "LV EF 50 %" in measures.look(phases, case).lines[1]


def test_an_exported_mask_has_the_image_s_exact_geometry(phases: Project, tmp_path: Path) -> None:
    (planned,) = plan_export(phases, ["heart_ED", "other_ED"], tmp_path / "masks", NIFTI)
    export_mask(planned, NIFTI)
    mask, image = nibabel.load(planned.path), nibabel.load(phases.image_path("heart_ED"))
    assert mask.shape == image.shape
    assert np.array_equal(mask.affine, image.affine)
    assert np.count_nonzero(np.asarray(mask.dataobj) == 3) == 1000


def test_accepted_slices_are_exported_as_they_were_accepted(
    phases: Project, tmp_path: Path
) -> None:
    case = read_case(phases, "heart_ES")
    labels = np.full(case.image.array.shape, 1, np.uint8)
    phases.write_review("heart_ES", [3], "me", labels=labels, geometry=case.image.geometry)
    (planned,) = plan_export(phases, ["heart_ES"], tmp_path / "masks", NIFTI)
    export_mask(planned, NIFTI)
    assert (np.asarray(nibabel.load(planned.path).dataobj)[..., 3] == 1).all()


def test_what_is_there_already_is_marked(phases: Project, tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "heart_ED.nii.gz").write_bytes(b"")
    planned = plan_export(phases, ["heart_ED", "heart_ES"], tmp_path / "masks", NIFTI)
    assert [item.there for item in planned] == [True, False]


@pytest.mark.parametrize("place", [".", "p.scribblemix/predictions"])
def test_a_mask_never_replaces_an_image_or_a_file_of_the_project(
    phases: Project, tmp_path: Path, place: str
) -> None:
    with pytest.raises((FileError, SettingsError), match="choose another folder"):
        plan_export(phases, ["heart_ED"], tmp_path / place, NIFTI)


def test_without_any_mask_nothing_is_exported(phases: Project, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no mask to export"):
        plan_export(phases, ["other_ED"], tmp_path / "masks", NIFTI)
