"""What the loop steps through: the method's module, and the batch of each step.

A new method is one line in ``build_method``; the loop itself knows none by name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from napari_scribblemix.data.labels import CARDIAC, LabelScheme
from napari_scribblemix.methods.batch import Batch, one_hot
from napari_scribblemix.methods.cyclemix import CycleMix
from napari_scribblemix.methods.modelmix import ModelMix
from napari_scribblemix.methods.partial import PartialCE
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.project.cases import Case
from napari_scribblemix.settings import Method
from napari_scribblemix.training.augmentation import augment
from napari_scribblemix.training.drawn import draw_batch
from napari_scribblemix.training.job import Generators
from napari_scribblemix.training.recipe import Recipe
from napari_scribblemix.training.slices import ENCLOSED, SliceOrder, SliceStore


def build_method(
    name: Method,
    recipe: Recipe,
    networks: Sequence[UNet],
    names: Sequence[str] = ("",),
    companions: Sequence[UNet] = (),
) -> PartialCE | CycleMix | ModelMix:
    """The method's module around the network of each task; all but ModelMix have one task.

    ``companions`` are finished networks that ModelMix mixes in.
    """
    if name == "modelmix":
        return ModelMix(
            networks,
            names=names,
            companions=companions,
            invariance="inv" not in recipe.without,
            vicinal_sup="vicinal-sup" not in recipe.without,
            vicinal_reg="vicinal-reg" not in recipe.without,
            own_encoders="own-encoders" not in recipe.without,
            dice=recipe.dice,
            edges=recipe.edges,
            cutout_px=recipe.crop * recipe.cutout,
            everywhere=recipe.mix_everywhere,
            mix_from=recipe.mix_from,
        )
    (network,) = networks
    if name == "partial":
        return PartialCE(network, dice=recipe.dice, edges=recipe.edges)
    return CycleMix(
        network,
        mixed="mix" not in recipe.without,
        global_consistency="global" not in recipe.without,
        occlusion="occlusion" not in recipe.without,
        local_consistency="local" not in recipe.without,
        dice=recipe.dice,
        edges=recipe.edges,
        mix_from=recipe.mix_from,
    )


class BatchSource:
    """The batch of each step: labelled slices, a share of unlabelled ones, then drawn hearts.

    Args:
        store: the slices, on the training device.
        recipe: batch size, crops and augmentation.
        scheme: of the labels; drawn hearts take part only if it is that of drawn hearts, and the
            slices have one channel like these.
        seed: of the order of the slices.
        generators: random sources.
    """

    def __init__(
        self,
        store: SliceStore,
        recipe: Recipe,
        scheme: LabelScheme,
        seed: int,
        generators: Generators,
    ) -> None:
        self.store, self._recipe, self._classes = store, recipe, scheme.classes
        self._generators, self._seed = generators, seed
        self._arrange()
        like_drawn = scheme.names == CARDIAC.names and store.images.shape[1] == 1
        self._drawn = round(recipe.batch * recipe.drawn) if like_drawn else 0

    def _arrange(self) -> None:
        """Decide which slices come in which order; of seed, step and which are labelled alone."""
        store, recipe = self.store, self._recipe
        extra = int(recipe.batch * recipe.unlabelled_share) if len(store.unlabelled) else 0
        self.labelled_per_step = recipe.batch - extra
        self._orders = [SliceOrder(store.labelled, self.labelled_per_step, self._seed)]
        if extra:
            self._orders.append(SliceOrder(store.unlabelled, extra, self._seed + 1))

    def relabel(self, case: Case) -> None:
        """Train from the next step on with the labels of ``case`` as they are now.

        ``ScribbleError`` if no label at all would be left; then nothing is changed.
        """
        before = self.store.labelled
        self.store.relabel(case)
        # The passes that are under way go on where no slice became labelled or unlabelled.
        if not torch.equal(before, self.store.labelled):
            self._arrange()

    @property
    def steps_per_epoch(self) -> int:
        """Steps until every labelled slice was seen once."""
        return math.ceil(len(self.store.labelled) / self.labelled_per_step)

    def at(self, step: int, fraction: float) -> Batch:
        """The augmented batch of ``step``, when ``fraction`` (0-1) of the budget is used."""
        recipe, generator = self._recipe, self._generators.device
        numbers = torch.cat([order.at(step) for order in self._orders])
        image, scribble = augment(self.store, numbers, recipe, generator)
        target = one_hot(scribble, self._classes)
        # The rule labels a hundred times more pixels than the strokes do.  At full weight a young
        # network learns "all is background" first and structures minutes later.
        first, last = recipe.enclosed_weight, recipe.enclosed_weight_end
        weight = first ** (1.0 - fraction) * last**fraction
        target[:, 0] += weight * (scribble == ENCLOSED)
        if self._drawn:
            hearts, labels = draw_batch(recipe, self._drawn, generator)
            # Every pixel of a drawn heart is labelled: unweighted they would drown the strokes.
            mass = recipe.drawn_weight * target.sum() / labels.numel()
            image = torch.cat((image, hearts))
            target = torch.cat((target, mass * one_hot(labels, self._classes)))
        return Batch(image, target, generator, self._generators.host, fraction)


class JointBatches:
    """A batch of each task in every step.

    Args:
        sources: one per task, first the one the training is for, which also counts the epochs.
    """

    def __init__(self, sources: Sequence[BatchSource]) -> None:
        self._sources = list(sources)

    @property
    def steps_per_epoch(self) -> int:
        """Those of the first task."""
        return self._sources[0].steps_per_epoch

    def at(self, step: int, fraction: float) -> list[Batch]:
        """The batches of ``step``, in the order of the tasks."""
        return [source.at(step, fraction) for source in self._sources]
