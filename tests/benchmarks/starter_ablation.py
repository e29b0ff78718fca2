"""Which parts of the drawn hearts matter: starters trained without one of them, on real hearts.

    python tests/benchmarks/starter_ablation.py --steps 1100 [--only all,scar] [--cases 14]

A line for each variant: mean 3-D Dice per structure on the validation cases, as ``segment`` looks,
without the search for the way up.  Short trainings of one seed differ by several hundredths from
seed to seed, so ``--seed`` belongs beside every figure.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from starter_accuracy import read_cases, score

from napari_scribblemix.inference.look import LOOK
from napari_scribblemix.settings import StarterSettings
from napari_scribblemix.synthesis import appearance, drawing
from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.appearance import render
from napari_scribblemix.synthesis.hearts import draw_hearts
from napari_scribblemix.synthesis.tissues import Tissue
from napari_scribblemix.training import starter
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.recipe import STARTER, Augmentation

Patch = tuple[Any, str, Any]


def hearts_with(**values: float) -> Patch:
    """Some parameters the same in every heart."""

    def draw(*args: Any, **options: Any) -> Any:
        return draw_hearts(*args, **options).with_values(**values)

    return drawing, "draw_hearts", draw


def maps(change: Callable[..., torch.Tensor]) -> Patch:
    """Tissue maps changed by ``change(hearts, levels, size, spacing, phase)``."""
    return drawing, "label_maps", change


def no_surroundings(*args: Any) -> torch.Tensor:
    """The heart in nothing but muscle."""
    tissues = label_maps(*args)
    return torch.where(tissues < int(Tissue.PERICARDIAL_FAT), int(Tissue.MUSCLE), tissues).to(
        torch.uint8
    )


def only_diastole(*args: Any) -> torch.Tensor:
    return label_maps(*args[:4], torch.zeros_like(args[4]))


ROUND = dict.fromkeys(
    (
        "wall_cos1", "wall_sin1", "wall_cos2", "wall_sin2", "oval_cos2", "oval_sin2", "oval_cos3",
        "oval_sin3", "tilt_x", "tilt_y",
    ),
    0.0,
)  # fmt: skip
ONE_RV = {
    "rv_outflow": 0.0, "rv_margin": -0.2, "rv_bulge_front": 0.2, "rv_bulge_back": 0.13,
    "rv_round": 8.0, "rv_power": 2.7, "rv_end": 1.1,
}  # fmt: skip

VARIANTS: dict[str, list[Patch]] = {
    "all": [],
    "any way up": [
        (drawing, "draw_hearts", lambda *a, **o: draw_hearts(*a, **o | {"view": "any"}))
    ],
    "no intensity augmentation": [
        (starter, "STARTER", STARTER.model_copy(update={"augmentation": Augmentation()}))
    ],
    "no surroundings": [maps(no_surroundings)],
    "no papillary muscles and trabeculae": [
        hearts_with(papillary_size=0.0, trabeculae=0.0, rv_trabeculae=0.0)
    ],
    "no scar": [hearts_with(scar_depth=-5.0, scar2_size=-0.6)],
    "no fat round the heart": [hearts_with(fat_front=-20.0, fat_side=-20.0)],
    "round walls and upright axis": [hearts_with(**ROUND)],
    "one shape of right ventricle": [hearts_with(**ONE_RV)],
    "end-diastole only": [maps(only_diastole)],
    "no scanner errors": [(appearance, "degrade", lambda image, *_: image)],
    "no texture": [(appearance, "_TEXTURE", (0.0,) * len(Tissue))],
    "random contrast only": [(drawing, "render", partial(render, contrast="random"))],
    "cine contrast only": [(drawing, "render", partial(render, contrast="cine"))],
    "LGE contrast only": [(drawing, "render", partial(render, contrast="lge"))],
}


def main() -> None:
    """Train and measure each variant."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cases", type=int, default=14, help="at most so many of each set")
    parser.add_argument("--only", help="variants, separated by commas")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",") if arguments.only else list(VARIANTS)
    sets = {name: read_cases(name, arguments.cases) for name in ("mscmr", "acdc")}
    for name in chosen:
        with tempfile.TemporaryDirectory() as run, ExitStack() as stack:
            for target, attribute, value in VARIANTS[name]:
                stack.enter_context(mock.patch.object(target, attribute, value))
            settings = StarterSettings(
                output=Path(run), steps=arguments.steps, seed=arguments.seed, validations=0,
                threads=arguments.threads, device="cpu",
            )  # fmt: skip
            training = Training(starter.prepare(settings), Path(run))
            for _ in training.events():
                pass
        look = replace(LOOK, upright=False)
        rows = {key: score(training.model(), cases, look) for key, cases in sets.items()}
        figures = "; ".join(
            f"{key} {' '.join(f'{value:.3f}' for value in row)}, mean {row.mean():.3f}"
            for key, row in rows.items()
        )
        print(f"{name}: {figures} (steps {arguments.steps}, seed {arguments.seed})", flush=True)


if __name__ == "__main__":
    main()
