"""Virtual models: what is mixed, whom the gradient reaches, what stays as it was."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.methods.virtual import (
    Interpolation,
    draw_interpolation,
    mixable_convolutions,
    virtual_logits,
)


def network(seed: int, channels: int = 1, classes: int = 3, **options: object) -> UNet:
    torch.manual_seed(seed)
    return UNet(channels, classes, (4, 8, 8), **options)  # type: ignore[arg-type]


def say(one: UNet, two: UNet, drawn: Interpolation, image: Tensor) -> Tensor:
    return virtual_logits(one, two, drawn, image, one.encode(image))


IMAGE = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("options", [{}, {"norm": "batch"}, {"residual": True}])
def test_only_convolutions_of_the_encoder_are_drawn(options: dict[str, object]) -> None:
    one, two = network(0, **options), network(1, **options)
    places = mixable_convolutions([one, two])
    for level, name in places:
        assert isinstance(one.encoder[level].get_submodule(name), torch.nn.Conv2d)
    expected = {(level, name) for level in range(3) for name in ("conv1", "conv2")}
    if options.get("residual"):
        # those where the number of channels changes
        expected |= {(0, "skip"), (1, "skip")}
    assert set(places) == expected


def test_the_first_convolution_is_not_drawn_where_channels_differ() -> None:
    places = mixable_convolutions([network(0), network(1, channels=3)])
    assert (0, "conv1") not in places
    assert (0, "conv2") in places


def test_draws_reach_every_convolution_and_repeat_with_the_seed() -> None:
    places = mixable_convolutions([network(0), network(1)])
    generator = torch.Generator().manual_seed(3)
    drawn = [draw_interpolation(places, generator) for _ in range(300)]
    assert {place for d in drawn for place in d.places} == set(places)
    assert all(0.0 <= d.share <= 1.0 for d in drawn)
    # Beta(1/2, 1/2): a mean of a half, and two thirds of the mass in the outer halves
    assert abs(sum(d.share for d in drawn) / 300 - 0.5) < 0.07
    assert sum(abs(d.share - 0.5) > 0.25 for d in drawn) > 170
    again = torch.Generator().manual_seed(3)
    assert drawn == [draw_interpolation(places, again) for _ in range(300)]


def test_lambda_one_is_the_individual_model_exactly() -> None:
    one, two = network(0), network(1)
    for level, name in mixable_convolutions([one, two]):
        assert torch.equal(say(one, two, Interpolation(((level, name),), 1.0), IMAGE), one(IMAGE))


@pytest.mark.parametrize(("level", "name"), [(0, "conv1"), (1, "conv2"), (2, "conv1")])
def test_lambda_zero_is_a_model_with_the_others_convolution(level: int, name: str) -> None:
    one, two, both = network(0), network(1), network(0)
    theirs = two.encoder[level].get_submodule(name)
    both.encoder[level].get_submodule(name).load_state_dict(theirs.state_dict())
    got = say(one, two, Interpolation(((level, name),), 0.0), IMAGE)
    torch.testing.assert_close(got, both(IMAGE))
    assert not torch.allclose(got, one(IMAGE))


def test_between_kernels_and_features_are_interpolated_alike() -> None:
    """Eq. 5: a mixed convolution gives the mixed features."""
    one, two = network(0).encoder[0].conv1, network(1).encoder[0].conv1
    mixed = torch.nn.functional.conv2d(IMAGE, torch.lerp(two.weight, one.weight, 0.3), padding=1)
    torch.testing.assert_close(mixed, 0.3 * one(IMAGE) + 0.7 * two(IMAGE))


def test_the_gradient_reaches_both_encoders_and_only_one_decoder() -> None:
    one, two = network(0), network(1)
    say(one, two, Interpolation(((1, "conv1"),), 0.4), IMAGE).square().sum().backward()
    mine, theirs = one.encoder[1].conv1.weight.grad, two.encoder[1].conv1.weight.grad
    assert mine is not None
    assert theirs is not None
    assert mine.abs().sum() > 0
    # both are the gradient of the mixed kernel, by their shares
    torch.testing.assert_close(mine / 0.4, theirs / 0.6)
    others = [p for n, p in two.named_parameters() if n != "encoder.1.conv1.weight"]
    assert all(p.grad is None for p in others)
    assert one.head.weight.grad is not None


def test_nothing_is_written_into_the_networks() -> None:
    one, two = network(0), network(1)
    before = {k: v.clone() for k, v in one.state_dict().items()}
    say(one, two, Interpolation(((0, "conv2"),), 0.2), IMAGE)
    assert all(torch.equal(before[k], v) for k, v in one.state_dict().items())


def test_taken_over_features_are_those_the_virtual_model_would_compute() -> None:
    one, two = network(0), network(1)
    drawn = Interpolation(((2, "conv2"),), 0.5)
    mixed = network(0)
    with torch.no_grad():
        mixed.encoder[2].conv2.weight.lerp_(two.encoder[2].conv2.weight, 0.5)
    torch.testing.assert_close(say(one, two, drawn, IMAGE), mixed(IMAGE))


def test_all_convolutions_can_be_mixed_at_once() -> None:
    one, two = network(0), network(1)
    places = mixable_convolutions([one, two])
    drawn = draw_interpolation(places, torch.Generator().manual_seed(0), everywhere=True)
    assert drawn.places == tuple(places)
    half = Interpolation(drawn.places, 0.5)
    mixed = network(0)
    with torch.no_grad():
        for level, name in places:
            theirs = two.encoder[level].get_submodule(name).weight
            mixed.encoder[level].get_submodule(name).weight.lerp_(theirs, 0.5)
    torch.testing.assert_close(say(one, two, half, IMAGE), mixed(IMAGE))
