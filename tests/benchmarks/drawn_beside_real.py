"""How drawn hearts compare with real ones: their sizes, and what their borders look like.

    python tests/benchmarks/drawn_beside_real.py [--drawn 300]

First the 5th, 50th and 95th percentile, in mm and from areas, of the cavity's radius, the wall and
the right ventricle's radius in basal, middle and apical slices.  Then the grey value at each
distance from the outlines of the masks, 0 the muscle and 1 the left ventricle's blood: where an
expert draws a border within what the eye sees of it.  The outer outline is told apart by what lies
3-7 mm outside: dark (lung), middling or bright (fat).  Last how bright the tissues are, as shares
of the left ventricle's blood, and how much they vary, as shares of what lies between blood and
muscle: muscle's upper tenth is scar where there is one.  Only numbers leave the data: the drawing
is set by ranges such as these, never by a shape or a picture.

The data stays where it is: ../shared/data, or the folder SCRIBBLEMIX_DATA names.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from starter_accuracy import read_cases

from napari_scribblemix.evaluation.cardiac import phases_of
from napari_scribblemix.project.cases import Case
from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.appearance import Contrast, render
from napari_scribblemix.synthesis.hearts import draw_hearts
from napari_scribblemix.synthesis.tissues import structure_labels

Slice = tuple[int, NDArray[np.float64], NDArray[np.uint8], float]
"""Third of the heart (0 basal to 2 apical), image and mask (Y, X), and pixel size in mm."""

THIRDS = ("basal", "middle", "apical")
DISTANCES = np.arange(-5.0, 6.01, 1.0)
_LEAST = 250.0  # mm2 of cavity and of muscle for a slice to show a border


def real_slices(cases: Iterable[Case]) -> Iterator[Slice]:
    """The slices that show the left ventricle, brought to square pixels of 1 mm."""
    for case in cases:
        assert case.mask is not None
        _, *pixel = case.image.geometry.spacing
        shown = np.flatnonzero((case.mask == 3).any(axis=(1, 2)))
        right = (case.mask[shown] == 1).sum(axis=(1, 2))
        # The right ventricle is large at the base, whichever end of the file that is.
        if right[: len(right) // 3].sum() < right[-(len(right) // 3) :].sum():
            shown = shown[::-1]
        for place, number in enumerate(shown):
            image = ndimage.zoom(np.asarray(case.image.array[number], float), pixel, order=1)
            shares = [
                ndimage.zoom((case.mask[number] == k) * 1.0, pixel, order=1) for k in range(4)
            ]
            mask = np.argmax(shares, axis=0).astype(np.uint8)
            yield int(3 * (place + 0.5) / len(shown)), image, mask, 1.0


def drawn_slices(count: int, phase: float, contrast: Contrast) -> Iterator[Slice]:
    """As many slices in each third of the heart."""
    generator = torch.Generator().manual_seed(1)
    for third in range(3):
        hearts = draw_hearts(count // 3, generator, view="radiological")
        levels = (third + torch.rand(len(hearts), 1, generator=generator)) / 3
        tissues = label_maps(hearts, levels, (192, 192), 1.0, phase)
        images, masks = render(tissues, generator, contrast), structure_labels(tissues)
        for image, mask in zip(images[:, 0], masks[:, 0], strict=True):
            yield third, image.double().numpy(), mask.numpy(), 1.0


def sizes(mask: NDArray[np.uint8], pixel: float) -> tuple[float, float, float]:
    """Radius of the cavity, thickness of the wall and radius of the right ventricle, mm."""
    right, wall, left = (float((mask == k).sum()) * pixel**2 / np.pi for k in (1, 2, 3))
    return left**0.5, (left + wall) ** 0.5 - left**0.5, right**0.5


def signed_distance(mask: NDArray[np.bool_], pixel: float) -> NDArray[np.float64]:
    """Distance from the mask's outline in mm, negative inside."""
    inside, outside = (ndimage.distance_transform_edt(m) * pixel for m in (mask, ~mask))
    return np.where(mask, pixel / 2 - inside, outside - pixel / 2)


def profiles(image: NDArray[np.float64], mask: NDArray[np.uint8], pixel: float) -> dict[str, list]:
    """Mean grey value by distance from each outline; nothing for slices that show too little."""
    left, wall = mask == 3, mask == 2
    if min(left.sum(), wall.sum()) * pixel**2 < _LEAST:
        return {}
    heart = left | wall
    inner, outer = signed_distance(left, pixel), signed_distance(heart, pixel)
    right = signed_distance(mask == 1, pixel)
    muscle = np.median(image[wall & (inner > 1) & (outer < -1)])
    blood = np.median(image[left & (inner < -3)]) if (left & (inner < -3)).any() else np.inf
    if not np.isfinite(blood) or blood == muscle:
        return {}
    grey = (image - muscle) / (blood - muscle)
    beyond = _beyond(grey, heart, outer, right > 6)
    free = right > 6
    parts = {
        "cavity": (inner, np.ones_like(free)),
        "heart to dark": (outer, free & (beyond < -0.15)),
        "heart to middling": (outer, free & (beyond >= -0.15) & (beyond < 0.4)),
        "heart to bright": (outer, free & (beyond >= 0.4)),
        "right ventricle": (right, outer > 5),
    }
    return {
        name: [grey[chosen & (distance >= low) & (distance < low + 1)] for low in DISTANCES[:-1]]
        for name, (distance, chosen) in parts.items()
    }


