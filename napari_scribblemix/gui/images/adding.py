"""Cases on their way into the project, one by one between two turns of the event loop.

A folder of a hundred scans neither freezes the window nor has to be waited for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from qtpy.QtCore import QObject, QTimer

from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.images.panel import ImagesPanel
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.chosen_layer import ImageLayer

_SHOWN = 3
_TELL_SECONDS = 0.25
"""Cases that are added appear in the list so often."""


class CaseAdding(QObject):
    """``begin`` to the end of the list, or until ``stop``."""

    def __init__(self, session: Session, panel: ImagesPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self._waiting: Iterator[tuple[str, str | None]] | None = None
        self._done, self._of, self._notes = 0, 0, [""]
        self._show_added = False
        self._tell_at = 0.0
        self._hidden_once_added: ImageLayer | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(guarded(session, self._add_next))
        panel.stop_wanted.connect(self.stop)

    def close(self) -> None:
        """Add no more cases, and say nothing of it."""
        self._timer.stop()
        self._waiting = None

    @property
    def busy(self) -> bool:
        """Whether cases are still being added."""
        return self._waiting is not None

    def refuse_others(self) -> None:
        """``ProjectError`` while cases are still being added."""
        if self.busy:
            raise ProjectError("Other cases are still being added; wait, or press Stop.")

    def begin(
        self,
        cases: Iterator[tuple[str, str | None]],
        count: int,
        notes: Sequence[str],
        *,
        show: bool,
    ) -> None:
        """Add ``count`` cases, which come with a note each; ``show`` the first of them."""
        self._done, self._of, self._notes, self._waiting = 0, count, list(notes), cases
        self._show_added = show
        self._panel.show_adding(0, count)
        self._tell_at = 0.0
        self._timer.start()

    def hide_once_added(self, layer: ImageLayer) -> None:
        """The case that comes next shows what this layer of the viewer shows."""
        self._hidden_once_added = layer

    def finish(self) -> None:
        """Add what is still waiting now, for whoever needs the case at once."""
        while self.busy:
            self._add_next()

    def stop(self) -> None:
        """Add no more cases."""
        self._timer.stop()
        self._hidden_once_added = None
        if self._waiting is not None:
            self._waiting = None
            self._panel.show_adding(0, 0)
            self._session.cases_changed.emit()
            if notes := [text for text in self._notes if text]:
                more = f" (and {len(notes) - _SHOWN} more)" if len(notes) > _SHOWN else ""
                self._session.told.emit("warning", " ".join(notes[:_SHOWN]) + more)

    def _add_next(self) -> None:
        if self._waiting is None:
            self._timer.stop()
            return
        step = next(self._waiting, None)
        if step is None:
            self.stop()
            return
        case_id, note = step
        self._done += 1
        self._notes.append(note or "")
        self._panel.show_adding(self._done, self._of)
        # The list is long by then: told after each, most of the time would go into telling.
        if self._show_added or time.monotonic() >= self._tell_at:
            self._session.cases_changed.emit()
            self._tell_at = time.monotonic() + _TELL_SECONDS
        if self._show_added and self._session.the_project().has_case(case_id):
            self._show_added = False
            self._session.open_case(case_id)
            if self._hidden_once_added is not None:
                self._hidden_once_added.hide()
                self._hidden_once_added = None
