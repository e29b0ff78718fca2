"""Adam for the live steps: PyTorch's numbers, without what PyTorch's own brings along."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from napari_scribblemix.training.adam import Adam


@pytest.mark.parametrize("rate", [3e-4, 0.1, 0.0])
def test_its_steps_are_those_of_pytorch(rate: float) -> None:
    chance = torch.Generator().manual_seed(0)
    begin = [torch.randn(3, 4, generator=chance), torch.randn(5, generator=chance)]
    ours = [value.clone().requires_grad_() for value in begin]
    theirs = [value.clone().requires_grad_() for value in begin]
    mine, known = Adam(ours, rate), torch.optim.Adam(theirs, lr=rate)
    for step in range(12):
        for values in (ours, theirs):
            sum((value**2 * (step - 5)).sum() for value in values).backward()
        mine.step()
        known.step()
        known.zero_grad()
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=1e-6, atol=1e-7)


def test_a_step_leaves_what_has_no_gradient_and_lets_gradients_go() -> None:
    still, moved = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    adam = Adam([still, moved], 0.1)
    moved.sum().backward()
    adam.step()
    assert still.tolist() == [1.0, 1.0]
    assert moved.tolist() == pytest.approx([0.9, 0.9])
    assert moved.grad is None


@pytest.mark.slow
def test_masks_and_live_steps_load_no_compiler() -> None:
    code = """
import sys
import numpy as np
from pathlib import Path
from napari_scribblemix.worker.child import work
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import load_model
from napari_scribblemix.training import live
from napari_scribblemix.training.device import choose_device, set_threads
set_threads(1)
live.STEPS = 1
image = np.random.default_rng(0).random((2, 64, 64), dtype=np.float32)
volume = Volume(image, Geometry.from_affine(np.diag([2.0, 2.0, 8.0, 1.0]), (64, 64, 2)))
case = live.LiveCase(load_model(Path("starter"), choose_device("cpu")), volume, Look(phases=False))
case.warm_up()
strokes = np.full(image.shape, 255, np.uint8)
strokes[0, 30:34, 30:34] = 3
case.take(strokes)
case.learn(1, 0)
assert case.mask()[0][0, 31, 31] == 3
print([name for name in ("torch._dynamo", "lightning_fabric", "sympy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
