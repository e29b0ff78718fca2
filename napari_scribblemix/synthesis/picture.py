"""Overview pictures: slices in grey with strokes, predictions or masks in colour.

NumPy and scikit-image only; used for the README and to look at drawn cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.io import imsave
from skimage.segmentation import find_boundaries

from napari_scribblemix.data.labels import MYOPS, rgb

COLOURS: dict[int, tuple[float, ...]] = {
    number: tuple(part / 255 for part in rgb(colour)) for number, colour in enumerate(MYOPS.colours)
}


def grey(image: NDArray[np.floating], enlarge: int = 2) -> NDArray[np.float64]:
    """RGB (e H, e W, 3) in 0-1 of one slice, windowed from its 1st to its 99.5th percentile."""
    low, high = np.percentile(image, [1.0, 99.5])
    scaled = np.clip((image - low) / max(float(high - low), 1e-6), 0.0, 1.0)
    return np.kron(np.repeat(scaled[..., None], 3, axis=2), np.ones((enlarge, enlarge, 1)))


def with_strokes(
    image: NDArray[np.floating], scribble: NDArray[np.integer], enlarge: int = 2
) -> NDArray[np.float64]:
    """The slice with its scribbles (class indices where drawn) painted over."""
    picture = grey(image, enlarge)
    strokes = np.kron(scribble, np.ones((enlarge, enlarge), dtype=scribble.dtype))
    for value, colour in COLOURS.items():
        picture[strokes == value] = colour
    return picture


def with_mask(
    image: NDArray[np.floating],
    mask: NDArray[np.integer],
    enlarge: int = 2,
    opacity: float = 0.35,
) -> NDArray[np.float64]:
    """The slice with a mask: tinted inside, a line along each structure's edge."""
    picture = grey(image, enlarge)
    labels = np.kron(mask, np.ones((enlarge, enlarge), dtype=mask.dtype))
    for value, colour in COLOURS.items():
        if value == 0:
            continue
        inside = labels == value
        picture[inside] = (1.0 - opacity) * picture[inside] + opacity * np.array(colour)
        picture[find_boundaries(inside, mode="inner")] = colour
    return picture


def write_panels(path: Path, rows: Sequence[Sequence[NDArray[np.floating]]], gap: int = 4) -> None:
    """Write a grid of equally large RGB panels as one PNG, ``gap`` pixels of white between."""
    lines = []
    for row in rows:
        padded = [np.pad(panel, ((gap, 0), (gap, 0), (0, 0)), constant_values=1.0) for panel in row]
        lines.append(np.concatenate(padded, axis=1))
    grid = np.pad(np.concatenate(lines), ((0, gap), (0, gap), (0, 0)), constant_values=1.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    imsave(path, (255.0 * np.clip(grid, 0.0, 1.0)).astype(np.uint8), check_contrast=False)
