"""What the last look at a case tells of a training."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribblemix import events as ev
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.gui.state.gains import Gain, gain
from napari_scribblemix.gui.state.session import Session


def test_agreement_and_change_are_shares_of_strokes_and_heart(session: Session) -> None:
    case = session.the_case()
    shape = case.image.array.shape
    case.scribble = np.full(shape, UNLABELLED, np.uint8)
    case.prediction = np.zeros(shape, np.uint8)
    assert gain(None, case) == Gain(None, None)
    case.prediction[0, 0, :8] = 3
    case.scribble[0, 0, :4] = 3
    case.scribble[0, 1, :4] = 2
    before = np.zeros(shape, np.uint8)
    before[0, 0, 2:10] = 3
    assert gain(before, case) == Gain(0.5, 0.4)
    assert gain(before[:1], case) == Gain(0.5, None)
    assert gain(before, None) == Gain(None, None)


@pytest.mark.parametrize(
    ("agreement", "change", "words"),
    [
        (1.0, 0.0, "The mask agrees with 100 % of this case's strokes, 0 % of it changed since"),
        (0.9996, None, "The mask agrees with 99 % of this case's strokes."),
        (None, 0.123, "12 % of it changed since the last look."),
        (None, None, ""),
    ],
)
def test_it_is_told_in_words(agreement: float | None, change: float | None, words: str) -> None:
    told = Gain(agreement, change).words
    assert told.startswith(words)
    assert bool(told) == bool(words)


def test_a_preview_is_told_of_with_the_progress_and_the_old_numbers_are_gone(
    session: Session,
) -> None:
    project, case = session.the_project(), session.the_case()
    mask = np.ones(case.image.array.shape, np.uint8)
    project.write_prediction(case.id, mask, case.image.geometry, {})
    session.follow(ev.Preview(case="case00", file="x", step=3, seconds=1.0))
    session.follow(
        ev.Progress(
            step=4, fraction=0.1, elapsed=1.0, eta=60.0, slices_per_second=9.0,
            learning_rate=1e-3, loss=-0.9, terms={},
        )
    )  # fmt: skip
    words = session.run.words
    assert words.startswith("Step 4, 1:00 left. The mask agrees with ")
    assert "loss" not in words
    assert "slices/s" not in words


def test_a_preview_of_another_case_says_nothing_of_the_one_on_screen(
    session: Session,
) -> None:
    session.follow(ev.Preview(case="case01", file="x", step=3, seconds=1.0))
    assert session.run.seen == ""
