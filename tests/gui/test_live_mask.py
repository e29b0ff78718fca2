"""The mask follows the pen: who is started when, what is shown, and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import open_folder, project_of
from fakes import FakeClient, QuietClient

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.images.case_columns import COLUMNS
from napari_scribblemix.gui.scribble import live
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.project.drawn_on import checksum_of
from napari_scribblemix.project.project import Project
from napari_scribblemix.worker.messages import LiveJob, PreviewCase, ScribblesChanged

Make = Callable[..., ScribbleMixWidget]


@pytest.fixture
def told(widget: ScribbleMixWidget) -> list[tuple[str, str]]:
    """What the widget's session told."""
    heard: list[tuple[str, str]] = []
    widget.session.told.connect(lambda level, sentence: heard.append((level, sentence)))
    return heard


def a_stroke(widget: ScribbleMixWidget, number: int = 2, value: int = 3) -> None:
    case = widget.session.the_case()
    drawn = case.scribble.copy()
    drawn[number, 20:24, 20:24] = value
    widget.session.take_scribble(drawn, (number,))


def answer(widget: ScribbleMixWidget, value: int, *, settled: bool = False, **told: Any) -> None:
    """The worker wrote a mask, and says so."""
    case = widget.session.the_case()
    mask = np.full(case.image.array.shape, value, np.uint8)
    origin: dict[str, Any] = {"kind": "bundled", "model": "starter", "step": 1, "live": True}
    origin |= {"settled": settled, "strokes": checksum_of(case.scribble)}
    project_of(widget).write_prediction(case.id, mask, case.image.geometry, origin)
    QuietClient.made.tell(ev.Preview(case=case.id, file="f", step=1, seconds=0.4, **told))


def test_the_list_says_how_good_the_mask_is_that_followed_the_last_stroke(
    widget: ScribbleMixWidget,
) -> None:
    tree, case = widget.images_panel.tree, widget.session.the_case()
    place = 1 + [column.title for column in COLUMNS].index("Dice?")
    item = tree.item_of(case.id)
    order = tree.case_ids
    a_stroke(widget)
    for dice, words in ((0.55, "55 !"), (0.91, "91"), (0.72, "72")):
        mask = np.full(case.image.array.shape, 2, np.uint8)
        origin = {"kind": "bundled", "model": "starter", "live": True, "case_quality": dice}
        project_of(widget).write_prediction(case.id, mask, case.image.geometry, origin)
        QuietClient.made.tell(ev.Preview(case=case.id, file="f", step=1, seconds=0.4))
        assert item is not None
        assert item.text(place) == words
    assert tree.case_ids == order


