"""ModelMix: several tasks, each with a network of its own, that help each other (eq. 1-9).

K. Zhang and V. M. Patel, MICCAI 2024.  Each task learns from its own scribbles, and its predictions
follow the mixing of its images (eq. 1).  A virtual model, in which one convolution is mixed with
that of another task's encoder, learns from the scribbles too (eq. 7) and agrees with the task's own
model on every image, labelled or not (eq. 6).  Classes and channels may differ from task to task.
A companion is a finished model: it is mixed in and never changes.

Departures from the paper: cut-out pixels are unlabelled, losses are means (see ``losses``), the cut
square lies at any angle, and images are mixed in pairs, so a mixture is seen once and not twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.edges import edge_consistency
from napari_scribblemix.methods.losses import (
    negative_cosine,
    partial_cross_entropy,
    partial_dice,
)
from napari_scribblemix.methods.occlusion import draw_visible
from napari_scribblemix.methods.puzzle_mix import draw_share
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.methods.virtual import (
    Interpolation,
    draw_interpolation,
    mixable_convolutions,
    virtual_logits,
)


@contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    """Batch normalisation works but remembers nothing: a virtual model's mean is nobody's."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


@dataclass(frozen=True)
class _Virtual:
    """What makes a task's virtual model of its own: whose encoder is mixed in, and where."""

    other: UNet
    drawn: Interpolation


def share_encoder(networks: Sequence[UNet]) -> None:
    """Give all the encoder of the first; the paper's comparison (Table 1, #5).

    A first block stays a network's own where its images have another number of channels.
    """
    first, *others = networks
    for network in others:
        same = network.in_channels == first.in_channels
        own = first.encoder[:1] if same else network.encoder[:1]
        network.encoder = nn.ModuleList([*own, *first.encoder[1:]])


