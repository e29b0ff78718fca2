"""Two phases of the patient side by side, by a button and a key: the case, and the one after it."""

from __future__ import annotations

from qtpy.QtCore import QObject

from napari_scribblemix.errors import ProjectError, ScribbleMixError
from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.state.open_case import shown_mask
from napari_scribblemix.gui.state.phases import next_phase
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.beside import Beside, Other
from napari_scribblemix.gui.viewer.layers import LayerBoard


class BothPhases(QObject):
    """Between the button, the session and what is beside the case in the viewer."""

    def __init__(self, session: Session, board: LayerBoard, panel: ReviewPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self.beside = Beside(board)
        self._other: str | None = None
        panel.both.toggled.connect(self._on_button)
        panel.look_changed.connect(self.beside.look)
        board.zoomed.connect(self.beside.look)
        session.case_changed.connect(self._on_case)
        session.cases_changed.connect(self._allow)
        session.masks_changed.connect(self._on_masks)
        self._allow()

    def close(self) -> None:
        """Take it away."""
        self.beside.hide()

    def _on_button(self, on: bool) -> None:
        if not on:
            self._other = None
            self.beside.hide()
            return
        try:
            self._show()
        except ScribbleMixError as error:
            self._panel.both.setChecked(False)
            self._session.told.emit("error", str(error))

    def _show(self) -> None:
        session = self._session
        project, case = session.the_project(), session.the_case()
        other = next_phase(project, case.id, session.phases)
        image = project.read_image(other)
        mask = shown_mask(project, other)
        if mask is not None and mask.shape != image.array.shape:
            mask = None
        found = Other(other, image.array, mask, image.geometry)
        self.beside.show(case, found, session.scheme)
        self._other = other

    def _on_case(self) -> None:
        self._allow()
        if self._panel.both.isChecked():
            if self._panel.both.isEnabled():
                self._on_button(True)
            else:
                self._panel.both.setChecked(False)

    def _on_masks(self, case_id: str) -> None:
        if self.beside.shown and case_id == self._other:
            self._on_button(True)
        else:
            self.beside.look()

    def _allow(self) -> None:
        session, reason = self._session, "open images first."
        if session.case is not None and session.project is not None:
            try:
                next_phase(session.project, session.case.id)
            except ProjectError:
                reason = "this patient has one phase only."
            else:
                reason = ""
        self._panel.allow_both(reason or None)
