"""The whole way as a user goes it, with the mouse and the real training process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from mouse import stroke
from qtpy.QtWidgets import QFileDialog

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.run_state import Phase
from napari_scribblemix.gui.viewer.layers import PREDICTION, SCRIBBLES

SECOND = 1000


def draw_line(widget: ScribbleMixWidget, number: int, row: int) -> None:
    """Left ventricle along a row of a slice, columns 60 to 69."""
    widget.board.go_to_slice(number)
    widget.scribble_panel._pens.button(3).click()
    _, y, x = widget.session.the_case().image.geometry.spacing
    stroke(widget.board.viewer, [(row * y, column * x) for column in range(60, 70)])


@pytest.mark.slow
def test_from_the_sample_to_an_exported_mask(
    make_widget: Callable[..., ScribbleMixWidget],
    qtbot: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    widget = make_widget(show=True, real=True)
    session = widget.session
    heard: list[ev.Event] = []
    widget.relay.told.connect(heard.append)

    # Images: the bundled sample, its first case on screen.
    widget.open_sample("cine")
    widget.cases.finish_adding()
    project, case = session.the_project(), session.the_case()
    assert case.id == "cine01_ED"

    # Scribble: a stroke of the mouse is in the journal within a second.
    widget.scribble_panel.draw_button.click()
    before = case.scribble.copy()
    draw_line(widget, 1, 30)
    qtbot.waitUntil(lambda: bool((case.scribble[1, 30, 60:70] == 3).all()), timeout=SECOND)
    assert project.unsaved_strokes(case.id) > 0
    changed = np.argwhere(case.scribble != before)
    assert set(changed[:, 0]) == {1}
    assert abs(changed[:, 1] - 30).max() <= 2
    assert abs(changed[:, 2] - 64.5).max() <= 7

    # Train: the mask appears and changes while it trains.
    widget.train_panel.form.set_value("time", 300)
    widget.train_panel.more.set_value("threads", 1)
    masks: list[bytes] = []
    session.masks_changed.connect(
        lambda _case: (
            masks.append(widget.board.layer(PREDICTION).data.tobytes())
            if widget.board.layer(PREDICTION) is not None
            else None
        )
    )
    widget.train_panel.train_button.click()
    qtbot.waitUntil(lambda: session.run.phase is Phase.TRAINING, timeout=60 * SECOND)
    qtbot.waitUntil(lambda: len(set(masks)) >= 3, timeout=90 * SECOND)
    assert session.run.curves.losses
    assert session.trained >= {"cine01_ED"}

    # New strokes take part while it trains.
    draw_line(widget, 1, 40)
    qtbot.waitUntil(
        lambda: any(isinstance(e, ev.ScribblesTaken) and e.case == case.id for e in heard),
        timeout=30 * SECOND,
    )

    # Pause, resume, stop.
    widget.train_panel.pause_button.click()
    qtbot.waitUntil(lambda: session.run.phase is Phase.PAUSED, timeout=30 * SECOND)
    widget.train_panel.pause_button.click()
    qtbot.waitUntil(lambda: session.run.phase is Phase.TRAINING, timeout=30 * SECOND)
    widget.train_panel.stop_button.click()
    qtbot.waitUntil(lambda: session.run.phase is Phase.IDLE, timeout=60 * SECOND)
    assert not widget.relay.running
    assert "Stopped after" in widget.message.text()
    assert widget.train_panel.resume_button.isEnabled()

    # Review: accept what is on screen, export the mask.
    widget.board.go_to_slice(5)
    widget.review_panel.accept_button.click()
    assert project.read_review(case.id)["accepted_slices"] == [5]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "masks"))
    widget.review_panel.export_button.click()
    mask = nibabel.load(tmp_path / "masks" / "cine01_ED.nii.gz")
    image = nibabel.load(project.image_path(case.id))
    assert mask.shape == image.shape
    assert np.array_equal(mask.affine, image.affine)
    for field in ("qform_code", "sform_code", "pixdim"):
        assert np.array_equal(mask.header[field], image.header[field]), field
    shown = np.asarray(mask.dataobj).transpose(2, 1, 0)
    assert np.array_equal(shown, widget.board.layer(PREDICTION).data)
    assert widget.board.layer(SCRIBBLES).data[1, 40, 65] == 3