class ModelMix(nn.Module):
    """Learn several tasks at once, each from its own scribbles and from the others' encoders.

    Args:
        networks: one per task, of the same architecture; channels and classes may differ.
        names: of the tasks; each loss term is named ``TASK: TERM``, or ``TERM`` for an empty name.
        companions: finished models of the same architecture; only their encoders are used.
        invariance: cut and mixed images (eq. 1).
        vicinal_sup: the virtual models learn from the scribbles too (eq. 7).
        vicinal_reg: the virtual models agree with the individual ones (eq. 6).
        own_encoders: one encoder per task; else one for all and no virtual models (#5).
        dice: weight of the partial Dice inside the supervised loss (1 in eq. 8); 0 leaves it out.
        edges: weight of ``edge_consistency``; 0 leaves it out.
        cutout_px: side of the square cut out of each image, pixels.
        everywhere: a virtual model has all convolutions mixed instead of one (not in the paper).
        mix_from: share of the budget after which models and images are mixed.
    """

    def __init__(
        self,
        networks: Sequence[UNet],
        *,
        names: Sequence[str],
        companions: Sequence[UNet] = (),
        invariance: bool = True,
        vicinal_sup: bool = True,
        vicinal_reg: bool = True,
        own_encoders: bool = True,
        dice: float = 1.0,
        edges: float = 0.0,
        cutout_px: float = 32.0,
        everywhere: bool = False,
        mix_from: float = 0.0,
    ) -> None:
        super().__init__()
        if not own_encoders:
            share_encoder(networks)
        self.networks = nn.ModuleList(networks)
        # In a tuple they are no part of this module: nothing of them is trained or saved.
        self._others = (*networks, *companions)
        self.names, self.dice, self.mix_from = list(names), dice, mix_from
        self.cutout_px, self.everywhere = cutout_px, everywhere
        vicinal = own_encoders and len(self._others) > 1
        on = {
            "sup": 1.0,
            "edges": edges,
            "inv": float(invariance),
            "vicinal_sup": float(vicinal_sup and vicinal),
            "vicinal_reg": float(vicinal_reg and vicinal),
        }
        self._on = {term: weight for term, weight in on.items() if weight}
        self.weights = {
            self._called(number, term): weight
            for number in range(len(networks))
            for term, weight in self._on.items()
        }

    def _called(self, task: int, term: str) -> str:
        return f"{self.names[task]}: {term}" if self.names[task] else term

    @property
    def _virtual(self) -> bool:
        return "vicinal_sup" in self._on or "vicinal_reg" in self._on

    def forward(self, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """The scalar terms that are on, of one batch per task, in the order of the networks.

        Those of mixed images and models are missing before ``mix_from``, those of virtual models
        also for all tasks but the first of the pair that is drawn in each step.
        """
        mixing = batches[0].fraction >= self.mix_from
        chosen, virtual = -1, None
        if self._virtual and mixing:
            chosen, virtual = self._draw_virtual(batches[0].host_generator)
        terms: dict[str, Tensor] = {}
        for task, batch in enumerate(batches):
            found = self._of_task(task, batch, mixing, virtual if task == chosen else None)
            terms |= {self._called(task, term): value for term, value in found.items()}
        return terms

    def _draw_virtual(self, host_generator: torch.Generator) -> tuple[int, _Virtual]:
        task, partner = self.draw_pair(host_generator)
        places = mixable_convolutions([self._others[task], self._others[partner]])
        drawn = draw_interpolation(places, host_generator, everywhere=self.everywhere)
        return task, _Virtual(self._others[partner], drawn)

    def draw_pair(self, host_generator: torch.Generator) -> tuple[int, int]:
        """A random pair: a task, and another task or a companion whose encoder is mixed in."""
        tasks, all_of_them = range(len(self.networks)), range(len(self._others))
        pairs = [(i, j) for i in tasks for j in all_of_them if i != j]
        return pairs[int(torch.randint(len(pairs), (), generator=host_generator))]

    def _of_task(
        self,
        task: int,
        batch: Batch,
        mixing: bool,
        virtual: _Virtual | None,
    ) -> dict[str, Tensor]:
        network = cast(UNet, self.networks[task])
        image, target = batch.image, batch.target
        count, _, height, width = image.shape
        mixes_images = mixing and "inv" in self._on
        if mixes_images:
            visible = draw_visible(count, height, width, self.cutout_px, batch.generator)
            image, target = image * visible, target * visible
        features = network.encode(image)
        logits = network.decode(features)[..., :height, :width]
        probability = logits.float().softmax(1)
        terms = {"sup": self._supervised(logits, target)}
        if "edges" in self._on:
            terms["edges"] = edge_consistency(probability, image)
        if mixes_images:
            terms["inv"] = self._invariance(network, image, probability, batch.generator)
        if virtual is not None:
            with _statistics_kept(network):
                answer = virtual_logits(network, virtual.other, virtual.drawn, image, features)
            answer = answer[..., :height, :width]
            if "vicinal_sup" in self._on:
                terms["vicinal_sup"] = self._supervised(answer, target)
            if "vicinal_reg" in self._on:
                terms["vicinal_reg"] = negative_cosine(answer.float().softmax(1), probability)
        return terms

    def _supervised(self, logits: Tensor, target: Tensor) -> Tensor:
        """Eq. 8 on labelled pixels."""
        loss = partial_cross_entropy(logits, target)
        return loss + self.dice * partial_dice(logits, target) if self.dice else loss

    @staticmethod
    def _invariance(
        network: UNet, image: Tensor, probability: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Eq. 1: the prediction of a mixture is the mixture of the predictions."""
        half = image.shape[0] // 2
        order = torch.rand(image.shape[0], generator=generator, device=image.device).argsort()
        one, two = order[:half], order[half : 2 * half]
        share = draw_share(half, generator, image.device)[:, None, None, None]
        mixed = torch.lerp(image[one], image[two], share)
        expected = torch.lerp(probability[one], probability[two], share)
        return negative_cosine(network(mixed).float().softmax(1), expected)
