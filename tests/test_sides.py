"""Masks that call the ventricles by each other's value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC, MYOPS, guess_scheme
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.data.sides import EXCHANGED, sides_exchanged, wall_share
from napari_scribblemix.evaluation.comparison import evaluate_pairs
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.resources import sample_folder
from phantoms import draw, write_file


def exchanged(mask: np.ndarray) -> np.ndarray:
    return np.array([0, 3, 2, 1, 4, 5], np.uint8)[mask]


@pytest.mark.parametrize("kind", ["cine", "lge", "myops"])
def test_drawn_hearts_are_right_and_exchanged_ones_are_noticed(kind: str) -> None:
    for path in (sample_folder(kind) / "heldout" / "masks").iterdir():
        stored = read_labels(path).array
        scheme = guess_scheme(np.unique(stored).tolist())
        mask = scheme.decode_mask(stored)
        assert not sides_exchanged(mask, scheme)
        assert sides_exchanged(exchanged(mask), scheme)


def test_the_share_of_the_wall_is_counted_within_slices() -> None:
    labels = np.zeros((2, 5, 5), np.uint8)
    labels[0, 1:4, 1:4] = 2
    labels[0, 2, 2] = 3
    labels[1, 2, 2] = 1
    assert wall_share(labels, 3, [2]) == (1.0, 4)
    assert wall_share(labels, 1, [2]) == (0.0, 4)


def test_what_cannot_be_told_is_not_said() -> None:
    mask = draw(0)[1]
    left_only = np.where(mask == 1, 0, mask).astype(np.uint8)
    assert not sides_exchanged(exchanged(left_only), CARDIAC)
    assert not sides_exchanged(np.zeros_like(mask), MYOPS)


def test_it_is_a_note_of_the_case_and_of_the_comparison(tmp_path: Path) -> None:
    image, mask, _ = draw(0)
    for name, array in (("a", image), ("a_gt", exchanged(mask)), ("p", mask)):
        write_file(tmp_path / f"{name}.nii.gz", array)
    paths = [tmp_path / f"{name}.nii.gz" for name in ("a", "a_gt", "p")]
    assert EXCHANGED in load_case(CaseFiles("a", paths[0], mask=paths[1])).notes
    assert EXCHANGED not in load_case(CaseFiles("a", paths[0], mask=paths[2])).notes
    (note,) = evaluate_pairs([("a", paths[2], paths[1])]).notes
    assert note.text == f"a_gt.nii.gz: {EXCHANGED}"
