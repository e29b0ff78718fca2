"""The widget as a whole: its controls, its size, and every way it closes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from by_hand import open_folder, project_of
from fakes import FakeClient
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSlider,
    QToolButton,
)

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.layers import SCRIBBLES
from napari_scribblemix.project.project import Project

Make = Callable[..., ScribbleMixWidget]


def test_every_control_has_a_tooltip_and_grey_ones_say_why(make_widget: Make) -> None:
    widget = make_widget()
    controls = [
        found
        for kind in (QPushButton, QToolButton, QCheckBox, QComboBox, QLineEdit, QSlider)
        for found in widget.findChildren(kind)
        if not isinstance(found.parent(), QComboBox) and "qt_" not in found.objectName()
    ]
    assert len(controls) > 30
    for control in controls:
        assert control.toolTip(), control
        if not control.isEnabled() and not isinstance(control, QComboBox):
            assert "Not now:" in control.toolTip(), control.toolTip()


def test_the_widget_fits_beside_the_image_on_a_small_laptop(make_widget: Make) -> None:
    widget = make_widget()
    assert widget.minimumSizeHint().width() < 420
    assert widget.minimumSizeHint().height() < 700


def test_closing_the_dock_saves_and_lets_go(widget: ScribbleMixWidget) -> None:
    folder = project_of(widget).folder
    widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
    widget.train_panel.train_button.click()
    viewer = widget.board.viewer
    viewer.window.remove_dock_widget(widget)
    assert FakeClient.made.closed
    assert len(viewer.layers) == 0
    with Project.open(folder) as again:
        assert again.writable
        assert again.unsaved_strokes("case00") == 0
        assert again.read_scribble("case00", again.read_image("case00"))[1, 3, 3] == 1


@pytest.mark.parametrize("answer", ["Cancel", "Yes"])
def test_closing_the_window_in_a_training_asks(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    widget = make_widget(show=True)
    open_folder(widget, folder)
    widget.train_panel.train_button.click()
    asked = []

    def question(*_: Any) -> Any:
        asked.append(True)
        return getattr(QMessageBox.StandardButton, answer)

    monkeypatch.setattr(QMessageBox, "question", question)
    # The event as the window would get it; napari's own handling of it is not tested here.
    refused = widget.eventFilter(widget.window(), QCloseEvent())
    assert asked == [True]
    assert refused is (answer == "Cancel")
    assert bool(FakeClient.made.closed) is (answer == "Yes")


def test_closing_the_window_without_a_training_saves_and_does_not_ask(
    widget: ScribbleMixWidget,
) -> None:
    project = project_of(widget)
    widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
    assert not widget.eventFilter(widget.window(), QCloseEvent())
    assert not project.writable
    assert project.unsaved_strokes("case00") == 0


def test_a_viewer_that_closes_itself_is_not_asked_and_tells_nothing_after(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = make_widget(show=True)
    open_folder(widget, folder)
    widget.train_panel.train_button.click()
    client = FakeClient.made
    asked: list[object] = []
    monkeypatch.setattr(QMessageBox, "question", lambda *_: asked.append(True))
    # As ``viewer.close()`` begins.
    widget.board.viewer.layers.clear()
    assert not widget.eventFilter(widget.window(), QCloseEvent())
    assert asked == []
    assert client.closed
    client.end()
