"""Stacks of slices: where their voxels lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.synthesis.stacks import Stack, affine_of, draw_stack, oblique_affine


def test_larger_pixels_cover_the_same_field_about_the_same_centre() -> None:
    rng = np.random.default_rng(0)
    stack = draw_stack(80.0, rng)
    affine = oblique_affine(stack, rng)
    other = stack.with_pixels(1.25)
    assert other.spacing > stack.spacing
    assert np.allclose(
        np.array(other.size) * other.spacing, np.array(stack.size) * stack.spacing, atol=2
    )
    coarse = affine_of(other, stack, affine)
    for one, place in ((stack, affine), (other, coarse)):
        scales = np.linalg.norm(place[:3, :3], axis=0)
        assert np.allclose(scales, (one.spacing, one.spacing, one.step), atol=1e-3)

    def middle(one: Stack, place: NDArray) -> NDArray:
        size = np.array([one.size[1], one.size[0], len(one.levels)])
        return place[:3, :3] @ ((size - 1) / 2) + place[:3, 3]

    assert np.allclose(middle(stack, affine), middle(other, coarse), atol=1e-6)
    assert np.allclose(affine_of(stack, stack, affine), affine, atol=1e-9)
