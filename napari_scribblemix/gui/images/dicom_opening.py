"""Opening DICOM: look through the files, ask what is meant, make working copies, hand them on.

Files are read and written in a thread beside the window (``Background``), with a small window that
tells how far it is and ends it.  The DICOM files stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_scribblemix.data.dicom.contents import Contents
from napari_scribblemix.data.dicom.needed import require
from napari_scribblemix.data.dicom.stacks import find_stacks, no_stack
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.images.dicom_chooser import Choice, DicomChooser
from napari_scribblemix.gui.images.dicom_places import place_of, suggested_name
from napari_scribblemix.gui.state import opening, preferences
from napari_scribblemix.gui.state.background import Background, Step
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.widgets.waiting import Waiting
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.copy_sources import IMAGES, Source
from napari_scribblemix.project.mended_copies import broken_copies, mend_copies
from napari_scribblemix.project.project import PROJECT_SUFFIX
from napari_scribblemix.project.working_copies import unpack

# napari hands dropped files over one by one, each within this time on a busy machine.
_GATHER_MS = 400


class DicomOpening(QObject):
    """``open`` to the end of the way: ``add`` is called with the cases and their project."""

    def __init__(
        self, session: Session, panel: QWidget, add: Callable[[opening.Wanted], None]
    ) -> None:
        super().__init__(panel)
        self._session, self._panel, self._add = session, panel, add
        self._source: Source = ()
        self._gathered: dict[Path, None] = {}
        self._dropped: dict[Path, None] = {}
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(_GATHER_MS)
        self._gathering.timeout.connect(guarded(session, self._open_gathered))
        self._work: Background | None = None
        self._waiting: Waiting | None = None
        self.chooser: DicomChooser | None = None

    @property
    def busy(self) -> bool:
        """Whether a study is being opened."""
        return self._work is not None or self.chooser is not None

    def gather(self, paths: Sequence[Path]) -> None:
        """Open ``paths``, together with what else comes in the next moment.

        What comes while those before are still looked through or asked about belongs to them.
        """
        self._gathered.update(dict.fromkeys(paths))
        self._gathering.start()

    def open(self, source: Source) -> None:
        """Look through a folder, a disc or files, and ask which stacks are meant.

        ``FileError`` without the extra ``dicom``; ``ProjectError`` if something else is at work.
        """
        require()
        if self.busy:
            raise ProjectError("A DICOM study is being opened already; finish or cancel that one.")
        if self._session.run.busy:
            raise ProjectError("A training is at work on this project; stop it first.")
        self._source, self._dropped = source, {}
        self._begin("Looking through the DICOM files…", self._find, self._choose)

    def mend(self, project: Path, then: Callable[[], None]) -> None:
        """Make the working copies of a project again that are gone or damaged, then go on.

        At once where there is none.  ``ProjectError`` if something else is at work.
        """
        if not broken_copies(project / IMAGES):
            then()
            return
        if self.busy:
            raise ProjectError("A DICOM study is being opened already; finish or cancel that one.")

        def told(lines: tuple[str, ...]) -> None:
            try:
                then()
            finally:
                self._session.told.emit("warning", " ".join(lines))

        work = partial(mend_copies, project / IMAGES)
        self._dropped = {}
        self._begin("Making working copies again…", work, told)

    def close(self) -> None:
        """End whatever is at work, and ask nothing any more."""
        self._gathering.stop()
        if self.chooser is not None:
            self.chooser.reject()
        work, self._work = self._work, None
        if work is not None:
            work.close()
        self._stop_waiting()

    def _open_gathered(self) -> None:
        if self._dropped and self.busy:
            if self.chooser is not None:
                self.chooser.reject()
            elif self._work is not None:
                self._work.end()
                # Until its thread has noticed.
                self._gathering.start()
                return
        else:
            self._dropped = {}
        paths, self._gathered = {**self._dropped, **self._gathered}, {}
        if paths:
            self.open(next(iter(paths)) if len(paths) == 1 else list(paths))
            self._dropped = paths

    # -- beside the window --

    def _begin(self, words: str, work: Callable[[Step], object], then: Callable[..., None]) -> None:
        at_work = Background(work, self)
        waiting = Waiting("Open DICOM", words, self._panel.window(), at_work.end)
        at_work.progressed.connect(waiting.tell)
        at_work.failed.connect(lambda told: self._session.told.emit("error", told))
        at_work.done.connect(partial(self._over, at_work, guarded(self._session, then)))
        at_work.ended.connect(partial(self._over, at_work, None))
        self._work, self._waiting = at_work, waiting
        at_work.start()

    def _over(
        self, work: Background, then: Callable[..., None] | None, result: object = None
    ) -> None:
        if self._work is work:
            self._work = None
            self._stop_waiting()
            work.deleteLater()
        if then is not None:
            then(result)

    def _stop_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.take_away()

    def _find(self, step: Step) -> Contents:
        return find_stacks(self._source, step)

    # -- what is asked --

    def _choose(self, contents: Contents) -> None:
        if not contents.stacks:
            raise no_stack(contents, self._source)
        name = suggested_name(self._source, place_of(self._source, preferences.projects_folder()))
        self.chooser = DicomChooser(contents, name, self._panel.window())
        self.chooser.finished.connect(self._chosen)
        self.chooser.open()

    def _chosen(self, accepted: int) -> None:
        chooser, self.chooser = self.chooser, None
        if chooser is None:
            return
        choice = chooser.choice()
        chooser.deleteLater()
        if accepted:
            # What is dropped from now on is another study.
            self._dropped = {}
            place = place_of(self._source, preferences.projects_folder())
            project = place / f"{choice.name}{PROJECT_SUFFIX}"
            self._begin(
                "Reading the images…",
                lambda step: _copies(self._source, choice, project, step),
                self._add,
            )


def _copies(source: Source, choice: Choice, project: Path, step: Step) -> opening.Wanted:
    """Working copies of what was chosen, in the folder of the project, as cases of it."""
    studies = sorted({stack.study for stack in choice.stacks})
    cases: list[CaseFiles] = []
    notes: list[str] = []
    for done, stack in enumerate(choice.stacks):
        step(done, len(choice.stacks))
        name = choice.name if len(studies) == 1 else f"{choice.name}{stack.study:02d}"
        (copy,) = unpack(
            source, project / IMAGES, [stack], name=name, uneven=choice.uneven, body=choice.body
        )
        cases.append(CaseFiles(copy.id, copy.path))
        notes += [f"{copy.id}: {copy.stack.uneven}"] if copy.stack.uneven else []
        notes += [copy.note] if copy.note else []
    return opening.Wanted(project, tuple(cases), tuple(notes))
