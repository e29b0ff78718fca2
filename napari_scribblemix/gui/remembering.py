"""Leaves a project's view in it, and takes it up again: sections, time, threads, case, slice.

Case and slice are taken up by step 1, which opens the case.
"""

from __future__ import annotations

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.gui.state.last_view import LastView, read_view, write_view
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.train.panel import TrainPanel
from napari_scribblemix.gui.widgets.section import Section


class Remembering(QObject):
    """Between the session, the fields of the training and the sections within ``panel``."""

    def __init__(self, session: Session, train: TrainPanel, panel: QWidget) -> None:
        super().__init__(panel)
        self._session, self._train, self._panel = session, train, panel
        self._kept: LastView | None = None
        session.project_changed.connect(self._take_up)
        # Before a case, and so a project, is left; and once another is on screen.
        session.leaving.connect(self._leave)
        session.case_changed.connect(self._leave)

    def _sections(self) -> dict[str, Section]:
        return {section.title: section for section in self._panel.findChildren(Section)}

    def _take_up(self) -> None:
        project = self._session.project
        self._kept = None if project is None else read_view(project)
        if self._kept is None:
            return
        self._train.form.set_value("time", self._kept.time)
        self._train.more.set_value("threads", self._kept.threads)
        for title, section in self._sections().items():
            if title in self._kept.sections:
                section.unfold(self._kept.sections[title])

    def _leave(self) -> None:
        session = self._session
        if session.project is None or session.case is None:
            return
        try:
            time, threads = self._train.form.value("time"), self._train.more.value("threads")
        except SettingsError:
            return
        view = LastView(
            case=session.case.id,
            slice=session.slice,
            time=time,
            threads=threads,
            sections={title: s.isExpanded() for title, s in self._sections().items()},
        )
        if view != self._kept:
            self._kept = view
            write_view(session.project, view)
