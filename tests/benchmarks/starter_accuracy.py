"""What the starter finds in real hearts before any scribble, and what each way of looking is worth.

    python tests/benchmarks/starter_accuracy.py [--model starter] [--cases 14]

A line for each data set and each option of ``segment``: mean 3-D Dice per structure and mean HD95
over the validation cases; for ``segment`` as it is also the median ratio of predicted to true
volume and Dice by third of the heart.  Then the same volumes stored the other seven ways up, with
and without the search for the way up.  The data stays where it is: ../shared/data, or the folder
SCRIBBLEMIX_DATA names.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from accuracy import data_folder

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.evaluation.comparison import as_report, measure
from napari_scribblemix.evaluation.report import Report, Row
from napari_scribblemix.inference.look import LOOK, Look
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.orientation import TURNS, Turn
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.cases import Case, load_case
from napari_scribblemix.project.layouts import find_cases

LOOKS = {
    "as segment does": LOOK,
    "every piece kept": replace(LOOK, largest_component=False),
    "mirror images averaged": replace(LOOK, mirror=True),
    "one look only": replace(LOOK, find_heart=False),
    "neighbours, weight 0.15": replace(LOOK, neighbours=0.15),
    "neighbours, weight 0.3": replace(LOOK, neighbours=0.3),
    "no search for the way up": replace(LOOK, upright=False),
}


def read_cases(name: str, most: int | None) -> list[Case]:
    """The validation cases of a data set, or ``most`` of them evenly chosen."""
    files = [item for item in find_cases(data_folder() / name / "val") if item.mask is not None]
    step = max(1, len(files) // most) if most else 1
    return [load_case(item) for item in files[::step][:most]]


def stored(case: Case, turn: Turn) -> Case:
    """``case`` as if its slices had been stored another way up, its mask with them."""
    image, mask = (
        turn.apply(torch.from_numpy(np.ascontiguousarray(array))).contiguous().numpy()
        for array in (case.image.array, case.mask)
    )
    z, y, x = case.image.geometry.spacing
    spacing = (x, y, z) if not turn.quarters % 2 else (y, x, z)
    geometry = Geometry.from_affine(np.diag([*spacing, 1.0]), image.shape[::-1])
    return replace(case, image=Volume(image, geometry), mask=mask)


def score(model: Model, cases: Iterable[Case], look: Look) -> Report:
    """What ``model`` finds in ``cases``."""
    rows: list[Row] = []
    scheme = model.card.labels
    for case in cases:
        assert case.mask is not None
        labels = segment_volume(model, case.image, look).labels
        rows += measure(case.id, labels, case.mask, scheme, case.image.geometry)
    return as_report(rows, scheme)


def show(words: str, report: Report) -> None:
    """One line: mean Dice of each structure, mean Dice, mean HD95 in mm."""
    parts = "  ".join(f"{summary.dice.mean:.3f}" for summary in report.summaries())
    means = f"mean {report.mean('dice'):.3f}, HD95 {report.mean('hd95'):4.1f}"
    print(f"{words:44s}{parts}  {means}", flush=True)


def show_details(report: Report) -> None:
    """A line for each structure and phase: the median volume ratio, and Dice by third."""
    for item in report.details():
        levels = (item.dice_basal.mean, item.dice_mid.mean, item.dice_apical.mean)
        dice = "  ".join(f"{value:.3f}" for value in levels)
        words = f"  {item.structure}, {item.phase}"
        print(f"{words:44s}{dice}  volume ratio {item.volume_ratio:.2f}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=Path("starter"))
    parser.add_argument("--cases", type=int, help="at most so many of each set [all]")
    parser.add_argument("--turned", type=int, default=5, help="cases stored the other ways up")
    arguments = parser.parse_args()
    model = load_model(arguments.model, torch.device("cpu"))
    for name in ("mscmr", "acdc"):
        cases = read_cases(name, arguments.cases)
        print(f"{name}, {len(cases)} volumes: RV, MYO, LV")
        for words, look in LOOKS.items():
            report = score(model, cases, look)
            show(words, report)
            if look == LOOK:
                print("  of these, Dice by third: basal, mid, apical")
                show_details(report)
        few = cases[:: max(1, len(cases) // arguments.turned)][: arguments.turned]
        turned = [stored(case, turn) for case in few for turn in TURNS[1:]]
        show(f"{len(few)} of them as stored", score(model, few, LOOK))
        show("the same, the other seven ways up", score(model, turned, LOOK))
        show("and without the search", score(model, turned, replace(LOOK, upright=False)))


if __name__ == "__main__":
    main()
