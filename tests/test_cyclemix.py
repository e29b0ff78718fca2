"""The method as a whole: identities of the equations, switches, gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from napari_scribblemix.methods import cyclemix, puzzle_mix, transport
from napari_scribblemix.methods.batch import UNLABELLED, Batch, one_hot
from napari_scribblemix.methods.cyclemix import CycleMix, Mixer, draw_partners, local_consistency
from napari_scribblemix.methods.losses import partial_cross_entropy
from napari_scribblemix.methods.unet import UNet


def _batch(count: int = 4, size: tuple[int, int] = (48, 48), seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    scribble = torch.randint(0, 3, (count, *size), generator=generator)
    scribble[torch.rand(scribble.shape, generator=generator) > 0.05] = UNLABELLED
    image = torch.randn(count, 1, *size, generator=generator)
    return Batch(image, one_hot(scribble, 3), generator, torch.Generator().manual_seed(seed))


def _network() -> UNet:
    torch.manual_seed(0)
    return UNet(1, 3, (4, 8))


def _mixer(batch: Batch, seed: int = 0) -> Mixer:
    """A mixer from a saliency rough enough for cells to move."""
    generator = torch.Generator().manual_seed(seed)
    saliency = torch.rand(batch.image[:, 0].shape, generator=generator) ** 40
    return CycleMix(nn.Identity()).draw_mixer(batch, saliency)


def _rearranged(move: transport.Move) -> bool:
    return not torch.equal(move.pixel, torch.arange(move.pixel.shape[1]).expand_as(move.pixel))


def test_a_mask_of_zero_gives_the_first_image_and_of_one_the_partner() -> None:
    batch = _batch()
    stay = torch.arange(256).expand(4, -1)
    partner = torch.tensor([2, 3, 0, 1])
    first = transport.build_move(stay, torch.arange(4), 16, 48, 48)
    second = transport.build_move(stay, partner, 16, 48, 48)
    zeros = torch.zeros(4, 1, 48, 48)
    assert torch.equal(Mixer(zeros, first, second)(batch.image), batch.image)
    assert torch.equal(Mixer(zeros + 1, first, second)(batch.image), batch.image[partner])


@pytest.mark.parametrize("size", [(48, 48), (53, 37)])
def test_mixed_predictions_are_predictions_of_the_mixture_for_a_pixelwise_segmentor(
    size: tuple[int, int],
) -> None:
    """Eq. 9, where each pixel shows one image; transport included."""

    def segment(image: Tensor) -> Tensor:
        return torch.cat((image < -0.5, image.abs() <= 0.5, image > 0.5), 1).float()

    moved = False
    for seed in range(8):
        batch = _batch(6, size, seed)
        mixer = _mixer(batch, seed)
        mixer.mask = (mixer.mask > 0.5).float()
        moved |= _rearranged(mixer.first) and _rearranged(mixer.second)
        assert torch.equal(mixer(segment(batch.image)), segment(mixer(batch.image)))
    assert moved


def test_half_masks_also_commute_with_a_linear_segmentor() -> None:
    segment = nn.Conv2d(1, 3, 1)
    batch = _batch(6, (53, 37))
    mixer = _mixer(batch)
    torch.testing.assert_close(mixer(segment(batch.image)), segment(mixer(batch.image)))


class _Recorder(nn.Module):
    """A pixelwise segmentor that keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 1)
        self.seen: list[Tensor] = []

    def forward(self, image: Tensor) -> Tensor:
        self.seen.append(image)
        logits: Tensor = self.conv(image)
        return logits


@pytest.fixture
def losses_seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Tensor, Tensor]]]:
    seen: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for name in ("partial_cross_entropy", "negative_cosine"):
        real = getattr(cyclemix, name)

        def spy(a: Tensor, b: Tensor, real: Any = real, name: str = name) -> Tensor:
            seen.setdefault(name, []).append((a, b))
            value: Tensor = real(a, b)
            return value

        monkeypatch.setattr(cyclemix, name, spy)
    return seen


