"""Training and segmenting for whoever has layers and knows of no project: one job at a time.

A project of its own, in the folder for new projects, keeps image and strokes; the same worker as
for the panel does the work, and its masks come back as a labels layer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.utils.notifications import show_error, show_info
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_scribblemix import events as ev
from napari_scribblemix.data.geometry import same_grid
from napari_scribblemix.data.labels import UNLABELLED, LabelScheme
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ProjectError, ScribbleMixError
from napari_scribblemix.gui.state import opening, preferences
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.state.run_state import Phase, RunState, after
from napari_scribblemix.gui.state.runs import list_runs, model_choices, model_of
from napari_scribblemix.gui.viewer.layer_case import add_layer_image
from napari_scribblemix.gui.viewer.plain_layers import PlainImage, scheme_of, show_result
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.project.project import PROJECT_SUFFIX, Project
from napari_scribblemix.settings import Method, TrainSettings
from napari_scribblemix.worker.client import SAVING_SECONDS, Exit
from napari_scribblemix.worker.messages import SegmentJob, TrainJob

STARTER = Path("starter")


class LayerWork(QObject):
    """Works on the layers of one ``viewer``."""

    said = Signal(str)
    """What is going on, for a line."""

    def __init__(self, viewer: Any, relay: WorkerRelay) -> None:
        super().__init__()
        self._viewer, self._relay = viewer, relay
        self._project: Project | None = None
        self._image: PlainImage | None = None
        self._case, self._run = "", RunState()
        self._results: dict[int, Any] = {}
        self._written: dict[tuple[Path, str], NDArray[np.uint8]] = {}
        relay.told.connect(self._on_event)
        relay.ended.connect(self._on_exit)

    @property
    def busy(self) -> bool:
        """Whether a job is at work."""
        return self._project is not None

    def train(
        self,
        image: Any,
        scribbles: Any,
        method: Method,
        seconds: float,
        may_replace: Callable[[str], bool],
    ) -> None:
        """Train on the strokes of one layer on another, then make the mask with what was learnt.

        ``may_replace`` is asked, with a sentence, before strokes are lost that the project has from
        elsewhere and the layer has not; then nothing is done unless it says so.  Errors as
        ``PlainImage`` and ``Project`` raise them, and then nothing was started.
        """
        self._require_idle()
        chosen, scheme = PlainImage.of(image), scheme_of(scribbles)
        strokes = chosen.strokes(scribbles, scheme)
        project = self._open(chosen, scheme)
        try:
            if not self._keep(project, strokes, chosen, may_replace):
                self._give_back()
                return
            settings = TrainSettings(
                folder=project.folder.absolute(), method=method, time=seconds, cases=self._case
            )
            run = project.new_run(method).absolute()
            job = TrainJob(settings=settings, run=run, preview_case=self._case)
            self._relay.start(settings.folder, job)
        except ScribbleMixError:
            self._give_back()
            raise
        self._begin(RunState(phase=Phase.STARTING, run=run, words="Starting…"))

    def segment(self, image: Any, *, trained: bool) -> None:
        """Make the mask of a layer with its newest training (if ``trained``), or the starter."""
        self._require_idle()
        project = self._open(PlainImage.of(image), scheme_of(None))
        try:
            models = model_choices(list_runs(project))
            self._start_segmenting(models[0][1] if trained else STARTER)
        except ScribbleMixError:
            self._give_back()
            raise

    def stop(self) -> None:
        """Let the worker save and end; what was learnt till then makes the mask."""
        if self.busy:
            self._relay.stop()
            self.said.emit("Saving…")

    def close(self) -> None:
        """The window is gone: save and end."""
        self._relay.close(SAVING_SECONDS)
        self._give_back()
        self._results.clear()
        self._viewer = None

    # -- inside --

    def _keep(
        self,
        project: Project,
        strokes: NDArray[np.uint8],
        chosen: PlainImage,
        may_replace: Callable[[str], bool],
    ) -> bool:
        """Write the strokes into the project; whether that was allowed."""
        key = (project.folder, self._case)
        kept = project.read_scribble(self._case, project.read_image(self._case).geometry)
        lost = (kept != UNLABELLED) & (kept != strokes)
        ours = key in self._written and np.array_equal(kept, self._written[key])
        slices = int(lost.any(axis=(1, 2)).sum())
        question = (
            f"{project.folder.stem} holds strokes on {self._case} that this layer has not, "
            f"{counted(int(lost.sum()), 'pixel')} in {counted(slices, 'slice')}. "
            "Replace them by those of the layer?"
        )
        if lost.any() and not ours and not may_replace(question):
            return False
        project.write_scribble(self._case, strokes, chosen.image.geometry)
        self._written[key] = strokes
        return True

    def _require_idle(self) -> None:
        if self.busy:
            raise ProjectError("Another training or segmentation of layers is at work; stop it.")

    def _open(self, chosen: PlainImage, scheme: LabelScheme) -> Project:
        """The project that keeps ``chosen``, with its case, made now or from before."""
        folder = preferences.projects_folder() / f"layer-{chosen.image.name}{PROJECT_SUFFIX}"
        there = opening.is_project(folder)
        project = Project.open(folder) if there else Project.create(folder, scheme)
        try:
            project.require_lock()
            self._case = _case_of(project, chosen) or add_layer_image(project, chosen.image)
        except ScribbleMixError:
            project.close()
            raise
        self._project, self._image = project, chosen
        return project

    def _start_segmenting(self, model: Path) -> None:
        if self._project is not None:
            job = SegmentJob(model=model, cases=(self._case,))
            self._relay.start(self._project.folder.absolute(), job)
            self._begin(RunState(Phase.SEGMENTING, True, words=f"Segmenting with {model.name}…"))

    def _begin(self, run: RunState) -> None:
        self._run = run
        self.said.emit(run.words)

    def _on_event(self, event: ev.Event) -> None:
        self._run = after(self._run, event)
        self.said.emit(self._run.words)
        if isinstance(event, ev.Preview | ev.Segmented) and event.case == self._case:
            self._show()

    def _show(self) -> None:
        project, chosen = self._project, self._image
        found = None if project is None else project.read_prediction(self._case)
        if project is not None and chosen is not None and found is not None:
            key = id(chosen.layer)
            before = self._results.get(key)
            self._results[key] = show_result(self._viewer, chosen, found[0], project.labels, before)

    def _on_exit(self, end: Exit) -> None:
        run = self._run.run
        try:
            if self._run.training and end.code == 0 and run is not None:
                model = model_of(run)
                if model is not None:
                    self._start_segmenting(model)
                    return
            self._show()
        except ScribbleMixError as error:
            end = Exit(1, str(error))
        self._give_back()
        self.said.emit(end.sentence)
        (show_info if end.code == 0 else show_error)(plain(end.sentence))

    def _give_back(self) -> None:
        self._run = RunState()
        if self._project is not None:
            self._project.close()
            self._project = self._image = None


def _case_of(project: Project, chosen: PlainImage) -> str | None:
    """The case that has the very image, on the same grid, already."""
    image = chosen.image
    for record in project.cases:
        try:
            kept = project.read_image(record.id)
        except ScribbleMixError:  # an image that is gone is not this one
            continue
        if same_grid(kept.geometry, image.geometry) and np.array_equal(kept.array, image.array):
            return record.id
    return None
