"""The bundled cases: drawn patients with scribbles to train on and others with masks to test on.

``write_samples`` is the one seeded command behind ``sample_data/``: the same kind and seed give the
same files.  Cine patients have end-diastole and end-systole of one heart; LGE patients have scars.
Everything is drawn, no scan is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.appearance import Appearance, degrade, draw_appearance, paint
from napari_scribblemix.synthesis.hearts import HeartParameters, draw_hearts
from napari_scribblemix.synthesis.scribbler import scribble_volume
from napari_scribblemix.synthesis.tissues import structure_labels

Kind = Literal["cine", "lge"]

PATIENTS = 6
SCRIBBLED = 4  # the first ones; the others are held out with their masks
_SUBSLICES = (-0.3, 0.0, 0.3)  # a slice is thick: its picture is a mean over its depth
_SUPERSAMPLING = 2


@dataclass(frozen=True)
class SampleCase:
    """One drawn volume: arrays (Z, Y, X), labels 0-3; ``affine`` takes voxel (x, y, z) to mm."""

    name: str
    patient: int
    image: NDArray[np.int16]
    labels: NDArray[np.uint8]
    scribbles: NDArray[np.uint8]
    affine: NDArray[np.float64]
    spacing_mm: float

    @property
    def held_out(self) -> bool:
        """Whether the case comes with its mask, not with scribbles."""
        return self.patient > SCRIBBLED


@dataclass(frozen=True)
class _Stack:
    """Where a patient's slices lie: levels (Z,), in-plane size and spacing, slice spacing in mm."""

    levels: NDArray[np.float64]
    size: tuple[int, int]
    spacing: float
    step: float


def write_samples(folder: Path, kind: Kind, seed: int) -> None:
    """Write a sample set under ``folder``, as real data comes.

    ``train/images/NAME.nii.gz`` with ``train/scribbles/NAME_scribble.nii.gz`` (4 is unlabelled) and
    ``heldout/images`` with ``heldout/masks/NAME_gt.nii.gz``.
    """
    for case in draw_cases(kind, seed):
        geometry = Geometry.from_affine(case.affine, case.image.shape[::-1])
        part = folder / ("heldout" if case.held_out else "train")
        # Scanners store integers: the exact integer writer serves the image too.
        _write(part / "images" / f"{case.name}.nii.gz", case.image, geometry)
        if case.held_out:
            mask = CARDIAC.encode_mask(case.labels)
            _write(part / "masks" / f"{case.name}_gt.nii.gz", mask, geometry)
        else:
            scribbles = CARDIAC.encode(case.scribbles)
            _write(part / "scribbles" / f"{case.name}_scribble.nii.gz", scribbles, geometry)


def _write(path: Path, array: NDArray[np.integer[Any]], geometry: Geometry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_labels(path, array, geometry)


def draw_cases(kind: Kind, seed: int, *, haste: bool = False) -> Iterator[SampleCase]:
    """Draw the patients of a sample set one after the other."""
    for patient in range(1, PATIENTS + 1):
        key = [seed, ("cine", "lge").index(kind), patient]
        rng = np.random.default_rng(key)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        yield from _draw_patient(kind, patient, rng, generator, haste)


def _draw_patient(
    kind: Kind, patient: int, rng: np.random.Generator, generator: torch.Generator, haste: bool
) -> Iterator[SampleCase]:
    hearts = draw_hearts(1, generator, view="radiological", depth=9, max_shift=(10.0, 10.0))
    # The right ventricle lies to the left: both ventricles together are in the middle.
    hearts = replace(hearts, shift=hearts.shift + torch.tensor([[-4.0, 14.0]]))
    length = float(rng.uniform(74.0, 88.0))
    hearts = hearts.with_values(length=length)
    if kind == "lge":
        # Every patient has a scar to see.
        names = ("scar_depth", "scar_width", "scar_height", "scar_level")
        values = rng.uniform([0.9, 0.8, 0.4, 0.3], [1.5, 1.6, 0.7, 0.6]).tolist()
        hearts = hearts.with_values(obstruction=-0.2, **dict(zip(names, values, strict=True)))
    stack = _draw_stack(length, rng)
    appearance = draw_appearance(1, generator, contrast=kind)
    affine = _oblique_affine(stack, rng)
    phases = {"_ED": 0.0, "_ES": 1.0} if kind == "cine" else {"": 0.0}
    for suffix, phase in phases.items():
        image, labels = _scan(hearts, appearance, stack, phase, generator)
        if kind == "lge":  # stored from apex to base, as such scanners do
            image, labels = image[::-1].copy(), labels[::-1].copy()
        yield SampleCase(
            name=f"{kind}{patient:02d}{suffix}",
            patient=patient,
            image=image,
            labels=labels,
            scribbles=scribble_volume(labels, stack.spacing, rng, haste=haste),
            affine=affine,
            spacing_mm=stack.spacing,
        )


def _draw_stack(length: float, rng: np.random.Generator) -> _Stack:
    slices = int(rng.integers(8, 11))
    top, bottom = -rng.uniform(0.02, 0.12), 1.0 + rng.uniform(-0.03, 0.06)
    levels = np.linspace(top, bottom, slices)
    size = (int(rng.integers(72, 81)) * 2, int(rng.integers(72, 81)) * 2)
    step = round(float(levels[1] - levels[0]) * length, 2)
    return _Stack(levels, size, round(float(rng.uniform(1.4, 1.6)), 3), step)


def _scan(
    hearts: HeartParameters,
    appearance: Appearance,
    stack: _Stack,
    phase: float,
    generator: torch.Generator,
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Image and labels (Z, Y, X), from base to apex."""
    step = stack.levels[1] - stack.levels[0]
    levels = (stack.levels[:, None] + step * np.array(_SUBSLICES)).ravel()
    tissues = label_maps(
        hearts,
        torch.tensor(levels, dtype=torch.float32)[None],
        stack.size,
        stack.spacing,
        phase,
        supersampling=_SUPERSAMPLING,
    )
    thin = paint(tissues, appearance, generator, _SUPERSAMPLING)
    thick = thin.unflatten(1, (len(stack.levels), len(_SUBSLICES))).mean(dim=2)
    image = degrade(thick, appearance, generator)[0].numpy()
    middle = len(_SUBSLICES) // 2
    labels = structure_labels(tissues[:, middle :: len(_SUBSLICES)], _SUPERSAMPLING)[0].numpy()
    return np.clip(np.rint(image * 250.0), 0, 4000).astype(np.int16), labels.astype(np.uint8)


def _oblique_affine(stack: _Stack, rng: np.random.Generator) -> NDArray[np.float64]:
    """Voxel (x, y, z) to mm: a short-axis plane, turned about two axes, centred near the origin."""
    axes = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]).T
    angles = rng.uniform([30.0, 15.0, -8.0], [50.0, 40.0, 8.0])
    direction = Rotation.from_euler("zxy", angles, degrees=True).as_matrix() @ axes
    scale = np.array([stack.spacing, stack.spacing, stack.step])
    affine = np.eye(4)
    affine[:3, :3] = np.round(direction * scale, 6)
    center = (np.array([stack.size[1], stack.size[0], len(stack.levels)]) - 1.0) / 2.0
    affine[:3, 3] = np.round(rng.uniform(-20.0, 20.0, 3) - affine[:3, :3] @ center, 4)
    return affine
