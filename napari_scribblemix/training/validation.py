"""Mean Dice of a model on cases with masks: the figure shown while training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_scribblemix.evaluation.overlap import dice
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.cases import Case


def measure(model: Model, cases: Sequence[Case]) -> dict[str, float]:
    """Mean 3-D Dice per structure over ``cases`` (those with a mask), as ``evaluate`` counts it.

    A structure that is in no mask and no prediction is left out.
    """
    names = model.card.labels.names[1:]
    scores: dict[str, list[float]] = {name: [] for name in names}
    for case in cases:
        if case.mask is None:
            continue
        labels = segment_volume(model, case.image).labels
        for number, name in enumerate(names, start=1):
            scores[name].append(dice(labels == number, case.mask == number))
    return {
        name: float(np.nanmean(values))
        for name, values in scores.items()
        if np.isfinite(values).any()
    }
