"""The sample ``dicom``: what pydicom and SimpleITK, not this program, read in its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread

from napari_scribblemix.cli import app
from napari_scribblemix.data.dicom.written_headers import SeriesHeader
from napari_scribblemix.data.dicom.written_images import write_classic, write_enhanced
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.synthesis.dicom_study import person, write_study
from napari_scribblemix.synthesis.studies import CONTRACTION, ED_FRAME, ES_FRAME, draw_cine

SLICES = 4
FRAMES = len(CONTRACTION)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, 0, slices=SLICES)
    return folder


@pytest.fixture(scope="module")
def headers(study: Path) -> list[Dataset]:
    return [dcmread(path) for path in sorted(study.rglob("*.dcm"))]


def of_series(headers: list[Dataset], description: str) -> dict[int, list[Dataset]]:
    found: dict[int, list[Dataset]] = {}
    for header in headers:
        if header.SeriesDescription == description:
            found.setdefault(int(header.SeriesNumber), []).append(header)
    return found


def position(header: Dataset) -> float:
    row, column = np.array(header.ImageOrientationPatient, dtype=float).reshape(2, 3)
    return float(np.cross(row, column) @ np.array(header.ImagePositionPatient, dtype=float))


def test_every_uid_is_valid_and_belongs_to_one_image(headers: list[Dataset]) -> None:
    for header in headers:
        for uid in (
            header.SOPInstanceUID, header.SeriesInstanceUID, header.StudyInstanceUID,
            header.FrameOfReferenceUID,
        ):  # fmt: skip
            assert uid.is_valid
            assert len(uid) <= 64
        assert str(header.PatientName).startswith("Drawn^Heart")
    assert len({header.SOPInstanceUID for header in headers}) == len(headers)
    assert len({header.StudyInstanceUID for header in headers}) == 2


def test_the_short_axis_is_one_series_a_slice_with_a_beat_of_its_own(
    headers: list[Dataset],
) -> None:
    cine = of_series(headers, "cine_retro_sax")
    assert len(cine) == SLICES + 1
    assert all(len(images) == FRAMES for images in cine.values())
    last_triggers = {float(images[-1].TriggerTime) for images in cine.values()}
    assert len(last_triggers) == SLICES + 1
    places = sorted({round(position(images[0]), 3) for images in cine.values()})
    assert len(places) == SLICES, "one position is taken twice"
    steps = np.diff(places)
    assert np.allclose(steps, steps[0], atol=1e-3)
    for images in cine.values():
        assert "SpacingBetweenSlices" not in images[0]
        assert abs(float(images[0].SliceThickness) - steps[0]) > 1.0
    # Oblique: no entry of the normal is near 0 or 1.
    row, column = np.array(next(iter(cine.values()))[0].ImageOrientationPatient).reshape(2, 3)
    normal = np.abs(np.cross(row, column))
    assert (normal > 0.1).all()
    assert (normal < 0.95).all()


def test_the_repeated_slice_is_another_picture_of_the_same_place(headers: list[Dataset]) -> None:
    series = list(of_series(headers, "cine_retro_sax").values())
    (again,) = series[-1:]
    (before,) = [s for s in series[:-1] if abs(position(s[0]) - position(again[0])) < 1e-3]
    assert before[0].ImagePositionPatient == again[0].ImagePositionPatient
    pair = [images[0].pixel_array.astype(float) for images in (before, again)]
    assert 0.5 < np.corrcoef(pair[0].ravel(), pair[1].ravel())[0, 1] < 0.99


def test_localiser_and_long_axis_look_elsewhere(headers: list[Dataset]) -> None:
    (views,) = of_series(headers, "localizer").values()
    normals = [
        np.cross(*np.array(view.ImageOrientationPatient, dtype=float).reshape(2, 3))
        for view in views
    ]
    assert np.allclose(np.abs(np.array(normals) @ np.array(normals).T), np.eye(3), atol=1e-6)
    (four,) = of_series(headers, "cine_retro_4ch").values()
    (short, *_) = of_series(headers, "cine_retro_sax").values()
    across = [
        np.cross(*np.array(images[0].ImageOrientationPatient, dtype=float).reshape(2, 3))
        for images in (four, short)
    ]
    assert abs(float(across[0] @ across[1])) < 1e-6
    assert len(four) == FRAMES


def test_masks_lie_where_the_images_do(study: Path, headers: list[Dataset]) -> None:
    mask = sitk.ReadImage(str(study / "masks" / "heart1_ED_gt.nii.gz"))
    for images in of_series(headers, "cine_retro_sax").values():
        index = mask.TransformPhysicalPointToContinuousIndex(
            [float(value) for value in images[0].ImagePositionPatient]
        )
        assert np.allclose(index[:2], 0.0, atol=1e-3)
        assert abs(index[2] - round(index[2])) < 1e-3
    late = sitk.ReadImage(str(study / "masks" / "heart1_LGE_gt.nii.gz"))
    (series,) = of_series(headers, "de_sax_psir").values()
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(image.filename) for image in series])
    read = reader.Execute()
    assert read.GetSize() == late.GetSize()
    for corner in ([0, 0, 0], [size - 1 for size in late.GetSize()]):
        apart = np.subtract(
            read.TransformIndexToPhysicalPoint(corner), late.TransformIndexToPhysicalPoint(corner)
        )
        assert np.linalg.norm(apart) < 2e-2  # NIfTI keeps single precision


def test_end_diastole_and_end_systole_are_the_frames_of_the_masks(study: Path) -> None:
    for name in ("heart1", "heart2"):
        masks = [read_labels(study / "masks" / f"{name}_{p}_gt.nii.gz") for p in ("ED", "ES")]
        cavity = [int((mask.array == 3).sum()) for mask in masks]
        assert 0.3 < 1.0 - cavity[1] / cavity[0] < 0.8
    _, labels = draw_cine(0, 2, slices=SLICES)
    volumes = [(frame == 3).sum() for frame in labels]
    assert (int(np.argmax(volumes)), int(np.argmin(volumes))) == (ED_FRAME, ES_FRAME)


def test_the_enhanced_file_says_of_each_frame_where_and_when_it_is(headers: list[Dataset]) -> None:
    (enhanced,) = (h for h in headers if "NumberOfFrames" in h)
    cine, _ = draw_cine(0, 2, slices=SLICES)
    assert enhanced.NumberOfFrames == SLICES * FRAMES
    groups = enhanced.PerFrameFunctionalGroupsSequence
    for index, group in enumerate(groups):
        _, z, t = group.FrameContentSequence[0].DimensionIndexValues
        assert np.array_equal(enhanced.pixel_array[index], cine.images[t - 1, z - 1])
        delay = group.CardiacSynchronizationSequence[0].NominalCardiacTriggerDelayTime
        assert delay > 0
    measures = enhanced.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    ends = [np.array(groups[i].PlanePositionSequence[0].ImagePositionPatient) for i in (0, -1)]
    apart = np.linalg.norm(np.subtract(*ends)) / (SLICES - 1)
    assert abs(apart - float(measures.SpacingBetweenSlices)) < 1e-3
    assert apart - float(measures.SliceThickness) > 1.0


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    series = SeriesHeader(3, "cine", ("ORIGINAL", "PRIMARY"), 800.0, "091500")
    for name in ("a", "b"):
        cine, _ = draw_cine(5, 1, slices=2)
        write_classic(tmp_path / name, person(5, 1), series, cine)
        write_enhanced(tmp_path / name / "enhanced.dcm", person(5, 1), series, cine)
    paths = sorted((tmp_path / "a").iterdir())
    assert len(paths) == 2 * FRAMES + 1
    for path in paths:
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_command_tells_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(folder: Path, seed: int) -> None:
        (folder / "dicom").mkdir(parents=True)
        (folder / "dicom" / f"seed{seed}").write_bytes(b"")

    monkeypatch.setattr("napari_scribblemix.synthesis.dicom_study.write_study", small)
    assert app.main(["sample", "dicom", "--output", str(tmp_path / "study")]) == 0
    told = capsys.readouterr().out
    assert "1 file in" in told
    assert f"inspect {tmp_path}/study/dicom" in told
    assert app.main(["sample", "dicom", "--output", str(tmp_path / "study")]) == 2
    assert "not empty" in capsys.readouterr().err


def test_without_pydicom_the_command_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_scribblemix.cli.sample.is_installed", lambda: False)
    assert app.main(["sample", "dicom", "--output", str(tmp_path / "study")]) == 2
    assert "napari-scribblemix[dicom]" in capsys.readouterr().err
    assert not (tmp_path / "study").exists()
