"""Adam (Kingma and Ba 2015, algorithm 1) for a few steps on one case.

The numbers are those of ``torch.optim.Adam``.  That one brings PyTorch's compiler along, which
costs 70 MiB and a second before the first step: too much where somebody waits for a mask.  Nothing
of it is saved; a training keeps PyTorch's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

_MEAN, _SQUARE, _TINY = 0.9, 0.999, 1e-8


class Adam:
    """Steps of ``rate`` on ``parameters``, those without a gradient left alone."""

    def __init__(self, parameters: Iterable[Tensor], rate: float) -> None:
        self._parameters, self._rate, self._steps = list(parameters), rate, 0
        self._means = [torch.zeros_like(p) for p in self._parameters]
        self._squares = [torch.zeros_like(p) for p in self._parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Take a step, and let the gradients go."""
        self._steps += 1
        rate = self._rate / (1 - _MEAN**self._steps)
        whole = math.sqrt(1 - _SQUARE**self._steps)
        for value, mean, square in zip(self._parameters, self._means, self._squares, strict=True):
            gradient = value.grad
            if gradient is None:
                continue
            mean.lerp_(gradient, 1 - _MEAN)
            square.mul_(_SQUARE).addcmul_(gradient, gradient, value=1 - _SQUARE)
            value.addcdiv_(mean, (square.sqrt() / whole).add_(_TINY), value=-rate)
            value.grad = None
