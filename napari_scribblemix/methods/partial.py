"""Partial cross-entropy alone: the baseline, and row #1 of CycleMix's ablation (eq. 5).

No mixing, no consistency.  A method is a module whose ``forward`` returns named, unweighted loss
terms; the training loop sums ``weights[name] * term`` and knows no method by name.
"""

from __future__ import annotations

from torch import Tensor, nn

from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.edges import edge_consistency
from napari_scribblemix.methods.losses import partial_cross_entropy, partial_dice


class PartialCE(nn.Module):
    """Learn from the scribbled pixels and nothing else.

    Args:
        network: (B, C, H, W) image to (B, K, H, W) logits.
        dice: weight of the partial Dice term; 0 leaves it out.
        edges: weight of ``edge_consistency``; 0 leaves it out.
    """

    def __init__(self, network: nn.Module, *, dice: float = 0.0, edges: float = 0.0) -> None:
        super().__init__()
        self.network = network
        self.weights: dict[str, float] = {"unmix": 1.0}
        if dice > 0:
            self.weights["dice"] = dice
        if edges > 0:
            self.weights["edges"] = edges

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the scalar terms ``unmix`` and, if they are on, ``dice`` and ``edges``."""
        logits = self.network(batch.image)
        terms = {"unmix": partial_cross_entropy(logits, batch.target)}
        if "dice" in self.weights:
            terms["dice"] = partial_dice(logits, batch.target)
        if "edges" in self.weights:
            terms["edges"] = edge_consistency(logits.float().softmax(1), batch.image)
        return terms
