"""Masks on demand: which model makes them, and what is asked and told before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from by_hand import RUN, STARTED, predict, project_of, show_mask
from fakes import FakeClient
from qtpy.QtWidgets import (
    QMessageBox,
)

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.open_case import decided_cases
from napari_scribblemix.gui.state.run_state import Phase
from napari_scribblemix.gui.viewer.layers import PREDICTION
from napari_scribblemix.worker.messages import (
    SegmentJob,
)


def test_segment_makes_a_job_for_the_case_on_screen_or_for_all(widget: ScribbleMixWidget) -> None:
    panel = widget.review_panel
    assert not panel.segment_button.isEnabled() or panel.chosen_model() is not None
    panel.show_models([("starter", Path("starter"))])
    panel.allow_segmenting(None, stop=None)
    panel.segment_button.click()
    panel.segment_wanted.emit(True)
    (job,) = FakeClient.made.jobs[:1]
    assert isinstance(job, SegmentJob)
    assert (job.model, job.cases) == (Path("starter"), ("case00",))
    assert widget.session.run.phase is Phase.SEGMENTING


def test_the_newest_run_is_the_choice_until_a_person_chooses(widget: ScribbleMixWidget) -> None:
    panel, starter = widget.review_panel, ("starter", Path("starter"))
    panel.show_models([starter])
    # Of one alone nobody chooses, also by a click on it.
    panel.model.activated.emit(0)
    panel.show_models([("run a", Path("runs/a")), starter])
    assert panel.chosen_model() == Path("runs/a")
    panel.show_models([("run b", Path("runs/b")), ("run a", Path("runs/a")), starter])
    assert panel.chosen_model() == Path("runs/b")
    panel.model.setCurrentIndex(2)
    panel.model.activated.emit(2)
    panel.show_models([("run c", Path("runs/c")), ("run b", Path("runs/b")), starter])
    assert panel.chosen_model() == Path("starter")
    panel.show_models([("run c", Path("runs/c"))])
    assert panel.chosen_model() == Path("runs/c")


def test_after_a_training_segment_uses_it(widget: ScribbleMixWidget) -> None:
    panel, session = widget.review_panel, widget.session
    assert panel.chosen_model() == Path("starter")
    run = session.the_project().new_run("cyclemix")
    session.begin(Phase.STARTING, run, "")
    (run / "model.safetensors").write_bytes(b"")
    session.end("Done.", failed=False)
    assert panel.chosen_model() == run


@pytest.mark.parametrize("answer", ["Cancel", "No", "Yes"])
def test_segment_asks_before_it_replaces_a_correction_nobody_accepts(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    asked: list[str] = []

    def question(_parent: object, _title: str, text: str, *_: object) -> object:
        asked.append(text)
        return getattr(QMessageBox.StandardButton, answer)

    monkeypatch.setattr(QMessageBox, "question", question)
    show_mask(widget, "case00", RUN)
    # Not seen by the watch yet: it is handed over before anything is asked.
    widget.board.layer(PREDICTION).data[1, 5, 5] = 2
    widget.review.watch.look()
    widget.review.segmenting.segment()
    assert not asked, "an accepted slice is never replaced"
    FakeClient.made.end()
    widget.board.go_to_slice(1)
    widget.review_panel.accept_button.click()
    assert widget.session.the_case().accepted == frozenset()
    FakeClient.made.jobs.clear()
    widget.review_panel.segment_wanted.emit(True)
    words = (
        "case00: 1 slice was corrected by hand and nobody accepted it. Replace what was corrected "
        "by the model's mask? No keeps it and segments the rest."
    )
    assert asked == [words]
    over = [job.over_corrections for job in FakeClient.made.jobs]
    assert over == {"Cancel": [], "No": [False], "Yes": [True]}[answer]


def test_segment_says_that_nothing_is_left_to_replace(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    panel = widget.review_panel
    panel.accept_all_button.click()
    panel.segment_button.click()
    words = "All slices of case00 are accepted (or corrected); nothing was replaced."
    assert widget.message.text() == words
    assert FakeClient.made is None or not FakeClient.made.jobs
    panel.segment_all_button.click()
    (job,) = FakeClient.made.jobs
    assert job.cases == ("case01", "case02")
    assert panel.job.bar.format().startswith("Segmenting")
    assert not panel.job.bar.isHidden()
    FakeClient.made.tell(ev.Finished(step=2, elapsed=1.0, stopped=False, model="m"))
    FakeClient.made.end()
    assert "In 1 case all slices are accepted" in widget.message.text()
    assert panel.job.bar.isHidden()
    assert "In 1 case all slices are accepted" in panel.job.words.text()


def test_each_job_has_a_progress_and_a_stop_of_its_own(widget: ScribbleMixWidget) -> None:
    train, review = widget.train_panel, widget.review_panel
    assert not train.stop_button.isEnabled()
    assert not review.stop_button.isEnabled()
    train.train_button.click()
    FakeClient.made.tell(STARTED)
    FakeClient.made.tell(ev.Finished(step=9, elapsed=5.0, stopped=False, model="m"))
    FakeClient.made.end()
    trained = train.job.words.text()
    assert trained.startswith("Done after 9 steps")
    assert train.job.bar.value() == 1000
    assert review.job.words.text() == ""
    review.segment_all_button.click()
    client = FakeClient.made
    client.tell(ev.Warned(message="case01 is odd."))
    client.tell(ev.Segmented(case="case01", file="f", number=1, of=3))
    assert review.job.bar.value() == 333
    assert review.job.words.text().startswith("Segmented case01, 1 of 3. 1 note: case01 is odd")
    assert (train.job.words.text(), train.job.bar.value()) == (trained, 1000)
    assert not train.stop_button.isEnabled()
    assert review.stop_button.isEnabled()
    client.stubborn = True
    review.stop_button.click()
    assert client.stopped == 1
    assert review.job.words.text().startswith("Stopping…")
    assert not review.stop_button.isEnabled()
    assert not widget.session.run.training
    client.tell(ev.Finished(step=1, elapsed=1.0, stopped=True, model="m"))
    client.end()
    assert review.job.words.text().startswith("Segmented 1 case in")
    train.train_button.click()
    FakeClient.made.tell(STARTED)
    assert review.job.words.text() == ""
    assert review.job.bar.isHidden()
    assert train.stop_button.isEnabled()
    assert not review.stop_button.isEnabled()


def test_a_case_of_accepted_and_corrected_slices_is_decided(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    project = project_of(widget)
    geometry = project.read_image("case00").geometry
    mask = np.full(geometry.shape, 2, np.uint8)
    project.write_corrected("case00", [1], mask, geometry)
    project.write_review("case00", [0, 2, 3], "me")
    assert decided_cases(project, ["case00", "case01"], corrections=True) == {"case00"}
    assert not decided_cases(project, ["case00"], corrections=False)
