"""A cavity holds blood: where its pixels are as dark as the wall of the same volume, it is wall.

A network that looks at one slice cannot know which grey is blood.  Below the apex of a contracted
heart there is muscle alone, a dark disc in bright fat, and that looks like a cavity in its wall.
The other slices tell: what is decided here uses nothing but the volume's own two brightnesses.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import LabelScheme

_CAVITY, _MUSCLE = "left ventricle", "myocardium"
_BLOOD = 0.35
"""How far from muscle (0) to blood (1) the brighter quarter of a cavity must begin: papillary
muscles may fill more than half of it."""

_BRIGHTER_QUARTER = 75

_LARGE = 0.5
"""Slices with this share of the median area or more say what blood and muscle look like."""

_LEAST_SLICES = 3
_LEAST_CONTRAST = 1.0
"""Blood and muscle must differ by so many interquartile ranges of muscle, or they say nothing."""

_NOT_MUSCLE = 0.5
"""A wall whose median is further than this from muscle is fat, lung, or the line between."""

_SMALL = 0.2
"""A cavity under this share of its wall is one that is nearly closed: partial volume, no error."""

# A slice far from the coil is dark as a whole: its cavity is dark, but still stands out of its wall
# as blood does, and the wall is as thick as one.
_STANDS_OUT, _THICK = 0.3, 0.5


def solid_where_dark(
    labels: NDArray[np.uint8], image: NDArray[np.floating], scheme: LabelScheme
) -> NDArray[np.uint8]:
    """``labels`` (Z, Y, X) with each slice's left ventricle made wall where it is no blood.

    What was called wall round it is taken out where it is as unlike muscle.  ``image`` (Z, Y, X) in
    any unit; blood may be the darker of the two.  Unchanged where ``scheme`` has no left ventricle
    or no myocardium, and where too few slices, or a poor contrast, leave open what is blood.
    """
    cavity, muscle = scheme.find(_CAVITY), scheme.find(_MUSCLE)
    if cavity is None or muscle is None:
        return labels
    cavities, walls = labels == cavity, np.isin(labels, scheme.wall)
    unit = _unit(image, cavities, labels == muscle)
    if unit is None:
        return labels
    solid = labels.copy()
    for plane, picture, inside, around in zip(solid, image, cavities, walls, strict=True):
        share = inside.sum() / max(1, around.sum())
        if share <= _SMALL:
            continue
        level = np.percentile(unit(picture[inside]), _BRIGHTER_QUARTER)
        beside = np.median(unit(picture[around])) if around.any() else np.inf
        in_a_wall = level - beside > _STANDS_OUT and share < _THICK
        if level < _BLOOD and not in_a_wall:
            if abs(beside) > _NOT_MUSCLE:
                plane[around] = 0
            plane[inside] = muscle
    return solid


def _unit(
    image: NDArray[np.floating], cavities: NDArray[np.bool_], muscles: NDArray[np.bool_]
) -> Callable[[NDArray[np.floating]], NDArray[np.floating]] | None:
    """Grey values to 0 for muscle and 1 for the brighter quarter of blood; ``None``: unknown.

    Told by the slices where there is much of both.
    """
    sure = _large(cavities) & _large(muscles)
    if sure.sum() < _LEAST_SLICES:
        return None

    def middle(masks: NDArray[np.bool_], percentile: float) -> float:
        pairs = zip(image[sure], masks[sure], strict=True)
        return float(np.median([np.percentile(plane[mask], percentile) for plane, mask in pairs]))

    dark = middle(muscles, 50)
    brighter = middle(cavities, 50) > dark
    blood = middle(cavities, _BRIGHTER_QUARTER if brighter else 100 - _BRIGHTER_QUARTER)
    spread = middle(muscles, 75) - middle(muscles, 25)
    if abs(blood - dark) <= _LEAST_CONTRAST * spread:
        return None
    return lambda values: (values - dark) / (blood - dark)


def _large(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which slices hold much of ``mask`` (Z, Y, X)."""
    areas = mask.sum(axis=(1, 2))
    if not areas.any():
        return np.zeros(len(mask), dtype=bool)
    large: NDArray[np.bool_] = areas >= max(1.0, _LARGE * float(np.median(areas[areas > 0])))
    return large
