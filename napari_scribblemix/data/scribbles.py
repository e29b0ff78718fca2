"""What is wrong with an image or its scribbles, how far they reach, and the enclosure rule.

Checks return findings instead of raising: ``block`` for what cannot be trained on, ``warn`` for
what can but will disappoint.  The enclosure rule turns a closed ring of background strokes into
background all around it (METHODS.md, "Enclosure rule"); it belongs on the native grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.data.geometry import format_shape
from napari_scribblemix.data.labels import UNLABELLED, LabelScheme

Scribble = NDArray[np.uint8]


@dataclass(frozen=True)
class Finding:
    """One thing found: ``block`` stops the work, ``warn`` is shown and the work goes on."""

    level: Literal["block", "warn"]
    message: str


@dataclass(frozen=True)
class Coverage:
    """How far the scribbles of a volume reach.

    ``pixels``: labelled pixels per class index.  ``fraction``: labelled part of the volume, 0-1.
    ``scribbled``: slices with any label.  ``done``: those that ``is_done`` finds.  Slices
    count from 0.
    """

    pixels: tuple[int, ...]
    fraction: float
    scribbled: tuple[int, ...]
    done: tuple[int, ...]


def _numbers(slices: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in slices[:8])
    return f"{shown}, ..." if len(slices) > 8 else shown


def check_image(array: NDArray[Any]) -> list[Finding]:
    """Findings on the intensities of an image (Z, Y, X): NaN, infinite or constant values."""
    finite = np.isfinite(array)
    if finite.all():
        if array.size and array.min() != array.max():
            return []
        message = "Every voxel has the same intensity; choose the image, not a blank volume."
        return [Finding("block", message)]
    findings = []
    for name, bad in (("NaN", np.isnan(array)), ("infinite", np.isinf(array))):
        if bad.any():
            z, y, x = np.argwhere(bad)[0].tolist()
            slices = np.flatnonzero(bad.any(axis=(1, 2))).tolist()
            findings.append(
                Finding(
                    "block",
                    f"{int(bad.sum())} of {array.size} voxels are {name}, first at slice {z}, row "
                    f"{y}, column {x} (slices {_numbers(slices)}; counted from 0); expected "
                    "finite intensities: replace them, e.g. by 0.",
                )
            )
    return findings


def coverage(scribble: Scribble, scheme: LabelScheme) -> Coverage:
    """How far ``scribble`` (Z, Y, X), class indices and 255, reaches."""
    counts = np.bincount(scribble.ravel(), minlength=256)
    labelled = (scribble != UNLABELLED).any(axis=(1, 2))
    return Coverage(
        pixels=tuple(counts[: scheme.classes].tolist()),
        fraction=1.0 - float(counts[UNLABELLED]) / max(1, scribble.size),
        scribbled=tuple(np.flatnonzero(labelled).tolist()),
        done=tuple(np.flatnonzero(is_done(scribble)).tolist()),
    )


def is_done(scribble: Scribble) -> NDArray[np.bool_]:
    """Which slices (Z,) of ``scribble`` (Z, Y, X) need no more strokes.

    Those with background and at least one structure, and those of which every pixel is labelled: a
    slice beyond the heart is background all over.
    """
    labelled = scribble != UNLABELLED
    background = (scribble == 0).any(axis=(1, 2))
    structure = (labelled & (scribble > 0)).any(axis=(1, 2))
    done: NDArray[np.bool_] = (background & structure) | labelled.all(axis=(1, 2))
    return done


def check_scribbles(
    scribble: Scribble, scheme: LabelScheme, image_shape: Sequence[int]
) -> list[Finding]:
    """Findings on ``scribble`` (Z, Y, X), class indices and 255, of an image of that shape."""
    if scribble.shape != tuple(image_shape):
        return [
            Finding(
                "block",
                f"Scribbles are {format_shape(scribble.shape)} but the image is "
                f"{format_shape(image_shape)}; choose matching files or layers.",
            )
        ]
    unknown = (scribble >= scheme.classes) & (scribble != UNLABELLED)
    if unknown.any():
        values = ", ".join(str(value) for value in np.unique(scribble[unknown])[:5])
        return [
            Finding(
                "block",
                f"Scribbles hold the class {values} in {int(unknown.sum())} pixels; expected 0 to "
                f"{scheme.classes - 1} or {UNLABELLED} (unlabelled): choose the right scheme.",
            )
        ]
    reach = coverage(scribble, scheme)
    if not reach.scribbled:
        return [Finding("block", "No pixel is scribbled; draw strokes, or leave the file out.")]
    return [Finding("warn", message) for message in _weaknesses(scribble, scheme, reach)]


def _weaknesses(scribble: Scribble, scheme: LabelScheme, reach: Coverage) -> list[str]:
    messages = []
    missing = [scheme.names[k] for k in range(1, scheme.classes) if not reach.pixels[k]]
    if len(missing) == scheme.classes - 1:
        messages.append("Only background is scribbled; draw a stroke in each structure.")
    elif missing:
        messages.append(
            f"No scribble for {', '.join(missing)}; draw one where it is visible, or it will not "
            "be learnt from this case."
        )
    if not reach.pixels[0]:
        messages.append(
            "No scribble for background; draw a ring around the heart, or structures will spread "
            "over the image."
        )
    if reach.fraction == 1.0:
        messages.append(
            f"Every pixel is labelled; if {scheme.file_values[0]} means 'not labelled' in this "
            f"file, save those pixels as {scheme.unlabelled_value}, or say --unlabelled 0."
        )
    empty = sorted(set(range(len(scribble))) - set(reach.scribbled))
    if empty:
        messages.append(
            f"{len(empty)} of {len(scribble)} slices have no scribble ({_numbers(empty)}; counted "
            "from 0); they are used as unlabelled: scribble them for a better result."
        )
    return messages


def _disc(radius: int) -> NDArray[np.bool_]:
    """A flat disc (1, 2r+1, 2r+1): strokes are closed within a slice, never across slices."""
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disc: NDArray[np.bool_] = (x * x + y * y <= radius * radius + radius)[None]
    return disc


def _parts(free: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """``free`` (Z, Y, X) parted into what touches the first pixel of its slice, and the rest."""
    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[1] = ndimage.generate_binary_structure(2, 1)
    regions = ndimage.label(free, structure=in_plane)[0]
    reached: NDArray[np.bool_] = regions == regions[:, :1, :1]
    return reached, free & ~reached


@dataclass(frozen=True)
class Rings:
    """What the background strokes of each slice enclose.

    ``outside`` (Z, Y, X): what lies round all rings.  ``drawn`` (Z,): whether there is a closed
    ring, round whatever.  ``strays`` (Z, Y, X): strokes of a structure outside.
    """

    outside: NDArray[np.bool_]
    drawn: NDArray[np.bool_]
    strays: NDArray[np.bool_]


def find_rings(scribble: Scribble, gap: int = 3) -> Rings:
    """The rings of background in ``scribble`` (Z, Y, X), closed as ``enclosed_background`` says."""
    radius = (gap + 1) // 2
    # A frame that the disc can roll around in, whatever touches the image border.
    margin = 2 * radius + 1
    strokes = np.pad(scribble == 0, ((0, 0), (margin, margin), (margin, margin)))
    walls = ndimage.binary_dilation(strokes, _disc(radius)) if radius else strokes
    rolled, inside = _parts(~walls)
    outside = ndimage.binary_dilation(rolled, _disc(radius)) if radius else rolled
    outside = outside[:, margin:-margin, margin:-margin]
    structure = (scribble > 0) & (scribble != UNLABELLED)
    # Strokes close together hide what is between them from the disc without enclosing anything.
    drawn: NDArray[np.bool_] = np.any(inside, axis=(1, 2))
    return Rings(outside, drawn, structure & outside)


def background_of(rings: Rings, scribble: Scribble) -> NDArray[np.bool_]:
    """Where the enclosure rule makes background of ``scribble``, whose ``rings`` are known."""
    structure = ((scribble > 0) & (scribble != UNLABELLED)).any(axis=(1, 2))
    closed = structure & rings.drawn & ~rings.strays.any(axis=(1, 2))
    made: NDArray[np.bool_] = rings.outside & closed[:, None, None] & (scribble == UNLABELLED)
    return made


def enclosed_background(scribble: Scribble, gap: int = 3) -> NDArray[np.bool_]:
    """Where the enclosure rule makes background, (Z, Y, X): all outside a closed ring.

    In each slice the background strokes must separate the image border from every structure's
    scribble, of which there must be one; else the slice gets nothing.  The strokes count as closed
    if a disc too wide for a gap of ``gap`` pixels cannot roll through from outside; what it rolls
    over is outside.  The strokes themselves are not part of the answer.
    """
    return background_of(find_rings(scribble, gap), scribble)


def apply_enclosure_rule(scribble: Scribble, gap: int = 3) -> Scribble:
    """A copy of ``scribble`` (Z, Y, X) with enclosed background set to 0; strokes stay as drawn."""
    result = scribble.copy()
    result[enclosed_background(scribble, gap)] = 0
    return result
