"""The averaged weights that are validated, saved and used: steadier than those of any one step."""

from __future__ import annotations

import copy

import torch
from torch import nn

from napari_scribblemix.methods.unet import UNet


def predicting_copy(network: UNet) -> UNet:
    """A copy that only ever predicts: whether somebody looked at a prediction changes nothing."""
    return copy.deepcopy(network).requires_grad_(False).eval()


def averaged_copy(network: UNet, decay: float) -> UNet:
    """A copy of ``network`` that follows it by ``update_average``; itself if ``decay`` is 0."""
    return predicting_copy(network) if decay else network


@torch.no_grad()
def update_average(averaged: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move ``averaged`` towards ``network``: an exponential moving average after ``step`` steps.

    The memory is short while the training is young, so that the first weights, which know nothing,
    do not linger.  Buffers (batch normalisation) are copied.
    """
    decay = min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), weight=1 - decay)
    for mine, theirs in zip(averaged.buffers(), network.buffers(), strict=True):
        mine.copy_(theirs)
