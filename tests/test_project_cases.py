"""A case of a project to a prediction in it: whose structures, and how well they fit."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC, MYOPS, UNLABELLED
from napari_scribblemix.errors import ModelError
from napari_scribblemix.inference.project_cases import accepted_dice, class_map
from phantoms import draw


def test_structures_are_matched_by_name() -> None:
    assert class_map(CARDIAC, CARDIAC).tolist() == [0, 1, 2, 3]
    assert class_map(CARDIAC, MYOPS).tolist() == [0, 1, 2, 3]
    names = ("Background", "left ventricle", "right ventricle")
    other = CARDIAC.model_copy(update={"names": names})
    assert class_map(other, CARDIAC).tolist() == [0, 3, 1]


def test_a_structure_the_project_does_not_know_is_refused() -> None:
    with pytest.raises(ModelError, match="finds oedema, scar; the project knows background"):
        class_map(MYOPS, CARDIAC)


def test_only_accepted_slices_are_measured() -> None:
    mask = draw(0)[1]
    accepted = np.full_like(mask, UNLABELLED)
    assert accepted_dice(mask, None, 4) is None
    assert accepted_dice(mask, accepted, 4) is None
    accepted[1] = mask[1]
    prediction = np.zeros_like(mask)
    prediction[1] = mask[1]
    assert accepted_dice(prediction, accepted, 4) == 1.0
    prediction[1][prediction[1] == 3] = 2
    assert accepted_dice(prediction, accepted, 4) == pytest.approx((1 + 0 + 0.7557) / 3, abs=0.05)
