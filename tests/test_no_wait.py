"""Nothing in a step waits for the device: no value is read back to the host.

Fake tensors have shapes but no values, so a read or a shape that depends on a value raises.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.methods import modelmix, puzzle_mix
from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.cyclemix import CycleMix
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.methods.virtual import Interpolation
from napari_scribblemix.training.batches import BatchSource
from napari_scribblemix.training.job import Generators
from napari_scribblemix.training.recipe import PRESETS
from napari_scribblemix.training.slices import build_store
from phantoms import make_case


@pytest.mark.parametrize("n", puzzle_mix.GRIDS)
def test_cyclemix_reads_nothing_back(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(puzzle_mix, "draw_grid", lambda _: n)
    method = CycleMix(UNet(1, 3, (4, 8)), dice=1.0, edges=1.0)
    generator = torch.Generator()
    with FakeTensorMode(allow_non_fake_inputs=True):
        image, target = torch.empty(4, 1, 53, 37), torch.empty(4, 3, 53, 37)
        terms = method(Batch(image, target, generator, generator))
        sum(method.weights[name] * term for name, term in terms.items()).backward()  # type: ignore[union-attr]
    assert all(term.shape == () for term in terms.values())


@pytest.mark.parametrize("place", [(0, "conv2"), (1, "conv1")])
def test_modelmix_reads_nothing_back(
    place: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Interpolation((place,), 0.3)
    monkeypatch.setattr(modelmix, "draw_interpolation", lambda *_, **__: drawn)
    monkeypatch.setattr(modelmix.ModelMix, "draw_pair", lambda *_: (0, 1))
    networks = [UNet(1, 3, (4, 8)), UNet(2, 5, (4, 8))]
    method = modelmix.ModelMix(networks, names=["a", "b"], edges=1.0)
    generator = torch.Generator()
    with FakeTensorMode(allow_non_fake_inputs=True):
        batches = [
            Batch(torch.empty(4, c, 53, 37), torch.empty(4, k, 53, 37), generator, generator)
            for c, k in ((1, 3), (2, 5))
        ]
        terms = method(batches)
        sum(method.weights[name] * term for name, term in terms.items()).backward()  # type: ignore[union-attr]
    assert "a: vicinal_sup" in terms


def test_making_a_batch_reads_nothing_back(tmp_path: Path) -> None:
    recipe = PRESETS["fast"].model_copy(update={"crop": 48, "batch": 4})
    cases = [make_case(tmp_path, 0), make_case(tmp_path, 1, scribbled=False)]
    store = build_store(cases, 1.5, True, torch.device("cpu"))
    generators = Generators(torch.Generator(), torch.Generator())
    batches = BatchSource(store, recipe, CARDIAC, 0, generators)
    with FakeTensorMode(allow_non_fake_inputs=True):
        for step in range(4):
            batch = batches.at(step, 0.5)
            assert batch.image.shape == (4, 1, 48, 48)
            assert batch.target.shape == (4, 4, 48, 48)


def test_fake_tensors_would_notice_a_read() -> None:
    with FakeTensorMode(), pytest.raises(DataDependentOutputException):
        torch.empty(3).sum().item()
