"""Instance normalisation with its ReLU in few passes over memory.

The same function as ``torch.nn.functional.group_norm`` with one group per channel, then ReLU.  It
exists for training on a CPU, where convolutions are fastest in the channels-last layout and
PyTorch's own kernels for this norm are not: there they cost as much as the convolutions.  On other
devices, and in other precisions than float32, PyTorch's kernels are used.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class InstanceNorm(nn.Module):
    """Normalise each channel of each image, scale and shift it, and optionally apply a ReLU.

    Args:
        channels: C of the (B, C, H, W) input.
        relu: end with a ReLU.
        eps: added to the variance.
    """

    def __init__(self, channels: int, *, relu: bool, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.relu = relu
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        if x.device.type == "cpu" and x.dtype == torch.float32:
            y: Tensor = _InstanceNorm.apply(  # type: ignore[no-untyped-call]
                x, self.weight, self.bias, self.eps, self.relu
            )
            return y
        y = F.group_norm(x, x.shape[1], self.weight, self.bias, self.eps)
        return F.relu(y, inplace=True) if self.relu else y


class _InstanceNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, relu: bool
    ) -> Tensor:
        pixels = x.shape[2] * x.shape[3]
        # Two plain sums: torch.var_mean takes seven times as long in this layout.
        mean = x.sum((2, 3), keepdim=True) / pixels
        variance = x.square().sum((2, 3), keepdim=True) / pixels - mean.square()
        inverse = torch.rsqrt(variance.clamp_min(0) + eps)
        scale = inverse * weight[:, None, None]
        y = torch.addcmul(bias[:, None, None] - mean * scale, x, scale)
        if relu:
            y.relu_()
        ctx.save_for_backward(x, y if relu else None, mean, inverse, scale)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, y, mean, inverse, scale = ctx.saved_tensors
        (grad,) = grads
        if y is not None:
            grad = torch.ops.aten.threshold_backward(grad, y, 0)
        pixels = x.shape[2] * x.shape[3]
        # Gradients of bias and weight, per image.
        shift = grad.sum((2, 3), keepdim=True)
        gain = ((grad * x).sum((2, 3), keepdim=True) - mean * shift) * inverse
        # d x = scale (grad - shift / pixels - normalised x * gain / pixels)
        slope = -scale * inverse * gain / pixels
        grad_x = torch.addcmul(-scale * shift / pixels - mean * slope, grad, scale)
        grad_x.addcmul_(x, slope)
        return grad_x, gain.sum(0).flatten(), shift.sum(0).flatten(), None, None
