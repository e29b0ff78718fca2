from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.nifti import read_image, read_labels
from napari_scribblemix.data.scribbles import apply_enclosure_rule
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.synthesis.samples import SampleCase, draw_cases, write_samples


@pytest.fixture(scope="module")
def lge() -> list[SampleCase]:
    return list(draw_cases("lge", 0))


@pytest.fixture(scope="module")
def bundled() -> Path:
    return sample_folder("cine").parent


def test_the_bundled_samples_are_small(bundled: Path) -> None:
    files = [path for path in bundled.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 8_000_000
    assert (bundled / "SOURCES.md").is_file()


@pytest.mark.parametrize(("kind", "train", "held_out"), [("cine", 8, 4), ("lge", 4, 2)])
def test_the_bundled_samples_load_like_real_cases(
    bundled: Path, kind: str, train: int, held_out: int
) -> None:
    scribbled = [load_case(case) for case in find_cases(bundled / kind / "train")]
    masked = [load_case(case) for case in find_cases(bundled / kind / "heldout")]
    assert len(scribbled) == train
    assert len(masked) == held_out
    for case in scribbled:
        assert case.scribble is not None
        assert case.scheme.names == CARDIAC.names
        assert set(np.unique(case.scribble)) == {0, 1, 2, 3, 255}
    for case in masked:
        assert case.mask is not None
        assert set(np.unique(case.mask)) == {0, 1, 2, 3}
    for case in scribbled + masked:
        slices, height, width = case.image.array.shape
        assert 8 <= slices <= 10
        assert 144 <= min(height, width) <= max(height, width) <= 160
        assert 1.4 <= case.image.geometry.spacing[1] <= 1.6
        affine = case.image.geometry.affine
        assert (np.abs(affine[:3, :3]) > 1e-3).sum() > 3, "not oblique"


def test_the_bundled_samples_are_what_the_seed_draws(bundled: Path, lge: list[SampleCase]) -> None:
    for case in lge:
        part = bundled / "lge" / ("heldout" if case.held_out else "train")
        image = read_image(part / "images" / f"{case.name}.nii.gz")
        assert np.allclose(image.array, case.image, atol=2), case.name  # other CPUs round otherwise
        if case.held_out:
            mask = read_labels(part / "masks" / f"{case.name}_gt.nii.gz")
            assert (mask.array != case.labels).mean() < 1e-4
        assert np.allclose(image.geometry.affine, case.affine, atol=1e-3)


def test_drawing_twice_gives_the_same_bits(lge: list[SampleCase]) -> None:
    again = next(draw_cases("lge", 0))
    assert np.array_equal(again.image, lge[0].image)
    assert np.array_equal(again.scribbles, lge[0].scribbles)
    other = next(draw_cases("lge", 1))
    assert not np.array_equal(other.image, lge[0].image)


def test_end_systole_is_the_same_heart_contracted() -> None:
    cases = draw_cases("cine", 3)
    diastole, systole = next(cases), next(cases)
    assert (diastole.name, systole.name) == ("cine01_ED", "cine01_ES")
    assert np.array_equal(diastole.affine, systole.affine)
    volumes = [(case.labels == 3).sum() for case in (diastole, systole)]
    assert 0.2 < 1 - volumes[1] / volumes[0] < 0.85


def test_no_foreground_is_lost_to_the_enclosure_rule(lge: list[SampleCase]) -> None:
    for case in lge:
        ruled = apply_enclosure_rule(case.scribbles)
        assert not ((ruled == 0) & (case.labels > 0)).any(), case.name


def test_files_are_written_as_real_data_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_scribblemix.synthesis.samples.PATIENTS", 1)
    write_samples(tmp_path, "cine", 7)
    names = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.nii.gz"))
    assert names == [
        "train/images/cine01_ED.nii.gz",
        "train/images/cine01_ES.nii.gz",
        "train/scribbles/cine01_ED_scribble.nii.gz",
        "train/scribbles/cine01_ES_scribble.nii.gz",
    ]
    scribble = read_labels(tmp_path / names[2])
    assert 4 in scribble.array
    assert 255 not in scribble.array
