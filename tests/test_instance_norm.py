"""The fast instance norm is the library's, value and gradient."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_scribblemix.methods.instance_norm import InstanceNorm


def _reference(x: Tensor, norm: InstanceNorm) -> Tensor:
    y = F.instance_norm(x, weight=norm.weight, bias=norm.bias, eps=norm.eps)
    return F.relu(y) if norm.relu else y


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_equals_the_librarys_instance_norm(relu: bool, layout: torch.memory_format) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 5, 9, 8, generator=generator) * 2 + 1
    x = x.contiguous(memory_format=layout).requires_grad_()
    norm = InstanceNorm(5, relu=relu)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2, generator=generator)
        norm.bias.normal_(generator=generator)
    upstream = torch.randn(3, 5, 9, 8, generator=generator)
    inputs = (x, norm.weight, norm.bias)
    got = (norm(x), *torch.autograd.grad(norm(x), inputs, upstream))
    reference = _reference(x, norm)
    expected = (reference, *torch.autograd.grad(reference, inputs, upstream))
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_gradient_passes_the_numerical_check() -> None:
    from napari_scribblemix.methods.instance_norm import _InstanceNorm

    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, 3, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    w = torch.rand(3, generator=generator, dtype=torch.float64, requires_grad=True)
    b = torch.randn(3, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *a: _InstanceNorm.apply(*a, 1e-5, False), (x, w, b))


def test_a_constant_channel_gives_finite_values_and_gradients() -> None:
    x = torch.full((1, 2, 4, 4), 3.0, requires_grad=True)
    y = InstanceNorm(2, relu=True)(x)
    y.sum().backward()
    assert y.isfinite().all()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_other_precisions_use_the_librarys_kernels() -> None:
    x = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(2))
    norm = InstanceNorm(4, relu=True)
    y = norm(x.bfloat16())
    assert y.dtype == torch.bfloat16
    assert torch.allclose(y.float(), norm(x), atol=0.05)
