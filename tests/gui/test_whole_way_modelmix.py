"""ModelMix as a user goes it: a folder chosen, both trained by the real process, segmented."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from by_hand import open_folder, project_of
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.run_state import Phase
from phantoms import write_folder

SECOND = 1000


def press(button: QPushButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))


@pytest.mark.slow
def test_two_tasks_are_trained_watched_stopped_and_segmented_with(
    make_widget: Callable[..., ScribbleMixWidget],
    qtbot: Any,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = write_folder(tmp_path / "other", scribbled=1, masked=1)
    widget = make_widget(show=True, real=True)
    open_folder(widget, folder)
    session, panel = widget.session, widget.train_panel

    method = panel.form.editors["method"]
    method.setFocus()
    QTest.keyClick(method, Qt.Key.Key_Down)
    assert panel.method() == "modelmix"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(other))
    press(panel.companions.folder_button)
    for name, value in (("threads", 1), ("batch", 4)):
        panel.more.set_value(name, value)
    panel.form.set_value("time", 600)
    press(panel.train_button)
    qtbot.waitUntil(
        lambda: set(session.run.curves.losses) == set(session.run.curves.dices) != set(),
        timeout=150 * SECOND,
    )
    assert session.run.tasks == ("study", "other")
    for lines in panel.curves._lines:
        assert set(lines) == {"study", "other"}
    assert not panel.curves.names.isHidden()
    press(panel.stop_button)
    qtbot.waitUntil(lambda: session.run.phase is Phase.IDLE, timeout=90 * SECOND)
    assert "study: Dice" in widget.message.text()
    assert "other: Dice" in widget.message.text()

    run = panel.chosen_run()
    assert run is not None
    assert run.model == project_of(widget).folder / "runs" / "modelmix" / "study"
    assert [task for task, _ in run.task_dices] == ["study", "other"]
    assert "★ modelmix" in panel.runs.currentText()
    assert "study: Dice" in panel.runs.toolTip()
    assert "other: Dice" in panel.runs.toolTip()
    assert panel.resume_button.isEnabled()

    widget.review_panel.choose_model(run.model)
    assert widget.review_panel.model.currentText() == "run modelmix (highest Dice)"
    press(widget.review_panel.segment_button)
    qtbot.waitUntil(lambda: "Segmented 1 case" in widget.message.text(), timeout=150 * SECOND)
    found = project_of(widget).read_prediction("case00")
    assert found is not None
    assert found[1]["model"] == "modelmix"
