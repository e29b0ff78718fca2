"""Drawn DICOM studies that were damaged on purpose, and what a trap is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import (
    NORMAL,
    ORIGIN,
    ROW,
    dataset,
    image,
    pixels,
    value,
    write_cine,
)
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    generate_uid,
)

from napari_scribblemix.data.dicom.contents import Contents
from napari_scribblemix.data.dicom.reading import read_cine

SLICES, FRAMES = 4, 6
CINE = ("short-axis cine", FRAMES, SLICES)
Builder = Callable[[Path], object]


@dataclass(frozen=True)
class Trap:
    """How a study is spoilt, and what must come of it; ``first``: the first pixels (T, Z)."""

    name: str
    build: Builder
    stacks: tuple[tuple[str, int, int], ...] = (CINE,)
    note: str | None = None
    uneven: str | None = None
    left_out: tuple[str, ...] = ()
    first: Any = None
    check: Callable[[Contents], object] | None = None


def usual() -> np.ndarray:
    return np.array([[value(z, t) for z in range(SLICES)] for t in range(FRAMES)])


def spoilt(change: Callable[[Dataset, int, int], object], **how: Any) -> Builder:
    return lambda folder: write_cine(folder, SLICES, FRAMES, change=change, **how)


def with_more(more: Callable[[Path], object]) -> Builder:
    def build(folder: Path) -> None:
        write_cine(folder, SLICES, FRAMES)
        more(folder)

    return build


def given(**values: Any) -> Callable[[Dataset, int, int], None]:
    """Each value in each header; a function is called with slice and frame, ``None`` removes."""

    def change(data: Dataset, z: int, t: int) -> None:
        for keyword, wanted in values.items():
            found = wanted(z, t) if callable(wanted) else wanted
            if found is None:
                delattr(data, keyword)
            else:
                setattr(data, keyword, found)

    return change


def saved(data: Dataset, path: Path) -> Path:
    data.save_as(path, enforce_file_format=True)
    return path


def again(
    folder: Path, *, at: float = 20.0, same_series: bool = False, count: int = FRAMES
) -> None:
    """Slice 2 once more, later, with pixels that tell it from the first."""
    series = dcmread(folder / "im02_00.dcm").SeriesInstanceUID if same_series else generate_uid()
    for t in range(count):
        data = image(2, t, series=series, at=at)
        data.AcquisitionTime, data.SeriesNumber = "102000", 3 if same_series else 9
        data.InstanceNumber = 900 + t
        data.PixelData = pixels(7, t).tobytes()
        saved(data, folder / f"again_{t}.dcm")


def repeated() -> np.ndarray:
    kept = usual()
    kept[:, 2] = [value(7, t) for t in range(FRAMES)]
    return kept


def damaged_file(content: Callable[[bytes], bytes]) -> Builder:
    def build(folder: Path) -> None:
        write_cine(folder, SLICES, FRAMES)
        good = (folder / "im00_00.dcm").read_bytes()
        (folder / "bad.dcm").write_bytes(content(good))

    return build


def packed(syntax: str) -> Builder:
    def build(folder: Path) -> None:
        for path in write_cine(folder, SLICES, FRAMES):
            data = dcmread(path)
            data.compress(syntax)
            saved(data, path)

    return build


def rewritten(syntax: str) -> Builder:
    def build(folder: Path) -> None:
        for path in write_cine(folder, SLICES, FRAMES):
            data = dcmread(path)
            data.file_meta.TransferSyntaxUID = syntax
            little, implicit = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
            if not little:
                data.PixelData = np.frombuffer(data.PixelData, "<i2").astype(">i2").tobytes()
            dcmwrite(path, data, implicit_vr=implicit, little_endian=little, force_encoding=True)

    return build


def bare(folder: Path) -> None:
    for path in write_cine(folder, SLICES, FRAMES):
        data = dcmread(path)
        plain = Dataset({element.tag: element for element in data})
        plain.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=False)
        assert path.read_bytes()[:2] == b"\x08\x00"


def nested(folder: Path) -> None:
    """Sequences within sequences of undefined length, thousands deep, before the pixels."""
    data = image(0, 0, series=generate_uid())
    data.SOPInstanceUID = generate_uid()
    path = saved(data, folder / "nested.dcm")
    whole = path.read_bytes()
    at = whole.index(b"\xe0\x7f\x10\x00")
    deep = b"\x40\x00\x75\x02SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 20_000
    path.write_bytes(whole[:at] + deep + whole[at:])


def bomb(folder: Path, **sizes: int) -> None:
    data = image(0, 0, series=generate_uid())
    for keyword, size in sizes.items():
        setattr(data, keyword, size)
    saved(data, folder / "bomb.dcm")


def other_object(folder: Path, kind: str, modality: str, **more: Any) -> None:
    data = dataset(kind)
    data.Modality = modality
    for keyword, wanted in more.items():
        setattr(data, keyword, wanted)
    data.PixelData = pixels(0, 0).tobytes()
    saved(data, folder / "other.dcm")


def localisers(folder: Path) -> None:
    series = generate_uid()
    axes = np.eye(3)
    for number, (row, column) in enumerate(((0, 1), (0, 2), (1, 2))):
        data = image(number, 0, series=series, at=0.0, row=axes[row], column=-axes[column])
        data.Rows, data.Columns, data.SeriesDescription = 16, 16, "localizer"
        data.PixelData = pixels(number, 0, 16, 16).tobytes()
        saved(data, folder / f"loc{number}.dcm")


def long_axis(folder: Path) -> None:
    write_cine(folder / "lax", 1, FRAMES, row=ROW, column=-NORMAL)


def late(folder: Path, *, part: str = "M", series: str = "late") -> None:
    """Late enhancement on the very grid of the cine."""

    def change(data: Dataset, z: int, t: int) -> None:
        data.InversionTime, data.SeriesDescription = 300, "delayed"
        data.ImageType = ["ORIGINAL", "PRIMARY", part]
        data.PixelData = pixels(z + 20, t).tobytes()

    write_cine(folder / series, SLICES, 1, change=change)


def moved_sideways(folder: Path) -> None:
    write_cine(folder / "aside", 3, FRAMES, origin=ORIGIN + 40 * ROW, per_slice=True)


def another_patient(folder: Path) -> None:
    other = given(PatientID="p2", StudyInstanceUID=generate_uid())
    write_cine(folder / "second", SLICES, FRAMES, change=other)


def sloped(contents: Contents) -> None:
    values = read_cine(contents.stacks[0])[1][:, 0, 0]
    assert values.tolist() == [value(z, 1) * (0.5 + z) - 7 for z in range(SLICES)]


def negative(data: Dataset, z: int, t: int) -> None:
    data.PixelData = (-pixels(z, t)).tobytes()


def twelve_bits(data: Dataset, z: int, t: int) -> None:
    """Twelve bits with their sign; the four above hold an overlay."""
    stored = (pixels(z, t).astype(np.int32) - 1500) & 0x0FFF | 0x5000
    data.BitsStored, data.HighBit = 12, 11
    data.PixelData = stored.astype(np.uint16).tobytes()


def inverted(data: Dataset, z: int, t: int) -> None:
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME1", 0
    data.PixelData = (65535 - pixels(z, t).astype(np.uint16)).tobytes()


def wide_jpeg(folder: Path) -> None:
    """A compressed image that unpacks to another size than its header says."""
    packed(JPEGLSLossless)(folder)
    for path in folder.glob("im00_*.dcm"):
        data = dcmread(path)
        stored = bytearray(data.PixelData)
        at = stored.index(b"\xff\xf7")
        stored[at + 5 : at + 9] = b"\xff\xff\xff\xff"
        data.PixelData = bytes(stored)
        data["PixelData"].is_undefined_length = True
        saved(data, path)


def refuses_pixels(contents: Contents) -> None:
    from napari_scribblemix.errors import FileError

    with pytest.raises(FileError, match="could not be read"):
        read_cine(contents.stacks[0])


def missing_phase(data: Dataset, z: int, t: int) -> bool:
    return (z, t) != (1, 3)


def without_phase() -> np.ndarray:
    kept = usual()
    kept[3, 1] = value(1, 2)  # as near in time as the one after
    return kept


def more_phases(folder: Path) -> None:
    write_cine(folder, SLICES, FRAMES, change=lambda data, z, t: z != 1)
    for t in range(2 * FRAMES):
        saved(image(1, t, series=generate_uid(), period=15.0), folder / f"more_{t:02d}.dcm")


def one_series_a_phase(folder: Path) -> None:
    series = [generate_uid() for _ in range(FRAMES)]
    write_cine(folder, SLICES, FRAMES, change=given(SeriesInstanceUID=lambda z, t: series[t]))


def cardiac_cycles(z: int, t: int) -> float:
    return t * (25.0 + 3.1 * z) + 0.7 * z


def with_groups(data: Dataset, z: int, t: int) -> None:
    """A classic file in which an Enhanced one's groups lie about, empty."""
    data.PerFrameFunctionalGroupsSequence = Sequence([Dataset()])