def test_one_plan_moves_image_target_and_prediction(
    monkeypatch: pytest.MonkeyPatch, losses_seen: dict[str, list[tuple[Tensor, Tensor]]]
) -> None:
    network = _Recorder()
    batch = _batch(6, (53, 37))
    batch.image = batch.target[:, :1].clone()
    mixer = _mixer(batch)
    monkeypatch.setattr(CycleMix, "draw_mixer", lambda *_: mixer)
    CycleMix(network, local_consistency=False, occlusion_px=10)(batch)
    clean, mixed = network.seen
    (_, target) = losses_seen["partial_cross_entropy"][1]
    # The image is the first channel of the target, so what moved one moved the other.
    assert torch.equal(mixed, target[:, :1])
    assert not torch.equal(mixed, clean)
    # Eq. 10 left of the comma: zero where occluded, else the mix of step 1's prediction.
    p, q = losses_seen["negative_cosine"][0]
    visible = (p.sum(1, keepdim=True) > 0).float()
    assert 0 < (1 - visible).sum() < visible.sum()
    torch.testing.assert_close(p, mixer(network.conv(clean).softmax(1)) * visible)
    assert torch.equal(q, network.conv(mixed).softmax(1))


def test_occluded_pixels_are_zero_in_the_image_and_unlabelled(
    losses_seen: dict[str, list[tuple[Tensor, Tensor]]],
) -> None:
    network = _Recorder()
    batch = _batch(6, (64, 64))
    batch.image += 100
    batch.target = one_hot(torch.ones(6, 64, 64, dtype=torch.int64), 3)
    CycleMix(network, occlusion_px=20)(batch)
    hidden = network.seen[1] == 0
    (_, target) = losses_seen["partial_cross_entropy"][1]
    assert 100 < hidden.sum() / 6 < 450
    assert torch.equal(target.sum(1, keepdim=True) == 0, hidden)


def test_saliency_is_the_length_of_the_loss_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    network, batch = _network(), _batch()
    seen: list[Tensor] = []
    real = CycleMix.draw_mixer

    def spy(self: CycleMix, batch: Batch, saliency: Tensor) -> Mixer:
        seen.append(saliency)
        return real(self, batch, saliency)

    monkeypatch.setattr(CycleMix, "draw_mixer", spy)
    CycleMix(network)(batch)
    image = batch.image.clone().requires_grad_()
    partial_cross_entropy(network(image), batch.target).backward()
    assert image.grad is not None
    torch.testing.assert_close(seen[0], image.grad.norm(dim=1))


def test_a_step_passes_the_network_twice_and_the_baseline_row_once() -> None:
    network = _Recorder()
    CycleMix(network)(_batch())
    assert len(network.seen) == 2
    CycleMix(network, mixed=False, global_consistency=False)(_batch())
    assert len(network.seen) == 3


@pytest.mark.parametrize(
    ("switches", "terms"),
    [
        ({"mixed": False, "global_consistency": False, "local_consistency": False}, {"unmix"}),
        ({"global_consistency": False, "local_consistency": False}, {"unmix", "mix"}),
        ({"local_consistency": False}, {"unmix", "mix", "global"}),
        ({"mixed": False, "dice": 0.5}, {"unmix", "global", "local", "dice"}),
        ({}, {"unmix", "mix", "global", "local"}),
    ],
)
def test_switches_leave_out_terms_and_weights(switches: dict[str, Any], terms: set[str]) -> None:
    method = CycleMix(_network(), **switches)
    assert method(_batch()).keys() == method.weights.keys() == terms


def test_images_are_mixed_from_the_stated_share_of_the_budget_on() -> None:
    network = _Recorder()
    method = CycleMix(network, mix_from=0.5)
    for fraction, passes in ((0.0, 1), (0.49, 1), (0.5, 2), (1.0, 2)):
        network.seen.clear()
        batch = _batch()
        batch.fraction = fraction
        terms = method(batch)
        assert len(network.seen) == passes
        assert ({"mix", "global"} <= terms.keys()) == (passes == 2)
        assert {"unmix", "local"} <= terms.keys()


def test_weights_are_the_papers() -> None:
    assert CycleMix(_network()).weights == {"unmix": 1, "mix": 1, "global": 0.05, "local": 1}


