"""Batched connected components against scipy.ndimage.label."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_scribblemix.methods.components import component_roots, largest_components


def _spiral(size: int) -> np.ndarray:
    lengths = [size - 1] * 3
    for k in range(size - 3, 0, -2):
        lengths += [k, k]
    spiral = np.zeros((size, size), np.int64)
    y = x = 0
    spiral[y, x] = 1
    for turn, length in enumerate(lengths):
        dy, dx = ((0, 1), (1, 0), (0, -1), (-1, 0))[turn % 4]
        for _ in range(length):
            y, x = y + dy, x + dx
            spiral[y, x] = 1
    return spiral


def _snake(size: int) -> np.ndarray:
    snake = np.zeros((size, size), np.int64)
    snake[::2] = 1
    snake[1::4, -1] = 1
    snake[3::4, 0] = 1
    return snake


def _comb(size: int) -> np.ndarray:
    comb = np.zeros((size, size), np.int64)
    comb[:, ::2] = 1
    comb[-1] = 1
    return comb


def _turned(shape: np.ndarray) -> list[np.ndarray]:
    return [np.rot90(m, k).copy() for m in (shape, shape.T) for k in range(4)]


def _largest(labels: np.ndarray, classes: int) -> np.ndarray:
    """The reference: per class, scipy's label and the largest of its sizes."""
    kept = np.zeros((len(labels), classes - 1, *labels.shape[1:]), bool)
    for i, image in enumerate(labels):
        for k in range(1, classes):
            pieces, count = ndimage.label(image == k)
            if count:
                kept[i, k - 1] = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    return kept


def _check(labels: np.ndarray, classes: int) -> None:
    got = largest_components(torch.from_numpy(labels), classes).numpy()
    np.testing.assert_array_equal(got, _largest(labels, classes))


def test_blobs_of_several_classes() -> None:
    rng = np.random.default_rng(0)
    for sigma in (0.7, 2.0, 5.0):
        fields = ndimage.gaussian_filter(rng.random((4, 6, 61, 48)), (0, 0, sigma, sigma))
        _check(fields.argmax(0), 4)


@pytest.mark.parametrize("density", [0.5, 0.593, 0.65])
def test_random_pixels_round_the_percolation_threshold(density: float) -> None:
    rng = np.random.default_rng(1)
    _check((rng.random((8, 96, 96)) < density).astype(np.int64), 2)


@pytest.mark.parametrize("shape", [_spiral, _snake, _comb])
@pytest.mark.parametrize("size", [31, 212])
def test_long_winding_paths(shape, size: int) -> None:  # type: ignore[no-untyped-def]
    _check(np.stack(_turned(shape(size))), 2)


def test_a_class_that_is_absent_has_no_component() -> None:
    assert not largest_components(torch.zeros(2, 20, 20, dtype=torch.int64), 4).any()


def test_a_class_that_is_everywhere_is_one_component() -> None:
    largest = largest_components(torch.full((2, 20, 20), 2), 4)
    assert largest[:, 1].all()
    assert not largest[:, [0, 2]].any()


def test_images_of_a_batch_do_not_touch() -> None:
    labels = torch.zeros(2, 4, 4, dtype=torch.int64)
    labels[0, -1], labels[1, 0] = 1, 1
    roots = component_roots(labels)
    assert roots[0, -1, 0] != roots[1, 0, 0]


def test_row_ends_do_not_wrap() -> None:
    labels = torch.zeros(1, 3, 4, dtype=torch.int64)
    labels[0, 0, -1] = labels[0, 1, 0] = 1
    roots = component_roots(labels)
    assert roots[0, 0, -1] != roots[0, 1, 0]


def test_of_two_equal_components_the_first_is_kept() -> None:
    labels = torch.zeros(1, 5, 5, dtype=torch.int64)
    labels[0, 0, 3] = labels[0, 4, 0] = 1
    assert largest_components(labels, 2)[0, 0].nonzero().tolist() == [[0, 3]]
