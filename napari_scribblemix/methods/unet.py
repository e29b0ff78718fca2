"""The segmentation networks: 2-D U-Nets that take any height and width.

``fast`` is small and made for a CPU, ``residual`` is for accuracy on a GPU, ``unet+`` is the 2-D
U-Net of Baumgartner et al. (STACOM 2017), which CycleMix uses: five levels, 64-1024 channels,
batch normalisation.  Nothing here knows a loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.methods.instance_norm import InstanceNorm

Norm = Literal["instance", "batch"]

NETWORKS: dict[str, dict[str, Any]] = {
    "fast": {"channels": (16, 32, 64, 128, 192), "norm": "instance"},
    "residual": {"channels": (32, 64, 128, 256, 512), "norm": "instance", "residual": True},
    "unet+": {"channels": (64, 128, 256, 512, 1024), "norm": "batch", "transposed": True},
}


def _normalisation(channels: int, norm: Norm, *, relu: bool) -> nn.Module:
    if norm == "instance":
        return InstanceNorm(channels, relu=relu)
    return nn.Sequential(nn.BatchNorm2d(channels), *([nn.ReLU(inplace=True)] if relu else []))


class _Block(nn.Module):
    """Two 3 x 3 convolutions, each normalised; optionally a residual path round them."""

    def __init__(
        self, inputs: int, outputs: int, norm: Norm, residual: bool, dropout: float
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = _normalisation(outputs, norm, relu=True)
        self.dropout = nn.Dropout2d(dropout) if dropout > 0 else nn.Identity()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = _normalisation(outputs, norm, relu=not residual)
        self.residual = residual
        self.skip: nn.Module = nn.Identity()
        if residual and inputs != outputs:
            self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm2(self.conv2(self.dropout(self.norm1(self.conv1(x)))))
        return F.relu(y + self.skip(x)) if self.residual else y


class _Up(nn.Module):
    """Double height and width.

    A pointwise convolution before nearest-neighbour repetition takes a third of the time of a
    transposed convolution on a CPU; the block that follows smooths it.
    """

    def __init__(self, inputs: int, outputs: int, transposed: bool) -> None:
        super().__init__()
        self.transposed = transposed
        self.conv: nn.Module = (
            nn.ConvTranspose2d(inputs, outputs, 2, stride=2)
            if transposed
            else nn.Conv2d(inputs, outputs, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y if self.transposed else F.interpolate(y, scale_factor=2.0, mode="nearest")


class UNet(nn.Module):
    """A 2-D U-Net.

    Args:
        in_channels: C of the image.
        classes: K of the logits, background included.
        channels: width of each level, from full resolution down.
        norm: ``instance`` or ``batch``.
        residual: residual blocks instead of plain ones.
        dropout: probability of dropping a feature map inside each block of the encoder.
        transposed: learnt (transposed) convolutions on the way up.
    """

    def __init__(
        self,
        in_channels: int,
        classes: int,
        channels: Sequence[int],
        norm: Norm = "instance",
        residual: bool = False,
        dropout: float = 0.0,
        transposed: bool = False,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        widths = [in_channels, *channels]
        self.encoder = nn.ModuleList(
            _Block(i, o, norm, residual, dropout) for i, o in pairwise(widths)
        )
        upwards = list(pairwise(channels[::-1]))
        self.up = nn.ModuleList(_Up(i, o, transposed) for i, o in upwards)
        self.decoder = nn.ModuleList(_Block(2 * o, o, norm, residual, 0.0) for _, o in upwards)
        self.head = nn.Conv2d(channels[0], classes, 1)
        self.multiple = 2 ** (len(channels) - 1)
        self.arrange(torch.channels_last)

    def arrange(self, layout: torch.memory_format) -> None:
        """Compute in ``layout`` from now on; the function stays the same.

        Channels last is fastest on GPUs and, by half, on CPUs in float32; on CPUs in bfloat16 the
        plain layout is (``torch.contiguous_format``).
        """
        self.layout = layout
        self.to(memory_format=layout)  # type: ignore[call-overload]

    @torch.no_grad()
    def favour(self, weights: Tensor) -> None:
        """Multiply the class probabilities by ``weights`` (K,) from now on; they still sum to 1."""
        if self.head.bias is not None:
            self.head.bias += weights.log().to(self.head.bias)

    def entering(self, image: Tensor, features: Sequence[Tensor]) -> Tensor:
        """What goes into the block after those that made ``features``; the image into the first.

        The image is padded until H and W are multiples of ``multiple``.
        """
        if features:
            return F.max_pool2d(features[-1], 2)
        height, width = image.shape[-2:]
        padded = F.pad(image, (0, -width % self.multiple, 0, -height % self.multiple))
        return padded.contiguous(memory_format=self.layout)

    def encode(self, image: Tensor, known: Sequence[Tensor] = ()) -> list[Tensor]:
        """The features (B, channels, H / 2^level, W / 2^level) of each level, from the top down.

        ``known`` are those of the first levels, where they have been computed already.
        """
        features = list(known)
        for block in list(self.encoder)[len(features) :]:
            features.append(block(self.entering(image, features)))
        return features

    def decode(self, features: Sequence[Tensor]) -> Tensor:
        """The logits (B, K, H, W), still padded, of the features of every level."""
        x = features[-1]
        for up, block, kept in zip(self.up, self.decoder, features[-2::-1], strict=True):
            x = block(torch.cat((kept, up(x)), dim=1))
        logits: Tensor = self.head(x)
        return logits

    def forward(self, image: Tensor) -> Tensor:
        """(B, C, H, W) image to (B, K, H, W) logits, for any H and W."""
        height, width = image.shape[-2:]
        return self.decode(self.encode(image))[..., :height, :width]


def build_network(name: str, in_channels: int, classes: int, dropout: float = 0.0) -> UNet:
    """Build one of ``NETWORKS`` by name, with fresh weights; ``dropout`` is that of the encoder.

    Raises:
        SettingsError: the name is unknown.
    """
    if name not in NETWORKS:
        raise SettingsError(f"got network {name!r}; expected one of {', '.join(NETWORKS)}")
    return UNet(in_channels, classes, dropout=dropout, **NETWORKS[name])
