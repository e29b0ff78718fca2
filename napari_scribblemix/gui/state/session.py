"""The state of the plugin: which project and case are open, what is drawn, what is trained.

The one place in this process where state is kept and changed; whatever lasts is in the project
folder.  It tells of changes by signals and knows no view, so it is tested without a window.
Errors of the user's making are raised as everywhere; what is only to be said goes to ``told``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from psygnal import Signal

from napari_scribblemix import events as ev
from napari_scribblemix.data.labels import CARDIAC, UNLABELLED, LabelScheme
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.state.case_states import CaseState, CaseStates
from napari_scribblemix.gui.state.gains import gain
from napari_scribblemix.gui.state.measures import Measures
from napari_scribblemix.gui.state.open_case import Labels, OpenCase, read_case, read_masks
from napari_scribblemix.gui.state.reviews import GivenUp, keep_correction, keep_review
from napari_scribblemix.gui.state.run_curves import CurveData, curves_of
from napari_scribblemix.gui.state.run_state import Phase, RunState, after
from napari_scribblemix.gui.state.runs import read_events, trained_cases
from napari_scribblemix.project.project import Project


class Session:
    """See the module.  ``project`` and ``case`` are ``None`` until something is opened."""

    leaving = Signal()
    """The open case is about to be replaced: who holds something hands it over."""
    mask_leaving = Signal()
    """The mask of the open case is about to be replaced: who changed it hands that over."""
    project_changed = Signal()
    cases_changed = Signal()
    case_changed = Signal()
    slice_changed = Signal(int)
    scribble_changed = Signal(tuple)
    strokes_saved = Signal(str)
    masks_changed = Signal(str)
    run_changed = Signal()
    told = Signal(str, str)

    def __init__(self) -> None:
        self.project: Project | None = None
        self.case: OpenCase | None = None
        self.slice = 0
        self.phases: tuple[str, str] | None = None
        """The cases of end-diastole and end-systole among the patient's frames, where known."""
        self.run = RunState()
        self.measures = Measures()
        self.trained: frozenset[str] = frozenset()
        self._states = CaseStates()
        self._given_up = GivenUp({})

    @property
    def scheme(self) -> LabelScheme:
        """The classes of the project."""
        return CARDIAC if self.project is None else self.project.labels

    @property
    def writable(self) -> bool:
        """Whether strokes can be kept."""
        return self.project is not None and self.project.writable

    @property
    def read_only(self) -> str | None:
        """Why nothing of the open project may be changed here, to be put behind "Not now:"."""
        if self.project is None or self.project.writable:
            return None
        return f"the project is read-only: {self.project.read_only_reason}"

    def the_project(self) -> Project:
        """The open project; ``ProjectError`` if there is none."""
        if self.project is None:
            raise ProjectError("No project is open; open images first.")
        return self.project

    def the_case(self) -> OpenCase:
        """The case on screen; ``ProjectError`` if there is none."""
        if self.case is None:
            raise ProjectError("No case is open; open images and choose one of the list.")
        return self.case

    # -- project and case --

    def use_project(self, project: Project) -> None:
        """Show ``project`` in place of the one before, whose strokes are saved first."""
        self.close_project()
        self.project = project
        self.run = RunState()
        self.project_changed.emit()
        self.cases_changed.emit()
        for note in project.notes:
            self.told.emit("warning", note)
        if project.read_only_reason:
            self.told.emit("warning", f"Opened read-only: {project.read_only_reason}")

    def close_project(self) -> None:
        """Save the strokes and give the project back."""
        if self.project is None:
            return
        self.close_case()
        self.project.close()
        self.project, self.trained = None, frozenset()
        self.project_changed.emit()
        self.cases_changed.emit()

    def open_case(self, case_id: str) -> None:
        """Show another case; errors as the readers raise them, and then nothing changes."""
        project = self.the_project()
        # A case that is opened again must find its own last strokes on the disk.
        self.leaving.emit()
        self.fold()
        case = read_case(project, case_id)
        self.case = case
        self.slice = min(self.slice, case.slices - 1) if self.slice else case.slices // 2
        self.case_changed.emit()
        if case.recovered and project.writable:
            # No number: a stroke reaches the disk in several pieces.
            self.told.emit("info", f"Unsaved strokes on {case_id} were found and brought back.")
        if case.warnings:
            self.told.emit("warning", f"{case_id}: {' '.join(case.warnings)}")

    def close_case(self) -> None:
        """Save the strokes of the case and show none."""
        self.leaving.emit()
        self.fold()
        if self.case is not None:
            self.case = None
            self.case_changed.emit()

    def show_slice(self, number: int) -> None:
        """The viewer shows another slice (from 0)."""
        if self.case is not None and number != self.slice and 0 <= number < self.case.slices:
            self.slice = number
            self.slice_changed.emit(number)

    def case_states(self) -> list[CaseState]:
        """Every case of the project, sorted by name."""
        if self.project is None:
            return []
        return self._states.of(self.project, self.case, self.trained)

    def case_state(self, case_id: str) -> CaseState:
        """How far one case of the open project has come."""
        return self._states.of_case(self.the_project(), case_id, self.case, self.trained)

    def any_labelled(self) -> bool:
        """Whether there is something to train on."""
        project = self.project
        return project is not None and self._states.any_labelled(project, self.case)

    def has_masks(self) -> bool:
        """Whether any case of the project has a mask."""
        case, project = self.case, self.project
        if project is None:
            return False
        # Asked at each slice: that of the case on screen needs no look at the disk.
        return (case is not None and case.prediction is not None) or any(
            project.prediction_path(record.id).is_file() for record in project.cases
        )

    # -- strokes --

    def take_scribble(self, scribble: Labels, slices: tuple[int, ...]) -> None:
        """The strokes are now ``scribble``; only ``slices`` differ. On the disk on return."""
        project, case = self.the_project(), self.the_case()
        before = (case.scribble != UNLABELLED).any()
        project.record_stroke(case.id, case.scribble, scribble)
        case.scribble = scribble
        self.scribble_changed.emit(slices)
        self.strokes_saved.emit(case.id)
        if before != (scribble != UNLABELLED).any():
            self.cases_changed.emit()

    def fold(self) -> None:
        """Put the strokes of the journal into the scribble file."""
        project, case = self.project, self.case
        if project is None or case is None or not project.writable:
            return
        if project.journal_path(case.id).is_file():
            project.write_scribble(case.id, case.scribble, case.image.geometry)
            self.cases_changed.emit()

    # -- masks and reviews --

    def reread_masks(self, case_id: str) -> None:
        """A prediction was written: show it, what a person accepted or corrected aside."""
        project = self.the_project()
        if self.case is not None and self.case.id == case_id:
            # A correction that nobody has seen yet is not to be lost.
            self.mask_leaving.emit()
            read_masks(project, self.case)
        self.masks_changed.emit(case_id)

    def accept(self, slices: Collection[int]) -> None:
        """Keep the prediction of ``slices`` of the open case, whatever is predicted later."""
        case = self.the_case()
        if case.prediction is None:
            raise ProjectError(f"{case.id} has no prediction to accept; train or segment first.")
        self._review(case.accepted | set(slices))

    def withdraw(self, slices: Collection[int]) -> None:
        """Let ``slices`` be predicted again, those aside that were corrected by hand."""
        self._review(self.the_case().accepted - set(slices))

    def correct(self, mask: Labels, slices: Collection[int]) -> None:
        """The reader changed ``slices`` of the mask (Z, Y, X) by hand: theirs now, so accepted.

        Who undoes a correction takes back that it was accepted.
        """
        case = self.the_case()
        keep_correction(self.the_project(), case, mask, slices)
        self._given_up.keep(case.id, slices)
        self._tell_review()

    def give_up(self, corrections: Mapping[str, frozenset[int]]) -> None:
        """The person lets these go: what is segmented next may take their place."""
        self._given_up = GivenUp(corrections)

    def _review(self, accepted: frozenset[int]) -> None:
        case = self.the_case()
        keep_review(self.the_project(), case, accepted, case.prediction)
        self._tell_review()

    def _tell_review(self) -> None:
        case_id = self.the_case().id
        self.masks_changed.emit(case_id)
        self.strokes_saved.emit(case_id)
        self.cases_changed.emit()

    # -- the child process --

    def begin(self, phase: Phase, run: Path | None, words: str, also: str = "") -> None:
        """A child process was started; a run that goes on shows its curves from the start.

        ``also`` is said at the end of a segmentation.
        """
        curves = CurveData() if run is None else curves_of(read_events(run))
        segmenting = phase is Phase.SEGMENTING
        self.run = RunState(phase, segmenting, run, words=words, curves=curves, also=also)
        self.run_changed.emit()

    def enter(self, phase: Phase, words: str) -> None:
        """The child process was told something."""
        self.run = replace(self.run, phase=phase, words=words)
        self.run_changed.emit()

    def follow(self, event: ev.Event) -> None:
        """Take note of what the child process tells."""
        self.run = after(self.run, event)
        if isinstance(event, ev.Started):
            earlier = event.step and self.project and self.run.run
            known = trained_cases(self.the_project(), earlier) if earlier else frozenset()
            self.trained = known | set(event.scribbled)
            self.cases_changed.emit()
        elif isinstance(event, ev.ScribblesTaken) and event.case not in self.trained:
            self.trained |= {event.case}
            self.cases_changed.emit()
        elif isinstance(event, ev.Preview | ev.Segmented):
            if isinstance(event, ev.Segmented):
                self._given_up.forget_replaced(self.the_project(), self.case, event)
            fresh = self.case is None or self.case.id != event.case or self.case.prediction is None
            before = None if fresh or self.case is None else self.case.prediction
            self.reread_masks(event.case)
            if isinstance(event, ev.Preview) and self.case and self.case.id == event.case:
                self.run = replace(self.run, seen=gain(before, self.case).words)
            if fresh:
                self.cases_changed.emit()
        self.run_changed.emit()

    def end(self, sentence: str, *, failed: bool) -> None:
        """The child process is gone."""
        self.run = replace(self.run, phase=Phase.IDLE, eta=None, words=sentence)
        self.run_changed.emit()
        self.cases_changed.emit()
        self.told.emit("error" if failed else "info", sentence)
