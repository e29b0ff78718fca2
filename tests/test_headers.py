"""Damaged headers: whatever stands in them ends in one typed line or in a volume."""

from __future__ import annotations

import gzip
import logging
import tracemalloc
from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribblemix.data import nifti
from napari_scribblemix.data.headers import SCALING_NOTE
from napari_scribblemix.data.nifti import number_of_frames, read_image, read_labels
from napari_scribblemix.errors import FileError, GeometryError, InputError, LabelError

NUMBERS = (0, 1, -1, 2, 7, 64, 255, 512, 2048, -32768, 32767)
REALS = (0, 1, -1, np.nan, np.inf, -np.inf, 1e-8, 1e-3, 1e3, 1e10, 1e30, 3e38, 352, -352)


def image(rng: np.random.Generator, shape: tuple[int, ...] = (7, 6, 5)) -> nibabel.Nifti1Image:
    kind = (nibabel.Nifti1Image, nibabel.Nifti2Image)[int(rng.integers(2))]
    dtype = (np.uint8, np.int16, np.float32, np.float64)[int(rng.integers(4))]
    made = kind(rng.integers(0, 5, shape).astype(dtype), np.diag([1.4, 1.4, 8, 1]))
    made.set_qform(made.affine, code=1)
    return made


def fields_of(made: nibabel.Nifti1Image, data: bytearray) -> np.ndarray:
    """The header inside ``data``, to change it in place."""
    return np.ndarray((), dtype=made.header.template_dtype, buffer=data)


def mutate(rng: np.random.Generator) -> bytes:
    """The bytes of a small file, one to three fields or bytes of its header changed."""
    shape = ((7, 6, 5), (7, 6), (7, 6, 5, 3), (1, 6, 7))[int(rng.integers(4))]
    made = image(rng, shape)
    data = bytearray(made.to_bytes())
    fields = fields_of(made, data)
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.3:
            data[int(rng.integers(fields.dtype.itemsize))] = int(rng.integers(256))
            continue
        name = str(rng.choice(fields.dtype.names))
        kind = fields[name].dtype
        if kind.kind == "f":
            value = float(rng.choice(REALS))
        elif kind.kind in "iu":
            ends = np.iinfo(kind)
            value = int(np.clip(rng.choice([*NUMBERS, ends.max, ends.min]), ends.min, ends.max))
        else:
            continue
        if fields[name].shape:
            fields[name][int(rng.integers(len(fields[name])))] = value
        else:
            fields[name] = value
    return bytes(data[: int(rng.integers(len(data)))] if rng.random() < 0.2 else data)


def read_all_ways(path: Path) -> list[str]:
    """The errors of ours in which the ways to read ``path`` end; any other is raised."""
    refused = []
    for read in (number_of_frames, read_image, lambda p: read_image(p, 0), read_labels):
        try:
            read(path)
        except InputError as error:
            refused.append(str(error))
    return refused


def test_no_mutant_of_a_header_leaks_a_foreign_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(11)
    refused: list[str] = []
    for _ in range(300):
        data = mutate(rng)
        path = tmp_path / ("a.nii.gz" if rng.random() < 0.5 else "a.nii")
        path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)
        refused += read_all_ways(path)
    assert not [line for line in refused if "\n" in line or str(tmp_path) not in line]
    assert 100 < len(refused) < 1100  # some are refused, and not all
    assert capfd.readouterr().err == ""


def with_fields(path: Path, **changed: object) -> Path:
    made = nibabel.Nifti1Image(np.ones((7, 6, 5), np.uint8), np.diag([1.4, 1.4, 8, 1]))
    data = bytearray(made.to_bytes())
    fields = fields_of(made, data)
    for name, value in changed.items():
        fields[name] = value
    path.write_bytes(gzip.compress(bytes(data)) if path.suffix == ".gz" else bytes(data))
    return path


@pytest.mark.parametrize("slope", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_slope_that_is_no_number_is_told(tmp_path: Path, name: str, slope: float) -> None:
    path = with_fields(tmp_path / name, scl_slope=slope)
    for read in (read_image, read_labels):
        assert read(path).notes == (SCALING_NOTE,)
        assert (read(path).array == 1).all()


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_a_slope_that_can_be_used_is_not_told(tmp_path: Path, slope: float) -> None:
    volume = read_image(with_fields(tmp_path / "a.nii", scl_slope=slope))
    assert volume.notes == ()
    assert (volume.array == (slope or 1)).all()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Header, nibabel.Nifti2Header])
