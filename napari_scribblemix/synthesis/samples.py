"""The bundled cases: drawn patients with scribbles to train on and others with masks to test on.

``write_samples`` is the one seeded command behind ``sample_data/``: the same kind and seed give the
same files.  Cine patients have end-diastole and end-systole of one heart; LGE patients have scars;
MyoPS patients have three channels, scar and oedema.  Everything is drawn, no scan is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC, MYOPS, LabelScheme
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.synthesis.appearance import Appearance, draw_appearance
from napari_scribblemix.synthesis.hearts import HeartParameters, draw_hearts
from napari_scribblemix.synthesis.infarction import CHANNELS, draw_injury, scan_channels
from napari_scribblemix.synthesis.scribbler import scribble_volume
from napari_scribblemix.synthesis.stacks import (
    SUPERSAMPLING,
    Stack,
    affine_of,
    cut,
    draw_stack,
    expose,
    middle_slices,
    oblique_affine,
    stored,
)
from napari_scribblemix.synthesis.tissues import structure_labels

Kind = Literal["cine", "lge", "myops"]

KINDS: tuple[Kind, ...] = ("cine", "lge", "myops")
PATIENTS = 6
SCRIBBLED = 4  # the first ones; the others are held out with their masks


@dataclass(frozen=True)
class SampleChannel:
    """One of several images of a case (Z, Y, X); ``affine`` takes voxel (x, y, z) to mm."""

    name: str
    image: NDArray[np.int16]
    affine: NDArray[np.float64]


@dataclass(frozen=True)
class SampleCase:
    """One drawn volume: arrays (Z, Y, X), class indices; ``affine`` takes voxel (x, y, z) to mm.

    ``channels``: all of them, the first one included, where there are several.
    """

    name: str
    patient: int
    image: NDArray[np.int16]
    labels: NDArray[np.uint8]
    scribbles: NDArray[np.uint8]
    affine: NDArray[np.float64]
    spacing_mm: float
    scheme: LabelScheme = CARDIAC
    channels: tuple[SampleChannel, ...] = ()

    @property
    def held_out(self) -> bool:
        """Whether the case comes with its mask, not with scribbles."""
        return self.patient > SCRIBBLED


def write_samples(folder: Path, kind: Kind, seed: int) -> None:
    """Write a sample set under ``folder``, as real data comes.

    ``train/images/NAME.nii.gz`` with ``train/scribbles/NAME_scribble.nii.gz`` and
    ``heldout/images`` with ``heldout/masks/NAME_gt.nii.gz``; ``NAME_CHANNEL.nii.gz`` where there
    are several channels.  Label values are those of the case's scheme.
    """
    for case in draw_cases(kind, seed):
        geometry = Geometry.from_affine(case.affine, case.image.shape[::-1])
        part = folder / ("heldout" if case.held_out else "train")
        for ending, image, place in _images(case):
            placed = Geometry.from_affine(place, image.shape[::-1])
            # Scanners store integers: the exact integer writer serves the image too.
            _write(part / "images" / f"{case.name}{ending}.nii.gz", image, placed)
        if case.held_out:
            mask = case.scheme.encode_mask(case.labels)
            _write(part / "masks" / f"{case.name}_gt.nii.gz", mask, geometry)
        else:
            scribbles = case.scheme.encode(case.scribbles)
            _write(part / "scribbles" / f"{case.name}_scribble.nii.gz", scribbles, geometry)


def _images(case: SampleCase) -> list[tuple[str, NDArray[np.int16], NDArray[np.float64]]]:
    """The end of the name, the array and the affine of each image."""
    if not case.channels:
        return [("", case.image, case.affine)]
    return [(f"_{channel.name}", channel.image, channel.affine) for channel in case.channels]


def _write(path: Path, array: NDArray[np.integer[Any]], geometry: Geometry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_labels(path, array, geometry)


def draw_cases(
    kind: Kind, seed: int, *, haste: bool = False, own_grids: bool = False
) -> Iterator[SampleCase]:
    """Draw the patients of a sample set one after the other.

    ``own_grids``: the T2 of ``myops`` lies on a coarser grid than the other channels.
    """
    for patient in range(1, PATIENTS + 1):
        key = [seed, KINDS.index(kind), patient]
        rng = np.random.default_rng(key)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        if kind == "myops":
            yield _draw_injured(patient, rng, generator, haste, own_grids)
        else:
            yield from _draw_patient(kind, patient, rng, generator, haste)


def _draw_heart(
    rng: np.random.Generator, generator: torch.Generator
) -> tuple[HeartParameters, float]:
    """One heart, and its length in mm."""
    hearts = draw_hearts(1, generator, view="radiological", depth=9, max_shift=(10.0, 10.0))
    # The right ventricle lies to the left: both ventricles together are in the middle.
    hearts = replace(hearts, shift=hearts.shift + torch.tensor([[-4.0, 14.0]]))
    length = float(rng.uniform(74.0, 88.0))
    return hearts.with_values(length=length), length


def _draw_patient(
    kind: Literal["cine", "lge"],
    patient: int,
    rng: np.random.Generator,
    generator: torch.Generator,
    haste: bool,
) -> Iterator[SampleCase]:
    hearts, length = _draw_heart(rng, generator)
    if kind == "lge":
        # Every patient has a scar to see.
        names = ("scar_depth", "scar_width", "scar_height", "scar_level")
        values = rng.uniform([0.9, 0.8, 0.4, 0.3], [1.5, 1.6, 0.7, 0.6]).tolist()
        hearts = hearts.with_values(obstruction=-0.2, **dict(zip(names, values, strict=True)))
    stack = draw_stack(length, rng)
    appearance = draw_appearance(1, generator, contrast=kind)
    affine = oblique_affine(stack, rng)
    phases = {"_ED": 0.0, "_ES": 1.0} if kind == "cine" else {"": 0.0}
    for suffix, phase in phases.items():
        image, labels = scan(hearts, appearance, stack, phase, generator)
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


def scan(
    hearts: HeartParameters,
    appearance: Appearance,
    stack: Stack,
    phase: float,
    generator: torch.Generator,
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Image and labels (Z, Y, X), from base to apex."""
    tissues = cut(hearts, stack, phase)
    image = stored(expose(tissues, appearance, generator))
    labels = structure_labels(middle_slices(tissues), SUPERSAMPLING)[0].numpy()
    return image, labels.astype(np.uint8)


def _draw_injured(
    patient: int, rng: np.random.Generator, generator: torch.Generator, haste: bool, own_grids: bool
) -> SampleCase:
    hearts, length = _draw_heart(rng, generator)
    injury = draw_injury(hearts, rng)
    # Few and coarse slices, as in MyoPS: eighteen volumes of the other samples would be large.
    stack = draw_stack(length, rng, slices=(5, 7), half_size=(52, 58), spacing=(1.85, 2.0))
    affine = oblique_affine(stack, rng)
    # Scanners take T2 in larger pixels.
    stacks = (stack, stack, stack.with_pixels(1.25) if own_grids else stack)
    images, labels = scan_channels(injury, stacks, generator)
    return SampleCase(
        name=f"myops{patient:02d}",
        patient=patient,
        image=images[0],
        labels=labels,
        scribbles=scribble_volume(labels, stack.spacing, rng, haste=haste),
        affine=affine,
        spacing_mm=stack.spacing,
        scheme=MYOPS,
        channels=tuple(
            SampleChannel(name, image, affine_of(own, stack, affine))
            for name, image, own in zip(CHANNELS, images, stacks, strict=True)
        ),
    )
