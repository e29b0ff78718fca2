"""Rotated squares."""

from __future__ import annotations

import torch

from napari_scribblemix.methods.occlusion import draw_visible


def _draw(count: int, size: int, side: float, seed: int = 0) -> torch.Tensor:
    return draw_visible(count, size, size, side, torch.Generator().manual_seed(seed))


def test_a_square_inside_the_image_hides_its_area() -> None:
    hidden = 1 - _draw(400, 200, 32)
    border = torch.ones(200, 200)
    border[1:-1, 1:-1] = 0
    inside = (hidden[:, 0] * border).sum((1, 2)) == 0
    area = hidden.sum((1, 2, 3))[inside]
    assert len(area) > 100
    assert ((area - 1024).abs() < 70).all()
    assert abs(area.mean().item() - 1024) < 5


def test_place_and_angle_differ_between_samples() -> None:
    hidden = (1 - _draw(50, 100, 32))[:, 0]
    rows = (hidden.sum(2) > 0).sum(1)
    # Upright squares span 32 rows, squares on a corner 45.
    assert rows.float().std() > 2
    centre = (hidden * torch.arange(100)).sum((1, 2)) / hidden.sum((1, 2))
    assert centre.max() - centre.min() > 60


def test_the_hidden_region_is_convex_and_in_one_piece() -> None:
    from scipy import ndimage

    for hidden in (1 - _draw(20, 64, 20))[:, 0].numpy():
        assert ndimage.label(hidden)[1] == 1
        for line in hidden:
            assert (abs(line[1:] - line[:-1]).sum()) <= 2


def test_the_same_seed_gives_the_same_squares() -> None:
    assert torch.equal(_draw(4, 50, 16, 3), _draw(4, 50, 16, 3))
    assert not torch.equal(_draw(4, 50, 16, 3), _draw(4, 50, 16, 4))