def test_the_slope_is_found_in_each_kind_of_header(tmp_path: Path, kind, order: str) -> None:
    makes = {nibabel.Nifti1Header: nibabel.Nifti1Image, nibabel.Nifti2Header: nibabel.Nifti2Image}
    header = kind(endianness=order)
    made = makes[kind](np.ones((7, 6, 5), np.uint8), np.diag([1.4, 1.4, 8, 1]), header)
    data = bytearray(made.to_bytes())
    layout = header.template_dtype.newbyteorder(made.header.endianness)
    np.ndarray((), dtype=layout, buffer=data)["scl_slope"] = np.inf
    (tmp_path / "a.nii").write_bytes(data)
    assert read_image(tmp_path / "a.nii").notes == (SCALING_NOTE,)


def test_a_negative_size_says_what_to_do(tmp_path: Path) -> None:
    path = with_fields(tmp_path / "a.nii", dim=[3, -5, 6, 5, 1, 1, 1, 1])
    with pytest.raises(GeometryError, match=r"-5 x 6 x 5; .* at least 1: copy or download"):
        read_image(path)


@pytest.mark.parametrize("offset", [np.nan, np.inf])
def test_an_offset_that_is_no_number_is_told_in_plain_words(tmp_path: Path, offset: float) -> None:
    path = with_fields(tmp_path / "a.nii", vox_offset=offset)
    with pytest.raises(FileError, match="a number in its header is not finite"):
        read_image(path)


@pytest.mark.parametrize("offset", [np.inf, 1e30, 4e6])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_voxels_that_begin_nowhere_are_one_line(tmp_path: Path, name: str, offset: float) -> None:
    path = with_fields(tmp_path / name, vox_offset=offset)
    with pytest.raises(FileError, match=f"{name} could not be read"):
        read_image(path)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("dim", [(3, -7, 6, 5), (3, 32767, 32767, 32767), (4, 7, 6, 5, 32767)])
def test_sizes_that_the_file_cannot_hold_take_no_memory(
    tmp_path: Path, name: str, dim: tuple[int, ...]
) -> None:
    path = with_fields(tmp_path / name, dim=[*dim, *[1] * (8 - len(dim))])
    tracemalloc.start()
    with pytest.raises((FileError, GeometryError), match=name.replace(".", r"\.")):
        read_image(path, 0)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_a_small_file_that_states_a_large_volume_is_damaged(tmp_path: Path) -> None:
    path = with_fields(tmp_path / "a.nii.gz", dim=[3, 500, 500, 400, 1, 1, 1, 1])
    with pytest.raises(FileError, match="states 100000352 bytes"):
        read_image(path)


def test_what_nibabel_sets_right_is_a_note_and_no_line_without_a_name(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    volume = read_image(with_fields(tmp_path / "a.nii", pixdim=[1, -1.4, 1.4, 8, 1, 1, 1, 1]))
    assert volume.geometry.spacing == pytest.approx((8, 1.4, 1.4), rel=1e-5)
    assert any("set right in reading: pixdim[1,2,3]" in note for note in volume.notes)
    assert capfd.readouterr().err == ""
    assert logging.getLogger("nibabel.global").handlers


@pytest.mark.parametrize("value", [2.0**31, 2.0**40, -(2.0**31)])
def test_labels_of_two_to_the_31_are_refused_without_a_warning(
    tmp_path: Path, value: float
) -> None:
    array = np.zeros((7, 6, 5), np.float32)
    array[0, 0, 0] = value
    nibabel.save(nibabel.Nifti1Image(array, np.diag([1.4, 1.4, 8, 1])), tmp_path / "a.nii")
    with pytest.raises(LabelError, match="expected small numbers"):
        read_labels(tmp_path / "a.nii")


def test_memory_that_is_not_free_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_fields(tmp_path / "a.nii")

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(nifti, "_Stored", full)
    for read in (read_image, read_labels):
        with pytest.raises(FileError, match=r"a\.nii needs more memory than is free"):
            read(path)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("slope", [1.0, 0.5])
@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_a_volume_takes_little_more_memory_than_what_comes_of_it(
    tmp_path: Path, name: str, slope: float, dtype: type
) -> None:
    made = nibabel.Nifti1Image(np.zeros((256, 256, 100), dtype), np.diag([1.4, 1.4, 8, 1]))
    made.header.set_slope_inter(slope, 0)
    nibabel.save(made, tmp_path / name)
    for read in (read_image, read_labels):
        tracemalloc.start()
        read(tmp_path / name)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # 26 MB as float32 or int32, twice where it is turned, and some slices.
        assert peak < 72e6
