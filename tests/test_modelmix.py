"""ModelMix as a whole: its terms and switches, whom they reach, pairs and companions."""

from __future__ import annotations

import pytest
import torch

from napari_scribblemix.methods.batch import UNLABELLED, Batch, one_hot
from napari_scribblemix.methods.losses import partial_cross_entropy, partial_dice
from napari_scribblemix.methods.modelmix import ModelMix, share_encoder
from napari_scribblemix.methods.unet import UNet

VIRTUAL = ("vicinal_sup", "vicinal_reg")


def network(seed: int, channels: int = 1, classes: int = 3, **options: object) -> UNet:
    torch.manual_seed(seed)
    return UNet(channels, classes, (4, 8), **options)  # type: ignore[arg-type]


def batch(seed: int, channels: int = 1, classes: int = 3, labelled: float = 0.1) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    scribble = torch.randint(0, classes, (4, 24, 24), generator=generator)
    scribble[torch.rand(scribble.shape, generator=generator) > labelled] = UNLABELLED
    image = torch.randn(4, channels, 24, 24, generator=generator)
    host = torch.Generator().manual_seed(seed)
    return Batch(image, one_hot(scribble, classes), generator, host)


def method(count: int = 2, **options: object) -> ModelMix:
    networks = [network(seed) for seed in range(count)]
    names = [f"t{number}" for number in range(count)]
    return ModelMix(networks, names=names, **options)  # type: ignore[arg-type]


def until_drawn(mix: ModelMix, task: int, batches: list[Batch]) -> dict[str, torch.Tensor]:
    """The terms of a step in which ``task`` has the virtual model."""
    for _ in range(50):
        terms = mix(batches)
        if f"t{task}: vicinal_reg" in terms or f"t{task}: vicinal_sup" in terms:
            return terms
    raise AssertionError("never drawn")


def grads(module: torch.nn.Module) -> float:
    return sum(float(p.grad.abs().sum()) for p in module.parameters() if p.grad is not None)


def test_terms_are_those_of_the_weights_for_every_task() -> None:
    mix = method(edges=2.0, cutout_px=6)
    every = {f"t{task}: {term}" for task in (0, 1) for term in ("sup", "edges", "inv", *VIRTUAL)}
    assert set(mix.weights) == every
    terms = until_drawn(mix, 1, [batch(0), batch(1)])
    assert set(terms) == every - {f"t0: {term}" for term in VIRTUAL}
    assert mix.weights["t0: edges"] == 2.0
    assert all(torch.isfinite(value) for value in terms.values())


@pytest.mark.parametrize(
    ("off", "left"),
    [
        ({"invariance": False, "vicinal_sup": False, "vicinal_reg": False}, {"sup"}),
        ({"vicinal_sup": False, "vicinal_reg": False}, {"sup", "inv"}),
        ({"vicinal_reg": False}, {"sup", "inv", "vicinal_sup"}),
        ({}, {"sup", "inv", "vicinal_sup", "vicinal_reg"}),
        ({"own_encoders": False}, {"sup", "inv"}),
    ],
)
def test_the_rows_of_the_papers_ablation(off: dict[str, object], left: set[str]) -> None:
    mix = method(**off)
    batches = [batch(0), batch(1)]
    found = {name.partition(": ")[2] for _ in range(3) for name in mix(batches)}
    assert found == left


def test_with_all_off_it_is_the_supervised_loss_of_each_task() -> None:
    mix = method(invariance=False, vicinal_sup=False, vicinal_reg=False)
    batches = [batch(0), batch(1)]
    terms = mix(batches)
    for task, one in enumerate(batches):
        logits = mix.networks[task](one.image)
        expected = partial_cross_entropy(logits, one.target) + partial_dice(logits, one.target)
        torch.testing.assert_close(terms[f"t{task}: sup"], expected)


@pytest.mark.parametrize("term", VIRTUAL)
def test_a_virtual_term_reaches_the_encoders_of_both_tasks(term: str) -> None:
    mix = method(cutout_px=6)
    until_drawn(mix, 0, [batch(0), batch(1)])[f"t0: {term}"].backward()
    first, second = mix.networks
    assert grads(first.encoder) > 0
    assert grads(second.encoder) > 0
    assert grads(second.decoder) == grads(second.head) == 0


