"""How far the predicted quality of masks holds, and the fit of its numbers on drawn hearts.

    python tests/benchmarks/quality.py                  the validation cases, as they are and spoilt
    python tests/benchmarks/quality.py --fit 150        fit on so many drawn volumes first

Spoilt: one to three of contrast, gamma, blur, bias field, noise and ghosts, of random strength, so
that masks of every quality are seen (a third of the drawn ones are left as they are).  Printed over
slices and over volumes: Pearson's and Spearman's correlation of expected and true Dice (mean over
the structures that either mask has), the mean absolute error, and of the bad ones (Dice below .7)
and of the others the share that is flagged (expected below .7).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import shift
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import pearsonr, spearmanr
from starter_accuracy import read_cases

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.evaluation.overlap import dice
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.quality import evidence, quality, signs
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.cases import Case
from napari_scribblemix.synthesis.appearance import draw_appearance
from napari_scribblemix.synthesis.hearts import draw_hearts
from napari_scribblemix.synthesis.samples import scan
from napari_scribblemix.synthesis.stacks import draw_stack, oblique_affine

_BAD = 0.7


@dataclass
class Measured:
    """Of one volume: what its slices' quality is computed from (Z, 2), and true Dice (Z,).

    ``mean``: of the expected Dice of the slices, weighted by the size of their masks.
    """

    signs: NDArray[np.float64]
    true: NDArray[np.float64]
    expected: NDArray[np.float64]
    mean: float
    case_true: float
    case_expected: float


def spoilt(case: Case, rng: np.random.Generator) -> Case:
    """``case`` as a worse scanner might show it."""
    ways = {
        "contrast": lambda: partial(shift.contrast, rng.uniform(-0.95, 0.95)),
        "gamma": lambda: partial(shift.power, float(np.exp(rng.uniform(-1.0, 1.2)))),
        "blur": lambda: partial(shift.blur, rng.uniform(0.5, 3.5)),
        "bias": lambda: partial(shift.bias, rng.uniform(0.5, 6.0)),
        "noise": lambda: partial(shift.noise, rng.uniform(0.02, 0.3)),
        "ghosts": lambda: partial(shift.ghosts, rng.uniform(0.05, 0.4)),
    }
    for name in rng.choice(list(ways), size=rng.integers(1, 4), replace=False):
        case = shift.with_image(ways[name](), case)
    return case


def drawn(count: int, template: Case) -> Iterator[Case]:
    """Drawn hearts of both contrasts, two of three spoilt."""
    rng = np.random.default_rng(5)
    for number in range(count):
        generator = torch.Generator().manual_seed(1000 + number)
        hearts = draw_hearts(1, generator, view="radiological", depth=9, max_shift=(10.0, 10.0))
        length = float(rng.uniform(70.0, 95.0))
        stack = draw_stack(length, rng)
        appearance = draw_appearance(1, generator, contrast=("cine", "lge")[number % 2])
        phase = float(rng.integers(2))
        image, labels = scan(hearts.with_values(length=length), appearance, stack, phase, generator)
        geometry = Geometry.from_affine(oblique_affine(stack, rng), image.shape[::-1])
        volume = Volume(image.astype(np.float32), geometry)
        case = replace(template, image=volume, mask=labels)
        yield spoilt(case, rng) if number % 3 else case


def look_at(model: Model, case: Case) -> Measured:
    """Segment a case and compare."""
    found, mask = segment_volume(model, case.image), case.mask
    assert mask is not None
    area = case.image.geometry.pixel_area_mm2
    known = evidence(found.probability, found.labels, area)
    told = quality(known, found.labels, area)
    structures = range(1, model.card.labels.classes)

    def true(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> float:
        each = [dice(here == k, there == k) for k in structures]
        return float(np.nanmean(each)) if np.isfinite(each).any() else np.nan

    slices = np.array([true(a, b) for a, b in zip(found.labels, mask, strict=True)])
    sizes = (found.labels > 0).sum(axis=(1, 2))
    mean = float(np.nansum(told.slices * sizes) / sizes.sum()) if sizes.any() else np.nan
    return Measured(
        signs(known, found.labels, area),
        slices,
        told.slices,
        mean,
        true(found.labels, mask),
        told.case,
    )


def fitted(measured: list[Measured], columns: int) -> NDArray[np.float64]:
    """Constant and weights, by least squares of Dice."""
    told = np.concatenate([each.signs[:, :columns] for each in measured])
    true = np.concatenate([each.true for each in measured])
    there = np.concatenate([np.isfinite(each.expected) for each in measured]) & np.isfinite(true)
    return least_squares(told[there], true[there])


def fitted_case(measured: list[Measured]) -> NDArray[np.float64]:
    """Constant and weight of the logit of the slices' mean, for the Dice of a volume."""
    known = [each for each in measured if np.isfinite([each.mean, each.case_true]).all()]
    means = np.array([each.mean for each in known])
    return least_squares(
        np.log(means / (1 - means))[:, None], np.array([each.case_true for each in known])
    )


