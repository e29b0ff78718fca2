"""What is saved, and what is found of it after a kill: the old or the new, whole.

Each scene can save a step that says in all its parts which it is, and tell which step it finds;
``ScribbleMixError`` or ``KeyError`` if there is none, or parts of two.  ``start_again`` is the next
start of the program, after which no half-written file may be left.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.events import Event
from napari_scribblemix.inference.model import ModelCard, load_model, save_model
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training import loop
from napari_scribblemix.training.checkpoint import (
    TrainingState,
    checkpoint_path,
    load_checkpoint,
    save_checkpoint,
)
from napari_scribblemix.training.claim import claimed_output
from napari_scribblemix.training.record import recorded
from napari_scribblemix.training.scribble_job import prepare
from phantoms import draw, write_file

# One thread: a forked child of a process with a pool of OpenMP threads waits for them for ever.
torch.set_num_threads(1)

CPU = torch.device("cpu")


class ModelScene:
    """A run whose model says in each weight which save it is of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._network = build_network("fast", 1, CARDIAC.classes)

    def save(self, step: int) -> None:
        for weight in self._network.parameters():
            weight.data.fill_(float(step))
        card = ModelCard(
            name="test", network="fast", in_channels=1, labels=CARDIAC, spacing=2.0,
            mirrored=False, method="partial", recipe={}, steps=step, seconds=float(step), seed=0,
            code_version="0",
        )  # fmt: skip
        self.folder.mkdir(parents=True, exist_ok=True)
        save_model(self.folder, self._network, card)

    def found(self) -> int:
        model = load_model(self.folder, CPU)
        weights = {float(w.detach().flatten()[0]) for w in model.network.parameters()}
        if weights != {float(model.card.steps)}:
            raise ScribbleMixError(f"Got weights {weights} with the card {model.card.steps}.")
        return model.card.steps

    def start_again(self) -> None:
        list(recorded(iter(()), self.folder))


class CheckpointScene:
    """The state of a tiny training."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _state(self, step: int) -> TrainingState:
        method = torch.nn.Linear(2, 2)
        return TrainingState(
            method, torch.nn.Linear(2, 2), torch.optim.AdamW(method.parameters()),
            torch.Generator(), torch.Generator(), step=step,
        )  # fmt: skip

    def save(self, step: int) -> None:
        save_checkpoint(self.folder, self._state(step))

    def found(self) -> int:
        state = self._state(0)
        load_checkpoint(self.folder, state)
        return state.step

    def start_again(self) -> None:
        list(recorded(iter(()), self.folder))


class _InProject:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "p.scribblemix"
        write_file(folder / "heart.nii.gz", draw(0)[0])
        with Project.create(self.folder) as project:
            project.add_case(CaseFiles("heart", folder / "heart.nii.gz"))
            self._geometry = project.read_image("heart").geometry
        self._mask = draw(0)[1]

    def start_again(self) -> None:
        Project.open(self.folder).close()


class PredictionScene(_InProject):
    """A mask of one class throughout: that of the step; the uncertainty is the same share."""

    def save(self, step: int) -> None:
        project = Project.open(self.folder, write=False)
        mask, share = np.full_like(self._mask, step), np.full(self._mask.shape, step / 100)
        project.write_prediction("heart", mask, self._geometry, {"step": step}, share)

    def found(self) -> int:
        project = Project.open(self.folder, write=False)
        prediction = project.read_prediction("heart")
        uncertainty = project.read_uncertainty("heart")
        if prediction is None:
            raise ScribbleMixError("Got no prediction.")
        mask, origin = prediction
        said = {int(mask.max()), origin.get("step")}
        said |= set() if uncertainty is None else {int(uncertainty.max())}
        if len(said) > 1:
            raise ScribbleMixError(f"Got parts of several predictions: {said}.")
        return int(mask.max())


class ReviewScene(_InProject):
    """As many slices accepted as the step says, by a reviewer of that name."""

    def save(self, step: int) -> None:
        with Project.open(self.folder) as project:
            project.write_review("heart", range(step), str(step), self._mask, self._geometry)

    def found(self) -> int:
        project = Project.open(self.folder, write=False)
        review, labels = project.read_review("heart"), project.read_accepted("heart")
        count = 0 if labels is None else int((labels != 255).all(axis=(1, 2)).sum())
        if (len(review["accepted_slices"]), int(review["reviewer"])) != (count, count):
            raise ScribbleMixError(f"Got {count} slices accepted, and the review {review}.")
        return count


class CasesScene(_InProject):
    """As many cases as the step says."""

    def save(self, step: int) -> None:
        with Project.open(self.folder) as project:
            for number in range(len(project.cases), step):
                image = project.image_path("heart")
                project.add_case(CaseFiles(f"case{number}", image))

    def found(self) -> int:
        return len(Project.open(self.folder, write=False).cases)


SCENES = (ModelScene, CheckpointScene, PredictionScene, ReviewScene, CasesScene)


def train_saving_each_step(folder: Path, run: Path, steps: int, *, resume: bool) -> Iterator[Event]:
    """A small training that saves a checkpoint and a model after every step."""
    settings = TrainSettings.model_validate(
        {"folder": folder, "crop": 48, "batch": 4, "spacing": 1.5, "steps": steps, "threads": 1}
        | {"device": "cpu", "start": "scratch", "validations": 0, "output": run, "resume": resume}
    )
    loop._CHECKPOINT_SECONDS = loop._FIRST_CHECKPOINT_SECONDS = 0.0
    with claimed_output(settings) as claimed:
        training = loop.Training(prepare(settings, claimed), claimed)
        yield from recorded(training.events(), claimed)


def step_of_checkpoint(run: Path) -> int | None:
    """The step that a resumed training would go on from; ``None`` before the first."""
    path = checkpoint_path(run)
    if not path.is_file():
        return None
    return int(torch.load(path, map_location="cpu", weights_only=True)["step"])
