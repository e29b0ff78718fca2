"""The losses: partial cross-entropy, partial Dice and the negative cosine similarity.

CycleMix eq. 6 and 12, ModelMix eq. 8.  Two departures from the papers, both on purpose: the
cross-entropy is divided by the labelled mass, so that the weights of the loss terms keep their
meaning whatever the number of scribbled pixels; and the Dice term counts labelled pixels only.
All losses are computed in float32, whatever the precision of the network.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_TINY = 1e-12
_SMOOTH = 1.0


def partial_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy on labelled pixels, averaged over the labelled mass (CycleMix eq. 5-6).

    Args:
        logits: (B, K, H, W).
        target: (B, K, H, W), class probabilities; zeros where unlabelled, soft where mixed.

    Returns:
        A float32 scalar; exactly 0, with zero gradients, if nothing is labelled.
    """
    log_probability = F.log_softmax(logits.float(), dim=1)
    target = target.float()
    return -(target * log_probability).sum() / target.sum().clamp_min(_TINY)


def partial_dice(logits: Tensor, target: Tensor) -> Tensor:
    """One minus the soft Dice on labelled pixels, averaged over the classes that are labelled.

    The Dice part of ModelMix eq. 8.  A class without a labelled pixel in the batch is left out.

    Args:
        logits: (B, K, H, W).
        target: (B, K, H, W), class probabilities; zeros where unlabelled, soft where mixed.

    Returns:
        A float32 scalar in 0…1; exactly 0, with zero gradients, if nothing is labelled.
    """
    target = target.float()
    probability = logits.float().softmax(dim=1)
    # A pixel counts by its labelled mass, once: a perfect prediction has Dice 1 at any mass.
    overlap = (probability * target).sum(dim=(0, 2, 3))
    predicted = (probability * target.sum(dim=1, keepdim=True)).sum(dim=(0, 2, 3))
    labelled = target.sum(dim=(0, 2, 3))
    dice = (2 * overlap + _SMOOTH) / (predicted + labelled + _SMOOTH)
    present = (labelled > 0).float()
    return ((1 - dice) * present).sum() / present.sum().clamp_min(1)


def negative_cosine(p: Tensor, q: Tensor) -> Tensor:
    """Negative cosine similarity of two predictions, averaged over the images (CycleMix eq. 12).

    The vector of an image holds all its classes and pixels.

    Args:
        p: (B, ...).
        q: the same shape.

    Returns:
        A float32 scalar in -1…1; an image whose p or q is all zeros counts as 0.
    """
    p, q = p.float().flatten(1), q.float().flatten(1)
    lengths = (p.square().sum(1) * q.square().sum(1)).clamp_min(_TINY)
    return -((p * q).sum(1) * torch.rsqrt(lengths)).mean()