def _beyond(
    grey: NDArray[np.float64],
    heart: NDArray[np.bool_],
    outer: NDArray[np.float64],
    free: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """At each pixel the mean grey value 3-7 mm outside the outline's nearest point."""
    nearest = ndimage.distance_transform_edt(~heart, return_indices=True)[1]
    within = ndimage.distance_transform_edt(heart, return_indices=True)[1]
    number = nearest[0] * grey.shape[1] + nearest[1]
    number = np.where(heart, number[within[0], within[1]], number)
    far = (outer > 3) & (outer < 7) & free
    total = np.bincount(number[far], grey[far], minlength=grey.size)
    count = np.bincount(number[far], minlength=grey.size)
    with np.errstate(invalid="ignore"):
        return (total / count)[number]


TISSUES = ("muscle", "darkest quarter", "brightest tenth", "RV", "around", "muscle SD", "blood SD")


def tissues_of(
    image: NDArray[np.float64], mask: NDArray[np.uint8], pixel: float
) -> tuple[float, ...] | None:
    """Grey values well inside of the outlines; nothing where there is too little to see."""
    deep = {k: signed_distance(mask == k, pixel) < -1.5 for k in (1, 2, 3)}
    if min(deep[2].sum(), deep[3].sum()) * pixel**2 < _LEAST / 5:
        return None
    away = signed_distance(mask > 0, pixel)
    right, muscle, blood = (image[deep[k]] for k in (1, 2, 3))
    middle, dark = float(np.median(blood)), float(np.percentile(muscle, 25))
    if middle <= dark:
        return None
    around = image[(away > 1.5) & (away < 25)]
    levels = (np.median(muscle), dark, np.percentile(muscle, 90))
    return (
        *(float(level) / middle for level in levels),
        float(np.median(right)) / middle if len(right) else np.nan,
        float(np.median(around)) / middle,
        float(muscle.std()) / (middle - dark),
        float(blood.std()) / (middle - dark),
    )


def show_tissues(words: str, slices: Sequence[Slice]) -> None:
    """The 5th, 50th and 95th percentile of each."""
    found = np.array([t for _, *shown in slices if (t := tissues_of(*shown)) is not None])
    parts = ["{:5.2f}{:5.2f}{:5.2f}".format(*np.nanpercentile(c, (5, 50, 95))) for c in found.T]
    print(f"{words:16s}{'  '.join(parts)}   ({len(found)})")


def show_sizes(words: str, slices: Sequence[Slice]) -> None:
    """A line for each third."""
    for third, name in enumerate(THIRDS):
        rows = np.array([sizes(mask, pixel) for at, _, mask, pixel in slices if at == third])
        if len(rows):
            parts = ["{:5.1f}{:5.1f}{:5.1f}".format(*np.percentile(c, (5, 50, 95))) for c in rows.T]
            absent = (rows[:, 2] < 2).mean()
            print(f"{words:20s}{name:8s}{'  '.join(parts)}   no RV {absent:4.0%}  ({len(rows)})")


def show_profiles(words: str, slices: Sequence[Slice]) -> None:
    """A line for each outline: the median over slices at each distance."""
    found = [profiles(image, mask, pixel) for _, image, mask, pixel in slices]
    for name in (
        "cavity",
        "heart to dark",
        "heart to middling",
        "heart to bright",
        "right ventricle",
    ):
        columns = []
        for place in range(len(DISTANCES) - 1):
            means = [p[name][place].mean() for p in found if p and len(p[name][place]) > 3]
            columns.append(f"{np.median(means):6.2f}" if len(means) > 5 else "     -")
        print(f"{words:20s}{name:18s}{''.join(columns)}")


def main() -> None:
    """Print the tables, drawn beside real."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--drawn", type=int, default=300, help="slices drawn of each kind")
    drawn = parser.parse_args().drawn
    cine, late = read_cases("acdc", None), read_cases("mscmr", None)
    phase = phases_of({case.id: float((case.mask == 3).sum()) for case in cine})
    groups: list[tuple[str, list[Slice]]] = [
        ("cine ED, real", list(real_slices(c for c in cine if phase[c.id] == "ED"))),
        ("cine ED, drawn", list(drawn_slices(drawn, 0.0, "cine"))),
        ("cine ES, real", list(real_slices(c for c in cine if phase[c.id] == "ES"))),
        ("cine ES, drawn", list(drawn_slices(drawn, 1.0, "cine"))),
        ("LGE, real", list(real_slices(late))),
        ("LGE, drawn", list(drawn_slices(drawn, 0.0, "lge"))),
    ]
    print(f"{'':28s}{'cavity':>15s}  {'wall':>15s}  {'RV':>15s}")
    for words, slices in groups:
        show_sizes(words, slices)
    middles = "".join(f"{low + 0.5:6.1f}" for low in DISTANCES[:-1])
    print(f"\n{'mm from the outline':38s}{middles}")
    for words, slices in groups:
        show_profiles(words, slices)
    print(f"\n{'':16s}{'  '.join(f'{name:>15s}' for name in TISSUES)}")
    for words, slices in groups:
        show_tissues(words, slices)


if __name__ == "__main__":
    main()
