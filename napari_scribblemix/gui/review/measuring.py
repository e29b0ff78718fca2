"""What the masks measure, shown in step 4; which frames are end-diastole and end-systole."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.measures import Found
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.project.chosen_phases import ChosenPhases, write_chosen_phases


class Measuring(QObject):
    """Between the session's case and the measures in the panel."""

    frame_wanted = Signal(str)
    """The case of a frame that a person clicked in the curve."""

    def __init__(self, session: Session, panel: ReviewPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self._found = Found()
        panel.cycle.chosen.connect(guarded(session, self.choose))
        panel.cycle.frame_wanted.connect(self.frame_wanted)

    def show(self) -> None:
        """Measure the case on screen and its other phases, as they are now."""
        case, project = self._session.case, self._session.project
        self._found = Found()
        if case is not None and project is not None:
            self._found = self._session.measures.look(project, case)
        cycle = self._found.cycle
        self._session.phases = (
            None if cycle is None else (cycle.cases[cycle.ed], cycle.cases[cycle.es])
        )
        scheme = self._session.scheme
        self._panel.show_measures(self._found.lines)
        self._panel.cycle.show_cycle(
            self._found.cycle,
            dict(zip(scheme.names, scheme.colours, strict=True)),
            read_only=self._session.read_only,
        )

    def choose(self, chosen: ChosenPhases) -> None:
        """Keep the frames that a person takes for the phases of the patient on screen."""
        if self._found.cycle is None:
            return
        try:
            write_chosen_phases(self._session.the_project(), self._found.cycle.patient, chosen)
        finally:
            self.show()
