"""Stacks of thick slices: where they lie, what they cut, and the picture a scanner makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.appearance import Appearance, degrade, paint
from napari_scribblemix.synthesis.hearts import HeartParameters

SUPERSAMPLING = 2
_SUBSLICES = (-0.3, 0.0, 0.3)  # a slice is thick: its picture is a mean over its depth


@dataclass(frozen=True)
class Stack:
    """Where a patient's slices lie: levels (Z,), in-plane size and spacing, slice spacing in mm."""

    levels: NDArray[np.float64]
    size: tuple[int, int]
    spacing: float
    step: float

    def with_pixels(self, larger: float) -> Stack:
        """The same slices in pixels that are ``larger`` times as large, over the same field."""
        height, width = (round(size / larger) for size in self.size)
        return replace(self, size=(height, width), spacing=round(self.spacing * larger, 3))


def draw_stack(
    length: float,
    rng: np.random.Generator,
    *,
    slices: tuple[int, int] = (8, 11),
    half_size: tuple[int, int] = (72, 81),
    spacing: tuple[float, float] = (1.4, 1.6),
) -> Stack:
    """Slices from base to apex of a heart ``length`` mm long; ranges of integers end before."""
    count = int(rng.integers(*slices))
    top, bottom = -rng.uniform(0.02, 0.12), 1.0 + rng.uniform(-0.03, 0.06)
    levels = np.linspace(top, bottom, count)
    size = (int(rng.integers(*half_size)) * 2, int(rng.integers(*half_size)) * 2)
    step = round(float(levels[1] - levels[0]) * length, 2)
    return Stack(levels, size, round(float(rng.uniform(*spacing)), 3), step)


def cut(hearts: HeartParameters, stack: Stack, phase: float) -> Tensor:
    """The tissues (1, 3 Z, 2 H, 2 W) uint8 of one heart, three thin slices in each thick one."""
    step = stack.levels[1] - stack.levels[0]
    levels = (stack.levels[:, None] + step * np.array(_SUBSLICES)).ravel()
    return label_maps(
        hearts,
        torch.tensor(levels, dtype=torch.float32)[None],
        stack.size,
        stack.spacing,
        phase,
        supersampling=SUPERSAMPLING,
    )


def expose(tissues: Tensor, appearance: Appearance, generator: torch.Generator) -> Tensor:
    """The picture (Z, H, W) float32 of what ``cut`` gave."""
    thin = paint(tissues, appearance, generator, SUPERSAMPLING)
    thick = thin.unflatten(1, (-1, len(_SUBSLICES))).mean(dim=2)
    return degrade(thick, appearance, generator)[0]


def stored(image: Tensor) -> NDArray[np.int16]:
    """A picture in the whole numbers that scanners store."""
    return np.clip(np.rint(image.numpy() * 250.0), 0, 4000).astype(np.int16)


def middle_slices(tissues: Tensor) -> Tensor:
    """The tissues (1, Z, 2 H, 2 W) in the middle of each thick slice: what its labels are."""
    return tissues[:, len(_SUBSLICES) // 2 :: len(_SUBSLICES)]


def oblique_affine(stack: Stack, rng: np.random.Generator) -> NDArray[np.float64]:
    """Voxel (x, y, z) to mm: a short-axis plane, turned about two axes, centred near the origin."""
    axes = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]).T
    angles = rng.uniform([30.0, 15.0, -8.0], [50.0, 40.0, 8.0])
    direction = Rotation.from_euler("zxy", angles, degrees=True).as_matrix() @ axes
    scale = np.array([stack.spacing, stack.spacing, stack.step])
    affine = np.eye(4)
    affine[:3, :3] = np.round(direction * scale, 6)
    affine[:3, 3] = np.round(rng.uniform(-20.0, 20.0, 3) - affine[:3, :3] @ _center(stack), 4)
    return affine


def affine_of(other: Stack, stack: Stack, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """The affine of ``other``, the same slices in other pixels about the same centre."""
    result = affine.copy()
    result[:3, :2] *= other.spacing / stack.spacing
    center = affine[:3, :3] @ _center(stack) + affine[:3, 3]
    result[:3, 3] = center - result[:3, :3] @ _center(other)
    return result


def _center(stack: Stack) -> NDArray[np.float64]:
    center: NDArray[np.float64] = (
        np.array([stack.size[1], stack.size[0], len(stack.levels)]) - 1.0
    ) / 2.0
    return center
