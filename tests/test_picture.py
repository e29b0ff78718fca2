from pathlib import Path

import numpy as np
from skimage.io import imread

from napari_scribblemix.synthesis.picture import (
    COLOURS,
    grey,
    with_mask,
    with_strokes,
    write_panels,
)

IMAGE = np.random.default_rng(0).random((20, 24)).astype(np.float32)
LABELS = np.zeros((20, 24), np.uint8)
LABELS[5:12, 6:15] = 2


def test_strokes_are_painted_in_their_colour_and_nothing_else_is_touched() -> None:
    scribble = np.full((20, 24), 255, np.uint8)
    scribble[3, 4] = 1
    picture = with_strokes(IMAGE, scribble, enlarge=3)
    assert picture.shape == (60, 72, 3)
    assert np.allclose(picture[9:12, 12:15], COLOURS[1])
    rest = picture.copy()
    rest[9:12, 12:15] = 0
    assert np.allclose(rest[..., 0], rest[..., 1])


def test_a_mask_is_outlined_and_background_stays_grey() -> None:
    picture = with_mask(IMAGE, LABELS, enlarge=1)
    assert np.allclose(picture[5, 10], COLOURS[2])
    assert np.ptp(picture[0, 0]) == 0


def test_panels_are_laid_out_in_rows_with_white_between(tmp_path: Path) -> None:
    path = tmp_path / "pictures" / "panels.png"
    row = [grey(IMAGE), with_strokes(IMAGE, LABELS), with_mask(IMAGE, LABELS)]
    write_panels(path, [row, row])
    picture = imread(path)
    assert picture.shape == (2 * 44 + 4, 3 * 52 + 4, 3)
    assert (picture[:4] == 255).all()
