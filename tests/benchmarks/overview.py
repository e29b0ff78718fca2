"""Draw the README's picture: what a user sees of the bundled sample, synthetic data only.

    python tests/benchmarks/overview.py heart/run      (a run trained on the cine sample)

A row each held-out case: strokes on another case, the image, the model's mask, the true mask.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.nifti import read_image, read_labels
from napari_scribblemix.inference.model import load_model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.synthesis.picture import grey, with_mask, with_strokes, write_panels

SCRIBBLED, HELD_OUT = ("cine02_ED", "cine01_ES"), ("cine05_ED", "cine06_ES")
SIDE = 132


def _square(panel: np.ndarray) -> np.ndarray:
    """The middle of a panel (H, W, 3) that was enlarged twice."""
    top, left = ((size - 2 * SIDE) // 2 for size in panel.shape[:2])
    return panel[top : top + 2 * SIDE, left : left + 2 * SIDE]


def main() -> None:
    """Segment two held-out cases and write docs/pictures/overview.png."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--output", type=Path, default=Path("docs/pictures/overview.png"))
    arguments = parser.parse_args()
    model, sample = load_model(arguments.run, torch.device("cpu")), sample_folder("cine")
    rows = []
    for drawn, unseen in zip(SCRIBBLED, HELD_OUT, strict=True):
        image = read_image(sample / "train" / "images" / f"{drawn}.nii.gz").array
        stored = read_labels(sample / "train" / "scribbles" / f"{drawn}_scribble.nii.gz").array
        volume = read_image(sample / "heldout" / "images" / f"{unseen}.nii.gz")
        truth = read_labels(sample / "heldout" / "masks" / f"{unseen}_gt.nii.gz").array
        labels = segment_volume(model, volume).labels
        y, z = len(image) // 2, len(labels) // 2
        plane = volume.array[z]
        row = [with_strokes(image[y], CARDIAC.decode(stored)[y]), grey(plane)]
        rows.append([*row, with_mask(plane, labels[z]), with_mask(plane, truth[z])])
    write_panels(arguments.output, [[_square(panel) for panel in row] for row in rows])


if __name__ == "__main__":
    main()
