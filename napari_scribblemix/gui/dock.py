"""The widget in napari's dock: four steps from top to bottom, and what happens when it closes.

Made once per viewer.  However it goes (its cross, the window, the menu), the strokes are saved, the
training process saves and ends, and no timer stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from napari.utils.theme import get_theme
from napari.viewer import Viewer
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QMainWindow, QWidget

from napari_scribblemix.gui.both_phases import BothPhases
from napari_scribblemix.gui.closing import (
    at_cross,
    may_end_training,
    no_more_questions,
    wait_for_end,
)
from napari_scribblemix.gui.first_size import spare_height
from napari_scribblemix.gui.images.control import CasesControl
from napari_scribblemix.gui.images.panel import ImagesPanel
from napari_scribblemix.gui.keyboard import Keyboard
from napari_scribblemix.gui.long_lived import LongLived
from napari_scribblemix.gui.remembering import Remembering
from napari_scribblemix.gui.review.control import ReviewControl
from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.scribble.control import DrawControl
from napari_scribblemix.gui.scribble.live import LiveMasks
from napari_scribblemix.gui.scribble.panel import ScribblePanel
from napari_scribblemix.gui.seeing import Seeing
from napari_scribblemix.gui.shortcuts import Shortcuts, name_keys
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.ready import ReadyWorker
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.telling import Telling
from napari_scribblemix.gui.train.control import TrainControl
from napari_scribblemix.gui.train.panel import TrainPanel
from napari_scribblemix.gui.viewer.canvas_context import CanvasContext
from napari_scribblemix.gui.viewer.layers import LayerBoard
from napari_scribblemix.gui.viewer.unwrapped import unwrapped
from napari_scribblemix.gui.widgets.lines import Lines
from napari_scribblemix.gui.widgets.panel_layout import lay_out
from napari_scribblemix.gui.widgets.panel_style import PanelStyle

# The dock is in the window by the time of one of these, shown or not.
_SETTLING = {QEvent.Type.Polish, QEvent.Type.Show, QEvent.Type.StyleChange, QEvent.Type.Move}


class ScribbleMixWidget(QWidget):
    """Images, Scribble, Train, Review."""

    def __init__(
        self,
        napari_viewer: Viewer,
        relay: WorkerRelay | None = None,
        live_relay: WorkerRelay | None = None,
    ) -> None:
        """The viewer comes from napari, by its name; tests pass relays of their own."""
        super().__init__()
        napari_viewer = unwrapped(napari_viewer)
        self.session = Session()
        self.board = LayerBoard(napari_viewer)
        self.relay = relay or WorkerRelay()
        self.relay.setParent(self)
        live_relay = live_relay or WorkerRelay()
        live_relay.setParent(self)
        self._closed = self._closing = False
        self._build()
        self.cases = CasesControl(self.session, self.board, self.images_panel)
        self.draw = DrawControl(self.session, self.board, self.scribble_panel)
        self.train = TrainControl(self.session, self.relay, self.train_panel)
        self.review = ReviewControl(
            self.session,
            self.board,
            self.review_panel,
            replace_slice=self.draw.replace_slice,
            start=self.train.segment,
            stop=self.train.stop,
        )
        self.live = LiveMasks(
            self.session,
            live_relay,
            self.scribble_panel,
            self.review_panel.chosen_model,
            self.train.device,
        )
        self.both = BothPhases(self.session, self.board, self.review_panel)
        self._join_steps()
        self.ready = ReadyWorker(self.session, self.relay, self)
        self.remembering = Remembering(self.session, self.train_panel, self)
        self.telling = Telling(self.session, self.message)
        self.long_lived = LongLived(self.session)
        napari_viewer.events.theme.connect(self._on_theme)
        self._on_theme()
        self._dress = PanelStyle(self, napari_viewer)
        self.keyboard = Keyboard(self)
        self.shortcuts = Shortcuts(self)
        self._window: QMainWindow | None = None
        self._canvas: CanvasContext | None = None
        self.seeing: Seeing | None = None

    def _build(self) -> None:
        self.images_panel = ImagesPanel()
        self.scribble_panel = ScribblePanel(
            self.session.scheme,
            preferences.brush_mm(),
            tint=preferences.show_enclosed(),
            live=preferences.live_mask(),
        )
        self.train_panel = TrainPanel()
        self.review_panel = ReviewPanel()
        name_keys(self)
        self.message = Lines(2)
        steps = {
            "1  Images": self.images_panel,
            "2  Scribble": self.scribble_panel,
            "3  Train": self.train_panel,
            "4  Review": self.review_panel,
        }
        lay_out(self, self.message, steps)

    def _join_steps(self) -> None:
        """What one step hears of another; none knows who listens."""
        self.draw.pens.changed.connect(self.review.watch.look)
        self.draw.drawing.connect(self.live.get_ready)
        self.draw.correcting.connect(self.review.show_prediction)
        self.review.mask_shown.connect(self.draw.allow)
        self.review.case_shown.connect(self.draw.go_on_correcting)
        self.review.measuring.frame_wanted.connect(guarded(self.session, self.cases.show_case))

    # -- opening --

    def open_path(self, path: Path) -> None:
        """Open a project, a folder or an image; what is wrong with it is told in the widget."""
        guarded(self.session, self.cases.open_path)(path)

    def open_dicom(self, paths: Sequence[Path]) -> None:
        """Open DICOM files or folders, with those that come in the next moment."""
        self.cases.dicom.gather(paths)

    def open_sample(self, kind: str) -> None:
        """Open a bundled sample; what is wrong with it is told in the widget."""
        guarded(self.session, self.cases.open_sample)(kind)

    # -- closing --

    def shut_down(self) -> None:
        """Save strokes, let the training save and end, give the project back. Once is enough."""
        if self._closed:
            return
        self._closed = True
        self.ready.close()
        if self._window is not None:
            self._window.removeEventFilter(self)
            self._window = None
        self.board.viewer.events.theme.disconnect(self._on_theme)
        self.telling.close()
        self._dress.close()
        self.keyboard.close()
        self.shortcuts.close()
        self.cases.close()
        self.draw.close()
        self.live.close()
        self.review.close()
        self.both.close()
        self.train.close()
        self.relay.close()
        guarded(self.session, self.session.close_project)()
        self.board.close()
        self.long_lived.close()
        for part in (self.seeing, self._canvas):
            if part is not None:
                part.close()
        self.seeing = self._canvas = None

    def may_close(self) -> bool:
        """Ask whoever closes the dock in the middle of a training."""
        window = self._seen_window()
        return window is None or not self.session.run.training or may_end_training(window)

    def _seen_window(self) -> QMainWindow | None:
        """The window, if there is somebody to talk to; the panel itself may be hidden in it."""
        # ``viewer.close()`` has emptied it already: there is nothing to stay for.
        if self._window is None or not self._window.isVisible() or self.board.viewer_is_empty:
            return None
        return self._window

    def _save_and_shut_down(self) -> None:
        window = self._seen_window()
        if window is not None and self.relay.running:
            training = self.session.run.training
            words = "Saving the training…" if training else "Stopping the segmentation…"
            wait_for_end(self.relay, window, words)
        self.shut_down()

    def _close_dock(self) -> bool:
        """The dock's cross was pressed: whether the panel is shut down and may be taken out."""
        if self._closing:
            return False
        self._closing = True
        try:
            if not self.may_close():
                return False
            self._save_and_shut_down()
        finally:
            self._closing = False
        return True

    def _close_window(self, window: QMainWindow, event: QEvent) -> None:
        """Close for good only once napari, which may ask too, has agreed."""
        panels = window.findChildren(ScribbleMixWidget)
        trains = any(panel.session.run.training and panel._seen_window() for panel in panels)
        if self._closing or (trains and not may_end_training(window)):
            event.ignore()
            return
        self._closing = True
        try:
            # Who has just said yes is not asked by napari once more.
            with no_more_questions() if trains else nullcontext():
                window.event(event)
            if event.isAccepted():
                for panel in panels:
                    panel._save_and_shut_down()
        finally:
            self._closing = False

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """The window closes: ask if need be, let napari ask, then save before it is gone."""
        window = self._window
        if window is None or watched is not window or event is None:
            return False
        if event.type() != QEvent.Type.Close:
            return False
        self._close_window(window, event)
        return True

    def event(self, event: QEvent | None) -> bool:
        """The widget was put into a dock, or taken out because the dock was closed."""
        if event is not None:
            if event.type() == QEvent.Type.ParentChange and self.parent() is None:
                self.shut_down()
                self.deleteLater()
            elif event.type() in _SETTLING:
                self._watch_window()
        return bool(super().event(event))

    def _watch_window(self) -> None:
        parent = self.parentWidget()
        dock = None
        while parent is not None and not isinstance(parent, QMainWindow):
            dock = parent if hasattr(parent, "destroyOnClose") else dock
            parent = parent.parentWidget()
        if parent is not None and self._window is None and not self._closed:
            self._window = parent
            spare_height(parent)
            if dock is not None:
                at_cross(dock, self._close_dock)
            self._canvas = CanvasContext(parent)
            self.seeing = Seeing(parent, self.board, self.session)
            parent.installEventFilter(self)

    def _on_theme(self, _event: Any = None) -> None:
        theme = get_theme(self.board.viewer.theme)
        for curves in (self.train_panel.curves, self.review_panel.cycle):
            curves.set_theme(theme.background.as_hex(), theme.text.as_hex())
