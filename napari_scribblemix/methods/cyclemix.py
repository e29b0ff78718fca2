"""CycleMix: mixed and occluded images, and consistency between them and the originals (eq. 1-14).

K. Zhang and X. Zhuang, CycleMix: A Holistic Strategy for Medical Image Segmentation from Scribble
Supervision, CVPR 2022.  One step passes the batch through the network twice: the images, whose loss
also gives the saliency, and their mixtures.  Each term can be switched off (the paper's Table 3).

Departures from the paper: occluded pixels become unlabelled instead of background, losses are means
(see ``losses``), and the largest component leaves the parts of a prediction alone that win nowhere
(see ``local_consistency``).  The optimiser, its settings and the augmentation are not here.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_scribblemix.methods import puzzle_mix, transport
from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.components import largest_components
from napari_scribblemix.methods.edges import edge_consistency
from napari_scribblemix.methods.losses import (
    negative_cosine,
    partial_cross_entropy,
    partial_dice,
)
from napari_scribblemix.methods.occlusion import draw_visible


@dataclass
class Mixer:
    """The mixing function M of eq. 2 with everything drawn and solved: mask and both transports.

    Attributes:
        mask: (B, 1, H, W) z, the share of the second image.
        first: moves each image.
        second: takes the partner of each image and moves it.
    """

    mask: Tensor
    first: transport.Move
    second: transport.Move

    def __call__(self, x: Tensor) -> Tensor:
        """Mix each (C, H, W) of a batch with its partner: images, targets and predictions alike."""
        return torch.lerp(self.first(x), self.second(x), self.mask.to(x.dtype))


def draw_partners(count: int, generator: torch.Generator) -> Tensor:
    """Pair off a batch at random: (B,) partner of each sample.

    With B even the pairing is its own inverse, so a batch holds both M(x1, x2) and M(x2, x1) of
    eq. 7; with B odd every sample is still first once and second once.
    """
    device = generator.device
    order = torch.rand(count, generator=generator, device=device).argsort()
    return torch.empty_like(order).scatter_(0, order, order.roll(count // 2))


def local_consistency(probability: Tensor) -> Tensor:
    """Distance of a prediction to its largest component per structure (eq. 13), a scalar.

    C removes from class k the pixels where k wins but outside its largest component.  Elsewhere
    the probabilities stay, also those of classes that win nowhere: to remove them would teach the
    network that a structure which it does not find yet does not exist.

    Args:
        probability: (B, K, H, W).
    """
    classes = probability.shape[1]
    # Not argmax, which is ten times slower over the channels of a CPU tensor.
    labels = probability.detach().max(1).indices
    largest = largest_components(labels, classes)
    wins = labels[:, None] == torch.arange(1, classes, device=labels.device)[:, None, None]
    kept = F.pad(largest | ~wins, (0, 0, 0, 0, 1, 0), value=True)
    return negative_cosine(probability, probability * kept)


class CycleMix(nn.Module):
    """Learn from scribbles with mixed images and cycle consistency.

    Args:
        network: (B, C, H, W) image to (B, K, H, W) logits.
        mixed: the loss on mixed images (eq. 7).
        global_consistency: mixed predictions like predictions of the mixture (eq. 10-12).
        occlusion: hide a square of each mixed image (eq. 3-4).
        local_consistency: predictions like their largest components (eq. 13).
        dice: weight of a partial Dice term on the unmixed images; 0 leaves it out.
        edges: weight of ``edge_consistency`` on the unmixed images; 0 leaves it out.
        occlusion_px: side of the square in pixels.
        mix_from: share of the budget after which images are mixed.  Steps before cost less than
            half, and the saliency of a network that knows nothing yet says nothing.
    """

    ways2: Tensor
    ways4: Tensor
    ways8: Tensor
    ways16: Tensor

    def __init__(
        self,
        network: nn.Module,
        *,
        mixed: bool = True,
        global_consistency: bool = True,
        occlusion: bool = True,
        local_consistency: bool = True,
        dice: float = 0.0,
        edges: float = 0.0,
        occlusion_px: float = 32,
        mix_from: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.occlusion_px = occlusion_px if occlusion else 0.0
        self.mix_from = mix_from
        weights = {
            "unmix": 1.0,
            "mix": 1.0,
            "global": 0.05,
            "local": 1.0,
            "dice": dice,
            "edges": edges,
        }
        on = {
            "unmix": True,
            "mix": mixed,
            "global": global_consistency,
            "local": local_consistency,
            "dice": dice > 0,
            "edges": edges > 0,
        }
        self.weights: dict[str, float] = {name: weights[name] for name in weights if on[name]}
        for n in puzzle_mix.GRIDS:
            self.register_buffer(f"ways{n}", transport.pairings(n), persistent=False)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the scalar terms that are on: the names in ``weights``.

        Those of the mixed images are missing before ``mix_from``.
        Needs gradients to be enabled: the saliency is a gradient.
        """
        mixes = "mix" in self.weights or "global" in self.weights
        mixing = mixes and batch.fraction >= self.mix_from
        image = batch.image.detach().requires_grad_(mixing)
        logits = self.network(image)
        terms = {"unmix": partial_cross_entropy(logits, batch.target)}
        if "dice" in self.weights:
            terms["dice"] = partial_dice(logits, batch.target)
        probability = logits.float().softmax(1)
        if "edges" in self.weights:
            terms["edges"] = edge_consistency(probability, batch.image)
        if "local" in self.weights:
            terms["local"] = local_consistency(probability)
        if mixing:
            (gradient,) = torch.autograd.grad(terms["unmix"], image, retain_graph=True)
            saliency = torch.linalg.vector_norm(gradient.float(), dim=1)
            terms |= self._mixed_terms(batch, saliency, probability)
        return terms

    def _mixed_terms(
        self, batch: Batch, saliency: Tensor, probability: Tensor
    ) -> dict[str, Tensor]:
        mixer = self.draw_mixer(batch, saliency)
        image, target = mixer(batch.image), mixer(batch.target)
        mixed_probability = mixer(probability) if "global" in self.weights else None
        if self.occlusion_px:
            count, _, height, width = image.shape
            visible = draw_visible(count, height, width, self.occlusion_px, batch.generator)
            image, target = image * visible, target * visible
            if mixed_probability is not None:
                mixed_probability = mixed_probability * visible
        logits = self.network(image)
        terms = {}
        if "mix" in self.weights:
            terms["mix"] = partial_cross_entropy(logits, target)
        if mixed_probability is not None:
            terms["global"] = negative_cosine(mixed_probability, logits.float().softmax(1))
        return terms

    @torch.no_grad()
    def draw_mixer(self, batch: Batch, saliency: Tensor) -> Mixer:
        """Draw grid, partners and shares, then solve mask and transports.

        Args:
            batch: its images take part in the cost of seams.
            saliency: (B, H, W), the length of the loss gradient at each pixel.
        """
        n = puzzle_mix.draw_grid(batch.host_generator)
        count, _, height, width = batch.image.shape
        partner = draw_partners(count, batch.generator)
        share = puzzle_mix.draw_share(count, batch.generator, batch.image.device)
        cells = puzzle_mix.pool(saliency, n)
        mask = puzzle_mix.solve(puzzle_mix.build_energy(cells, batch.image, partner, share, n))
        ways: Tensor = getattr(self, f"ways{n}")
        plans = transport.plan_transport(
            torch.cat((cells, cells.index_select(0, partner))), torch.cat((1 - mask, mask)), ways
        )
        itself = torch.arange(count, device=partner.device)
        return Mixer(
            puzzle_mix.spread(mask, height, width)[:, None],
            transport.build_move(plans[:count], itself, n, height, width),
            transport.build_move(plans[count:], partner, n, height, width),
        )
