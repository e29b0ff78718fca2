"""The mask follows the pen: a worker of its own answers each stroke on the case on screen.

It is started when somebody draws, so that it knows the case by the first stroke, and ended by
force, for it holds nothing that could be lost, when a training or a segmentation begins, another
project or model is chosen, or nobody has drawn for as long as a process may wait.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QObject, QTimer

from napari_scribblemix import events as ev
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.scribble.panel import ScribblePanel
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.worker.client import Exit
from napari_scribblemix.worker.messages import LiveJob, PreviewCase, ScribblesChanged

_MINUTE = 60_000
_LEAST_MINUTES = 1.0


class LiveMasks(QObject):
    """Between the strokes of the session, the switch in ``panel`` and the worker that follows."""

    def __init__(
        self,
        session: Session,
        relay: WorkerRelay,
        panel: ScribblePanel,
        model: Callable[[], Path | None],
        device: Callable[[], str],
    ) -> None:
        """``model`` and ``device`` tell what the person has chosen for masks."""
        super().__init__(panel)
        self._session, self.relay, self._panel, self._model = session, relay, panel, model
        self._device = device
        self._project: Path | None = None
        self._used: Path | None = None
        self._told = ""
        self._missed: frozenset[str] = frozenset()
        """Cases with strokes that nobody follows yet, because other work was or is done."""
        self._sent: frozenset[str] = frozenset()
        """Cases with strokes that the worker has been told of and has not learnt yet."""
        self._broken: tuple[object, ...] = ()
        """What it was that could not follow anything: it is not tried again by itself."""
        self._answered = self._closed = False
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self.end)
        panel.live_changed.connect(self._on_switch)
        session.strokes_saved.connect(self._on_strokes)
        session.case_changed.connect(self._on_case)
        session.slice_changed.connect(self._on_view)
        session.project_changed.connect(self._on_project)
        session.run_changed.connect(self._on_run)
        relay.told.connect(guarded(session, self._on_event))
        relay.ended.connect(self._on_exit)
        self._allow()

    def close(self) -> None:
        """End the worker; for good."""
        self._closed = True
        self._idle.stop()
        self.relay.discard()

    def get_ready(self) -> None:
        """Somebody is about to draw: know the case by the first stroke."""
        if preferences.ready_minutes() > 0:
            self._follow()

    def end(self) -> None:
        """Follow no more until the next stroke."""
        self._idle.stop()
        self._sent = frozenset()
        self.relay.discard()
        self._panel.show_live("")

    # -- what happens --

    def _on_strokes(self, case_id: str) -> None:
        case = self._session.case
        if self._session.run.busy:
            self._missed |= {case_id}
        if case is None or case.id != case_id:
            return
        if self._follow():
            self._sent |= {case_id}
            self._missed -= {case_id}
            self.relay.send(ScribblesChanged(case=case_id))
            self._panel.show_live(ev.LEARNING)

    def _follow(self) -> bool:
        """Have a worker that follows the case on screen; whether there is one."""
        session, model = self._session, self._model()
        case, project = session.case, session.project
        if not self._wanted() or case is None or project is None or model is None:
            return False
        if self._broken == (project.folder, model, self._device()):
            return False
        if self.relay.running and model != self._used:
            self.relay.discard()
        if not self.relay.running:
            job = LiveJob(model=model, case=case.id, slice=session.slice, device=self._device())
            try:
                self.relay.start(project.folder.absolute(), job)
            except ScribbleMixError as error:
                self._say(str(error))
                return False
            self._used, self._answered = model, False
        minutes = max(_LEAST_MINUTES, preferences.ready_minutes())
        self._idle.start(round(minutes * _MINUTE))
        return True

    def _wanted(self) -> bool:
        session = self._session
        idle = not self._closed and not session.run.busy
        return idle and self._panel.live.isChecked() and session.writable

    def _on_case(self) -> None:
        # What was said was said of the case before.
        self._panel.show_live("")
        self._on_view()
        self._take_up()

    def _on_view(self, _slice: int = 0) -> None:
        case = self._session.case
        if case is not None and self.relay.running:
            self.relay.send(PreviewCase(case=case.id, slice=self._session.slice))
        self._allow()

    def _on_switch(self, on: bool) -> None:
        self._told, self._broken = "", ()
        if on:
            case = self._session.case
            if case is not None:
                self._on_strokes(case.id)
        else:
            self.end()

    def _on_project(self) -> None:
        folder = None if self._session.project is None else self._session.project.folder
        if folder != self._project:
            self._project, self._broken = folder, ()
            self._missed = self._sent = frozenset()
            self.end()
        self._allow()

    def _on_run(self) -> None:
        # A training answers strokes itself; both together would wait for each other.
        if self._session.run.busy and self.relay.running:
            if not self._session.run.training:  # a training learns from them
                self._missed |= self._sent
            self.end()
        self._take_up()
        self._allow()

    def _take_up(self) -> None:
        """Follow the strokes on the case on screen that were made while other work was done."""
        case = self._session.case
        if case is not None and case.id in self._missed and not self._session.run.busy:
            self._missed -= {case.id}
            self._on_strokes(case.id)

    # -- what the worker tells --

    def _on_event(self, event: ev.Event) -> None:
        if isinstance(event, ev.Preview):
            case = self._session.case
            fresh = case is not None and case.id == event.case and case.prediction is None
            self._session.reread_masks(event.case)
            if fresh:
                self._session.cases_changed.emit()
            self._answered = True
            if event.whole:
                self._sent -= {event.case}
            if event.whole and self._told:
                self._told = ""
                self._session.told.emit("info", f"The mask of {event.case} follows the strokes.")
        elif isinstance(event, ev.Followed):
            if self._session.case is not None and self._session.case.id == event.case:
                self._panel.show_live(event.words)
        elif isinstance(event, ev.Warned):
            self._say(event.message)

    def _on_exit(self, end: Exit) -> None:
        self._idle.stop()
        self._panel.show_live("")
        if end.code != 0:
            ended_itself = end.code is None or end.code > 0
            if ended_itself and not self._answered and self._project is not None:
                self._broken = (self._project, self._used, self._device())
            self._say(end.sentence)

    def _say(self, sentence: str) -> None:
        if sentence != self._told:
            self._told = sentence
            self._session.told.emit("warning", sentence)

    def _allow(self) -> None:
        session = self._session
        reason = None if session.case is not None else "open images first."
        self._panel.allow_live(reason or session.read_only)