def test_without_occlusion_nothing_is_hidden() -> None:
    network, batch = _Recorder(), _batch()
    batch.image += 100
    CycleMix(network, occlusion=False)(batch)
    assert (network.seen[1] > 50).all()


@pytest.mark.parametrize("n", puzzle_mix.GRIDS)
def test_every_parameter_gets_a_finite_gradient(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(puzzle_mix, "draw_grid", lambda _: n)
    method = CycleMix(_network(), dice=1.0, edges=1.0)
    terms = method(_batch(size=(53, 37)))
    sum(method.weights[name] * term for name, term in terms.items()).backward()  # type: ignore[union-attr]
    for parameter in method.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().sum() > 0


def test_a_batch_without_scribbles_has_no_supervised_loss_and_finite_gradients() -> None:
    batch = _batch()
    batch.target = torch.zeros_like(batch.target)
    method = CycleMix(_network(), dice=1.0, edges=1.0)
    terms = method(batch)
    assert terms["unmix"].item() == terms["mix"].item() == terms["dice"].item() == 0.0
    sum(method.weights[name] * term for name, term in terms.items()).backward()  # type: ignore[union-attr]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in method.parameters())


@pytest.mark.parametrize("count", [2, 6, 12])
def test_partners_are_an_involution_without_fixed_points(count: int) -> None:
    generator = torch.Generator().manual_seed(0)
    pairings = {tuple(draw_partners(count, generator).tolist()) for _ in range(20)}
    for pairing in pairings:
        assert all(pairing[pairing[i]] == i != pairing[i] for i in range(count))
    assert len(pairings) > 1 or count == 2


def test_an_odd_batch_still_shows_every_image_first_and_second() -> None:
    partner = draw_partners(5, torch.Generator().manual_seed(0))
    assert partner.sort().values.tolist() == list(range(5))
    CycleMix(_network())(_batch(5))


def test_the_same_generators_give_the_same_terms() -> None:
    method = CycleMix(_network())
    first, second, other = method(_batch()), method(_batch()), method(_batch(seed=1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["mix"], other["mix"])


def test_only_the_network_is_in_the_state() -> None:
    assert all(name.startswith("network.") for name in CycleMix(_network()).state_dict())


def test_local_consistency_is_minus_one_for_connected_predictions() -> None:
    probability = torch.full((1, 3, 16, 16), 0.1)
    probability[:, 0] = 0.8
    probability[0, :, 4:9, 4:9] = torch.tensor([0.1, 0.8, 0.1])[:, None, None]
    assert local_consistency(probability).item() == pytest.approx(-1)


def test_local_consistency_takes_islands_down_and_nothing_else() -> None:
    logits = torch.zeros(1, 3, 16, 16)
    logits[:, 0] = 3
    logits[0, 1, 4:9, 4:9] = 6
    logits[0, 1, 13:15, 13:15] = 6
    probability = logits.softmax(1).requires_grad_()
    value = local_consistency(probability)
    value.backward()
    assert value.item() > -0.999
    grad = probability.grad
    assert grad is not None
    assert (grad[0, 1, 13:15, 13:15] > 0).all()
    rest = grad.clone()
    rest[0, 1, 13:15, 13:15] = 0
    assert (rest <= 0).all()


def test_local_consistency_does_not_take_down_a_class_that_wins_nowhere() -> None:
    probability = torch.full((1, 3, 8, 8), 0.3)
    probability[:, 0] = 0.4
    assert local_consistency(probability).item() == pytest.approx(-1)


def test_a_step_runs_under_bfloat16_autocast() -> None:
    method = CycleMix(_network(), dice=1.0, edges=1.0)
    with torch.autocast("cpu", torch.bfloat16):
        terms = method(_batch())
    assert all(t.dtype == torch.float32 and t.isfinite() for t in terms.values())
    sum(method.weights[name] * term for name, term in terms.items()).backward()  # type: ignore[union-attr]
    exact = CycleMix(method.network, dice=1.0)(_batch())
    assert terms["unmix"].item() == pytest.approx(exact["unmix"].item(), rel=0.05)
