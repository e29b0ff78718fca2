"""The widget as a whole: its controls, its size, and every way it closes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import open_folder, project_of
from fakes import FakeClient
from napari._qt.dialogs.confirm_close_dialog import ConfirmCloseDialog
from napari.settings import get_settings
from qtpy.QtCore import QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QMessageBox,
    QProgressDialog,
    QPushButton,
    QSlider,
    QToolButton,
)

from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.closing import wait_for_end
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.viewer.layers import SCRIBBLES
from napari_scribblemix.project.project import Project
from napari_scribblemix.worker.client import WorkerClient

Make = Callable[..., ScribbleMixWidget]


class FromWindowManager(QCloseEvent):
    """As the cross of the window sends it; of other events napari does not ask."""

    def spontaneous(self) -> bool:
        return True


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
        assert again.read_scribble("case00", again.read_image("case00").geometry)[1, 3, 3] == 1


def in_training(make_widget: Make, folder: Path) -> ScribbleMixWidget:
    """A window in which a training runs."""
    widget = make_widget(show=True)
    open_folder(widget, folder)
    widget.train_panel.train_button.click()
    return widget


def training_and_asked(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> tuple[ScribbleMixWidget, list[bool]]:
    """A window in which a training runs, and a list that grows by each question answered so."""
    widget = in_training(make_widget, folder)
    asked: list[bool] = []

    def question(*_: Any) -> Any:
        asked.append(True)
        return getattr(QMessageBox.StandardButton, answer)

    monkeypatch.setattr(QMessageBox, "question", question)
    return widget, asked


@pytest.mark.parametrize("answer", ["Cancel", "Yes"])
def test_closing_the_window_in_a_training_asks(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    widget, asked = training_and_asked(make_widget, folder, monkeypatch, answer)
    # Nobody looks at it: the question comes all the same.
    widget.parentWidget().hide()
    event = QCloseEvent()
    assert widget.eventFilter(widget.window(), event)
    assert asked == [True]
    assert event.isAccepted() is (answer == "Yes")
    assert bool(FakeClient.made.closed) is (answer == "Yes")
    assert bool(FakeClient.made.stopped) is (answer == "Yes")


@pytest.mark.parametrize("close", [False, True])
def test_cancel_in_naparis_own_question_leaves_everything_as_it_was(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch, close: bool
) -> None:
    widget = make_widget(show=True)
    open_folder(widget, folder)
    widget.review_panel.segment_button.click()
    dialogs = QDialog.DialogCode
    monkeypatch.setattr(get_settings().application, "confirm_close_window", True)
    asked = []

    def answer(_dialog: QDialog) -> Any:
        # Behind the question the project is as open as before.
        asked.append((project_of(widget).writable, FakeClient.made.running))
        return dialogs.Accepted if close else dialogs.Rejected

    monkeypatch.setattr(ConfirmCloseDialog, "exec_", answer)
    window, layers = widget.window(), list(widget.board.viewer.layers)
    event = FromWindowManager()
    assert widget.eventFilter(window, event)
    assert asked == [(True, True)]
    assert event.isAccepted() is close
    assert FakeClient.made.running is not close
    assert (list(widget.board.viewer.layers) == layers) is not close
    assert (widget.session.project is None) is close


@pytest.mark.parametrize("answer", ["Cancel", "Yes"])
def test_in_a_training_there_is_one_question_and_napari_asks_no_other(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    widget, asked = training_and_asked(make_widget, folder, monkeypatch, answer)
    application, heard = get_settings().application, []
    monkeypatch.setattr(application, "confirm_close_window", True)
    monkeypatch.setattr(ConfirmCloseDialog, "exec_", lambda _dialog: asked.append(False))
    application.events.confirm_close_window.connect(lambda _event: heard.append(True))
    event = FromWindowManager()
    assert widget.eventFilter(widget.window(), event)
    assert asked == [True]
    assert event.isAccepted() is (answer == "Yes")
    assert application.confirm_close_window
    assert heard == []


@pytest.mark.parametrize("answer", ["Cancel", "Yes"])
def test_the_docks_cross_in_a_training_asks_too(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    widget, asked = training_and_asked(make_widget, folder, monkeypatch, answer)
    client, viewer = FakeClient.made, widget.board.viewer
    # Floating gives the dock another title bar, with another cross.
    widget.parentWidget().setFloating(True)
    cross = widget.parentWidget().titleBarWidget().findChild(QPushButton, "QTitleBarCloseButton")
    cross.click()
    assert asked == [True]
    assert client.running is (answer == "Cancel")
    assert (widget.parentWidget() is None) is (answer == "Yes")
    assert bool(viewer.layers) is (answer == "Cancel")


def test_saving_is_waited_for_and_said_but_not_for_ever(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = in_training(make_widget, folder)
    client = FakeClient.made
    client.stubborn = True
    seen: list[str] = []
    warned: list[str] = []
    timer = QTimer()
    timer.timeout.connect(
        lambda: seen.extend(
            box.labelText()
            for box in widget.window().findChildren(QProgressDialog)
            if box.isVisible()
        )
    )
    timer.start(20)
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: warned.append(words[2]))
    wait_for_end(widget.relay, widget.window(), "Saving the training…", 0.3)
    timer.stop()
    assert set(seen) == {"Saving the training…"}
    assert client.closed
    assert len(warned) == 1


def test_closing_gives_the_training_a_minute_to_save() -> None:
    for close in (WorkerClient.close, WorkerRelay.close, wait_for_end):
        default = list(inspect.signature(close).parameters.values())[-1].default
        assert default == 60.0


def test_closing_the_window_without_a_training_saves_and_does_not_ask(
    widget: ScribbleMixWidget,
) -> None:
    project = project_of(widget)
    widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
    assert widget.eventFilter(widget.window(), QCloseEvent())
    assert not project.writable
    assert project.unsaved_strokes("case00") == 0


def test_a_viewer_that_closes_itself_is_not_asked_and_tells_nothing_after(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = in_training(make_widget, folder)
    client = FakeClient.made
    asked: list[object] = []
    monkeypatch.setattr(QMessageBox, "question", lambda *_: asked.append(True))
    # As ``viewer.close()`` begins.
    widget.board.viewer.layers.clear()
    assert widget.eventFilter(widget.window(), QCloseEvent())
    assert asked == []
    assert client.closed
    client.end()


def test_a_project_that_is_read_only_here_is_not_written_by_a_worker(
    make_widget: Callable[..., ScribbleMixWidget], project: Project
) -> None:
    image = project.read_image("case00")
    strokes = np.full(image.array.shape, 1, np.uint8)
    project.write_scribble("case00", strokes, image.geometry)
    widget = make_widget()
    widget.open_path(project.folder)
    assert not widget.session.writable
    for button in (
        widget.review_panel.segment_button,
        widget.review_panel.segment_all_button,
        widget.train_panel.train_button,
    ):
        assert not button.isEnabled()
        assert "read-only" in button.toolTip()
    for press in (
        widget.train.train,
        lambda: widget.train.go_on(project.folder / "runs" / "r"),
        lambda: widget.train.segment(Path("starter"), ()),
    ):
        with pytest.raises(ProjectError, match="read-only"):
            press()
