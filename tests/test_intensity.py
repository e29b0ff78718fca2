"""The intensity rules, on volumes of any range."""

from __future__ import annotations

import numpy as np

from napari_scribblemix.data.intensity import normalise, scale_slices

VOLUME = np.random.default_rng(0).normal(300, 40, (3, 8, 9)) * np.array([1, 2, 5])[:, None, None]


def test_a_volume_is_standardised_as_a_whole() -> None:
    got = normalise(VOLUME, "volume-zscore")
    assert got.dtype == np.float32
    np.testing.assert_allclose([got.mean(), got.std()], [0, 1], atol=1e-5)
    assert got[2].mean() > got[0].mean(), "a brighter slice stays brighter"


def test_slices_are_scaled_each_to_its_own_range() -> None:
    got = normalise(VOLUME, "slice-unit")
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got.min(axis=(1, 2)), 0)
    np.testing.assert_array_equal(got.max(axis=(1, 2)), 1)
    order = VOLUME[1].ravel().argsort()
    assert (np.diff(got[1].ravel()[order]) >= 0).all()


def test_a_constant_slice_becomes_zero_and_integers_do_not_overflow() -> None:
    volume = np.zeros((2, 4, 4), np.int16)
    volume[1, 0, 0], volume[1, 1, 1] = -32768, 32767
    got = scale_slices(volume)
    assert not got[0].any()
    np.testing.assert_allclose([got[1, 0, 0], got[1, 1, 1]], [0, 1])
    assert not normalise(np.full((2, 3, 3), 7), "volume-zscore").any()
