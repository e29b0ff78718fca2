"""One drawn person in the scanner: what a cardiac MR examination takes, as arrays with their place.

A short-axis cine from base to apex, one of its slices again in another breath-hold, late
enhancement of the same heart, a four-chamber cine and a localiser; with the true masks.
``dicom_study`` writes it as scanners do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_scribblemix.data.dicom.written_images import ImageStack
from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.appearance import (
    Appearance,
    degrade,
    draw_appearance,
    paint,
)
from napari_scribblemix.synthesis.hearts import HeartParameters, draw_hearts
from napari_scribblemix.synthesis.planes import Body, four_chamber, localiser
from napari_scribblemix.synthesis.stacks import (
    SUPERSAMPLING,
    Stack,
    affine_of,
    oblique_affine,
    stored,
)
from napari_scribblemix.synthesis.tissues import Tissue, structure_labels

CONTRACTION = (0.15, 0.6, 0.92, 1.0, 0.75, 0.45, 0.2, 0.0)
"""How far the heart has contracted in each frame: the R wave finds it nearly, not fully, filled."""
ED_FRAME, ES_FRAME = 7, 3


@dataclass(frozen=True)
class Examination:
    """All that was taken of one person.

    ``labels`` (T, Z, H, W) are the true classes of ``cine``; ``late_labels`` (Z, H, W) of ``late``.
    ``again`` is one slice of the cine in another breath-hold.
    """

    cine: ImageStack
    labels: NDArray[np.uint8]
    again: ImageStack
    late: ImageStack
    late_labels: NDArray[np.uint8]
    four_chamber: ImageStack
    localiser: dict[str, ImageStack]


@dataclass(frozen=True)
class _Person:
    hearts: HeartParameters
    stack: Stack
    affine: NDArray[np.float64]
    looks: Appearance
    generator: torch.Generator

    def tissues(self, stack: Stack, contraction: float) -> Tensor:
        levels = torch.tensor(stack.levels, dtype=torch.float32)[None]
        return label_maps(
            self.hearts, levels, stack.size, stack.spacing, contraction,
            supersampling=SUPERSAMPLING,
        )  # fmt: skip

    def picture(self, tissues: Tensor, looks: Appearance) -> NDArray[np.int16]:
        thin = paint(tissues, looks, self.generator, SUPERSAMPLING)
        return stored(degrade(thin, looks, self.generator)[0])


def _labels(tissues: Tensor) -> NDArray[np.uint8]:
    return structure_labels(tissues, SUPERSAMPLING)[0].numpy().astype(np.uint8)


def _draw_person(seed: int, number: int, slices: int) -> tuple[_Person, np.random.Generator]:
    rng = np.random.default_rng([seed, 71, number])
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    hearts = draw_hearts(1, generator, view="radiological", depth=9, max_shift=(8.0, 8.0))
    hearts = replace(hearts, shift=hearts.shift + torch.tensor([[-4.0, 14.0]]))
    length = float(rng.uniform(76.0, 88.0))
    names = ("scar_depth", "scar_width", "scar_height", "scar_level", "scar_angle")
    scar = rng.uniform([1.0, 0.7, 0.4, 0.35, 2.2], [1.4, 1.1, 0.6, 0.6, 3.4]).tolist()
    hearts = hearts.with_values(
        length=length,
        obstruction=-0.2,
        # Hearts that beat, with chambers of a common size.
        contraction=float(rng.uniform(0.26, 0.34)),
        endo_radius=float(rng.uniform(22.0, 27.0)),
        wall=float(rng.uniform(7.0, 10.0)),
        rv_reach=float(rng.uniform(1.3, 1.8)),
        **dict(zip(names, scar, strict=True)),
    )
    levels = np.linspace(-0.06, 1.02, slices)
    step = round(float(levels[1] - levels[0]) * length, 2)
    stack = Stack(levels, (128, 144), round(float(rng.uniform(1.55, 1.7)), 3), step)
    looks = draw_appearance(1, generator, contrast="cine")
    # On cine a scar looks like the muscle round it.
    brightness = looks.brightness.clone()
    brightness[:, Tissue.SCAR] = brightness[:, Tissue.MYOCARDIUM]
    looks = replace(looks, brightness=brightness, noise=looks.noise.clamp_max(0.05))
    return _Person(hearts, stack, oblique_affine(stack, rng), looks, generator), rng


def draw_cine(seed: int, number: int, *, slices: int = 9) -> tuple[ImageStack, NDArray[np.uint8]]:
    """The short-axis cine alone, and its true classes (T, Z, H, W)."""
    person, _ = _draw_person(seed, number, slices)
    return _cine(person)


def _cine(person: _Person) -> tuple[ImageStack, NDArray[np.uint8]]:
    images, labels = [], []
    for contraction in CONTRACTION:
        tissues = person.tissues(person.stack, contraction)
        images.append(person.picture(tissues, person.looks))
        labels.append(_labels(tissues))
    # Scanners leave a gap between the slices: none is as thick as they are apart.
    thickness = round(person.stack.step * 0.7)
    return ImageStack(np.stack(images), person.affine, float(thickness)), np.stack(labels)


def _again(person: _Person, cine: ImageStack, z: int) -> ImageStack:
    """One slice in another breath-hold: other noise, and the heart 2 mm higher in the picture."""
    moved = replace(
        person,
        hearts=replace(person.hearts, shift=person.hearts.shift + torch.tensor([[-2.0, 0.0]])),
    )
    # The noise along the long axis is laid out by levels: two slices are drawn and one is kept.
    two = replace(person.stack, levels=person.stack.levels[z : z + 2])
    pictures = [
        moved.picture(moved.tissues(two, contraction), person.looks)[:1]
        for contraction in CONTRACTION
    ]
    return replace(cine.slice_at(z), images=np.stack(pictures))


def draw_examination(seed: int, *, slices: int = 9) -> Examination:
    """Draw the first person of ``seed``; the same number gives the same arrays."""
    person, _ = _draw_person(seed, 1, slices)
    cine, labels = _cine(person)
    late_stack = person.stack.with_pixels(1.15)
    late_tissues = person.tissues(late_stack, 0.05)
    late_looks = draw_appearance(1, person.generator, contrast="lge")
    late_affine = affine_of(late_stack, person.stack, person.affine)
    place = (person.hearts, person.stack, person.affine)
    bodies = [Body(*place, person.looks, c, person.generator) for c in CONTRACTION]
    long_axis = four_chamber(*place)
    four = np.stack([body.picture(long_axis)[None] for body in bodies])
    views = localiser(*place)
    return Examination(
        cine=cine,
        labels=labels,
        again=_again(person, cine, slices // 2),
        late=ImageStack(
            person.picture(late_tissues, late_looks)[None], late_affine, cine.thickness
        ),
        late_labels=_labels(late_tissues),
        four_chamber=ImageStack(four, long_axis.affine, 6.0),
        localiser={
            name: ImageStack(bodies[ED_FRAME].picture(view)[None, None], view.affine, 8.0)
            for name, view in views.items()
        },
    )
