"""How well two masks of one structure agree: Dice, and the distances between their surfaces.

Distances are taken between the centres of surface voxels, in mm on the anisotropic grid, by SciPy's
exact Euclidean distance transform.  A surface voxel is a voxel of the mask with a face towards the
outside (the edge of the volume counts as outside).  Two empty masks agree on nothing that could be
measured: every figure is NaN and the pair takes no part in a mean.  One empty mask: Dice is 0 and
the distances, which do not exist, are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.errors import GeometryError

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between two surfaces in mm; all NaN where a mask is empty.

    ``hd``: Hausdorff distance.  ``hd95``: the larger of the two directed 95th percentiles.
    ``assd``: mean over the surface voxels of both masks of the distance to the other surface.
    """

    hd: float
    hd95: float
    assd: float


def _check(prediction: Mask, reference: Mask) -> None:
    if prediction.shape != reference.shape:
        raise GeometryError(
            f"The prediction is {' x '.join(map(str, prediction.shape))} but the reference is "
            f"{' x '.join(map(str, reference.shape))}; compare masks of the same image."
        )


def dice(prediction: Mask, reference: Mask) -> float:
    """Dice overlap of two masks of any one shape, 0 to 1; NaN if both are empty."""
    _check(prediction, reference)
    size = int(np.count_nonzero(prediction)) + int(np.count_nonzero(reference))
    if size == 0:
        return math.nan
    return 2.0 * int(np.count_nonzero(prediction & reference)) / size


def surface(mask: Mask) -> Mask:
    """The voxels of ``mask`` that have a face towards the outside, same shape."""
    return mask & ~ndimage.binary_erosion(mask)


def _box(mask: Mask) -> tuple[slice, ...]:
    # Inside the box of both masks, erosion sees the same outside and distances stay the same.
    ranges = []
    for axis in range(mask.ndim):
        others = tuple(a for a in range(mask.ndim) if a != axis)
        there = np.flatnonzero(mask.any(axis=others))
        ranges.append(slice(int(there[0]), int(there[-1]) + 1))
    return tuple(ranges)


def surface_distances(
    prediction: Mask, reference: Mask, spacing: Sequence[float]
) -> SurfaceDistances:
    """Distances between the surfaces of two masks (Z, Y, X) or (Y, X).

    ``spacing`` is the voxel size in mm, one number an axis, in the order of the axes.  Raises
    ``GeometryError`` if the shapes or the number of axes differ.
    """
    _check(prediction, reference)
    if len(spacing) != prediction.ndim:
        raise GeometryError(
            f"Got a spacing of {len(spacing)} numbers for a mask of {prediction.ndim} axes; "
            "expected one number an axis."
        )
    if not (prediction.any() and reference.any()):
        return SurfaceDistances(math.nan, math.nan, math.nan)
    box = _box(prediction | reference)
    a, b = surface(prediction[box]), surface(reference[box])
    to_reference = ndimage.distance_transform_edt(~b, sampling=spacing)[a]
    to_prediction = ndimage.distance_transform_edt(~a, sampling=spacing)[b]
    return SurfaceDistances(
        hd=float(max(to_reference.max(), to_prediction.max())),
        hd95=float(max(np.percentile(to_reference, 95), np.percentile(to_prediction, 95))),
        assd=float(np.concatenate([to_reference, to_prediction]).mean()),
    )
