"""What is told: in the panel's first lines, what is wrong also as napari's notification.

A sentence is taken away when it no longer applies: once another case or project is on screen, work
begins or a stroke was drawn, but never before there was time to read it.
"""

from __future__ import annotations

from napari.utils.notifications import show_error, show_warning
from qtpy.QtCore import QElapsedTimer, QObject, QTimer

from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.widgets.controls import say
from napari_scribblemix.gui.widgets.lines import Lines
from napari_scribblemix.gui.widgets.panel_style import TONES
from napari_scribblemix.gui.widgets.plain import plain

READ_IN = 4000
"""Milliseconds in which a sentence can be read."""

_NEWS_FOR = 60_000
"""Milliseconds after which what is no warning is no news any more."""


class Telling(QObject):
    """Between the session and the lines at the top of the panel."""

    def __init__(self, session: Session, message: Lines) -> None:
        super().__init__(message)
        self._session, self._message, self._level = session, message, ""
        self._busy, self._case = False, session.case
        self._age = QElapsedTimer()
        self._old = QTimer(self)
        self._old.setSingleShot(True)
        self._old.setInterval(_NEWS_FOR)
        self._old.timeout.connect(lambda: say(message, ""))
        session.told.connect(self._tell)
        session.project_changed.connect(self._elsewhere)
        session.case_changed.connect(self._on_case)
        session.strokes_saved.connect(self._on_strokes)
        session.run_changed.connect(self._on_run)

    def close(self) -> None:
        """Stop the timer."""
        self._old.stop()

    def _tell(self, level: str, sentence: str) -> None:
        self._level = level
        self._age.start()
        say(self._message, sentence, level if level in TONES else "")
        if level == "error":
            show_error(plain(sentence))
        elif level == "warning":
            show_warning(plain(sentence))
        if level == "info":
            self._old.start()
        else:
            self._old.stop()

    def _elsewhere(self) -> None:
        """What was said was said of what was there before."""
        if self._age.isValid() and self._age.elapsed() >= READ_IN:
            self._old.stop()
            say(self._message, "")

    def _on_case(self) -> None:
        # The first case of what was opened takes nothing away of what was said of opening it.
        there, self._case = self._case, self._session.case
        if there is not None:
            self._elsewhere()

    def _on_strokes(self, _case_id: str) -> None:
        if self._level != "error":
            self._elsewhere()

    def _on_run(self) -> None:
        if self._session.run.busy and not self._busy:
            self._elsewhere()
        self._busy = self._session.run.busy