def test_a_stroke_starts_a_worker_that_follows_the_case_on_screen(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    widget.board.go_to_slice(2)
    a_stroke(widget)
    client = QuietClient.made
    (job,) = client.jobs
    assert isinstance(job, LiveJob)
    assert (job.case, job.slice, job.model) == ("case00", 2, widget.review_panel.chosen_model())
    assert client.commands[-1] == ScribblesChanged(case="case00")
    widget.board.go_to_slice(1)
    assert client.commands[-1] == PreviewCase(case="case00", slice=1)
    a_stroke(widget, 1)
    assert len(client.jobs) == 1
    answer(widget, 3)
    qtbot.waitUntil(lambda: widget.session.the_case().prediction is not None)
    QuietClient.made.tell(ev.Followed(case="case00", words="The mask follows (0.4 s)."))
    QuietClient.made.tell(ev.Followed(case="case01", words="of another case"))
    qtbot.waitUntil(lambda: "0.4 s" in widget.scribble_panel.live_note.text())
    assert "starter, following your strokes" in widget.review_panel.origin.text()
    widget.session.open_case("case01")
    assert widget.scribble_panel.live_note.text() == ""
    assert client.commands[-1] == PreviewCase(case="case01", slice=widget.session.slice)


def test_the_pen_in_hand_lets_it_know_the_case_before_the_first_stroke(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preferences, "ready_minutes", lambda: 15.0)
    widget = make_widget()
    open_folder(widget, folder)
    widget.draw.draw()
    assert [type(job) for job in QuietClient.made.jobs] == [LiveJob]
    assert not any(isinstance(told, ScribblesChanged) for told in QuietClient.made.commands)


@pytest.mark.parametrize("drawn_meanwhile", [True, False])
def test_it_is_ended_by_a_training_and_takes_up_what_was_drawn_meanwhile(
    widget: ScribbleMixWidget, qtbot: Any, drawn_meanwhile: bool
) -> None:
    a_stroke(widget)
    first = QuietClient.made
    widget.train_panel.train_button.click()
    assert first.discarded == 1
    assert not first.running
    if drawn_meanwhile:
        a_stroke(widget, 1)
        assert QuietClient.made is first, "the training itself answers strokes"
    FakeClient.made.end(0)
    if drawn_meanwhile:
        qtbot.waitUntil(lambda: QuietClient.made is not first)
        assert QuietClient.made.commands[-1] == ScribblesChanged(case="case00")
    else:
        qtbot.wait(50)
        assert QuietClient.made is first, "the training has learnt from all strokes"


def test_another_model_is_begun_with_once_it_is_chosen(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_stroke(widget)
    first = QuietClient.made
    monkeypatch.setattr(widget.live, "_model", lambda: Path("another"))
    a_stroke(widget, 1)
    assert first.discarded == 1
    assert QuietClient.made.jobs[0].model == Path("another")


def test_switched_off_nothing_follows_and_switched_on_it_takes_what_is_drawn(
    widget: ScribbleMixWidget,
) -> None:
    widget.scribble_panel.live.click()
    a_stroke(widget)
    assert QuietClient.made is None
    widget.scribble_panel.live.click()
    client = QuietClient.made
    assert client.commands[-1] == ScribblesChanged(case="case00")
    widget.scribble_panel.live.click()
    assert client.discarded == 1


def test_the_preference_says_whether_it_is_on(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preferences, "live_mask", lambda: False)
    widget = make_widget()
    open_folder(widget, folder)
    assert not widget.scribble_panel.live.isChecked()
    a_stroke(widget)
    assert QuietClient.made is None


def test_it_ends_when_nobody_has_drawn_for_long(
    widget: ScribbleMixWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_MINUTE", 20)
    a_stroke(widget)
    qtbot.waitUntil(lambda: QuietClient.made.discarded == 1)
    a_stroke(widget, 1)
    assert QuietClient.made.running


def test_it_ends_with_the_project_and_with_the_panel(
    widget: ScribbleMixWidget, tmp_path: Path
) -> None:
    a_stroke(widget)
    first = QuietClient.made
    widget.session.close_project()
    assert first.discarded == 1
    assert not widget.scribble_panel.live.isEnabled()
    Project.create(tmp_path / "other.scribblemix").close()
    widget.open_path(tmp_path / "other.scribblemix")
    widget.shut_down()
    assert not QuietClient.made.running


def test_a_project_that_may_only_be_read_has_no_live_mask(
    make_widget: Make, project: Project
) -> None:
    widget = make_widget()
    widget.open_path(project.folder)  # the fixture holds its lock
    assert widget.session.read_only
    assert not widget.scribble_panel.live.isEnabled()
    widget.live.get_ready()
    assert QuietClient.made is None


def test_what_goes_wrong_is_told_once_and_the_strokes_stay(
    widget: ScribbleMixWidget, told: list[tuple[str, str]], qtbot: Any
) -> None:
    a_stroke(widget)
    for _ in range(2):
        QuietClient.made.tell(ev.Warned(message="case00 is not followed: no."))
    QuietClient.made.tell(ev.Followed(case="case00", words="Not followed."))
    qtbot.waitUntil(lambda: widget.scribble_panel.live_note.text() == "Not followed.")
    QuietClient.made.end(-9, "The live mask process was killed (signal 9); start it again.")
    qtbot.waitUntil(lambda: len(told) == 2)
    assert [sentence.split(" ")[0] for _, sentence in told] == ["case00", "The"]
    assert (widget.session.the_case().scribble == 3).any()
    a_stroke(widget, 1)
    assert QuietClient.made.running
    answer(widget, 3)
    qtbot.waitUntil(lambda: told[-1] == ("info", "The mask of case00 follows the strokes."))


def test_all_leaves_masks_that_follow_the_strokes_with_the_same_model(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    a_stroke(widget)
    answer(widget, 3, settled=True)
    qtbot.waitUntil(lambda: widget.session.the_case().prediction is not None)
    widget.review_panel.segment_all_button.click()
    (job,) = FakeClient.made.jobs
    assert job.cases == ("case01", "case02")
    FakeClient.made.tell(ev.Finished(step=2, elapsed=1.0, stopped=False, model="starter"))
    FakeClient.made.end(0, "The segmentation finished.")
    qtbot.waitUntil(lambda: "1 mask that follows your strokes stayed" in widget.message.text())
    widget.review_panel.segment_button.click()
    assert FakeClient.made.jobs[-1].cases == ("case00",)


def test_all_makes_a_mask_anew_that_lacks_a_stroke_and_the_stroke_is_followed_afterwards(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    a_stroke(widget)
    answer(widget, 3, settled=True)
    qtbot.waitUntil(lambda: widget.session.the_case().prediction is not None)
    a_stroke(widget, 1)
    first = QuietClient.made
    widget.review_panel.segment_all_button.click()
    (job,) = FakeClient.made.jobs
    assert job.cases in {(), ("case00", "case01", "case02")}
    assert first.discarded == 1
    FakeClient.made.end(0, "The segmentation finished.")
    qtbot.waitUntil(lambda: QuietClient.made is not first)
    assert QuietClient.made.commands[-1] == ScribblesChanged(case="case00")


def test_a_worker_that_cannot_follow_anything_is_not_started_at_each_stroke(
    widget: ScribbleMixWidget, told: list[tuple[str, str]], qtbot: Any
) -> None:
    a_stroke(widget)
    first = QuietClient.made
    first.end(1, "The live mask could not start. No such model.")
    qtbot.waitUntil(lambda: bool(told))
    a_stroke(widget, 1)
    assert len(first.jobs) == 1
    assert "…" not in widget.scribble_panel.live_note.text()
    widget.scribble_panel.live.click()
    widget.scribble_panel.live.click()
    assert len(QuietClient.made.jobs) == 1
    assert QuietClient.made.running


def test_a_first_mask_shows_in_the_list_of_cases(widget: ScribbleMixWidget, qtbot: Any) -> None:
    a_stroke(widget)
    answer(widget, 1, whole=False)
    qtbot.waitUntil(lambda: widget.session.the_case().prediction is not None)
    assert next(state.predicted for state in widget.session.case_states())
    assert "…" in widget.scribble_panel.live_note.text()


def test_a_mask_that_cannot_be_read_is_told(
    widget: ScribbleMixWidget, told: list[tuple[str, str]], qtbot: Any
) -> None:
    a_stroke(widget)
    answer(widget, 3)
    qtbot.waitUntil(lambda: widget.session.the_case().prediction is not None)
    project_of(widget).prediction_path("case00").write_bytes(b"damaged")
    QuietClient.made.tell(ev.Preview(case="case00", file="f", step=2))
    qtbot.waitUntil(lambda: any("case00.nii.gz" in sentence for _, sentence in told))
