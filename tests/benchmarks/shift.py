"""How well a model holds on images as other scanners would show them.

    python tests/benchmarks/shift.py [--model starter] [--set acdc] [--cases 6]

Validation cases are re-rendered (contrast, noise, spacing, field of view, ways up, ...), segmented,
and measured against their masks, which are re-rendered with them.  A line for each shift: mean
Dice, and how much is lost against the unchanged images, in the mean over the cases and in the worst
one.  Where the shape changes the header keeps nothing but the spacing.  The data stays where it is:
../shared/data, or the folder SCRIBBLEMIX_DATA names.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from starter_accuracy import read_cases, stored

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.evaluation.overlap import dice
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.orientation import TURNS
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.cases import Case

Image = NDArray[np.float32]
Shift = Callable[[Case], Case]


def with_image(change: Callable[[Image], Image], case: Case) -> Case:
    """``case`` with other grey values, ``change`` of its own scaled to 0-1."""
    values = case.image.array.astype(np.float32)
    low, high = np.percentile(values, (0.5, 99.5))
    changed = change(np.clip((values - low) / max(high - low, 1e-6), 0, 1))
    return replace(case, image=Volume(changed.astype(np.float32), case.image.geometry))


def contrast(amount: float, image: Image) -> Image:
    """An S-shaped curve, or (below 0) its inverse."""
    return image - amount * np.sin(2 * np.pi * image) / (2 * np.pi)


def blur(sigma: float, image: Image) -> Image:
    """In-plane, ``sigma`` in pixels."""
    return ndimage.gaussian_filter(image, (0, sigma, sigma))


def bias(strength: float, image: Image) -> Image:
    """A coil close to one corner of the image: up to ``1 + strength`` times as bright there."""
    y, x = np.meshgrid(*(np.linspace(0, 1, n) for n in image.shape[1:]), indexing="ij")
    return image * (1 + strength * np.exp(-3 * np.hypot(y, x))).astype(np.float32)


def noise(level: float, image: Image) -> Image:
    """Rician, as in the magnitude of a complex image."""
    rng = np.random.default_rng(0)
    real, imaginary = rng.normal(0, level, (2, *image.shape)).astype(np.float32)
    return np.hypot(image + real, imaginary)


def ghosts(strength: float, image: Image) -> Image:
    """Copies a quarter of the field away, along the rows' direction."""
    quarter = image.shape[1] // 4
    return image + strength * (np.roll(image, quarter, 1) + np.roll(image, -quarter, 1))


def on_grid(case: Case, image: Image, mask: NDArray[np.uint8], spacing: tuple[float, ...]) -> Case:
    """``case`` with arrays of another size or spacing."""
    z, y, x = spacing
    geometry = Geometry.from_affine(np.diag([x, y, z, 1.0]), image.shape[::-1])
    return replace(case, image=Volume(np.ascontiguousarray(image), geometry), mask=mask)


def resampled(case: Case, zoom: tuple[float, ...]) -> tuple[Image, NDArray[np.uint8]]:
    """Image (linear) and mask (nearest) with ``zoom`` times as many voxels along each axis."""
    image, mask = (
        ndimage.zoom(array, zoom, order=order, mode="nearest", grid_mode=True)
        for array, order in ((case.image.array.astype(np.float32), 1), (_mask(case), 0))
    )
    return image, mask


def pixels(size: float, case: Case) -> Case:
    """Square pixels of ``size`` mm."""
    z, *plane = case.image.geometry.spacing
    zoom = (1.0, *(step / size for step in plane))
    image, mask = resampled(case, zoom)
    return on_grid(case, image, mask, (z, size, size))