def test_unlabelled_images_take_part_and_a_batch_without_labels_costs_nothing() -> None:
    mix = method()
    nothing = [batch(seed, labelled=0.0) for seed in (0, 1)]
    terms = until_drawn(mix, 0, nothing)
    for name in ("t0: sup", "t1: sup", "t0: vicinal_sup"):
        assert terms[name].item() == 0
    terms["t0: vicinal_reg"].backward()
    assert grads(mix.networks[0]) > 0


def test_tasks_may_differ_in_channels_and_classes() -> None:
    networks = [network(0), network(1, channels=3, classes=6)]
    mix = ModelMix(networks, names=["cine", "myops"])
    for _ in range(4):
        terms = mix([batch(0), batch(1, channels=3, classes=6)])
        torch.stack(list(terms.values())).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in mix.parameters() if p.grad is not None)
    assert grads(networks[0].encoder) > 0
    assert grads(networks[1].encoder) > 0


def test_of_more_than_two_tasks_a_pair_is_drawn_each_step() -> None:
    mix = method(3)
    host = torch.Generator().manual_seed(0)
    drawn = {mix.draw_pair(host) for _ in range(60)}
    assert drawn == {(i, j) for i in range(3) for j in range(3) if i != j}
    terms = mix([batch(task) for task in range(3)])
    assert sum(name.endswith("vicinal_reg") for name in terms) == 1
    assert all(f"t{task}: {term}" in terms for task in range(3) for term in ("sup", "inv"))


def test_a_frozen_companion_helps_and_never_changes() -> None:
    companion = network(7, classes=5, norm="batch").requires_grad_(False).eval()
    own = network(0, norm="batch")
    before = {k: v.clone() for k, v in companion.state_dict().items()}
    mix = ModelMix([own], names=[""], companions=[companion])
    optimizer = torch.optim.SGD(mix.parameters(), lr=0.1)
    for seed in range(5):
        terms = mix([batch(seed)])
        assert set(terms) == {"sup", "inv", *VIRTUAL}
        torch.stack(list(terms.values())).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert all(torch.equal(before[k], v) for k, v in companion.state_dict().items())
    assert not any(k.startswith("_others") for k in mix.state_dict())
    assert len(list(mix.parameters())) == len(list(own.parameters()))


def test_companions_are_never_mixed_with_each_other() -> None:
    mix = ModelMix([network(0)], names=[""], companions=[network(1), network(2)])
    host = torch.Generator().manual_seed(0)
    assert {mix.draw_pair(host) for _ in range(30)} == {(0, 1), (0, 2)}


def test_virtual_models_leave_no_trace_in_the_statistics() -> None:
    both = [network(seed, norm="batch") for seed in (0, 1)]
    plain = [network(seed, norm="batch") for seed in (0, 1)]
    options = {"names": ["a", "b"], "invariance": False}
    ModelMix(both, **options)([batch(0), batch(1)])  # type: ignore[arg-type]
    without = ModelMix(plain, vicinal_sup=False, vicinal_reg=False, **options)  # type: ignore[arg-type]
    without([batch(0), batch(1)])
    for with_virtual, alone in zip(both, plain, strict=True):
        theirs = dict(alone.named_buffers())
        for name, value in with_virtual.named_buffers():
            if "running" in name:
                assert torch.equal(value, theirs[name]), name


def test_nothing_is_mixed_before_its_time() -> None:
    mix = method(mix_from=0.5)
    batches = [batch(0), batch(1)]
    for one in batches:
        one.fraction = 0.4
    assert set(mix(batches)) == {"t0: sup", "t1: sup"}


def test_cut_out_pixels_are_unlabelled() -> None:
    mix = method(vicinal_sup=False, vicinal_reg=False, cutout_px=80)
    terms = mix([batch(0, labelled=1.0), batch(1, labelled=1.0)])
    assert terms["t0: sup"].item() == 0


def test_invariance_is_complete_for_a_network_that_is_linear_in_probability() -> None:
    """A network that says the same of everything agrees with every mixture of its predictions."""
    mix = method()
    for net in mix.networks:
        torch.nn.init.zeros_(net.head.weight)
    terms = mix([batch(0), batch(1)])
    torch.testing.assert_close(terms["t0: inv"].detach(), torch.tensor(-1.0))


def test_a_shared_encoder_is_one_encoder() -> None:
    networks = [network(0), network(1), network(2, channels=2)]
    share_encoder(networks)
    assert networks[1].encoder[0] is networks[0].encoder[0]
    assert networks[2].encoder[0] is not networks[0].encoder[0]
    assert networks[2].encoder[1] is networks[0].encoder[1]
    assert networks[1].decoder[0] is not networks[0].decoder[0]
