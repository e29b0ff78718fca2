"""Step 2 at work: the layer that is drawn on, and the way of each stroke to the disk.

Whatever changes the scribble layer (brush, fill, undo, a script) is in the project's journal a
moment later, also half a stroke.  What is in the hand is ``Pens``' business.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.scribbles import coverage
from napari_scribblemix.errors import ProjectError, ScribbleMixError
from napari_scribblemix.gui.scribble.panel import ScribblePanel
from napari_scribblemix.gui.scribble.pens import Pens
from napari_scribblemix.gui.scribble.whole_slices import WholeSlices
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.next_slice import most_doubtful, slice_doubts, spread
from napari_scribblemix.gui.state.open_case import done_slices, may_be_ring
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.layers import PREDICTION, SCRIBBLES, LayerBoard
from napari_scribblemix.gui.viewer.ring_tint import RingTint
from napari_scribblemix.gui.viewer.slice_on_screen import TAKEN_OUT
from napari_scribblemix.gui.viewer.strokes_watch import LabelsWatch


class DrawControl(QObject):
    """Between the scribble panel, the session and the scribble layer."""

    correcting = Signal()
    """The mask is drawn on from now on, so it must be seen."""
    drawing = Signal()
    """The pen is in hand, over the layer of the strokes."""

    def __init__(self, session: Session, board: LayerBoard, panel: ScribblePanel) -> None:
        super().__init__(panel)
        self._session, self._board, self._panel = session, board, panel
        self._refused = ""
        self._drawing = self._correcting = False
        self.watch = LabelsWatch(self._take, self)
        self.tint = RingTint(session, self._show_enclosed, self)
        self.pens = Pens(session, board, panel)
        self.whole_slices = WholeSlices(session, board, self.pens, self.replace_slice)
        self.pens.layer_wanted.connect(guarded(session, self.draw))
        self.pens.changed.connect(self.watch.look)
        panel.layer_wanted.connect(guarded(session, self.draw))
        panel.mask_wanted.connect(guarded(session, self.correct_mask))
        panel.next_wanted.connect(guarded(session, self.go_to_next))
        panel.no_heart_wanted.connect(guarded(session, self.whole_slices.no_heart))
        panel.copy_wanted.connect(guarded(session, partial(self.whole_slices.copy_from, -1)))
        panel.tint_changed.connect(self._toggle_tint)
        session.leaving.connect(self.watch.look)
        session.project_changed.connect(self._on_project)
        session.case_changed.connect(self._on_case)
        session.scribble_changed.connect(self._on_scribble)
        session.slice_changed.connect(self._show_warnings)
        board.removed.connect(self._on_removed)
        self._on_project()
        self._on_case()

    def close(self) -> None:
        """Hand the last stroke over and stop the timers."""
        self.watch.look()
        self.watch.follow(None)
        self._bound = None
        self.tint.stop()

    # -- drawing --

    def draw(self) -> None:
        """Show the scribble layer, chosen and with the pen in hand."""
        session, pen = self._session, self.pens.pen
        case = session.the_case()
        layer = self._board.show_scribbles(case, session.scheme, editable=session.writable)
        self.watch.follow(layer)
        self._drawing = True
        self.pens.hold(SCRIBBLES, pen)
        self.allow()
        self.drawing.emit()

    def correct_mask(self) -> None:
        """Draw on the predicted mask, with the pen in hand."""
        case = self._session.the_case()
        if self._board.layer(PREDICTION) is None:
            if case.prediction is not None:
                raise ProjectError(f"The mask of {case.id} is not on screen: {TAKEN_OUT}")
            raise ProjectError(f"{case.id} has no mask to correct yet; train or segment first.")
        self.correcting.emit()
        self.pens.hold(PREDICTION, self.pens.pen)
        self.allow()

    def go_on_correcting(self) -> None:
        """Whoever drew on the mask of the case before draws on that of this one, now shown."""
        if self._correcting and self._board.layer(PREDICTION) is not None:
            self.correct_mask()

    def go_to_next(self) -> None:
        """Go to the slice where strokes are worth most."""
        case, scheme = self._session.the_case(), self._session.scheme
        done = done_slices(case)
        number = None
        if case.prediction is not None and case.uncertainty is not None:
            pixels = coverage(case.scribble, scheme).pixels
            doubts = slice_doubts(case.prediction, case.uncertainty, pixels)
            number = most_doubtful(doubts, done | {self._session.slice})
        if number is None:
            # The slice on screen was looked at: it may have nothing to draw.
            number = spread(case.slices, done | {self._session.slice})
        if number is None:
            number = spread(case.slices, done)
        if number is None:
            self._session.told.emit("info", f"Every slice of {case.id} is done.")
        else:
            self._board.go_to_slice(number)

    def replace_slice(self, number: int, labels: NDArray[np.uint8]) -> None:
        """Draw ``labels`` (Y, X), viewer values, over a slice, as one step that can be undone."""
        self.draw()
        layer = self._board.layer(SCRIBBLES)
        y, x = np.nonzero(layer.data[number] != labels)
        if len(y):
            layer.data_setitem((np.full_like(y, number), y, x), labels[y, x])
            layer.refresh()
        self.watch.look()

    # -- the way to the disk --

    def _take(self, data: NDArray[np.uint8], slices: tuple[int, ...]) -> bool:
        session = self._session
        case, scheme = session.the_case(), session.scheme
        index = list(slices)
        part = data[index]
        foreign = part > scheme.classes
        if foreign.any():
            part = np.where(foreign, scheme.to_viewer(case.scribble[index]), part)
            data[index] = part
            if (layer := self._board.layer(SCRIBBLES)) is not None:
                layer.refresh()
            session.told.emit(
                "warning", f"Only the labels 1 to {scheme.classes} have a meaning here; choose one."
            )
        scribble = case.scribble.copy()
        scribble[index] = scheme.from_viewer(part)
        if (scribble[index] == case.scribble[index]).all():
            return True
        try:
            session.take_scribble(scribble, slices)
        except ScribbleMixError as error:
            if str(error) != self._refused:
                session.told.emit("error", f"The last strokes are not saved yet: {error}")
            self._refused = str(error)
            return False
        if self._refused:
            self._refused = ""
            session.told.emit("info", "All strokes are saved.")
        return True

    # -- what is shown --

    def _on_project(self) -> None:
        self._panel.show_scheme(self._session.scheme)
        self.allow()

    def _on_case(self) -> None:
        self.watch.follow(None)
        case, session = self._session.case, self._session
        self._correcting = self.pens.role == PREDICTION
        if case is not None and session.writable:
            drawn = bool((case.scribble != UNLABELLED).any())
            if drawn or self._drawing:
                self.draw()
        self.tint.restart()
        self.whole_slices.show()
        self._on_scribble(())
        self.pens.show()
        self.allow()

    def _on_scribble(self, slices: tuple[int, ...]) -> None:
        case, scheme = self._session.case, self._session.scheme
        if case is None:
            self._panel.show_coverage(None, scheme, 0)
        else:
            self._panel.show_coverage(coverage(case.scribble, scheme), scheme, case.slices)
            self.tint.add(slices)
        self._show_warnings()

    def _show_warnings(self, _slice: int = 0) -> None:
        case, scheme = self._session.case, self._session.scheme
        messages = []
        if case is not None and (case.scribble != UNLABELLED).any():
            counts = np.bincount(case.scribble.ravel(), minlength=256)
            short = scheme.abbreviations or scheme.names
            missing = [short[i] for i in (*range(1, scheme.classes), 0) if not counts[i]]
            # Strokes on a mask correct it; they need not name everything.
            if missing and case.prediction is None:
                have = "has" if len(missing) == 1 else "have"
                messages.append(f"{', '.join(missing)} {have} no scribble yet.")
            number = self._session.slice
            if number in self.tint.open_rings and may_be_ring(case, number):
                messages.append(
                    "The ring of background is open in this slice, or no structure lies in it; "
                    "close it round them."
                )
            if outside := self.tint.strays.get(self._session.slice):
                named = ", ".join(short[structure] for structure in outside)
                messages.append(
                    f"Strokes of a structure lie outside the ring of background: {named}. Erase "
                    "them or draw the ring round them."
                )
        self._panel.show_warnings(messages)

    def _show_enclosed(self, enclosed: NDArray[np.bool_], number: int) -> None:
        case = self._session.the_case()
        self._board.show_enclosed(enclosed, number, case, self._session.scheme)
        self._toggle_tint(self._panel.tint.isChecked())
        self._show_warnings()

    def _toggle_tint(self, shown: bool) -> None:
        layer = self._board.layer("enclosed")
        if layer is not None and layer.visible != shown:
            layer.visible = shown

    def allow(self) -> None:
        """Enable what can be pressed now; also when a mask was shown or is gone."""
        session, case = self._session, self._session.case
        reason = "open images first." if case is None else session.read_only
        masked = case is not None and case.prediction is not None
        self._panel.allow_drawing(reason, layer=self.pens.layer() is not None)
        shown = self._board.layer(PREDICTION) is not None
        unseen = TAKEN_OUT if masked else "there is no mask yet."
        self._panel.allow_correcting(reason or (None if shown else unseen))

    def _on_removed(self, role: str) -> None:
        if role == SCRIBBLES:
            self.watch.look()
            self.watch.follow(None)
            self._drawing = False
        self.pens.show()
        self.allow()
