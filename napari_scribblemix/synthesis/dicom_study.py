"""A drawn examination written as a scanner exports it: the sample ``dicom``, and tests.

The first person's study is classic MR: a localiser with three orientations in one series, the
short-axis cine with one series for each slice (breath-hold), each with a heart beat of its own, one
slice repeated in another breath-hold, a four-chamber cine and a late-enhancement stack in one
series.  The second person's cine is one Enhanced MR file.  Beside them lie the true masks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.written_headers import Person, SeriesHeader
from napari_scribblemix.data.dicom.written_images import ImageStack, write_classic, write_enhanced
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.synthesis.studies import ED_FRAME, ES_FRAME, draw_cine, draw_examination

_CINE_TYPE = ("ORIGINAL", "PRIMARY", "M", "RETRO", "NORM")
_LATE_TYPE = ("DERIVED", "PRIMARY", "PSIR", "M", "NORM")


def person(seed: int, number: int) -> Person:
    """Whom the headers of drawn person ``number`` name."""
    rng = np.random.default_rng([seed, 72, number])
    return Person(
        key=f"{seed}.{number}",
        name=f"Drawn^Heart^{'One' if number == 1 else 'Two'}",
        identifier=f"DRAWN{number:03d}",
        sex=str(rng.choice(["F", "M"])),
        birth=f"{rng.integers(1940, 1990)}0{rng.integers(1, 10)}1{rng.integers(0, 10)}",
        height_m=float(rng.uniform(1.58, 1.92)),
        weight_kg=float(rng.uniform(55.0, 98.0)),
    )


def _beats(seed: int, number: int) -> Iterator[float]:
    """The length of a beat in each breath-hold, ms: no two are alike."""
    rng = np.random.default_rng([seed, 73, number])
    while True:
        yield round(float(rng.uniform(780.0, 980.0)), 1)


def write_study(folder: Path, seed: int, *, slices: int = 9) -> None:
    """Write ``folder/dicom`` (both people's studies) and ``folder/masks`` (their true masks).

    Needs pydicom, of the extra ``dicom``.
    """
    _write_first(folder, seed, slices)
    _write_second(folder, seed, slices)


def _write_first(folder: Path, seed: int, slices: int) -> None:
    taken = draw_examination(seed, slices=slices)
    who, beats = person(seed, 1), _beats(seed, 1)
    home = folder / "dicom" / "patient1"
    number = 1

    def series(description: str, image_type: tuple[str, ...] = _CINE_TYPE) -> SeriesHeader:
        time = f"0{9 + (20 + 2 * number) // 60}{(20 + 2 * number) % 60:02d}00"
        late = image_type == _LATE_TYPE
        return SeriesHeader(number, description, image_type, next(beats), time, late)

    header = series("localizer", ("ORIGINAL", "PRIMARY", "M", "NORM"))
    for first, view in enumerate(taken.localiser.values(), start=1):
        write_classic(home / f"SE{number:04d}", who, header, view, first=first)
    for z in range(taken.cine.images.shape[1]):
        number += 1
        one = taken.cine.slice_at(z)
        write_classic(home / f"SE{number:04d}", who, series("cine_retro_sax"), one)
    number += 1
    write_classic(home / f"SE{number:04d}", who, series("cine_retro_sax"), taken.again)
    number += 1
    write_classic(home / f"SE{number:04d}", who, series("cine_retro_4ch"), taken.four_chamber)
    number += 1
    late = series("de_sax_psir", _LATE_TYPE)
    write_classic(home / f"SE{number:04d}", who, late, taken.late)
    _write_masks(folder / "masks", "heart1", taken.cine, taken.labels)
    _write_mask(folder / "masks" / "heart1_LGE_gt.nii.gz", taken.late, taken.late_labels)


def _write_second(folder: Path, seed: int, slices: int) -> None:
    cine, labels = draw_cine(seed, 2, slices=slices)
    header = SeriesHeader(4, "sBTFE_BH_SA", (), next(_beats(seed, 2)), "101200")
    path = folder / "dicom" / "patient2" / "IM0001.dcm"
    write_enhanced(path, person(seed, 2), header, cine)
    _write_masks(folder / "masks", "heart2", cine, labels)


def _write_masks(folder: Path, name: str, stack: ImageStack, labels: NDArray[np.uint8]) -> None:
    for phase, frame in (("ED", ED_FRAME), ("ES", ES_FRAME)):
        _write_mask(folder / f"{name}_{phase}_gt.nii.gz", stack, labels[frame])


def _write_mask(path: Path, stack: ImageStack, labels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    geometry = Geometry.from_affine(stack.affine, labels.shape[::-1])
    write_labels(path, CARDIAC.encode_mask(labels), geometry)
