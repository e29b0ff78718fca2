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
from numpy.typing import NDArray
from pydicom import dcmread

from napari_scribblemix.cli import app
from napari_scribblemix.data.dicom.written_headers import SeriesHeader
from napari_scribblemix.data.dicom.written_images import write_classic
from napari_scribblemix.data.nifti import read_image, read_labels, write_labels
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.mask_notes import remember_masks
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.working_copies import unpack
from napari_scribblemix.synthesis.dicom_study import person
from napari_scribblemix.synthesis.studies import draw_cine

SLICES, FRAMES = 3, (3, 7)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    cine, _ = draw_cine(2, 1, slices=SLICES)
    for z in range(SLICES):
        series = SeriesHeader(z + 1, "cine_sax", ("ORIGINAL", "PRIMARY"), 800.0 + z, "091500")
        write_classic(folder / str(z), person(2, 1), series, cine.slice_at(z))
    return folder


def some_mask(shape: tuple[int, ...], seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 4, shape, dtype=np.uint8)


@pytest.fixture
def project(study: Path, tmp_path: Path) -> Path:
    """Two frames of a cine that came from DICOM; slices of the second were accepted."""
    folder = tmp_path / "a.scribblemix"
    with Project.create(folder) as made:
        (copy,) = unpack(study, folder / "images", name="heart")
        for frame in FRAMES:
            name = f"{copy.id}_frame{frame:02d}"
            made.add_case(CaseFiles(name, copy.path, frame=frame))
            geometry = made.read_image(name).geometry
            mask = some_mask(geometry.shape, frame)
            made.write_prediction(name, mask, geometry, {"model": "m"})
        made.write_review(name, [0, 1], "me")
    return folder


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


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


def copied(study: Path, folder: Path) -> Path:
    """A study of one's own, which may be moved."""
    return Path(shutil.copytree(study, folder))


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


def test_labels_are_read_back_as_the_scheme_has_them(project: Path, tmp_path: Path) -> None:
    assert app.main(["export", str(project), "--output", str(tmp_path), "--format", "nifti"]) == 0
    values = np.unique(read_labels(tmp_path / "heart_sax_frame03.nii.gz").array)
    assert values.tolist() == [0, 1, 2, 3]


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
