"""A cavity that is as dark as the wall of the same volume becomes wall; true ones stay."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.inference.cavities import solid_where_dark

FAT, BLOOD, MUSCLE, LUNG = 90.0, 100.0, 30.0, 2.0
Heart = tuple[NDArray[np.uint8], NDArray[np.float32]]


def heart(outer: float = 14.0, inner: float = 9.0) -> Heart:
    """Five slices of a left ventricle (3) in its wall (2), and their picture in lung."""
    y, x = np.mgrid[:40, :40]
    far = np.hypot(y - 20, x - 20)
    plane = np.zeros((40, 40), np.uint8)
    plane[far < outer], plane[far < inner] = 2, 3
    labels = np.stack([plane] * 5)
    noise = np.random.default_rng(0).normal(0.0, 2.0, labels.shape)
    image = np.select([labels == 3, labels == 2], [BLOOD, MUSCLE], LUNG) + noise
    return labels, image.astype(np.float32)


def solid(labels: NDArray[np.uint8], image: NDArray[np.float32]) -> NDArray[np.uint8]:
    return solid_where_dark(labels, image, CARDIAC)


def test_true_cavities_stay() -> None:
    labels, image = heart()
    assert (solid(labels, image) == labels).all()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_solid_apex_in_fat_becomes_wall_and_the_fat_goes(sign: float) -> None:
    labels, image = heart()
    image[4][labels[4] == 3] = MUSCLE
    image[4][labels[4] == 2] = FAT
    found = solid(labels, sign * image)
    assert (found[4] == np.where(labels[4] == 3, 2, 0)).all()
    assert (found[:4] == labels[:4]).all()


def test_the_wall_of_a_solid_apex_stays_where_it_is_muscle() -> None:
    labels, image = heart()
    image[4][labels[4] > 0] = MUSCLE
    assert (solid(labels, image)[4] == np.where(labels[4] > 0, 2, 0)).all()


def test_papillary_muscles_do_not_make_a_cavity_solid() -> None:
    labels, image = heart()
    y, x = np.mgrid[:40, :40]
    image[2][(labels[2] == 3) & (x + y < 43)] = MUSCLE  # more than half of it
    assert np.median(image[2][labels[2] == 3]) < 40
    assert (solid(labels, image) == labels).all()


def test_a_slice_that_is_dark_as_a_whole_stays() -> None:
    labels, image = heart(inner=7.0)
    image[0] = 0.35 * image[0]  # far from the coil: blood as dark as muscle elsewhere
    assert (solid(labels, image) == labels).all()


def test_a_nearly_closed_cavity_stays() -> None:
    labels, image = heart()
    y, x = np.mgrid[:40, :40]
    labels[4][labels[4] == 3] = 2
    labels[4][np.hypot(y - 20, x - 20) < 3] = 3
    image[4][labels[4] > 0] = MUSCLE
    assert (solid(labels, image) == labels).all()


def test_without_contrast_or_slices_or_names_nothing_is_known() -> None:
    labels, image = heart()
    image[4][labels[4] == 3] = MUSCLE
    flat = np.random.default_rng(1).normal(50.0, 20.0, image.shape).astype(np.float32)
    assert (solid(labels, flat) == labels).all()
    assert (solid(labels[3:], image[3:]) == labels[3:]).all()
    other = CARDIAC.model_copy(update={"names": ("background", "a", "b", "c")})
    assert (solid_where_dark(labels, image, other) == labels).all()
    nothing = np.zeros_like(labels)
    assert not solid(nothing, image).any()
