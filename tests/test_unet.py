"""The networks."""

from __future__ import annotations

import pytest
import torch

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.methods.unet import UNet, build_network


@pytest.mark.parametrize("size", [(32, 32), (37, 50), (5, 3)])
def test_any_height_and_width_comes_back(size: tuple[int, int]) -> None:
    network = UNet(2, 3, (4, 6, 8))
    image = torch.randn(2, 2, *size, generator=torch.Generator().manual_seed(0))
    assert network(image).shape == (2, 3, *size)


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("transposed", [True, False])
def test_every_parameter_gets_a_gradient(norm: str, residual: bool, transposed: bool) -> None:
    network = UNet(1, 2, (4, 8), norm, residual, dropout=0.1, transposed=transposed)  # type: ignore[arg-type]
    network(torch.randn(2, 1, 12, 12, generator=torch.Generator().manual_seed(0))).sum().backward()
    missing = [n for n, p in network.named_parameters() if p.grad is None]
    assert missing == []


def test_every_output_pixel_sees_all_levels() -> None:
    torch.manual_seed(0)
    network = UNet(1, 1, (4, 4, 4), "batch").eval()
    image = torch.randn(1, 1, 32, 32, requires_grad=True)
    network(image)[0, 0, 16, 16].backward()
    assert image.grad is not None
    rows = image.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert rows.max() - rows.min() >= 16


def test_the_papers_network_has_its_width_and_batch_norm() -> None:
    with torch.device("meta"):
        network = build_network("unet+", 1, 4)
    widths = [block.conv2.out_channels for block in network.encoder]
    assert widths == [64, 128, 256, 512, 1024]
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    assert 31e6 < sum(p.numel() for p in network.parameters()) < 32e6


def test_an_unknown_network_is_named_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"got network 'vnet'; expected one of fast, residual"):
        build_network("vnet", 1, 4)


def test_dropout_acts_in_training_only() -> None:
    network = UNet(1, 2, (8, 8), dropout=0.5)
    image = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(network(image), network(image))
    network.eval()
    assert torch.equal(network(image), network(image))


def test_the_layout_changes_nothing_but_the_speed() -> None:
    torch.manual_seed(0)
    network, image = build_network("fast", 1, 4), torch.randn(2, 1, 32, 32)
    expected = network(image)
    network.arrange(torch.contiguous_format)
    torch.testing.assert_close(network(image), expected, rtol=1e-4, atol=1e-4)
    assert network.encoder[0].conv1.weight.is_contiguous()
