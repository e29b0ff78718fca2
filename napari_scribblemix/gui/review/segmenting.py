"""Masks on demand: which models there are, and what a person is asked before one is let loose."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from qtpy.QtCore import QObject

from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.review.questions import may_replace_corrections
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.open_case import corrections_at_risk, decided_cases
from napari_scribblemix.gui.state.run_state import Phase
from napari_scribblemix.gui.state.runs import list_runs, model_choices
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.project.provenance import followed_cases


class Start(Protocol):
    """What starts the work: ``cases`` none means all; ``also`` is said at the end."""

    def __call__(
        self, model: Path, cases: tuple[str, ...], *, over_corrections: bool, also: str
    ) -> None:
        """Write the masks of ``cases`` with a model."""


class Segmenting(QObject):
    """Between the models of the panel, the session and whoever starts the worker."""

    def __init__(
        self, session: Session, panel: ReviewPanel, start: Start, stop: Callable[[], None]
    ) -> None:
        super().__init__(panel)
        self._session, self._panel, self._start = session, panel, start
        panel.stop_wanted.connect(stop)
        self._busy: bool | None = None
        panel.segment_wanted.connect(guarded(session, self.segment))
        session.project_changed.connect(self._on_project)
        session.case_changed.connect(self._allow)
        session.run_changed.connect(self._on_run)
        session.cases_changed.connect(self._allow)
        self._show_models()

    def segment(self, everything: bool = False) -> None:
        """Make the mask of the case on screen, or of all cases."""
        model = self._panel.chosen_model()
        if model is None:
            raise ProjectError("There is no model to segment with; train first.")
        session = self._session
        session.leaving.emit()
        case_ids = [record.id for record in session.the_project().cases]
        wanted = case_ids if everything else [session.the_case().id]
        among = wanted if everything else []
        followed = followed_cases(session.the_project(), among, model)
        wanted = [case_id for case_id in wanted if case_id not in followed]
        if followed and not wanted:
            session.told.emit("info", _kept(followed))
            return
        at_risk = corrections_at_risk(session.the_project(), wanted)
        replace = may_replace_corrections(self._panel, at_risk) if at_risk else False
        if replace is not None:
            session.give_up(at_risk if replace else {})
            left = decided_cases(session.the_project(), wanted, corrections=not replace)
            if len(left) == len(wanted):
                where = wanted[0] if len(wanted) == 1 else "the project"
                session.told.emit(
                    "info",
                    f"All slices of {where} are accepted (or corrected); nothing was replaced.",
                )
                return
            open_cases = tuple(case_id for case_id in wanted if case_id not in left)
            cases = () if everything and not left and not followed else open_cases
            also = f"{_decided(left)} {_kept(followed)}".strip()
            self._start(model, cases, over_corrections=replace, also=also)

    def _on_project(self) -> None:
        self._panel.forget_choice()
        self._panel.show_job(self._session.run)
        self._show_models()

    def _show_models(self) -> None:
        project = self._session.project
        runs = [] if project is None else list_runs(project)
        self._panel.show_models(model_choices(runs))
        self._allow()

    def _on_run(self) -> None:
        # Models come and go with runs, not with every step of one.
        if self._busy is not self._session.run.busy:
            self._busy = self._session.run.busy
            self._show_models()
        self._panel.show_job(self._session.run)
        self._allow()

    def _allow(self) -> None:
        session = self._session
        reason = None if session.case is not None else "open images first."
        running = session.run.phase is Phase.SEGMENTING
        stop = None if running else "nothing is being segmented."
        self._panel.allow_segmenting(reason or session.read_only or session.run.at_work, stop=stop)


def _decided(cases: Collection[str]) -> str:
    """What to say of cases in which there was nothing to replace."""
    if not cases:
        return ""
    return (
        f"In {counted(len(cases), 'case')} all slices are accepted (or corrected); nothing was "
        "replaced there."
    )


def _kept(cases: Collection[str]) -> str:
    """What to say of cases whose masks *All* left as they were."""
    if not cases:
        return ""
    masks = "1 mask that follows" if len(cases) == 1 else f"{len(cases)} masks that follow"
    return f"{masks} your strokes stayed; Segment makes one anew."
