"""Processes killed while they save: what is left must be whole, the old or the new.

    python tests/killing.py FOLDER

In FOLDER each scene is saved twice; the second time the process is killed at its n-th rename,
before or after it.  Printed is a JSON line for each kill: what was found afterwards, and what was
left behind after the next start.  POSIX only; ``tests/benchmarks/save_kills.py`` kills at random
moments instead.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.inference.model import ModelCard, load_model, save_model
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from napari_scribblemix.training.checkpoint import (
    TrainingState,
    load_checkpoint,
    save_checkpoint,
)
from napari_scribblemix.training.record import recorded
from phantoms import draw, write_file

# One thread: a child forked from a process with a pool of OpenMP threads has the pool's locks but
# not its threads, and waits for them for ever.
torch.set_num_threads(1)

CPU = torch.device("cpu")
CHILD_SECONDS = 60


def in_child(work: Callable[[], None]) -> int:
    """The status of a forked process that does ``work``."""
    process = os.fork()
    if process == 0:
        signal.alarm(CHILD_SECONDS)  # one that hangs is no reason to wait for the whole test
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(process, 0)[1]


def killed_at(number: int, *, after: bool, work: Callable[[], None]) -> bool:
    """Whether ``work`` came to its ``number``-th rename, at which its process was killed."""
    replace, count = os.replace, 0

    def counted(source: Path, target: Path) -> None:
        nonlocal count
        count += 1
        if count == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched() -> None:
        os.replace = counted
        work()

    status = in_child(watched)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        raise TimeoutError(f"Got no end of a save in {CHILD_SECONDS} seconds.")
    return os.WIFSIGNALED(status)


def strays(folder: Path) -> int:
    return sum(path.name.endswith(".part") for path in folder.rglob(".*"))


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


def main(folder: Path) -> None:
    """Kill at every rename of every scene and print what was found."""
    for kind in SCENES:
        for number in range(1, 9):
            for after in (False, True):
                place = folder / kind.__name__
                shutil.rmtree(place, ignore_errors=True)
                scene = kind(place)
                scene.save(1)
                died = killed_at(number, after=after, work=lambda scene=scene: scene.save(2))
                try:
                    found: object = scene.found()
                except (ScribbleMixError, KeyError) as error:
                    found = str(error)
                scene.start_again()
                told = {"scene": kind.__name__, "rename": number, "after": after, "died": died}
                told |= {"found": found, "strays": strays(place)}
                sys.stdout.write(json.dumps(told) + "\n")
            if not died:
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
