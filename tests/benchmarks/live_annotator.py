"""What the live mask is worth: somebody draws in slice after slice of a case, and the mask follows.

    python tests/benchmarks/live_annotator.py [--sets mscmr,acdc] [--cases 6] [--rounds 3]

The validation cases with masks (see ``accuracy.py`` for where the data is).  ``--strokes wrong``:
in the slice with most wrong pixels, that was not drawn on before if another is nearly as bad, the
two largest wrong regions each get a line along their middle of the class that is true there.
``--strokes expert``: the experts' strokes of slices spread evenly (where there are none, drawn
ones); ``--strokes all``: those of all slices at once, in one round.  Printed for each set, phase
and round: 3-D Dice of the mask as it is at once and after learning, in all slices and in those
never drawn on, the worst case, and medians of predicted over true volume.  No phases are made to
agree.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from accuracy import data_folder
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import skeletonize

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.evaluation.cardiac import pair_phases
from napari_scribblemix.evaluation.overlap import dice
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import load_model
from napari_scribblemix.project.cases import Case, load_case
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.synthesis.scribbler import scribble_volume
from napari_scribblemix.training import live

_STRUCTURES = (1, 2, 3)
_LEAST_MM2 = 30.0
_SEEN_BEFORE = 0.25


def main() -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", default="mscmr,acdc")
    parser.add_argument("--cases", type=int, help="at most so many of each set, spread evenly")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--strokes", choices=("wrong", "expert", "all"), default="wrong")
    parser.add_argument("--model", type=Path, default=Path("starter"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.strokes == "all":
        options.rounds = 1
    torch.set_num_threads(options.threads)
    model = load_model(options.model, torch.device("cpu"))
    rows: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    seconds: list[float] = []
    for name in options.sets.split(","):
        cases = [load_case(f) for f in find_cases(data_folder() / name / "val") if f.mask]
        phases = phases_of(cases)
        cases.sort(key=lambda case: (phases[case.id], case.id))
        if options.cases and len(cases) > options.cases:
            cases = cases[:: len(cases) // options.cases][: options.cases]
        for case in cases:
            key = f"{name} {phases[case.id]}".strip()
            following = live.LiveCase(model, case.image, Look(phases=False))
            strokes = np.full(case.image.array.shape, UNLABELLED, np.uint8)
            labels, _ = following.mask()
            rows[key, "before"].append(scores(labels, case, strokes))
            order = order_of(case, options.rounds) if options.strokes == "expert" else []
            seen: list[int] = []
            for turn in range(options.rounds):
                if options.strokes == "expert":
                    number = order[turn]
                    strokes[number] = expert(case)[number]
                elif options.strokes == "all":
                    strokes, number = expert(case).copy(), len(strokes) // 2
                else:
                    number = worst_slice(labels, case, seen)
                    correct(labels, case, number, strokes)
                seen.append(number)
                following.take(strokes)
                at_once, _ = following.mask(number)
                rows[key, f"{turn + 1} at once"].append(scores(at_once, case, strokes))
                begun = time.perf_counter()
                following.learn(live.STEPS, number)
                labels, _ = following.mask()
                seconds.append(time.perf_counter() - begun)
                rows[key, f"{turn + 1} learnt"].append(scores(labels, case, strokes))
            print(f"{case.id}: {rows[key, f'{options.rounds} learnt'][-1][0]:.3f}", flush=True)
    show(rows)
    print(f"learning and the whole case anew: median {np.median(seconds):.2f} s")


def phases_of(cases: list[Case]) -> dict[str, str]:
    """``ED`` or ``ES`` by the volumes of the pairs; empty for others."""
    volumes = {case.id: float((case.mask == 3).sum()) for case in cases if case.mask is not None}
    found = dict.fromkeys(volumes, "")
    for pair in pair_phases(volumes):
        found |= {pair.ed: "ED", pair.es: "ES"}
    return found


def scores(labels: NDArray[np.uint8], case: Case, strokes: NDArray[np.uint8]) -> list[float]:
    """Mean Dice, that in slices never drawn on, Dice and volume ratio of each structure."""
    assert case.mask is not None
    free = (strokes == UNLABELLED).all(axis=(1, 2))
    each = [dice(labels == k, case.mask == k) for k in _STRUCTURES]
    rest = [dice(labels[free] == k, case.mask[free] == k) for k in _STRUCTURES]
    ratio = [float((labels == k).sum() / max(1, (case.mask == k).sum())) for k in _STRUCTURES]
    return [float(np.nanmean(each)), float(np.nanmean(rest)), *each, *ratio]


def worst_slice(labels: NDArray[np.uint8], case: Case, seen: list[int]) -> int:
    """Where most pixels are wrong; those of slices drawn on before count a quarter."""
    wrong = (labels != case.mask).sum(axis=(1, 2)).astype(float)
    for number in seen:
        wrong[number] *= _SEEN_BEFORE
    return int(wrong.argmax())


def correct(labels: NDArray[np.uint8], case: Case, number: int, strokes: NDArray[np.uint8]) -> None:
    """Draw along the middle of the two largest wrong regions of a slice what is true there."""
    assert case.mask is not None
    regions = []
    wrong, true = labels[number] != case.mask[number], case.mask[number]
    for k in range(4):
        pieces, count = ndimage.label(wrong & (true == k))
        regions += [(pieces == piece, k) for piece in range(1, count + 1)]
    mm = case.image.geometry.spacing[1]
    for region, k in sorted(regions, key=lambda found: -found[0].sum())[:2]:
        if region.sum() * mm * mm >= _LEAST_MM2:
            line = ndimage.binary_dilation(skeletonize(region), iterations=max(1, round(1 / mm)))
            strokes[number][line & region] = k


def expert(case: Case) -> NDArray[np.uint8]:
    """The experts' strokes, or drawn ones."""
    if case.scribble is not None:
        return case.scribble
    assert case.mask is not None
    return scribble_volume(case.mask, case.image.geometry.spacing[1], np.random.default_rng(0))


def order_of(case: Case, rounds: int) -> list[int]:
    """Slices with strokes of a structure, spread evenly."""
    strokes = expert(case)
    drawn = np.flatnonzero(((strokes != UNLABELLED) & (strokes > 0)).any(axis=(1, 2)))
    return [int(drawn[int((turn + 0.5) * len(drawn) / rounds)]) for turn in range(rounds)]


def show(rows: dict[tuple[str, str], list[list[float]]]) -> None:
    """A line for each set, phase and round, then the means over all cases."""
    print("set, phase, round: cases; Dice (slices never drawn on; worst case); RV MYO LV; ratios")
    stages = list(dict.fromkeys(stage for _, stage in rows))
    for key in dict.fromkeys(key for key, _ in rows):
        for stage in stages:
            line(f"{key:8s} {stage:10s}", rows[key, stage])
    for stage in stages:
        line(
            f"{'all':8s} {stage:10s}",
            [row for key, at in rows if at == stage for row in rows[key, at]],
        )


def line(title: str, found: list[list[float]]) -> None:
    """Means, and medians of the ratios."""
    values = np.array(found)
    mean, rest, *each = np.nanmean(values[:, :5], axis=0)
    ratio = np.nanmedian(values[:, 5:], axis=0)
    print(
        f"{title} {len(values):2d}; {mean:.3f} ({rest:.3f}; {np.nanmin(values[:, 0]):.3f}); "
        f"{' '.join(f'{value:.3f}' for value in each)}; "
        f"{' '.join(f'{value:.2f}' for value in ratio)}"
    )


if __name__ == "__main__":
    main()
