"""Where the heart is, and what its neighbours say of a slice."""

import torch

from napari_scribblemix.inference.plausibility import (
    body_window,
    heart_window,
    placed,
    with_neighbours,
)


def heart(height: int, width: int, rows: slice, columns: slice) -> torch.Tensor:
    """Probabilities (3, 4, height, width), sure of a left ventricle in a rectangle."""
    probability = torch.zeros(3, 4, height, width)
    probability[:, 0] = 1.0
    probability[:, 0, rows, columns] = 0.0
    probability[:, 3, rows, columns] = 1.0
    return probability


def test_the_window_is_a_square_about_the_heart() -> None:
    rows, columns = heart_window(heart(200, 220, slice(90, 110), slice(120, 150)), spacing=2.0)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (128, 128)
    assert abs((rows.start + rows.stop) / 2 - 100) <= 1
    assert columns.stop == 135 + 64


def test_a_window_at_the_edge_moves_inside() -> None:
    rows, columns = heart_window(heart(200, 220, slice(0, 20), slice(200, 220)), spacing=2.0)
    assert (rows, columns) == (slice(0, 128), slice(92, 220))


def test_a_large_heart_widens_the_window_and_a_small_image_limits_it() -> None:
    rows, _ = heart_window(heart(300, 300, slice(50, 200), slice(60, 100)), spacing=2.0)
    assert rows.stop - rows.start == 176  # 150 and 2 x 12 pixels, up to a multiple of 16
    assert heart_window(heart(60, 70, slice(5, 9), slice(5, 9)), 2.0) == (
        slice(0, 60),
        slice(0, 70),
    )


def test_without_a_heart_the_whole_image_is_looked_at() -> None:
    nothing = heart(150, 160, slice(0, 0), slice(0, 0))
    assert heart_window(nothing, 2.0) == (slice(0, 150), slice(0, 160))


def test_round_the_window_all_is_background() -> None:
    whole = placed(torch.full((1, 2, 2, 3), 0.5), (slice(1, 3), slice(0, 3)), 5, 4)
    assert torch.equal(whole.sum(1), torch.ones(1, 5, 4))
    assert whole[0, 1].sum() == 3.0
    assert whole[0, 0, 0, 0] == 1.0


def test_neighbours_are_weighed_and_probabilities_stay_probabilities() -> None:
    stack = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])[:, :, None, None]
    mean = with_neighbours(stack, 0.5)
    torch.testing.assert_close(mean.sum(1), torch.ones(3, 1, 1))
    torch.testing.assert_close(mean[1, 0], torch.tensor([[(0.2 + 0.45 + 0.3) / 2]]))
    torch.testing.assert_close(mean[0, 0], torch.tensor([[(0.9 + 0.1) / 1.5]]))
    torch.testing.assert_close(with_neighbours(stack, 0.0), stack)


def scan(generator: torch.Generator, height: int = 60, width: int = 70) -> torch.Tensor:
    """Slices (3, 1, height, width) full of tissue, with a dark lung in them."""
    slices = 100.0 + 30.0 * torch.rand((3, 1, height, width), generator=generator)
    slices[..., 20:40, 10:30] = 8.0
    return slices


def test_padding_and_faint_air_are_no_body_and_a_lung_is() -> None:
    generator = torch.Generator().manual_seed(0)
    inside = scan(generator)
    frame = 3.0 * torch.rand((3, 1, 200, 220), generator=generator)
    frame[..., 50:110, 80:150] = inside
    assert body_window(frame) == (slice(50, 110), slice(80, 150))
    assert body_window(frame / 40 - 7) == (slice(50, 110), slice(80, 150)), "units do not matter"
    assert body_window(inside) == (slice(0, 60), slice(0, 70))


def test_a_blank_volume_is_all_body() -> None:
    assert body_window(torch.zeros(2, 1, 8, 9)) == (slice(0, 8), slice(0, 9))
