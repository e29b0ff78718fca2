"""Virtual models: an encoder with one of its convolutions mixed with another encoder's (eq. 3-5).

K. Zhang and V. M. Patel, ModelMix: A New Model-Mixup Strategy to Minimize Vicinal Risk across Tasks
for Few-scribble based Cardiac Segmentation, MICCAI 2024.  Kernel and bias are interpolated, all
else stays the first encoder's, and the gradient reaches both.  (The printed bias of eq. 5,
``lambda [b_i + (1 - lambda) b_j]``, is a misprint.)

A virtual model differs from the individual one at one place.  What comes before it is the same, so
its features are taken over instead of being computed a second time.  Mixing all convolutions at
once (not in the paper) is possible too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from napari_scribblemix.methods.unet import UNet


@dataclass(frozen=True)
class Interpolation:
    """Where two encoders are mixed, and how much.

    Attributes:
        places: level of the encoder (0 at full resolution) and name inside the block of that level
            of each convolution that is mixed.
        share: lambda, 0-1: that of the first encoder; at 1 nothing is mixed.
    """

    places: tuple[tuple[int, str], ...]
    share: float

    @property
    def first_level(self) -> int:
        """Before this level nothing is mixed."""
        return min(level for level, _ in self.places)

    def names_at(self, level: int) -> list[str]:
        """The mixed convolutions inside the block of ``level``."""
        return [name for at, name in self.places if at == level]


def mixable_convolutions(networks: Sequence[UNet]) -> list[tuple[int, str]]:
    """Level and name of every encoder convolution that has the same shape in all ``networks``.

    Normalisation is never mixed.  The first convolution is missing where channel counts differ.
    """

    def shapes(network: UNet) -> dict[tuple[int, str], torch.Size]:
        return {
            (level, name): module.weight.shape
            for level, block in enumerate(network.encoder)
            for name, module in block.named_modules()
            if isinstance(module, nn.Conv2d)
        }

    first, *others = [shapes(network) for network in networks]
    return [place for place, shape in first.items() if all(o.get(place) == shape for o in others)]


def draw_interpolation(
    places: Sequence[tuple[int, str]], host_generator: torch.Generator, *, everywhere: bool = False
) -> Interpolation:
    """One of ``places`` and lambda ~ Beta(1/2, 1/2), drawn on the host: they decide what is run.

    ``everywhere``: all of them, by the same lambda.
    """
    number = int(torch.randint(len(places), (), generator=host_generator))
    u = float(torch.rand((), generator=host_generator))
    chosen = tuple(places) if everywhere else (places[number],)
    return Interpolation(chosen, math.sin(u * math.pi / 2) ** 2)


def _mixed(other: Tensor, own: Tensor, share: float, layout: torch.memory_format) -> Tensor:
    mixed = torch.lerp(other, own, share)
    # A kernel laid out otherwise in memory is computed otherwise, and rounds otherwise.
    return mixed.to(memory_format=layout) if mixed.ndim == 4 else mixed


def virtual_logits(
    network: UNet, other: UNet, drawn: Interpolation, image: Tensor, features: Sequence[Tensor]
) -> Tensor:
    """What the virtual model of ``network`` and ``other`` says of a batch.

    Args:
        network: gives all but the mixed convolution; e_i and h_i of the paper.
        other: e_j; only the drawn convolution is taken.
        drawn: which, and lambda.
        image: (B, C, H, W).
        features: those of ``network`` for the same images, ``network.encode(image)``.

    Returns:
        Logits as ``network.decode`` gives them; their gradient reaches the weights of both.
    """
    virtual = list(features[: drawn.first_level])
    for level in range(drawn.first_level, len(network.encoder)):
        block, theirs = network.encoder[level], other.encoder[level]
        mixed = {
            f"{name}.{part}": _mixed(
                theirs.get_parameter(f"{name}.{part}"), weight, drawn.share, network.layout
            )
            for name in drawn.names_at(level)
            for part, weight in block.get_submodule(name).named_parameters()
        }
        virtual.append(functional_call(block, mixed, (network.entering(image, virtual),)))
    return network.decode(virtual)
