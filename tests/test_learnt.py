"""What was learnt from strokes is there when the same strokes are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_scribblemix.training import learnt
from napari_scribblemix.training.learnt import Learnt


def strokes(value: int) -> np.ndarray:
    return np.full((2, 3, 4), value, np.uint8)


def test_it_is_found_by_strokes_and_by_which_slices_are_accepted() -> None:
    known, weights = Learnt(), {"a": torch.zeros(2)}
    known.keep(strokes(1), {2, 0}, weights)
    weights["a"] += 1  # what is trained on is not what is kept
    found = known.of(strokes(1), {0, 2})
    assert found is not None
    assert found["a"].tolist() == [0.0, 0.0]
    assert known.of(strokes(1), {0}) is None
    assert known.of(strokes(2), {0, 2}) is None


def test_what_was_asked_for_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learnt, "_MOST_BYTES", 3 * 40)
    known, weights = Learnt(), {"a": torch.zeros(10)}
    for value in range(3):
        known.keep(strokes(value), (), weights)
    assert known.of(strokes(0), ()) is not None
    known.keep(strokes(200), (), weights)
    assert known.of(strokes(0), ()) is not None
    assert known.of(strokes(1), ()) is None
    known.keep(strokes(201), (), {"a": torch.zeros(1000)})
    assert known.of(strokes(201), ()) is not None
    assert known.of(strokes(0), ()) is None
