"""Oblique planes through one drawn body: long axes of the heart, and the localiser's three views.

A body is drawn as a fine stack of short-axis slices, and a plane is looked up in it.  What lies
beyond the drawn block is dark, as beyond a coil.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from torch import Tensor

from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.appearance import Appearance, degrade, paint
from napari_scribblemix.synthesis.hearts import HeartParameters
from napari_scribblemix.synthesis.stacks import Stack, stored

_LEVELS = (-0.9, 1.7)
_STEP_MM = 3.5
_PIXEL_MM = 2.2
_SIDE = 104

# Directions of a localiser's columns and rows, in the patient's left, posterior, superior.
_LOCALISER = {
    "transverse": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}


@dataclass(frozen=True)
class PlaneAt:
    """Where a plane lies: ``affine`` takes pixel (x, y, 0) to mm, ``size`` is (H, W)."""

    affine: NDArray[np.float64]
    size: tuple[int, int]


def _placed(
    center: NDArray[np.float64],
    across: NDArray[np.float64],
    down: NDArray[np.float64],
    size: tuple[int, int],
    pixel_mm: float,
) -> PlaneAt:
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = across * pixel_mm, down * pixel_mm
    affine[:3, 2] = np.cross(across, down)
    middle = np.array([size[1] - 1, size[0] - 1, 0.0]) / 2.0
    affine[:3, 3] = center - affine[:3, :3] @ middle
    return PlaneAt(affine, size)


def _directions(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return result


def heart_center(
    hearts: HeartParameters, stack: Stack, affine: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The middle of the left ventricle's axis, in mm."""
    y, x = (hearts.shift[0] / stack.spacing).tolist()
    step = float(stack.levels[1] - stack.levels[0])
    voxel = np.array(
        [
            (stack.size[1] - 1) / 2.0 + x,
            (stack.size[0] - 1) / 2.0 + y,
            (0.5 - float(stack.levels[0])) / step,
        ]
    )
    result: NDArray[np.float64] = affine[:3, :3] @ voxel + affine[:3, 3]
    return result


def four_chamber(hearts: HeartParameters, stack: Stack, affine: NDArray[np.float64]) -> PlaneAt:
    """The plane through the long axis and the middle of the right ventricle, apex up."""
    angle = float(hearts["rv_angle"].item() + hearts.turn[0].item())
    x, y, z = _directions(affine).T
    across = -(np.cos(angle) * x + np.sin(angle) * y)
    return _placed(heart_center(hearts, stack, affine), across, -z, (128, 128), 1.7)


def localiser(
    hearts: HeartParameters, stack: Stack, affine: NDArray[np.float64]
) -> dict[str, PlaneAt]:
    """A transverse, a coronal and a sagittal plane through the heart."""
    center = heart_center(hearts, stack, affine)
    to_ras = np.array([-1.0, -1.0, 1.0])
    return {
        name: _placed(center, np.array(across) * to_ras, np.array(down) * to_ras, (96, 96), 3.0)
        for name, (across, down) in _LOCALISER.items()
    }


class Body:
    """One drawn body at one phase, from which planes are cut.

    ``stack`` and ``affine`` say where the short-axis slices of the same heart lie.
    """

    def __init__(
        self,
        hearts: HeartParameters,
        stack: Stack,
        affine: NDArray[np.float64],
        appearance: Appearance,
        phase: float,
        generator: torch.Generator,
    ) -> None:
        step = float(stack.levels[1] - stack.levels[0]) * _STEP_MM / stack.step
        levels = np.arange(*_LEVELS, step)
        tissues = label_maps(
            hearts,
            torch.tensor(levels, dtype=torch.float32)[None],
            (_SIDE, _SIDE),
            _PIXEL_MM,
            phase,
        )
        self._bright = paint(tissues, appearance, generator)[0].numpy()
        self._appearance = appearance
        self._generator = generator
        block = np.eye(4)
        block[:3, :3] = _directions(affine) * np.array([_PIXEL_MM, _PIXEL_MM, _STEP_MM])
        # Both grids have the middle of their pixels in one place; slices are told by their levels.
        middle = np.array([(stack.size[1] - 1) / 2.0, (stack.size[0] - 1) / 2.0, 0.0])
        first = (levels[0] - stack.levels[0]) / (stack.levels[1] - stack.levels[0])
        there = affine[:3, :3] @ (middle + np.array([0.0, 0.0, first])) + affine[:3, 3]
        own = np.array([(_SIDE - 1) / 2.0, (_SIDE - 1) / 2.0, 0.0])
        block[:3, 3] = there - block[:3, :3] @ own
        self._to_voxel = np.linalg.inv(block)

    def picture(self, plane: PlaneAt) -> NDArray[np.int16]:
        """What a scanner shows of the plane, (H, W)."""
        rows, columns = np.indices(plane.size)
        pixels = np.stack([columns, rows, np.zeros_like(rows), np.ones_like(rows)])
        x, y, z, _ = (self._to_voxel @ plane.affine @ pixels.reshape(4, -1)).reshape(4, *plane.size)
        seen = map_coordinates(self._bright, np.stack([z, y, x]), order=1, mode="constant")
        image: Tensor = torch.tensor(seen, dtype=torch.float32)[None, None]
        return stored(degrade(image, self._appearance, self._generator)[0, 0])
