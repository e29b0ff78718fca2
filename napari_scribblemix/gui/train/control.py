"""Step 3 at work: starts, pauses, resumes and stops the training process, and keeps it informed.

The process is told of new strokes once they are on the disk, and which case is on screen, so that
its previews come where somebody looks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from qtpy.QtCore import QObject, QTimer

from napari_scribblemix.errors import ProjectError, SettingsError
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.state.run_state import Phase
from napari_scribblemix.gui.state.runs import last_trained, list_runs
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.train.companion_control import CompanionControl
from napari_scribblemix.gui.train.companions import look_at
from napari_scribblemix.gui.train.panel import TrainPanel
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.worker.client import Exit
from napari_scribblemix.worker.messages import (
    Pause,
    PreviewCase,
    Resume,
    ScribblesChanged,
    SegmentJob,
    TrainJob,
)

_TELL_AFTER = 300


class TrainControl(QObject):
    """Between the training panel, the session and the worker."""

    def __init__(self, session: Session, relay: WorkerRelay, panel: TrainPanel) -> None:
        super().__init__(panel)
        self._session, self._relay, self._panel = session, relay, panel
        self._changed: set[str] = set()
        self._where: tuple[str, int] | None = None
        self._reason: str | None = None
        self.companions = CompanionControl(session, panel.companions)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TELL_AFTER)
        self._timer.timeout.connect(self._tell)
        panel.train_wanted.connect(guarded(session, self.train))
        panel.pause_wanted.connect(self.pause_or_resume)
        panel.stop_wanted.connect(self.stop)
        panel.resume_wanted.connect(guarded(session, self.go_on))
        relay.told.connect(guarded(session, session.follow))
        relay.ended.connect(self._on_exit)
        session.project_changed.connect(self._on_project)
        session.strokes_saved.connect(self._on_strokes)
        session.case_changed.connect(self._on_view)
        session.run_changed.connect(self._on_run)
        session.cases_changed.connect(self._on_cases)
        panel.settings_changed.connect(self._on_run)
        self.companions.changed.connect(self._on_run)
        self._on_project()

    def close(self) -> None:
        """Stop the timer and take the plots apart; who made the relay closes the worker."""
        self._timer.stop()
        self._panel.job.close_job()
        self._panel.curves.close_plots()

    # -- what the user presses --

    def train(self) -> None:
        """Start a new training with the form's settings."""
        values = self._panel.form.values() | self._panel.more.values()
        if self._panel.method() == "modelmix":
            if reason := self.companions.reason_against(self._panel.preset()):
                raise SettingsError(reason)
            values["companions"] = self.companions.paths
        project = self._writable_project()
        self._session.leaving.emit()
        try:
            settings = TrainSettings(folder=project.folder.absolute(), **values)
        except ValidationError as error:
            raise SettingsError(
                f"These settings do not fit: {error.errors()[0]['msg']}."
            ) from error
        if not self._session.any_labelled():
            raise ProjectError("There is no scribble yet; draw some strokes first.")
        self._start(settings, project.new_run(settings.method).absolute())

    def go_on(self, run: Path) -> None:
        """Resume a training from its checkpoint, with the settings it was started with."""
        project = self._writable_project()
        content = _saved_settings(run)
        try:
            kept = {k: v for k, v in content.items() if k in TrainSettings.model_fields}
            settings = TrainSettings.model_validate(
                kept | {"folder": project.folder.absolute(), "resume": True, "output": None}
            )
        except ValidationError as error:
            raise ProjectError(
                f"The settings of {run.name} could not be read; press Train for a new training."
            ) from error
        for path in settings.companions:
            look_at(path)
        self._start(settings, run.absolute())

    def device(self) -> str:
        """What was chosen to compute on."""
        return str(self._panel.form.values().get("device", "auto"))

    def segment(
        self,
        model: Path,
        cases: tuple[str, ...],
        *,
        over_corrections: bool = False,
        also: str = "",
    ) -> None:
        """Write the masks of ``cases`` with a model; ``over_corrections`` as in ``SegmentJob``.

        ``also`` is told at the end.
        """
        project = self._writable_project()
        self._relay.start(project.folder.absolute(), SegmentJob(
            model=model, cases=cases, device=self.device(), over_corrections=over_corrections
        ))  # fmt: skip
        self._session.begin(Phase.SEGMENTING, None, f"Segmenting with {model.name}…", also)

    def pause_or_resume(self) -> None:
        """Pause what runs, or go on with what waits."""
        if self._session.run.phase is Phase.TRAINING:
            self._relay.send(Pause())
            self._session.enter(Phase.PAUSING, "Pausing after this step…")
        elif self._session.run.phase is Phase.PAUSED:
            self._relay.send(Resume())

    def stop(self) -> None:
        """Save and end."""
        self._relay.stop()
        words = "Stopping…" if self._session.run.segmenting else "Saving…"
        self._session.enter(Phase.STOPPING, words)

    # -- what the worker is told --

    def _writable_project(self) -> Project:
        """The open project, in which the worker will write; errors if it may not."""
        project = self._session.the_project()
        project.require_lock()
        return project

    def _start(self, settings: TrainSettings, run: Path) -> None:
        case = self._session.case
        job = TrainJob(settings=settings, run=run, preview_case=case.id if case else None)
        self._changed.clear()
        self._relay.start(settings.folder, job)
        self._session.begin(Phase.STARTING, run, "Starting the worker…")
        self._on_view()

    def _on_strokes(self, case_id: str) -> None:
        project = self._session.project
        if self._session.run.training and project and not project.case(case_id).left_out:
            self._changed.add(case_id)
            self._timer.start()

    def _on_view(self) -> None:
        # Not at each slice: a preview is of the whole case, and asking for it has its price.
        case = self._session.case
        if case is not None and self._session.run.training:
            self._where = (case.id, self._session.slice)
            self._timer.start()

    def _tell(self) -> None:
        for case_id in sorted(self._changed):
            self._relay.send(ScribblesChanged(case=case_id))
        self._changed.clear()
        if self._where is not None:
            case_id, number = self._where
            self._relay.send(PreviewCase(case=case_id, slice=number))
            self._where = None

    # -- what is shown --

    def _on_exit(self, end: Exit) -> None:
        outcome = self._session.run.outcome
        words = getattr(outcome, "event", "") == "finished" and self._session.run.words
        failed = not words or end.code != 0
        self._session.end(end.sentence if failed else f"{words}", failed=failed)
        self._show_runs()

    def _on_project(self) -> None:
        project = self._session.project
        if project is not None:
            self._session.trained = last_trained(project)
        self._show_runs()
        self._on_cases()

    def _show_runs(self) -> None:
        project = self._session.project
        runs = [] if project is None else list_runs(project)
        self._panel.show_runs(runs)
        self.companions.show_offers(runs)

    def _on_cases(self) -> None:
        session = self._session
        self._reason = None
        if session.project is None:
            self._reason = "open images first."
        elif session.read_only:
            self._reason = session.read_only
        elif not session.any_labelled():
            self._reason = "draw some strokes first."
        self._on_run()

    def _on_run(self) -> None:
        # Comes with every progress of a training: nothing is looked up on the disk here.
        run = self._session.run
        self._panel.show_run(run)
        new = None
        if self._panel.method() == "modelmix":
            new = self.companions.reason_against(self._panel.preset())
        self._panel.allow_training(self._reason, new, self._session.run)


def _saved_settings(run: Path) -> dict[str, Any]:
    try:
        content = json.loads((run / "settings.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectError(
            f"{run.name} has no readable settings.json; press Train for a new training."
        ) from error
    settings = content.get("settings", content) if isinstance(content, dict) else {}
    return settings if isinstance(settings, dict) else {}
