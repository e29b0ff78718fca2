"""Images of every shape and kind that people have: each with what must come of it.

Nothing is expected of a kind but that it is used, or refused in one line that says why and what to
do.  Which of the two, and the words that must be in the line, stand in the table.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from tries import Place

from napari_scribblemix.cli.app import main

PIXEL = (1.4, 1.4, 8.0)
GOOD = ""
Make = Callable[[Path], object]


@dataclass(frozen=True)
class Kind:
    """``name`` of the file, how it is made, and words of the line; empty where it is used."""

    name: str
    make: Make
    told: str = GOOD


def _volume(
    shape: tuple[int, ...],
    dtype: Any = np.int16,
    sizes: tuple[float, ...] = PIXEL,
    kind: Any = nibabel.Nifti1Image,
    **header: Any,
) -> Make:
    def make(path: Path) -> None:
        rng = np.random.default_rng(0)
        values = rng.integers(0, 200, shape).astype(dtype)
        image = kind(values, np.diag([*sizes, 1.0]), dtype=values.dtype)
        for field, value in header.items():
            image.header[field] = value
        nibabel.save(image, path)

    return make


def _filled(value: float) -> Make:
    def make(path: Path) -> None:
        values = np.random.default_rng(0).normal(100, 9, (40, 40, 4)).astype(np.float32)
        values[3:5] = value
        nibabel.save(nibabel.Nifti1Image(values, np.diag([*PIXEL, 1.0])), path)

    return make


def _constant(path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.ones((40, 40, 4)), np.diag([*PIXEL, 1.0])), path)


def _coloured(*letters: str) -> Make:
    colours = np.dtype([(letter, "u1") for letter in letters])
    return lambda path: nibabel.save(
        nibabel.Nifti1Image(np.zeros((40, 40, 4), colours), np.diag([*PIXEL, 1.0])), path
    )


def _changed(change: Callable[[bytes], bytes], packed: bool = False) -> Make:
    def make(path: Path) -> None:
        image = nibabel.Nifti1Image(
            np.random.default_rng(0).integers(0, 200, (40, 40, 4)).astype(np.int16),
            np.diag([*PIXEL, 1.0]),
        )
        data = change(image.to_bytes())
        path.write_bytes(gzip.compress(data) if packed else data)

    return make


def _fields(**values: Any) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        fields: Any = np.ndarray((), nibabel.Nifti1Header.template_dtype, buffer=changed)
        for field, value in values.items():
            name, _, index = field.partition("__")
            if index:
                fields[name][int(index)] = value
            else:
                fields[name] = value
        return bytes(changed)

    return change


def _big_endian(path: Path) -> None:
    header = nibabel.Nifti1Header(endianness=">")
    values = np.random.default_rng(0).integers(0, 200, (40, 40, 4)).astype(">i2")
    nibabel.save(nibabel.Nifti1Image(values, np.diag([*PIXEL, 1.0]), header), path)


def _pair(kind: Any, *, upper: bool = False, without: str = "") -> Make:
    def make(path: Path) -> None:
        values = np.random.default_rng(0).integers(0, 200, (40, 40, 4)).astype(np.int16)
        nibabel.save(kind(values, np.diag([*PIXEL, 1.0])), path.with_suffix(".hdr"))
        for part in (".hdr", ".img"):
            made = path.with_suffix(part)
            if part == without:
                made.unlink()
            elif upper:
                made.rename(path.with_suffix(part.upper()))
        for mat in path.parent.glob("*.mat"):
            mat.unlink()

    return make


def _text(content: str | bytes) -> Make:
    data = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(data)


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:1234\nsize 12345\n"
_CUT = lambda data: data[: len(data) // 2]  # noqa: E731
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

KINDS = (
    Kind("one_slice.nii.gz", _volume((64, 64, 1))),
    Kind("flat.nii.gz", _volume((64, 64), sizes=(1.4, 1.4, 1.4))),
    Kind("one_slice_cine.nii.gz", _volume((64, 64, 1, 9))),
    Kind("one_frame.nii.gz", _volume((64, 64, 5, 1))),
    Kind("cine.nii.gz", _volume((64, 64, 5, 9))),
    Kind("five_axes.nii.gz", _volume((32, 32, 4, 1, 3))),
    Kind("six_axes.nii.gz", _volume((32, 32, 4, 2, 1, 2))),
    Kind("row.nii.gz", _volume((64, 1, 1))),
    Kind("voxel.nii.gz", _volume((1, 1, 1))),
    Kind("tiny.nii.gz", _volume((3, 3, 3))),
    Kind("small.nii.gz", _volume((64, 64, 8))),
    Kind("large.nii.gz", _volume((1024, 1024, 2), sizes=(0.35, 0.35, 8.0))),
    Kind("huge_slice.nii.gz", _volume((2048, 2048, 1), sizes=(0.2, 0.2, 8.0))),
    Kind("many_slices.nii.gz", _volume((48, 48, 300), sizes=(1.4, 1.4, 1.4))),
    Kind("many_frames.nii.gz", _volume((16, 16, 2, 600))),
    Kind("too_many_frames.nii.gz", _volume((8, 8, 1, 5000)), "at most 4096"),
    Kind("wide_pixels.nii.gz", _volume((64, 40, 8), sizes=(1.0, 2.3, 8.0))),
    Kind("wide_image.nii.gz", _volume((40, 200, 8))),
    Kind("slices_first.nii.gz", _volume((9, 120, 110), sizes=(8.0, 1.4, 1.4))),
    Kind("slices_second.nii.gz", _volume((120, 9, 110), sizes=(1.4, 8.0, 1.4))),
    Kind("slices_first_of_1_mm.nii.gz", _volume((9, 120, 110), sizes=(1.0, 1.0, 1.0))),
    Kind("isotropic.nii.gz", _volume((60, 60, 60), sizes=(1.5, 1.5, 1.5))),
    Kind("gaps.nii.gz", _volume((64, 64, 5), sizes=(1.4, 1.4, 60.0))),
    Kind("metres.nii.gz", _volume((64, 64, 5), sizes=(0.0014, 0.0014, 0.008), xyzt_units=1)),
    Kind("micrometres.nii.gz", _volume((64, 64, 5), sizes=(1400, 1400, 8000), xyzt_units=3)),
    Kind("mm_called_metres.nii.gz", _volume((64, 64, 5), xyzt_units=1), "set the header's unit"),
    Kind("unit_lost.nii.gz", _volume((140, 140, 5), sizes=(0.0014, 0.0014, 0.008)), "metres"),
    Kind("pixels_of_30_mm.nii.gz", _volume((64, 64, 5), sizes=(30, 30, 30)), "repair the header"),
    Kind("colours.nii.gz", _coloured("R", "G", "B"), "convert it to grey values"),
    Kind("colours_and_alpha.nii.gz", _coloured("R", "G", "B", "A"), "convert it to grey values"),
    Kind("complex.nii.gz", _volume((40, 40, 4), np.complex64), "save their magnitude"),
    *(
        Kind(f"{kind}.nii.gz", _volume((40, 40, 4), np.dtype(kind)))
        for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8")
    ),
    Kind("u8.nii.gz", _volume((40, 40, 4), np.uint64)),
    Kind("nan.nii.gz", _filled(np.nan), "are NaN"),
    Kind("infinite.nii.gz", _filled(np.inf), "are infinite"),
    Kind("constant.nii.gz", _constant),
    Kind("big_endian.nii", _big_endian),
    Kind("slope_nan.nii", _changed(_fields(scl_slope=np.nan))),
    Kind("slope_zero.nii", _changed(_fields(scl_slope=0))),
    Kind("no_forms.nii", _changed(_fields(sform_code=0, qform_code=0))),
    Kind("qfac_zero.nii", _changed(_fields(pixdim__0=0))),
    Kind("negative_pixdim.nii", _changed(_fields(pixdim__1=-1.4, sform_code=0))),
    Kind("no_axes.nii", _changed(_fields(dim__0=0)), "copy or download it again|two sizes"),
    Kind("nine_axes.nii", _changed(_fields(dim__0=9)), "copy or download it again"),
    Kind("no_size.nii", _changed(_fields(dim__1=0)), "copy or download the file again"),
    Kind("flat_affine.nii", _changed(_fields(srow_z=(0, 0, 0, 0))), "repair|expected"),
    Kind("nifti2.nii.gz", _volume((40, 40, 4), kind=nibabel.Nifti2Image)),
    Kind("pair.hdr", _pair(nibabel.Nifti1Pair)),
    Kind("pair.img", _pair(nibabel.Nifti1Pair)),
    Kind("UPPER.IMG", _pair(nibabel.Nifti1Pair, upper=True)),
    Kind("pair2.hdr", _pair(nibabel.Nifti2Pair)),
    Kind("analyze.hdr", _pair(nibabel.AnalyzeImage), "knows its sides"),
    Kind("header_alone.hdr", _pair(nibabel.Nifti1Pair, without=".img"), "is not there"),
    Kind("voxels_alone.img", _pair(nibabel.Nifti1Pair, without=".hdr"), "is not there"),
    Kind("UPPER.NII", _changed(bytes)),
    Kind("UPPER.NII.GZ", _changed(bytes, packed=True)),
    Kind("Mixed.Nii.gz", _changed(bytes, packed=True)),
    Kind("with a space.nii.gz", _changed(bytes, packed=True)),
    Kind("unpacked.nii.gz", _changed(bytes), "copy or download it again"),
    Kind("packed.nii", _changed(bytes, packed=True), "copy or download it again"),
    Kind("cut.nii", _changed(_CUT), "copy or download it again"),
    Kind("cut.nii.gz", _changed(_CUT, packed=True), "copy or download it again"),
    Kind("empty.nii.gz", _text(""), "copy or download it again"),
    Kind("text.nii.gz", _text("hello"), "copy or download it again"),
    Kind("picture.nii", _text(PNG), "copy or download it again"),
    Kind("picture.png", _text(PNG), "expected"),
    Kind("pointer.nii.gz", _text(POINTER), "expected the scan"),
    Kind("dangling.nii.gz", lambda path: path.symlink_to("nowhere"), "link to a file"),
    Kind("folder.nii.gz", Path.mkdir, "expected|no NIfTI|no image"),
    Kind("missing.nii.gz", lambda path: None, "does not exist"),
    Kind("pipe.nii.gz", os.mkfifo, "expected"),
    Kind("freesurfer.mgz", _text(gzip.compress(b"\0" * 300)), "expected"),
    Kind("slicer.nrrd", _text("NRRD0004\ntype: short\n"), "expected"),
)


def _wrong(kind: Kind, folder: Path) -> str:
    path = folder / kind.name
    kind.make(path)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(["inspect", str(path)])
    text = said.getvalue()
    if kind.told == GOOD:
        return "" if code == 0 else f"got {code}, expected it to be used: {text[-300:]}"
    lines = [line for line in text.splitlines() if re.search(kind.told, line)]
    if code == 0 or not lines:
        return f"got {code}, expected a line with {kind.told!r}: {text[-300:]}"
    return "a traceback" if "Traceback" in text or code == 70 else ""


def attack(place: Place) -> Iterator[str]:
    """Each kind once, in a folder of its own."""
    for number, kind in enumerate(KINDS):
        folder = place.folder / str(number)
        folder.mkdir()
        try:
            wrong = _wrong(kind, folder)
        except Exception as error:  # noqa: BLE001
            wrong = f"{type(error).__name__}: {error}"
        yield wrong and f"{kind.name}: {wrong}"
