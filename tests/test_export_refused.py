"""Masks that are not exported: to which place, of what, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_project import copied, project, some_mask, study, told

from napari_scribblemix.cli import app
from napari_scribblemix.data.nifti import read_image, write_labels
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.working_copies import unpack

__all__ = ["project", "study"]


def test_a_nifti_source_has_no_dicom_segmentation_and_says_why(
    tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = read_image(project / "images" / "heart_sax.nii", 0)
    plain = tmp_path / "images" / "plain.nii.gz"
    plain.parent.mkdir()
    write_labels(plain, image.array.astype(np.int16), image.geometry)
    with Project.create(tmp_path / "b") as made:
        made.add_case(CaseFiles("plain", plain))
        made.write_prediction("plain", some_mask(image.array.shape, 0), image.geometry, {})
    arguments = ["export", str(tmp_path / "b"), "--output", str(tmp_path / "out"), "--format"]
    assert app.main([*arguments, "dicom-seg"]) == 1
    assert "plain does not come from DICOM files" in told(capsys)
    assert list((tmp_path / "out").iterdir()) == []
    assert app.main([*arguments, "nrrd"]) == 0
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["plain.seg.nrrd"]


def test_dicom_files_that_are_gone_are_told_and_stop_nothing_else(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "study"
    moved.mkdir()
    for path in study.rglob("*.dcm"):
        target = moved / path.relative_to(study)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    (copy,) = unpack(moved, tmp_path / "images", name="heart")
    image = read_image(copy.path, 0)
    write_labels(tmp_path / "masks" / "heart_sax_frame00.nii.gz",
                 some_mask(image.array.shape, 1), image.geometry)  # fmt: skip
    next(moved.rglob("*.dcm")).unlink()
    arguments = ["export", str(tmp_path / "masks"), "--images", str(tmp_path / "images")]
    assert app.main([*arguments, "--output", str(tmp_path / "o"), "--format", "dicom-seg"]) == 1
    assert "heart_sax" in told(capsys)


def test_dicom_files_that_were_moved_are_told_without_their_path_and_can_be_given_anew(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = copied(study, tmp_path / "DOE_JANE")
    (copy,) = unpack(moved, tmp_path / "images", name="heart")
    image = read_image(copy.path, 0)
    write_labels(tmp_path / "masks" / "heart_sax_frame00.nii.gz",
                 some_mask(image.array.shape, 1), image.geometry)  # fmt: skip
    moved = moved.rename(tmp_path / "elsewhere")
    export = ["export", str(tmp_path / "masks"), "--format", "dicom-seg"]
    old = ["--images", str(tmp_path / "images"), "--output", str(tmp_path / "o")]
    assert app.main([*export, *old]) == 1
    words = " ".join(told(capsys).split())
    assert "The DICOM files of heart_sax.nii are not where they were" in words
    assert "DOE" not in words
    unpack(moved, tmp_path / "new", name="heart")
    new = ["--images", str(tmp_path / "new"), "--output", str(tmp_path / "p")]
    assert app.main([*export, *new]) == 0


@pytest.mark.parametrize("form", ["nifti", "nrrd", "dicom-seg"])
def test_nothing_is_exported_among_the_images_or_the_scanners_files(
    form: str, study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = copied(study, tmp_path / "study")
    masks = tmp_path / "masks"
    (copy,) = unpack(own, masks / "images", name="heart")
    image = read_image(copy.path, 0)
    write_labels(
        masks / "heart_sax_frame00.nii.gz", some_mask(image.array.shape, 1), image.geometry
    )
    before = sorted(tmp_path.rglob("*"))
    export = ["export", str(masks), "--format", form, "--output"]
    for output, words in (
        (masks / "images", "where the images lie"),
        (own / "out", "inside the DICOM folder"),
        (own, "inside the DICOM folder"),
        (copy.path / "out", "is no folder"),
    ):
        assert app.main([*export, str(output)]) == 2
        assert words in " ".join(told(capsys).split())
    assert sorted(tmp_path.rglob("*")) == before
    with Project.create(tmp_path / "a.scribblemix") as made:
        made.add_case(CaseFiles("heart", copy.path, frame=0))
        made.write_prediction("heart", some_mask(image.array.shape, 1), image.geometry, {})
    export[1] = str(tmp_path / "a.scribblemix")
    assert app.main([*export, str(own / "out")]) == 2
    assert "inside the DICOM folder" in " ".join(told(capsys).split())


def test_nothing_is_written_among_the_sources(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["export", str(project), "--output", str(project / "out")]) == 2
    assert "choose another folder" in told(capsys)
    masks = tmp_path / "masks"
    assert app.main(["export", str(project), "--format", "nifti", "--output", str(masks)]) == 0
    before = {path: path.read_bytes() for path in masks.iterdir()}
    overwrite = ["export", str(masks), "--output", str(masks), "--format", "nifti", "--overwrite"]
    assert app.main(overwrite) == 2
    assert {path: path.read_bytes() for path in masks.iterdir()} == before
    with Project.create(tmp_path / "empty"):
        pass
    assert app.main(["export", str(tmp_path / "empty"), "--output", str(tmp_path / "o")]) == 2
    assert "no mask to export" in told(capsys)


def test_a_segmentation_is_not_written_beside_loose_dicom_files(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = copied(study / "0", tmp_path / "scanner")
    files = sorted(own.iterdir())
    segment = ["segment", "starter", *map(str, files), "--output"]
    for output in (own, own / "." / ".." / "scanner"):
        assert app.main([*segment, str(output)]) == 2
        assert "inside the DICOM folder" in " ".join(told(capsys).split())
    assert sorted(own.iterdir()) == files
