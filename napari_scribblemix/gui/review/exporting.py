"""Exporting at work: asks where to, and writes the masks, in a thread beside the window.

Only one mask for another program is written at once: a DICOM segmentation looks its images up
again, which may be hundreds of files, and a project may have hundreds of masks.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QFileDialog

from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.gui.review.export import Planned, export_mask, plan_export
from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.review.questions import with_consent
from napari_scribblemix.gui.state.background import Background, Step
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.widgets.waiting import Waiting
from napari_scribblemix.project.mask_files import MaskWriter, came_from_dicom

_NO_DICOM = "the case does not come from DICOM files, which a DICOM segmentation must name."


class Exporting(QObject):
    """What the export buttons do, and which formats there are for the case on screen."""

    def __init__(self, session: Session, panel: ReviewPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self._work: Background | None = None
        self._waiting: Waiting | None = None
        panel.export_wanted.connect(guarded(session, self.export))
        session.case_changed.connect(self._on_case)
        self._on_case()

    def close(self) -> None:
        """Stop after the mask at work; those written stay."""
        work, self._work = self._work, None
        if work is not None:
            work.close()
        self._stop_waiting()

    def export(self, everything: bool = False) -> None:
        """Ask where, and write the masks there; what is there already only if the user says so."""
        project = self._session.the_project()
        if self._work is not None:
            raise ProjectError("Masks are being exported already; wait, or cancel that.")
        self._session.leaving.emit()
        chosen = QFileDialog.getExistingDirectory(self._panel, "Folder for the masks")
        if not chosen:
            return
        form = self._panel.chosen_format()
        writer = MaskWriter(form)
        ids = [record.id for record in project.cases] if everything else None
        planned = plan_export(project, ids or [self._session.the_case().id], Path(chosen), writer)
        wanted = with_consent(self._panel, planned)
        if wanted and (form == "dicom-seg" or len(wanted) > 1):
            self._begin(wanted, writer)
        else:
            self._tell(wanted, _write(wanted, writer))

    def _begin(self, wanted: list[Planned], writer: MaskWriter) -> None:
        work = Background(partial(_write, wanted, writer), self)
        waiting = Waiting(
            "Export", "Writing masks…", self._panel.window(), partial(self._stop, work)
        )
        work.progressed.connect(waiting.tell)
        work.done.connect(partial(self._tell, wanted))
        work.failed.connect(lambda words: self._session.told.emit("error", words))
        work.ended.connect(self._over)
        self._work, self._waiting = work, waiting
        work.start()

    def _stop(self, work: Background) -> None:
        # The mask at work is still written: how many there are is known at the end.
        work.ended.connect(partial(self._tell_stopped, work))
        work.end()

    def _tell_stopped(self, work: Background) -> None:
        done = work.reached
        stays = "it stays" if done == 1 else "they stay" if done else "nothing was written"
        words = f"Stopped exporting after {counted(done, 'mask')}; {stays}."
        self._session.told.emit("warning", words)

    def _over(self) -> None:
        work, self._work = self._work, None
        self._stop_waiting()
        if work is not None:
            work.deleteLater()

    def _stop_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.take_away()

    def _tell(self, wanted: list[Planned], notes: tuple[str, ...]) -> None:
        if not wanted:  # everything was there already, and stays
            return
        count = "1 mask was" if len(wanted) == 1 else f"{len(wanted)} masks were"
        words = f"{count} written to {wanted[0].path.parent}."
        if notes:
            self._session.told.emit("warning", " ".join([words, *notes]))
        else:
            self._session.told.emit("info", words)

    def _on_case(self) -> None:
        case, project = self._session.case, self._session.project
        if case is None or project is None:
            return
        self._panel.allow_dicom(None if _is_from_dicom(project.image_path(case.id)) else _NO_DICOM)


def _is_from_dicom(image: Path) -> bool:
    try:
        return came_from_dicom(image)
    except FileError:  # told when one exports
        return True


def _write(wanted: list[Planned], writer: MaskWriter, step: Step | None = None) -> tuple[str, ...]:
    """Write the masks; what is to be told of them, once each."""
    notes: dict[str, None] = {}
    for done, item in enumerate(wanted):
        if step is not None:
            step(done, len(wanted))
        notes.update(dict.fromkeys(export_mask(item, writer)))
    if step is not None:
        step(len(wanted), len(wanted))
    return tuple(notes)
