"""How an end is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_scribblemix.events import Checkpoint, Failed, Finished
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.worker.exits import Story
from napari_scribblemix.worker.messages import SegmentJob, TrainJob

TRAIN = TrainJob(settings=TrainSettings(folder=Path("p")))
SEGMENT = SegmentJob(model=Path("starter"))
SAVED = Checkpoint(step=1, path="checkpoint/state.pt")
DONE = Finished(step=1, elapsed=1.0, stopped=False, model="r")


def test_the_end_is_one_sentence() -> None:
    story = Story(TRAIN)
    story.add(DONE)
    assert story.end(0, []).sentence == "The training finished."
    story.add(DONE.model_copy(update={"stopped": True}))
    assert story.end(0, []).sentence == "The training was stopped before it began."
    story.add(SAVED)
    assert "was stopped; go on" in story.end(0, []).sentence
    assert Story(SEGMENT, finished=DONE).end(0, []).sentence == "The segmentation finished."


def test_a_kill_names_the_signal_and_says_what_is_lost() -> None:
    story = Story(TRAIN)
    assert "had saved no checkpoint yet" in story.end(-9, []).sentence
    story.add(SAVED)
    assert story.end(-9, []).sentence == (
        "The training process was killed (signal 9); nothing is lost: go on from the checkpoint "
        "with Resume."
    )


def test_an_unexpected_end_quotes_the_last_complaint() -> None:
    sentence = Story(TRAIN).end(3, ["Traceback", "ImportError: no torch", " "]).sentence
    assert "(exit code 3, ImportError: no torch)" in sentence


@pytest.mark.parametrize("code", [2, -6])
def test_what_the_child_said_of_its_failure_comes_first(code: int) -> None:
    story = Story(TRAIN)
    story.add(Failed(what="It broke.", why="No memory.", next="Choose less."))
    assert story.end(code, ["noise"]).sentence == "It broke. No memory. Choose less."
