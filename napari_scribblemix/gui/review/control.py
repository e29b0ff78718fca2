"""Step 4 at work: masks on screen, what is accepted, what is exported.

Who changes a mask by hand has decided what the slice shall be: the slice counts as accepted, and no
later prediction changes it.  Taken back or not, work of the hand is replaced only if a person says
so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_scribblemix.data.from_mask import scribbles_from_mask
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.review.corrections import take_correction
from napari_scribblemix.gui.review.exporting import Exporting
from napari_scribblemix.gui.review.mask_look import show_look, show_outline
from napari_scribblemix.gui.review.measuring import Measuring
from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.review.reporting import Reporting
from napari_scribblemix.gui.review.segmenting import Segmenting, Start
from napari_scribblemix.gui.review.slice_strip import strip_of
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.measures import origin_of_case
from napari_scribblemix.gui.state.next_slice import least_sure
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.layers import PREDICTION, LayerBoard
from napari_scribblemix.gui.viewer.slice_on_screen import COVERED, TAKEN_OUT
from napari_scribblemix.gui.viewer.strokes_watch import LabelsWatch
from napari_scribblemix.project.patients import same_heart
from napari_scribblemix.project.provenance import describe_mask, describe_slice


class ReviewControl(QObject):
    """Between the review panel, the session and the mask layers."""

    mask_shown = Signal()
    """The mask of the case is on screen as it is now; of another case or of the same."""
    case_shown = Signal()
    """Another case is on screen with its mask, if it has one."""

    def __init__(
        self,
        session: Session,
        board: LayerBoard,
        panel: ReviewPanel,
        *,
        replace_slice: Callable[[int, NDArray[np.uint8]], None],
        start: Start,
        stop: Callable[[], None],
    ) -> None:
        """``replace_slice`` draws strokes, as viewer values (Y, X), over a slice (from 0)."""
        super().__init__(panel)
        self._session, self._board, self._panel = session, board, panel
        self._replace_slice = replace_slice
        self._before_volume: dict[str, frozenset[int]] = {}
        self._blinking = False
        self.watch = LabelsWatch(partial(take_correction, session, board), self)
        self.segmenting = Segmenting(session, panel, start, stop)
        self.exporting = Exporting(session, panel)
        self.measuring = Measuring(session, panel)
        self.reporting = Reporting(session, panel)
        panel.look_changed.connect(self._show_look)
        panel.uncertain_wanted.connect(guarded(session, self.go_to_uncertain))
        panel.strip.slice_wanted.connect(board.go_to_slice)
        panel.accept_wanted.connect(guarded(session, self.toggle_slice))
        panel.accept_all_wanted.connect(guarded(session, self.toggle_volume))
        panel.take_wanted.connect(guarded(session, self.take_into_scribbles))
        session.leaving.connect(self.watch.look)
        session.mask_leaving.connect(self.watch.look)
        session.project_changed.connect(self._on_project)
        session.case_changed.connect(self._on_case)
        session.slice_changed.connect(self._on_slice)
        session.masks_changed.connect(self._on_masks)
        session.cases_changed.connect(self._allow)
        board.removed.connect(self._on_removed)
        board.view_changed.connect(self._allow)
        board.zoomed.connect(lambda: show_outline(board, panel))
        self._on_case()

    def close(self) -> None:
        """Hand the last correction over and stop the timer."""
        self.exporting.close()
        self.watch.look()
        self.watch.follow(None)
        self.reporting.close()
        self._panel.job.close_job()
        self._panel.cycle.close_plot()

    # -- what the user presses --

    def go_to_uncertain(self) -> None:
        """Show the slice with the worst mask, probably; those a person decided on are left out."""
        case = self._session.the_case()
        if case.prediction is None:
            raise ProjectError(f"{case.id} has no mask yet; train or segment first.")
        number = least_sure(case, case.accepted | case.corrected, self._session.scheme.classes)
        if number is None:
            self._session.told.emit("info", "No slice is left in doubt.")
        else:
            self._board.go_to_slice(number)

    def toggle_slice(self) -> None:
        """Accept the slice on screen, or take that back."""
        number = self._slice_on_screen()
        if number in self._session.the_case().accepted:
            self._session.withdraw((number,))
        else:
            self._session.accept((number,))

    def toggle_volume(self) -> None:
        """Accept all slices, or take that back as a whole."""
        case = self._session.the_case()
        if self._board.covered:
            raise ProjectError(f"{case.id} is not on screen: {COVERED}")
        whole = frozenset(range(case.slices))
        if case.accepted == whole:
            # Slices that were accepted one by one before stay so.
            self._session.withdraw(whole - self._before_volume.get(case.id, frozenset()))
            self._before_volume.pop(case.id, None)
        else:
            before = case.accepted
            self._session.accept(whole)
            self._before_volume[case.id] = before

    def take_into_scribbles(self) -> None:
        """Make strokes of the slice on screen of its mask."""
        case, scheme = self._session.the_case(), self._session.scheme
        if case.prediction is None:
            raise ProjectError(f"{case.id} has no prediction yet; train or segment first.")
        number = self._slice_on_screen()
        row_mm, column_mm = case.image.geometry.spacing[1:]
        strokes = scribbles_from_mask(case.prediction[number], (row_mm, column_mm))
        if (strokes == UNLABELLED).all():
            raise ProjectError(
                f"The mask has no structure in slice {number} (counted from 0); there is nothing "
                "to take: choose another slice."
            )
        before = case.scribble[number].copy()
        self._replace_slice(number, scheme.to_viewer(strokes))
        if (before != UNLABELLED).any() and not np.array_equal(before, strokes):
            self._session.told.emit(
                "info", f"The strokes of slice {number} were replaced; Undo brings them back."
            )

    def _slice_reason(self) -> str | None:
        """Why no single slice and its mask are on screen, to which something could be done."""
        if self._board.layer(PREDICTION) is None:
            return TAKEN_OUT
        found = self._board.slice_on_screen()
        return found if isinstance(found, str) else None

    def _slice_on_screen(self) -> int:
        """The slice a button acts on; asked anew, the layers may have been moved meanwhile."""
        found = self._slice_reason() or self._board.slice_on_screen()
        if isinstance(found, str):
            raise ProjectError(f"No single slice of the case is on screen: {found}")
        return found

    # -- what is shown --

    def show_prediction(self) -> None:
        """The mask is drawn on from now on, so it must be seen."""
        self._panel.prediction.setChecked(True)

    def blink(self, *, off: bool) -> None:
        """Take the mask from the image for a moment, or bring it back."""
        if off is not self._blinking:
            self._blinking = off
            self._show_look()

    def _on_case(self) -> None:
        self.watch.follow(None)
        self._show_masks()
        self.case_shown.emit()

    def _on_masks(self, case_id: str) -> None:
        case = self._session.case
        if case is None:
            return
        if case.id != case_id:
            # Also one whose mask was just forgotten.
            if same_heart(case.id, case_id):
                self.measuring.show()
        # A correction that could not be saved yet is not to be painted over.
        elif self.watch.look():
            self._show_masks()

    def _show_masks(self) -> None:
        case, project = self._session.case, self._session.project
        if case is not None and project is not None:
            self._board.show_mask(case, self._session.scheme)
            layer = self._board.layer(PREDICTION)
            if layer is not None:
                layer.editable = self._session.writable
            self.watch.follow(layer)
            self.watch.reset()
            self._show_look()
            self.mask_shown.emit()
        self.measuring.show()
        self._on_slice()
        self._allow()

    def _show_look(self) -> None:
        show_look(self._session, self._board, self._panel, blinking=self._blinking)

    def _on_slice(self, _slice: int = 0) -> None:
        case = self._session.case
        if case is None or case.prediction is None:
            self._panel.show_origin((), starter=False)
        else:
            origin = origin_of_case(case)
            lines = (describe_mask(origin), describe_slice(origin, self._session.slice))
            self._panel.show_origin(lines, starter=any(m.starter for m in origin.unanswered))
        self._panel.show_quality(strip_of(case, self._session.slice))
        accepted = case.accepted if case is not None else frozenset()
        self._panel.show_accepted(accepted, self._session.slice, case.slices if case else 0)

    def _on_project(self) -> None:
        self._before_volume.clear()
        self._allow()

    def _allow(self) -> None:
        session, case = self._session, self._session.case
        reason = None if case is not None else "open images first."
        masked = reason or (
            None if case is not None and case.prediction is not None else "there is no mask yet."
        )
        in_view = None if masked else self._slice_reason()
        covered = COVERED if self._board.covered else None
        writable = session.read_only
        self._panel.allow_review(masked, writable=writable, in_view=in_view, covered=covered)
        self._panel.allow_export_all(None if session.has_masks() else "there is no mask yet.")

    def _on_removed(self, role: str) -> None:
        if role == PREDICTION:
            self.watch.look()
            self.watch.follow(None)
            self._allow()
