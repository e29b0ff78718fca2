"""Labels and images told apart by their voxels."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribblemix.data import label_values as room
from napari_scribblemix.data.label_values import MOST_LABELS, label_counts
from napari_scribblemix.resources import sample_folder


def save(path: Path, values: np.ndarray, **fields: float) -> Path:
    image = nibabel.Nifti1Image(values, np.eye(4), dtype=values.dtype)
    for name, value in fields.items():
        image.header[name] = value
    image.header["vox_offset"] = 352
    # As bytes: saving a file would set the scaling anew.
    header = image.header.as_byteswapped(">") if values.dtype.byteorder == ">" else image.header
    data = header.binaryblock + bytes(4) + values.tobytes(order="F")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", ["u1", "i2", ">i2", "u2", "i4", "f4", ">f4", "f8"])
def test_labels_of_every_dtype_are_known(tmp_path: Path, kind: str, ending: str) -> None:
    values = np.array([0, 1, 2, 3, 4, 4, 0, 1]).reshape(2, 2, 2).astype(kind)
    counts = label_counts(save(tmp_path / f"a{ending}", values))
    assert counts == {0: 2, 1: 2, 2: 1, 3: 1, 4: 2}


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(0, 1, 27),
        np.arange(MOST_LABELS + 1),
        np.array([-1, 0, 1]),
        np.array([0, 1, 70_000]),
        np.array([0.0, 1.0, 1.5]),
        np.array([0.0, 1.0, np.nan]),
        np.zeros(8),
    ],
    ids=["real", "many", "negative", "large", "half", "nan", "constant"],
)
def test_what_is_no_label(tmp_path: Path, values: np.ndarray) -> None:
    assert label_counts(save(tmp_path / "a.nii.gz", values.reshape(-1, 1, 1))) is None


def test_labels_stored_with_a_slope_are_known(tmp_path: Path) -> None:
    slope = 3000 / 65535
    stored = np.rint(np.array([0, 200, 500, 600, 1220, 2221, 3000]) / slope).astype(np.uint16)
    path = save(tmp_path / "a.nii.gz", stored.reshape(7, 1, 1), scl_slope=slope, scl_inter=0)
    assert label_counts(path) == dict.fromkeys((0, 200, 500, 600, 1220, 2221, 3000), 1)


def test_what_cannot_be_read_is_no_label(tmp_path: Path) -> None:
    whole = save(tmp_path / "a.nii", np.arange(8, dtype=np.uint8).reshape(2, 2, 2) % 3)
    cut = tmp_path / "cut.nii"
    cut.write_bytes(whole.read_bytes()[:-4])
    zipped = tmp_path / "cut.nii.gz"
    zipped.write_bytes(gzip.compress(whole.read_bytes())[:-20])
    (tmp_path / "empty.nii").touch()
    (tmp_path / "text.nii.gz").write_bytes(b"no image")
    for path in (cut, zipped, *(tmp_path / n for n in ("empty.nii", "text.nii.gz", "gone.nii"))):
        assert label_counts(path) is None


def test_a_file_that_changed_is_looked_at_again(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", np.array([0, 1], np.uint8).reshape(2, 1, 1))
    assert label_counts(path) == {0: 1, 1: 1}
    save(path, np.array([0, 1, 2], np.uint8).reshape(3, 1, 1))
    assert label_counts(path) == {0: 1, 1: 1, 2: 1}


def test_the_bundled_images_are_images_and_the_labels_labels() -> None:
    for path in sample_folder("cine").parent.rglob("*.nii.gz"):
        assert (label_counts(path) is None) == (path.parent.name == "images"), path


def test_an_image_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).integers(0, 900, (256, 256, 64)).astype(np.int16)
    path = save(tmp_path / "a.nii", values)
    sizes: list[int] = []
    count = np.unique
    monkeypatch.setattr(
        room.np, "unique", lambda x, **more: sizes.append(len(x)) or count(x, **more)
    )
    start = time.perf_counter()
    assert label_counts(path) is None
    assert sum(sizes) < values.size / 50
    assert time.perf_counter() - start < 5
