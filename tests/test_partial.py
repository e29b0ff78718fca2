"""The baseline method."""

from __future__ import annotations

import torch
from torch import nn

from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.losses import partial_cross_entropy, partial_dice
from napari_scribblemix.methods.partial import PartialCE


def _batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    target = torch.zeros(2, 3, 8, 8)
    target[:, 1, 2:4] = 1
    image = torch.randn(2, 1, 8, 8, generator=generator)
    return Batch(image, target, generator, torch.Generator())


def test_terms_are_the_losses_of_the_logits() -> None:
    network, batch = nn.Conv2d(1, 3, 3, padding=1), _batch()
    terms = PartialCE(network, dice=0.5)(batch)
    logits = network(batch.image)
    assert torch.equal(terms["unmix"], partial_cross_entropy(logits, batch.target))
    assert torch.equal(terms["dice"], partial_dice(logits, batch.target))


def test_weights_name_exactly_the_terms() -> None:
    network = nn.Conv2d(1, 3, 1)
    assert PartialCE(network).weights == {"unmix": 1.0}
    assert PartialCE(network)(_batch()).keys() == {"unmix"}
    method = PartialCE(network, dice=0.5)
    assert method.weights == {"unmix": 1.0, "dice": 0.5}
    assert method(_batch()).keys() == method.weights.keys()
