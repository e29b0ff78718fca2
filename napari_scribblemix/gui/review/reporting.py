"""Reports from the window: of the patient on screen, or of all, one after the other.

Between two patients the window is alive and the work can be stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QFileDialog

from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError, ScribbleMixError
from napari_scribblemix.evaluation.cardiac import Chosen
from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.review.report_form import ReportForm
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.measures import siblings
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.widgets.questions import ask
from napari_scribblemix.gui.widgets.waiting import Waiting
from napari_scribblemix.project.apart import check_apart
from napari_scribblemix.project.chosen_phases import read_chosen_phases
from napari_scribblemix.project.mask_files import came_from_dicom
from napari_scribblemix.report.patient import PatientReport, Wishes
from napari_scribblemix.report.sources import Sources, project_sources
from napari_scribblemix.report.structured import StructuredReports
from napari_scribblemix.report.writing import files_there, write_report


def _of_dicom(sources: Sources) -> bool:
    try:
        return bool(sources.images) and all(map(came_from_dicom, sources.images))
    except FileError:  # where they come from is damaged: told where it is needed
        return False


class Reporting(QObject):
    """Between the panel's report buttons, the session and the files."""

    def __init__(self, session: Session, panel: ReviewPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self._work: Iterator[PatientReport] | None = None
        self._waiting: Waiting | None = None
        self._done, self._of, self._output = 0, 0, Path()
        self._failed: list[str] = []
        self._also: StructuredReports | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(guarded(session, self._next))
        panel.report_wanted.connect(guarded(session, self.report))

    def close(self) -> None:
        """Write no more."""
        self._end()

    def report(self, everything: bool = False) -> None:
        """Ask what is known and where to, and write; what is there only if the user says so."""
        session = self._session
        project, case = session.the_project(), session.the_case()
        # A correction in hand is part of the mask.
        session.leaving.emit()
        sources = project_sources(project, None if everything else siblings(project, case.id))
        said, structured = Wishes(), False
        if not everything:
            patient = next(iter(sources.patients))
            form = ReportForm(patient, self._panel, dicom=_of_dicom(sources))
            try:
                if not form.exec():
                    return
                said, structured = form.wishes(), form.structured.isChecked()
            finally:
                form.deleteLater()
        chosen = QFileDialog.getExistingDirectory(self._panel, "Folder for the report")
        if not chosen:
            return
        output = Path(chosen)
        check_apart(output, sources.images)
        self._also = StructuredReports(output) if structured else None
        there = files_there(output, list(sources.patients), self._also)
        if there and not ask(
            self._panel,
            "Replace reports?",
            f"{counted(len(there), 'file')} of the report is there already ({there[0].name}). "
            "Replace what is there?",
        ):
            return
        kept = read_chosen_phases(project)
        wishes = {
            name: replace(said, chosen=Chosen(kept[name].ed, kept[name].es))
            if name in kept
            else said
            for name in sources.patients
        }
        self._start(sources, output, wishes)

    def _start(self, sources: Sources, output: Path, wishes: dict[str, Wishes]) -> None:
        self._end()
        self._done, self._of, self._output = 0, len(sources.patients), output
        self._failed = []
        self._work = write_report(sources, output, wishes, self._on_failed, self._also)
        if self._of > 1:
            words, window = "Writing reports…", self._panel.window()
            self._waiting = Waiting("Reports", words, window, self._stop)
        self._timer.start()

    def _on_failed(self, patient: str, error: ScribbleMixError) -> None:
        self._failed.append(f"{patient} is left out: {error}")

    def _next(self) -> None:
        if self._work is None:
            self._timer.stop()
            return
        try:
            report = next(self._work, None)
        except ScribbleMixError:
            self._end()
            raise
        if report is None:
            self._end()
            self._tell()
            return
        self._done += 1
        if self._waiting is not None:
            self._waiting.tell(self._done, self._of)

    def _stop(self) -> None:
        self._end()
        self._session.told.emit(
            "warning", f"Stopped after {counted(self._done, 'report')}; no table was written."
        )

    def _tell(self) -> None:
        if self._done:
            words = f"{counted(self._done, 'report')} and measures.csv were written to"
            self._session.told.emit("info", f"{words} {self._output}.")
        if self._also is not None and self._also.told:
            self._session.told.emit("warning", " ".join(self._also.told))
        if self._failed:
            more = f" (and {len(self._failed) - 1} more)" if len(self._failed) > 1 else ""
            self._session.told.emit("warning", self._failed[0] + more)

    def _end(self) -> None:
        self._timer.stop()
        self._work = None
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.take_away()
