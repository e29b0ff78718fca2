"""A teacher for what nobody has labelled: another network's sure predictions as labels.

Strokes say where a structure is, not where it ends, and the background's are far from the heart: a
network trained on them alone lets every structure grow.  Where a teacher is sure, its class becomes
the target of a pixel that has none, at a weight far below that of a stroke.  A training that begins
with a model of hearts has that very model as its teacher, which holds the borders while the strokes
correct what it gets wrong.  Else the teacher is the averaged network (Tarvainen and Valpola,
NeurIPS 2017), as in the scribble methods that lead on ACDC.

Works with any method: it only fills targets.  Not part of CycleMix or ModelMix.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from napari_scribblemix.methods.batch import Batch


@torch.no_grad()
def fill_unlabelled(target: Tensor, probability: Tensor, weight: float, sure: float) -> Tensor:
    """``target`` with the sure predictions of a teacher where it holds nothing.

    Args:
        target: (B, K, H, W), all zeros where unlabelled.
        probability: (B, K, H, W) of the teacher.
        weight: mass of a pixel filled.
        sure: probability from which the teacher's class is taken.
    """
    # Not argmax, which is ten times slower over the channels of a CPU tensor.
    best, winner = probability.max(1)
    wanted = (target.sum(1) == 0) & (best >= sure)
    classes = torch.arange(target.shape[1], device=target.device)[:, None, None]
    return target + weight * (wanted[:, None] & (winner[:, None] == classes))


class Teacher:
    """Completes a batch by what a network is sure of.

    Args:
        network: is neither trained nor saved by whoever asks it.
        weight: see ``fill_unlabelled``.
        sure: see ``fill_unlabelled``.
    """

    def __init__(self, network: nn.Module, weight: float, sure: float) -> None:
        self.network, self.weight, self.sure = network, weight, sure

    def complete(self, batch: Batch) -> Batch:
        """The batch with a class in every pixel that had none and that the network is sure of."""
        with torch.no_grad():
            probability = self.network(batch.image).float().softmax(1)
        target = fill_unlabelled(batch.target, probability, self.weight, self.sure)
        return dataclasses.replace(batch, target=target)


class Taught(nn.Module):
    """A method whose batches are completed by teachers.

    Args:
        method: returns named loss terms of a batch, or of a list of them, one per task.
        teachers: one for each task; ``None`` where a task has none.
    """

    def __init__(self, method: nn.Module, teachers: Sequence[Teacher | None]) -> None:
        super().__init__()
        self.method = method
        # No modules, so no part of this one: their weights are others' to keep.
        self._teachers = tuple(teachers)

    def forward(self, batches: Batch | Sequence[Batch]) -> dict[str, Tensor]:
        """The terms of the method on the completed batches."""
        terms: dict[str, Tensor]
        if isinstance(batches, Batch):
            (teacher,) = self._teachers
            terms = self.method(teacher.complete(batches) if teacher else batches)
        else:
            pairs = zip(self._teachers, batches, strict=True)
            terms = self.method([t.complete(batch) if t else batch for t, batch in pairs])
        return terms
