"""Step 4 at work: masks on screen, what is accepted, what is exported.

Who changes a mask by hand has decided what the slice shall be: the slice counts as accepted, and no
later prediction changes it.  Taken back or not, work of the hand is replaced only if a person says
so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QFileDialog

from napari_scribblemix.data.from_mask import scribbles_from_mask
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.errors import ProjectError, ScribbleMixError
from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.review.questions import may_replace_corrections, with_consent
from napari_scribblemix.gui.scribble.control import DrawControl
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.masks import (
    Measures,
    export_mask,
    origin_of_case,
    plan_export,
    siblings,
)
from napari_scribblemix.gui.state.next_slice import most_doubtful, slice_doubts
from napari_scribblemix.gui.state.open_case import corrections_at_risk, decided_cases
from napari_scribblemix.gui.state.origins import describe_mask, describe_slice
from napari_scribblemix.gui.state.runs import list_runs, model_choices
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.train.control import TrainControl
from napari_scribblemix.gui.viewer.layers import PREDICTION, LayerBoard
from napari_scribblemix.gui.viewer.slice_on_screen import TAKEN_OUT
from napari_scribblemix.gui.viewer.strokes_watch import LabelsWatch

_OUTLINE = 1


def _set(layer: Any, name: str, value: object) -> None:
    """Set what differs: napari draws a layer anew even where nothing changed."""
    if getattr(layer, name) != value:
        setattr(layer, name, value)


class ReviewControl(QObject):
    """Between the review panel, the session and the mask layers."""

    def __init__(
        self,
        session: Session,
        board: LayerBoard,
        panel: ReviewPanel,
        draw: DrawControl,
        train: TrainControl,
    ) -> None:
        super().__init__(panel)
        self._session, self._board, self._panel = session, board, panel
        self._draw, self._train = draw, train
        self._busy: bool | None = None
        self._measures = Measures()
        self._before_volume: dict[str, frozenset[int]] = {}
        self.watch = LabelsWatch(self._take, self)
        panel.segment_wanted.connect(guarded(session, self.segment))
        panel.look_changed.connect(self._show_look)
        panel.uncertain_wanted.connect(guarded(session, self.go_to_uncertain))
        panel.accept_wanted.connect(guarded(session, self.toggle_slice))
        panel.accept_all_wanted.connect(guarded(session, self.toggle_volume))
        panel.take_wanted.connect(guarded(session, self.take_into_scribbles))
        panel.export_wanted.connect(guarded(session, self.export))
        session.leaving.connect(self.watch.look)
        session.project_changed.connect(self._on_project)
        session.case_changed.connect(self._on_case)
        session.slice_changed.connect(self._on_slice)
        session.masks_changed.connect(self._on_masks)
        session.run_changed.connect(self._on_run)
        session.cases_changed.connect(self._allow)
        board.removed.connect(self._on_removed)
        draw.pens.changed.connect(self.watch.look)
        draw.correcting.connect(lambda: panel.prediction.setChecked(True))
        board.view_changed.connect(self._allow)
        self._show_models()
        self._on_case()

    def close(self) -> None:
        """Hand the last correction over and stop the timer."""
        self.watch.look()
        self.watch.follow(None)

    # -- what the user presses --

    def segment(self, everything: bool = False) -> None:
        """Make the mask of the case on screen, or of all cases."""
        model = self._panel.chosen_model()
        if model is None:
            raise ProjectError("There is no model to segment with; train first.")
        session = self._session
        session.leaving.emit()
        case_ids = [record.id for record in session.the_project().cases]
        wanted = case_ids if everything else [session.the_case().id]
        at_risk = corrections_at_risk(session.the_project(), wanted)
        replace = may_replace_corrections(self._panel, at_risk) if at_risk else False
        if replace is not None:
            session.give_up(at_risk if replace else {})
            left = decided_cases(session.the_project(), wanted, corrections=not replace)
            if len(left) == len(wanted):
                where = wanted[0] if len(wanted) == 1 else "the project"
                session.told.emit(
                    "info",
                    f"All slices of {where} are accepted (or corrected); nothing was replaced.",
                )
                return
            open_cases = tuple(case_id for case_id in wanted if case_id not in left)
            cases = () if everything and not left else open_cases
            self._train.segment(model, cases, over_corrections=replace, left=len(left))

    def go_to_uncertain(self) -> None:
        """Show the slice the model is least sure of, those a person decided on left out."""
        case = self._session.the_case()
        if case.prediction is None or case.uncertainty is None:
            raise ProjectError(f"{case.id} has no uncertainty yet; train or segment first.")
        equal = [0] * self._session.scheme.classes
        doubts = slice_doubts(case.prediction, case.uncertainty, equal)
        number = most_doubtful(doubts, case.accepted | case.corrected)
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
        self._draw.replace_slice(number, scheme.to_viewer(strokes))
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

    def export(self, everything: bool = False) -> None:
        """Ask where, and write the masks there; what is there already only if the user says so."""
        project = self._session.the_project()
        self._session.leaving.emit()
        chosen = QFileDialog.getExistingDirectory(self._panel, "Folder for the masks")
        if not chosen:
            return
        ids = [record.id for record in project.cases] if everything else None
        planned = plan_export(project, ids or [self._session.the_case().id], Path(chosen))
        wanted = with_consent(self._panel, planned)
        for item in wanted:
            export_mask(project, item)
        if wanted:
            count = "1 mask was" if len(wanted) == 1 else f"{len(wanted)} masks were"
            self._session.told.emit("info", f"{count} written to {chosen}.")

    # -- what is shown --

    def _on_case(self) -> None:
        self.watch.follow(None)
        self._show_masks()
        self._draw.go_on_correcting()

    def _on_masks(self, case_id: str) -> None:
        case, project = self._session.case, self._session.project
        if case is None or project is None:
            return
        if case.id != case_id:
            if case_id in siblings(project, case.id):
                self._panel.show_measures(self._measures.of(project, case))
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
            self._draw.allow()
            self._panel.show_measures(self._measures.of(project, case))
        else:
            self._panel.show_measures(())
        self._on_slice()
        self._allow()

    def _show_look(self) -> None:
        layer = self._board.layer(PREDICTION)
        if layer is not None:
            _set(layer, "visible", self._panel.prediction.isChecked())
            # napari lets a layer that is shown again be edited, whatever it was before.
            _set(layer, "editable", self._session.writable)
            _set(layer, "contour", _OUTLINE if self._panel.outline.isChecked() else 0)
            _set(layer, "opacity", self._panel.opacity.value() / 100)
        if self._session.case is not None:
            shown = self._panel.uncertainty.isChecked()
            self._board.show_uncertainty(self._session.case, self._session.scheme, shown=shown)

    def _on_slice(self, _slice: int = 0) -> None:
        case = self._session.case
        if case is None or case.prediction is None:
            self._panel.show_origin((), starter=False)
        else:
            origin = origin_of_case(case)
            lines = (describe_mask(origin), describe_slice(origin, self._session.slice))
            self._panel.show_origin(lines, starter=any(m.starter for m in origin.unanswered))
        accepted = case.accepted if case is not None else frozenset()
        self._panel.show_accepted(accepted, self._session.slice, case.slices if case else 0)

    def _on_project(self) -> None:
        self._before_volume.clear()
        self._panel.forget_choice()
        self._show_models()

    def _show_models(self) -> None:
        project = self._session.project
        runs = [] if project is None else list_runs(project)
        self._panel.show_models(model_choices(runs))
        self._allow()

    def _on_run(self) -> None:
        # Models come and go with runs, not with every step of one.
        if self._busy is not self._session.run.busy:
            self._busy = self._session.run.busy
            self._show_models()

    def _allow(self) -> None:
        session, case = self._session, self._session.case
        reason = None if case is not None else "open images first."
        busy = "a training or segmentation is at work." if session.run.busy else None
        self._panel.allow_segmenting(reason or session.read_only or busy)
        masked = reason or (
            None if case is not None and case.prediction is not None else "there is no mask yet."
        )
        in_view = None if masked else self._slice_reason()
        self._panel.allow_review(masked, writable=session.read_only, in_view=in_view)
        any_mask = any(state.predicted for state in session.case_states())
        self._panel.allow_export_all(None if any_mask else "there is no mask yet.")

    def _on_removed(self, role: str) -> None:
        if role == PREDICTION:
            self.watch.look()
            self.watch.follow(None)
            self._allow()

    # -- corrections by hand --

    def _take(self, data: NDArray[np.uint8], slices: tuple[int, ...]) -> bool:
        session = self._session
        case, classes = session.the_case(), session.scheme.classes
        # The background pen means background here too; what has no meaning is left out.
        mask = np.where(data < classes, data, 0).astype(np.uint8)
        index = list(slices)
        if (mask[index] != data[index]).any():
            data[index] = mask[index]
            if (layer := self._board.layer(PREDICTION)) is not None:
                layer.refresh()
        if case.prediction is not None and (mask[index] == case.prediction[index]).all():
            return True
        try:
            session.correct(mask, slices)
        except ScribbleMixError as error:
            session.told.emit("error", f"The correction is not saved yet: {error}")
            return False
        return True
