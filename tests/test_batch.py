"""Sparse targets."""

from __future__ import annotations

import torch

from napari_scribblemix.methods.batch import UNLABELLED, one_hot


def test_each_class_index_sets_its_own_channel() -> None:
    scribble = torch.tensor([[[0, 1], [2, 3]]])
    target = one_hot(scribble, 4)
    assert target.shape == (1, 4, 2, 2)
    assert torch.equal(target.argmax(1), scribble)
    assert torch.equal(target.sum(1), torch.ones(1, 2, 2))


def test_unlabelled_pixels_have_no_class_at_all() -> None:
    scribble = torch.tensor([[[0, UNLABELLED], [UNLABELLED, 1]]])
    target = one_hot(scribble, 2)
    assert torch.equal(target.sum(1), torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]))
