from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from napari_scribblemix.data.channels import read_channels
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.data.nifti import read_image, read_labels, write_labels
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


def test_the_bundled_channels_are_what_the_seed_draws(bundled: Path) -> None:
    case = next(draw_cases("myops", 0))
    for channel in case.channels:
        path = bundled / "myops" / "train" / "images" / f"{case.name}_{channel.name}.nii.gz"
        image = read_image(path)
        assert np.allclose(image.array, channel.image, atol=2)  # other CPUs round otherwise
        assert np.allclose(image.geometry.affine, channel.affine, atol=1e-3)


def test_the_bundled_samples_are_what_the_seed_draws(bundled: Path, lge: list[SampleCase]) -> None:
    for case in lge:
        part = bundled / "lge" / ("heldout" if case.held_out else "train")
        image = read_image(part / "images" / f"{case.name}.nii.gz")
        assert np.allclose(image.array, case.image, atol=2), case.name  # other CPUs round otherwise
        if case.held_out:
            mask = read_labels(part / "masks" / f"{case.name}_gt.nii.gz")
            assert (mask.array != case.labels).mean() < 1e-4
        assert np.allclose(image.geometry.affine, case.affine, atol=1e-3)


def test_the_three_channels_of_a_bundled_case_share_a_grid_and_show_scar_and_oedema(
    bundled: Path,
) -> None:
    train, held_out = (find_cases(bundled / "myops" / part) for part in ("train", "heldout"))
    assert (len(train), len(held_out)) == (4, 2)
    for case in map(load_case, train + held_out):
        assert case.image.channels == ("C0", "LGE", "T2")
        assert case.image.notes == ()
        assert case.scheme == MYOPS
        labels = case.scribble if case.mask is None else case.mask
        assert labels is not None
        values = {0, 1, 2, 3, 4, 5} | ({255} if case.mask is None else set())
        assert set(np.unique(labels)) == values


def test_a_channel_may_lie_on_a_grid_of_its_own(tmp_path: Path) -> None:
    same = next(draw_cases("myops", 3))
    own = next(draw_cases("myops", 3, own_grids=True))
    assert np.array_equal(own.image, same.image)
    assert np.array_equal(own.labels, same.labels)
    for channel in own.channels:
        geometry = Geometry.from_affine(channel.affine, channel.image.shape[::-1])
        write_labels(tmp_path / f"a_{channel.name}.nii.gz", channel.image, geometry)
    paths = [tmp_path / f"a_{channel.name}.nii.gz" for channel in own.channels]
    volume = read_channels(paths, ("C0", "LGE", "T2"))
    assert any("channel T2 lies on another grid" in note for note in volume.notes)
    # The same heart in the same place: only its noise and pixels differ.
    heart = ndimage.binary_dilation(same.labels > 0, iterations=4)
    pair = np.corrcoef(volume.arrays[2][heart], same.channels[2].image[heart])
    assert pair[0, 1] > 0.85


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
    write_samples(tmp_path / "m", "myops", 7)
    names = sorted(str(p.relative_to(tmp_path / "m")) for p in (tmp_path / "m").rglob("*.nii.gz"))
    assert names == [
        "train/images/myops01_C0.nii.gz",
        "train/images/myops01_LGE.nii.gz",
        "train/images/myops01_T2.nii.gz",
        "train/scribbles/myops01_scribble.nii.gz",
    ]
    values = set(np.unique(read_labels(tmp_path / "m" / names[3]).array))
    assert values == {0, 200, 500, 600, 1220, 2221, 3000}
