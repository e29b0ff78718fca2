"""In which order slices are drawn on, and how many it takes until a mask is good.

    python tests/benchmarks/next_slice.py [--sets mscmr,acdc] [--goal 0.87] [--most 6] [--random 2]

The validation cases with masks whose mask without strokes is below the goal (see ``accuracy.py``
for where the data is).  Somebody corrects slice after slice (as ``live_annotator.py --strokes
wrong``), the mask follows, and whoever chooses the next slice is one of: ``random`` (among those in
which either mask has something), ``evenly`` (before any mask was looked at), ``entropy`` (where the
network is least sure of a structure), ``quality`` (the lowest expected Dice), ``quality x size``
(what is lacking of it times the size of the mask) and ``most wrong`` (by the true mask: nobody can
know it).  Printed: slices until the goal, mean and spread over the cases (one more than the most
where it was not reached), and the mean Dice after each slice.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import live_annotator as annotator
import numpy as np
import torch
from accuracy import data_folder
from numpy.typing import NDArray

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.gui.state.next_slice import most_doubtful, slice_doubts, spread
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.project.cases import Case, load_case
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.training import live

Chooser = Callable[["Situation"], int | None]


class Situation:
    """What there is to choose by."""

    def __init__(self, model: Model, case: Case, rng: np.random.Generator) -> None:
        self.case, self.rng = case, rng
        self.following = live.LiveCase(model, case.image, Look(phases=False))
        self.strokes = np.full(case.image.array.shape, UNLABELLED, np.uint8)
        self.done: list[int] = []
        self.labels, self.entropy = self.following.mask()

    @property
    def dice(self) -> float:
        """3-D, mean over the structures."""
        return annotator.scores(self.labels, self.case, self.strokes)[0]

    def correct(self, number: int) -> None:
        """Draw in a slice where it is wrong, and let the mask follow."""
        annotator.correct(self.labels, self.case, number, self.strokes)
        self.done.append(number)
        self.following.take(self.strokes)
        self.following.learn(live.STEPS, number)
        self.labels, self.entropy = self.following.mask()


def at_random(now: Situation) -> int | None:
    """Any slice with something in it."""
    assert now.case.mask is not None
    there = ((now.labels > 0) | (now.case.mask > 0)).any(axis=(1, 2))
    left = [number for number in np.flatnonzero(there).tolist() if number not in now.done]
    return int(now.rng.choice(left)) if left else None


def evenly(now: Situation) -> int | None:
    """From the middle outwards."""
    return spread(len(now.labels), now.done)


def by_entropy(now: Situation) -> int | None:
    """Where the network is least sure of a structure."""
    percent = np.rint(now.entropy * 100).astype(np.uint8)
    pixels = [int((now.strokes == k).sum()) for k in range(4)]
    return most_doubtful(slice_doubts(now.labels, percent, pixels), now.done)


def by_quality(now: Situation) -> int | None:
    """Where the expected Dice is lowest."""
    told = now.following.quality()
    assert told is not None
    slices = told.slices.copy()
    slices[now.done] = np.nan
    return None if np.isnan(slices).all() else int(np.nanargmin(slices))


def by_gain(now: Situation) -> int | None:
    """Where most pixels are expected to be wrong: size of the mask times what is lacking."""
    told = now.following.quality()
    assert told is not None
    gain = (1 - told.slices) * (now.labels > 0).sum(axis=(1, 2))
    gain[now.done] = np.nan
    return None if np.isnan(gain).all() else int(np.nanargmax(gain))


def most_wrong(now: Situation) -> int | None:
    """Where most pixels are wrong, by the true mask."""
    return annotator.worst_slice(now.labels, now.case, now.done)


CHOOSERS: dict[str, Chooser] = {
    "random": at_random,
    "evenly": evenly,
    "entropy": by_entropy,
    "quality": by_quality,
    "quality x size": by_gain,
    "most wrong": most_wrong,
}


def drawn_on(
    model: Model, case: Case, chooser: Chooser, most: int, seed: int
) -> NDArray[np.float64]:
    """Dice (most + 1,) before any stroke and after each slice; the last stays."""
    now = Situation(model, case, np.random.default_rng(seed))
    found = [now.dice]
    while len(found) <= most:
        number = chooser(now)
        if number is not None:
            now.correct(number)
        found.append(now.dice)
    return np.array(found)


def main() -> None:
    """Choose, draw, count."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", default="mscmr,acdc")
    parser.add_argument("--goal", type=float, default=0.87)
    parser.add_argument("--most", type=int, default=6)
    parser.add_argument("--random", type=int, default=2, help="random orders of each case")
    parser.add_argument("--only", default=",".join(CHOOSERS), help="names of choosers")
    parser.add_argument("--model", type=Path, default=Path("starter"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = load_model(options.model, torch.device("cpu"))
    chosen = {name: CHOOSERS[name] for name in options.only.split(",")}
    curves: dict[str, list[NDArray[np.float64]]] = {name: [] for name in chosen}
    for name in options.sets.split(","):
        for files in find_cases(data_folder() / name / "val"):
            case = load_case(files)
            if case.mask is None:
                continue
            if Situation(model, case, np.random.default_rng(0)).dice >= options.goal:
                continue
            for words, chooser in chosen.items():
                seeds = range(options.random if words == "random" else 1)
                curves[words] += [
                    drawn_on(model, case, chooser, options.most, seed) for seed in seeds
                ]
            print(case.id, *(f"{w} {c[-1][-1]:.3f}" for w, c in curves.items()), flush=True)
    for words, those in curves.items():
        table = np.array(those)
        reached = table >= options.goal
        needed = np.where(reached.any(axis=1), reached.argmax(axis=1), options.most + 1)
        print(
            f"{words:16s} {needed.mean():.2f} ± {needed.std():.2f} slices to {options.goal}; "
            f"reached in {np.mean(reached.any(axis=1)):.0%}; Dice "
            + " ".join(f"{value:.3f}" for value in table.mean(axis=0)),
            flush=True,
        )


if __name__ == "__main__":
    main()
