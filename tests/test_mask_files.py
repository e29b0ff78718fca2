"""Masks as files for other programs, from a project and from a folder, by the command line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import highdicom as hd
import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from dicom_project import FRAMES, copied, project, some_mask, study, told
from pydicom import dcmread

from napari_scribblemix.cli import app
from napari_scribblemix.data.nifti import read_image, read_labels, write_labels
from napari_scribblemix.project.mask_notes import remember_masks
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.working_copies import unpack

__all__ = ["project", "study"]


def test_a_dicom_project_gives_one_segmentation_a_phase_in_one_series(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert app.main(["export", str(project), "--format", "dicom-seg", "--output", str(out)]) == 0
    assert "2 written" in told(capsys)
    files = sorted(out.iterdir())
    assert [f.name for f in files] == [f"heart_sax_frame{n:02d}.seg.dcm" for n in FRAMES]
    read = [dcmread(file) for file in files]
    assert len({r.SeriesInstanceUID for r in read}) == 1
    assert [r.InstanceNumber for r in read] == [frame + 1 for frame in FRAMES]
    kinds = [r.SegmentSequence[0].SegmentAlgorithmType for r in read]
    assert kinds == ["AUTOMATIC", "SEMIAUTOMATIC"]
    with Project.open(project, write=False) as opened:
        for file, frame in zip(files, FRAMES, strict=True):
            name = f"heart_sax_frame{frame:02d}"
            volume = hd.seg.segread(file).get_volume(combine_segments=True)
            geometry = opened.read_image(name).geometry
            found = opened.read_prediction(name)
            assert found is not None
            affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine
            for voxel in np.argwhere(volume.array >= 0)[::997]:
                place = volume.affine @ [*voxel, 1.0]
                x, y, z = np.rint(np.linalg.solve(affine, place)[:3]).astype(int)
                assert found[0][z, y, x] == volume.array[tuple(voxel)]


@pytest.mark.parametrize(("form", "ending"), [("nrrd", "seg.nrrd"), ("nifti", "nii.gz")])
def test_other_programs_get_the_same_voxels_in_the_same_place(
    form: str, ending: str, project: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert app.main(["export", str(project), "--format", form, "--output", str(out)]) == 0
    with Project.open(project, write=False) as opened:
        for frame in FRAMES:
            name = f"heart_sax_frame{frame:02d}"
            image = sitk.ReadImage(str(out / f"{name}.{ending}"))
            found = opened.read_prediction(name)
            assert found is not None
            assert np.array_equal(sitk.GetArrayFromImage(image), found[0])
            corner = opened.read_image(name).geometry.affine[:3, 3] * [-1, -1, 1]
            assert np.allclose(image.GetOrigin(), corner, atol=1e-3)


def test_masks_of_a_folder_find_their_images_by_name(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    masks, out = tmp_path / "masks", tmp_path / "out"
    assert app.main(["export", str(project), "--format", "nifti", "--output", str(masks)]) == 0
    (masks / "heart_sax_frame03_entropy.nii.gz").write_bytes(b"no mask")
    arguments = ["export", str(masks), "--output", str(out), "--format", "dicom-seg"]
    assert app.main(arguments) == 2
    assert "add --images" in told(capsys)
    shutil.copytree(project / "images", masks / "images")
    sources = masks / "images" / "sources.json"
    # Where the study lies is written from the folder's own place.
    study = json.loads((project / "images" / "sources.json").read_text())
    for entry in study["copies"].values():
        there = project / "images" / entry["source"][0]
        entry["source"] = [os.path.relpath(there, masks / "images")]
    sources.write_text(json.dumps(study))
    assert app.main([*arguments, "--output", str(tmp_path / "beside")]) == 0
    assert len(list((tmp_path / "beside").iterdir())) == 2
    assert app.main([*arguments, "--images", str(project / "images")]) == 0
    files = sorted(out.iterdir())
    assert [dcmread(file).InstanceNumber for file in files] == [frame + 1 for frame in FRAMES]
    assert app.main([*arguments, "--images", str(project / "images")]) == 2
    assert "--overwrite" in told(capsys)
    assert app.main([*arguments, "--images", str(project / "images"), "--overwrite"]) == 0


def test_a_mask_that_another_program_turned_or_moved_is_turned_back_or_refused(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy,) = unpack(study, tmp_path / "images", name="heart")
    geometry = read_image(copy.path, 0).geometry
    mask = some_mask(geometry.shape, 5)
    write_labels(tmp_path / "masks" / "heart_sax_frame02.nii.gz", mask, geometry)
    saved = nibabel.load(tmp_path / "masks" / "heart_sax_frame02.nii.gz")
    turned = saved.as_reoriented([[1, -1], [0, 1], [2, -1]])
    (tmp_path / "turned").mkdir()
    nibabel.save(turned, tmp_path / "turned" / "heart_sax_frame02.nii.gz")
    place = saved.affine.copy()
    place[0, 3] += 4.0
    (tmp_path / "moved").mkdir()
    nibabel.save(
        nibabel.Nifti1Image(np.asarray(saved.dataobj), place),
        tmp_path / "moved" / "heart_sax_frame02.nii.gz",
    )
    codes = {}
    for kind in ("masks", "turned", "moved"):
        codes[kind] = app.main(
            ["export", str(tmp_path / kind), "--images", str(tmp_path / "images"), "--format",
             "dicom-seg", "--output", str(tmp_path / "out" / kind)]
        )  # fmt: skip
    assert codes == {"masks": 0, "turned": 0, "moved": 1}
    assert "lies elsewhere" in told(capsys)
    read = [
        hd.seg.segread(tmp_path / "out" / kind / "heart_sax_frame02.seg.dcm").get_volume(
            combine_segments=True
        )
        for kind in ("masks", "turned")
    ]
    assert np.array_equal(read[0].array, read[1].array)
    assert sorted(read[0].array.sum(axis=(1, 2))) == sorted(mask.sum(axis=(1, 2)))


def test_only_a_mask_that_is_recorded_as_a_models_is_called_automatic(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy,) = unpack(study, tmp_path / "masks" / "images", name="heart")
    image = read_image(copy.path, 0)
    paths = [tmp_path / "masks" / f"heart_sax_frame{frame:02d}.nii.gz" for frame in range(3)]
    for path in paths:
        write_labels(path, some_mask(image.array.shape, 1), image.geometry)
    remember_masks({path: {"model": "starter"} for path in paths[:2]})
    write_labels(paths[1], some_mask(image.array.shape, 2), image.geometry)
    export = ["export", str(tmp_path / "masks"), "--format", "dicom-seg", "--output"]
    assert app.main([*export, str(tmp_path / "out")]) == 0
    segments = [dcmread(file).SegmentSequence[0] for file in sorted((tmp_path / "out").iterdir())]
    kinds = [segment.SegmentAlgorithmType for segment in segments]
    assert kinds == ["AUTOMATIC", "SEMIAUTOMATIC", "SEMIAUTOMATIC"]
    ours = ["napari-scribblemix" in segment.SegmentAlgorithmName for segment in segments]
    assert ours == [True, False, False]
    capsys.readouterr()
    (tmp_path / "masks" / "masks.json").write_text("[]")
    assert app.main([*export, str(tmp_path / "again")]) == 0
    assert "masks.json holds a list" in " ".join(told(capsys).split())


def test_a_mask_of_a_project_that_was_changed_since_is_not_called_automatic(
    project: Path, tmp_path: Path
) -> None:
    with Project.open(project) as opened:
        path = opened.prediction_path("heart_sax_frame03")
        geometry = opened.read_image("heart_sax_frame03").geometry
    write_labels(path, some_mask(geometry.shape, 9), geometry)
    out = tmp_path / "out"
    assert app.main(["export", str(project), "--format", "dicom-seg", "--output", str(out)]) == 0
    segment = dcmread(out / "heart_sax_frame03.seg.dcm").SegmentSequence[0]
    assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert segment.SegmentAlgorithmName == "not recorded"


def test_files_of_one_export_name_one_frame_of_reference_where_their_images_do_not(
    study: Path, tmp_path: Path
) -> None:
    own = copied(study, tmp_path / "study")
    for number, path in enumerate(sorted(own.rglob("*.dcm"))):
        data = dcmread(path)
        data.FrameOfReferenceUID = f"2.25.{number + 1}"
        data.save_as(path)
    (copy,) = unpack(own, tmp_path / "masks" / "images", name="heart")
    image = read_image(copy.path, 0)
    for frame in FRAMES:
        path = tmp_path / "masks" / f"heart_sax_frame{frame:02d}.nii.gz"
        write_labels(path, some_mask(image.array.shape, frame), image.geometry)
    out = tmp_path / "out"
    export = ["export", str(tmp_path / "masks"), "--format", "dicom-seg", "--output", str(out)]
    assert app.main(export) == 0
    read = [dcmread(file) for file in out.iterdir()]
    assert len(read) == len(FRAMES)
    assert len({(r.SeriesInstanceUID, r.FrameOfReferenceUID) for r in read}) == 1


def test_labels_are_read_back_as_the_scheme_has_them(project: Path, tmp_path: Path) -> None:
    assert app.main(["export", str(project), "--output", str(tmp_path), "--format", "nifti"]) == 0
    values = np.unique(read_labels(tmp_path / "heart_sax_frame03.nii.gz").array)
    assert values.tolist() == [0, 1, 2, 3]
