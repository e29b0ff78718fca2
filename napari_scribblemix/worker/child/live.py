"""The mask of the case on screen follows the strokes on it, until the parent says stop.

It reads the project without the lock and writes only predictions.  After a stroke the slice on
screen is answered at once by what is known, the whole case once the network has learnt; a new
stroke in between is taken at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.channels import check_channels
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import ImageError, ScribbleMixError
from napari_scribblemix.events import Event, Finished, Preparing, Preview, Warned
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.maker import maker_of
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.other_frames import size_told, weights_of_heart
from napari_scribblemix.inference.phases import heart_size
from napari_scribblemix.inference.project_cases import class_map, classes_of_model, write_mask
from napari_scribblemix.project.corrections import lay_over, whole_slices
from napari_scribblemix.project.project import Project
from napari_scribblemix.training.device import choose_device, set_threads
from napari_scribblemix.training.live import LiveCase
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import (
    LiveJob,
    PreviewCase,
    ScribblesChanged,
    Stop,
)

_LOOK = Look(phases=False)

_TOWARDS = 2
"""How often the network is made to agree with the other frames: weights before the interpolation
to the image's own grid do half of what they do after it."""

_CHUNK = 3
"""Steps between two looks into the inbox."""


def live(job: LiveJob, folder: Path, inbox: Inbox) -> Iterator[Event]:
    """Follow the strokes as ``job`` says, in the project at ``folder``; errors as they come."""
    set_threads(job.threads)
    arrived = threading.Event()
    inbox.on_arrival = arrived.set
    begun = time.monotonic()
    follower = _Follower(job, Project.open(folder, write=False))
    yield Preparing(message=f"Following the strokes with {job.model.name}")
    while True:
        arrived.clear()
        for command in inbox.take():
            match command:
                case Stop():
                    elapsed = time.monotonic() - begun
                    yield Finished(
                        step=follower.answers, elapsed=elapsed, stopped=True, model=str(job.model)
                    )
                    return
                case PreviewCase():
                    follower.show(command.case, command.slice)
                case ScribblesChanged():
                    follower.strokes_changed(command.case)
        if follower.waiting:
            arrived.wait()
            continue
        try:
            event = follower.work()
        except ScribbleMixError as error:
            follower.give_up()
            event = Warned(message=f"{follower.shown} is not followed: {error}")
        if event is not None:
            yield event


class _Follower:
    """The case on screen, and what is to be done next for it."""

    def __init__(self, job: LiveJob, project: Project) -> None:
        self._project = project
        self._model: Model = load_model(job.model, choose_device(job.device))
        scheme = self._model.card.labels
        self._to_project = class_map(scheme, project.labels)
        self._from_project = classes_of_model(self._to_project, project.labels, scheme)
        self._alone = maker_of(job.model, self._model.card.steps, project)
        self._maker = replace(self._alone, live=True)
        self.shown, self._slice = job.case, job.slice
        self._open: tuple[Volume, LiveCase] | None = None
        self._fresh, self._todo, self._learning = True, False, False
        self._drawn = np.zeros(0, np.uint8)
        self._asked = 0.0
        self.answers = 0

    @property
    def waiting(self) -> bool:
        """Whether there is nothing to do until the next command."""
        return not (self._fresh or self._todo or self._learning)

    def show(self, case_id: str, number: int | None) -> None:
        """That case is on screen, and that slice of it."""
        if case_id != self.shown:
            self.shown, self._open = case_id, None
            # Its mask stays as it is until somebody draws.
            self._fresh, self._todo, self._learning = True, False, False
        if number is not None:
            self._slice = number

    def strokes_changed(self, case_id: str) -> None:
        """Strokes or accepted slices of a case are new on the disk."""
        if case_id == self.shown:
            self._todo, self._asked = True, time.monotonic()

    def give_up(self) -> None:
        """What was to be done could not be; whatever changes next is tried again."""
        self._fresh, self._todo, self._learning = False, False, False

    def work(self) -> Event | None:
        """Do the next piece of work; what to tell of it."""
        self._fresh = False
        if self._open is None:
            image = self._read_image()
            case = LiveCase(self._model, image, _LOOK)
            self._open = image, case
            for _ in range(_TOWARDS):
                weights = weights_of_heart(
                    self._project, self.shown, case.model, image, self._alone, case.turn
                )
                if weights is not None:
                    case.favour(weights)
            case.warm_up()
            return None
        image, case = self._open
        number = min(self._slice, len(image.array) - 1)
        if self._todo:
            self._todo = False
            self._drawn, whole = self._read_strokes(image)
            if not case.take(self._from_project[self._drawn], whole):
                return None
            self._learning = not case.settled
            return self._answer(case, image, number if self._learning else None)
        case.learn(_CHUNK, number)
        self._learning = not case.settled
        return None if self._learning else self._answer(case, image, None)

    def _read_image(self) -> Volume:
        # Opened anew: cases may have been added.
        self._project = Project.open(self._project.folder, write=False)
        image = self._project.read_image(self.shown)
        for finding in check_channels(image):
            if finding.level == "block":
                raise ImageError(f"{self._project.image_path(self.shown)}: {finding.message}")
        return image

    def _read_strokes(self, image: Volume) -> tuple[NDArray[np.uint8], frozenset[int]]:
        """The strokes, with the accepted slices in their place, and which these are."""
        strokes = self._project.read_scribble(self.shown, image)
        accepted = self._project.read_accepted(self.shown)
        return lay_over(strokes, accepted), whole_slices(accepted, strokes.shape)

    def _answer(self, case: LiveCase, image: Volume, number: int | None) -> Event:
        """Write the mask, looked at anew in slice ``number`` only or in all; what to tell."""
        mask, entropy = case.mask(number)
        # Also of structures that the model does not know.
        labels = np.where(self._drawn == UNLABELLED, self._to_project[mask], self._drawn)
        # A person decides on this heart: it is not made to agree with other frames afterwards.
        size = heart_size(mask, self._model.card.labels, image.geometry.voxel_volume_ml)
        written = write_mask(
            self._project,
            self.shown,
            labels,
            entropy,
            image.geometry,
            self._maker,
            size_told(size, agreed=True),
        )
        self.answers += 1
        return Preview(
            case=self.shown,
            file=written.file,
            step=self.answers,
            mean_dice=written.mean_dice,
            uncertainty_file=written.uncertainty_file,
            seconds=round(time.monotonic() - self._asked, 3),
            whole=number is None,
        )