def least_squares(told: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.float64]:
    """Constant and weights of the columns of ``told`` (N, M), in the logit of Dice ``true``."""
    design = np.column_stack([np.ones(len(told)), told])

    def wrong(weights: NDArray[np.float64]) -> float:
        given = 1 / (1 + np.exp(-design @ weights))
        return float(((given - true) ** 2).sum() + 0.01 * (weights[1:] ** 2).sum())

    found: NDArray[np.float64] = minimize(wrong, np.zeros(design.shape[1]), method="BFGS").x
    return found


def show(words: str, expected: NDArray[np.float64], true: NDArray[np.float64]) -> None:
    """A line on one set."""
    there = np.isfinite(expected) & np.isfinite(true)
    expected, true = expected[there], true[there]
    bad, flagged = true < _BAD, expected < _BAD
    shares = [
        f"{flagged[which].mean():.2f} of {which.sum()}" if which.any() else "- of 0"
        for which in (bad, ~bad)
    ]
    print(
        f"{words:34s} {len(true):4d}: Pearson {pearsonr(expected, true)[0]:.2f}, Spearman "
        f"{spearmanr(expected, true)[0]:.2f}, error {np.abs(expected - true).mean():.3f} (mean "
        f"{(expected - true).mean():+.3f}), flagged of the bad {shares[0]}, of others {shares[1]}",
        flush=True,
    )


def report(words: str, measured: list[Measured]) -> None:
    """Slices and volumes of a set."""
    show(
        f"{words}, slices",
        np.concatenate([each.expected for each in measured]),
        np.concatenate([each.true for each in measured]),
    )
    show(
        f"{words}, volumes",
        np.array([each.case_expected for each in measured]),
        np.array([each.case_true for each in measured]),
    )


def main() -> None:
    """Fit if asked, then measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=Path("starter"))
    parser.add_argument("--fit", type=int, default=0, metavar="DRAWN")
    parser.add_argument("--spoilt", type=int, default=1, help="times each case is spoilt")
    parser.add_argument("--sets", default="mscmr,acdc")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = load_model(options.model, torch.device("cpu"))
    cases = {name: read_cases(name, None) for name in options.sets.split(",") if name}
    if options.fit:
        template = read_cases("mscmr", 1)[0]
        measured = [look_at(model, case) for case in drawn(options.fit, template)]
        print("with the next slice:", np.round(fitted(measured, 2), 2).tolist())
        print("alone:", np.round(fitted(measured, 1), 2).tolist())
        print("volume, of its slices:", np.round(fitted_case(measured), 2).tolist())
        report("drawn", measured)
    everything: list[Measured] = []
    for name, those in cases.items():
        measured = [look_at(model, case) for case in those]
        report(name, measured)
        everything += measured
    rng = np.random.default_rng(7)
    for _ in range(options.spoilt):
        measured = [look_at(model, spoilt(case, rng)) for those in cases.values() for case in those]
        report("spoilt", measured)
        everything += measured
    if everything:
        report("all", everything)


if __name__ == "__main__":
    main()
