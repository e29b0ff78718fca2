import torch
from torch import nn

from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.training.averaging import averaged_copy, update_average


def constant(value: float) -> nn.Module:
    module = nn.BatchNorm1d(3)
    with torch.no_grad():
        module.weight.fill_(value)
        module.running_mean.fill_(value)  # type: ignore[union-attr]
    return module


def test_an_old_average_moves_by_the_decay() -> None:
    averaged = constant(0.0)
    update_average(averaged, constant(1.0), decay=0.9, step=10_000)
    torch.testing.assert_close(averaged.weight, torch.full((3,), 0.1))


def test_a_young_average_forgets_faster() -> None:
    averaged = constant(0.0)
    update_average(averaged, constant(1.0), decay=0.9, step=0)
    torch.testing.assert_close(averaged.weight, torch.full((3,), 0.9))


def test_buffers_are_copied() -> None:
    averaged = constant(0.0)
    update_average(averaged, constant(1.0), decay=0.9, step=10_000)
    torch.testing.assert_close(averaged.running_mean, torch.ones(3))


def test_a_copy_follows_and_without_decay_it_is_the_network_itself() -> None:
    network = build_network("fast", 1, 4)
    assert averaged_copy(network, 0.0) is network
    copied = averaged_copy(network, 0.9)
    assert copied is not network
    assert not any(p.requires_grad for p in copied.parameters())
    assert not copied.training
    assert network.training
    assert all(p.requires_grad for p in network.parameters())
