"""Drawn hearts as a training takes them: the intensity changes of the recipe, nothing else."""

import torch

from napari_scribblemix.synthesis.drawing import draw_slices
from napari_scribblemix.training.drawn import draw_batch
from napari_scribblemix.training.recipe import STARTER, Augmentation


def test_without_changes_it_is_what_was_drawn() -> None:
    recipe = STARTER.model_copy(update={"crop": 48, "spacing": 4.0, "augmentation": Augmentation()})
    image, labels = draw_batch(recipe, 3, torch.Generator().manual_seed(1))
    drawn = draw_slices(3, 48, 4.0, torch.Generator().manual_seed(1))
    assert torch.equal(image, drawn[0])
    assert torch.equal(labels, drawn[1])


def test_intensities_are_changed_and_labels_are_not() -> None:
    recipe = STARTER.model_copy(update={"crop": 48, "spacing": 4.0})
    image, labels = draw_batch(recipe, 3, torch.Generator().manual_seed(1))
    drawn = draw_slices(3, 48, 4.0, torch.Generator().manual_seed(1))
    assert not torch.allclose(image, drawn[0])
    assert torch.equal(labels, drawn[1])