def field_of_view(extent: float, case: Case) -> Case:
    """A square of ``extent`` mm about the heart: cropped, or padded with air."""
    z, *plane = case.image.geometry.spacing
    image, mask = case.image.array.astype(np.float32), _mask(case)
    for axis, step in enumerate(plane, start=1):
        there = np.flatnonzero((mask > 0).any(axis=tuple({0, 1, 2} - {axis})))
        size = round(extent / step)
        start = int(there[0] + there[-1] + 1 - size) // 2
        before, after = max(0, -start), max(0, start + size - image.shape[axis])
        margin = [(0, 0)] * 3
        margin[axis] = (before, after)
        cut = [slice(None)] * 3
        cut[axis] = slice(start + before, start + before + size)
        image = np.pad(image, margin, constant_values=image.min())[tuple(cut)]
        mask = np.pad(mask, margin)[tuple(cut)]
    return on_grid(case, image, mask, (z, plane[0], plane[1]))


def slices_apart(distance: float, case: Case) -> Case:
    """Slices ``distance`` mm apart, between those there are."""
    z, *plane = case.image.geometry.spacing
    zoom = (z / distance, 1.0, 1.0)
    image, mask = resampled(case, zoom)
    return on_grid(case, image, mask, (distance, *plane))


def axes_reversed(case: Case) -> Case:
    """Slices from the other end."""
    image = case.image.array[::-1]
    return on_grid(case, image, _mask(case)[::-1].copy(), case.image.geometry.spacing)


def _mask(case: Case) -> NDArray[np.uint8]:
    if case.mask is None:
        raise SystemExit(f"{case.id} has no mask to measure against; choose a validation set.")
    return case.mask


def shifts() -> Iterator[tuple[str, Shift]]:
    """Every shift and what it is called."""
    for amount in (-0.8, 0.8):
        yield f"contrast {amount:+}", partial(with_image, partial(contrast, amount))
    for gamma in (0.6, 1.6):
        yield f"gamma {gamma}", partial(with_image, partial(power, gamma))
    for sigma in (1.0, 1.5):
        yield f"blur, sigma {sigma} pixels", partial(with_image, partial(blur, sigma))
    for strength in (1.0, 3.0):
        yield f"bias field, {strength:.0%}", partial(with_image, partial(bias, strength))
    for level in (0.05, 0.1):
        yield f"noise, {level:.0%}", partial(with_image, partial(noise, level))
    yield "ghosts, 10%", partial(with_image, partial(ghosts, 0.1))
    for size in (0.7, 1.4, 2.2):
        yield f"pixels of {size} mm", partial(pixels, size)
    for extent in (200.0, 320.0, 450.0):
        yield f"field of view {extent:.0f} mm", partial(field_of_view, extent)
    for distance in (5.0, 10.0, 15.0):
        yield f"slices {distance:.0f} mm apart", partial(slices_apart, distance)
    yield "slices from the other end", axes_reversed
    for turn in TURNS[1:]:
        yield f"stored {turn}", partial(stored, turn=turn)


def power(gamma: float, image: Image) -> Image:
    """Grey values to the power of ``gamma``."""
    return image**gamma


def mean_dice(model: Model, case: Case) -> float:
    """Mean over the structures that are there."""
    labels, mask = segment_volume(model, case.image).labels, _mask(case)
    classes = range(1, model.card.labels.classes)
    return float(np.nanmean([dice(labels == k, mask == k) for k in classes]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=Path("starter"))
    parser.add_argument("--set", choices=("acdc", "mscmr"), default="acdc")
    parser.add_argument("--cases", type=int, default=6)
    arguments = parser.parse_args()
    model = load_model(arguments.model, torch.device("cpu"))
    cases = read_cases(arguments.set, arguments.cases)
    before = np.array([mean_dice(model, case) for case in cases])
    print(f"{arguments.set}, {len(cases)} volumes, unchanged: Dice {before.mean():.3f}", flush=True)
    lost = []
    for words, shift in shifts():
        after = np.array([mean_dice(model, shift(case)) for case in cases])
        lost.append(before - after)
        print(
            f"{words:36s} Dice {after.mean():.3f}, lost {lost[-1].mean():+.3f}, "
            f"worst {lost[-1].max():+.3f}",
            flush=True,
        )
    print(f"all shifts: lost {np.mean(lost):+.3f}, worst {np.max(lost):+.3f}")


if __name__ == "__main__":
    main()
