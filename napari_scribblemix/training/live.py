"""A model that follows the strokes on one case: a few optimiser steps after each.

The network is a copy, taught by the strokes of this case and, where nobody has drawn, by what it
was sure of before; near a stroke that says otherwise the strokes alone speak.  Each step shows
crops at the heart of the slices with strokes, changed as in a training (``augmentation``).  Where a
stroke lies, the mask is what it says, from the first moment.

The same strokes give the same mask: what was learnt is kept by the strokes it was learnt from, so
that an undone stroke brings the mask before it back.  Nothing is read or written here.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.look import LOOK, Look
from napari_scribblemix.inference.model import Model, check_fit
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.inference.pieces import Known
from napari_scribblemix.inference.plausibility import Lines, heart_lines, window_of
from napari_scribblemix.inference.pull import pulled
from napari_scribblemix.inference.quality import Evidence, Quality, evidence, quality
from napari_scribblemix.inference.segment import decide, found_in
from napari_scribblemix.inference.sight import Sight, first_look, predict_slices
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.methods.batch import Batch, one_hot
from napari_scribblemix.methods.partial import PartialCE
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.project.corrections import lay_over
from napari_scribblemix.training.adam import Adam
from napari_scribblemix.training.augmentation import augment
from napari_scribblemix.training.learnt import Learnt
from napari_scribblemix.training.live_labels import (
    OTHERS,
    labelled_store,
    slices_of_step,
)
from napari_scribblemix.training.recipe import PRESETS

STEPS = 12
"""Steps after each change of the strokes."""

RATE = 3e-4
"""Learning rate (Adam)."""

TAUGHT = 0.2
"""Weight of a pixel that the model labelled before, over that of a stroke."""

CROP_MM = 192.0
"""Side of the crops at the heart, in steps of 16 pixels."""

RECIPE = PRESETS["fast"].model_copy(update={"follow_heart": 1.0})
"""Augmentation."""


class LiveCase:
    """One case and the network that follows its strokes.

    Args:
        model: where it begins; stays as it is.
        volume: the image; ``ImageError`` if it has other channels than the model was trained on.
        look: how masks are made.
        turn: the way up, where it is known.
        seed: of slices and augmentation.

    Attributes:
        model: with which it began.
        steps: taken on the present strokes.
    """

    def __init__(
        self,
        model: Model,
        volume: Volume,
        look: Look = LOOK,
        turn: Turn | None = None,
        seed: int = 0,
    ) -> None:
        check_fit(model.card, volume)
        if turn is None and not (look.upright and model.card.upright):
            turn = AS_STORED
        self.model, self._volume, self._look, self._seed = model, volume, look, seed
        self._classes = model.card.labels.classes
        crop = 16 * max(1, round(CROP_MM / model.card.spacing / 16))
        self._recipe = RECIPE.model_copy(update={"crop": crop})
        self._mirror = model.card.mirrored if look.mirror is None else look.mirror
        self._body, self._before = first_look(model, volume, turn, mirror=self._mirror)
        self._device = next(model.network.parameters()).device
        self._generator = torch.Generator(self._device)
        self._begin()

    def _begin(self) -> None:
        """Nothing is drawn and nothing learnt."""
        self._network = copy.deepcopy(self.model.network).requires_grad_(True)
        self._learnt = Learnt()
        self._sight = self._body
        self._found: Lines | None = None
        self._first: NDArray[np.uint8] | None = None
        self._predicted: Tensor | None = None
        self._labels: NDArray[np.uint8] | None = None
        self._entropy = np.zeros(0, np.float32)
        self._evidence: Evidence | None = None
        self._use(np.full(self._volume.array.shape, UNLABELLED, np.uint8), frozenset())

    @property
    def settled(self) -> bool:
        """Whether there is nothing to learn from the present strokes, or it was learnt before."""
        return self.steps >= STEPS or not len(self._store.labelled)

    @property
    def whole(self) -> frozenset[int]:
        """The slices that are labelled throughout."""
        return self._whole

    @property
    def turn(self) -> Turn:
        """The way up in which the case is looked at."""
        return self._body.turn

    def favour(self, weights: NDArray[np.float32]) -> None:
        """Begin anew, with a model whose class probabilities are multiplied by ``weights`` (K,)."""
        network = copy.deepcopy(self.model.network)
        if not isinstance(network, UNet):
            return
        network.favour(torch.from_numpy(weights))
        self.model = replace(self.model, network=network)
        volume, turn = self._volume, self.turn
        self._body, self._before = first_look(self.model, volume, turn, mirror=self._mirror)
        self._begin()

    def take(self, strokes: NDArray[np.uint8], whole: Collection[int] = ()) -> bool:
        """These are the strokes (Z, Y, X) now, 255 where there is none; whether that is news.

        The slices ``whole`` are labelled throughout, because a person accepted them.
        """
        if np.array_equal(strokes, self._strokes) and frozenset(whole) == self._whole:
            return False
        self._use(strokes, frozenset(whole))
        return True

    def _use(self, strokes: NDArray[np.uint8], whole: frozenset[int]) -> None:
        self._strokes, self._whole = strokes.copy(), whole
        known = self._learnt.of(strokes, whole)
        self.steps = 0 if known is None else STEPS
        if known is not None:
            self._network.load_state_dict(known)
        elif (strokes == UNLABELLED).all():
            self._network.load_state_dict(self.model.network.state_dict())
        self._look_at_heart()
        self._store = labelled_store(
            self._sight,
            self._strokes,
            whole,
            self._before[..., self._sight.heart[0], self._sight.heart[1]],
            self.model.card.spacing,
            self._device,
        )

    def _look_at_heart(self) -> None:
        """Look at the window about what was found before any stroke and what is drawn."""
        if not self._look.find_heart:
            return
        if self._found is None:
            self._found = heart_lines(self._before)
        strokes = self._body.strokes(self._strokes).numpy()
        drawn = (strokes != UNLABELLED) & (strokes > 0)
        lines = (self._found[0] | drawn.any(axis=(0, 2)), self._found[1] | drawn.any(axis=(0, 1)))
        window = window_of(lines, self.model.card.spacing)
        if window != self._sight.heart:
            self._sight = self._body.within(self.model, window)
            self._predicted = self._labels = None

    def warm_up(self) -> None:
        """Take a step that changes nothing: the first one costs PyTorch seconds."""
        numbers = torch.arange(min(len(self._store), 1 + OTHERS), device=self._device)
        image, _ = augment(self._store, numbers, self._recipe, self._generator)
        still = Adam(self._network.parameters(), 0.0)
        self._network(image).sum().backward()
        still.step()

    def learn(self, steps: int, shown: int) -> None:
        """Take ``steps`` on the strokes, ``shown`` the slice on screen; none where settled."""
        if self.settled:
            return
        if self.steps == 0:
            self._generator.manual_seed(self._seed)
            self._optimiser = Adam(self._network.parameters(), RATE)
        method = PartialCE(self._network)
        self._network.train()
        for part in self._network.modules():
            # Of a handful of crops no statistics are taken.
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
        for _ in range(steps):
            loss = method(self._batch(shown))["unmix"]
            loss.backward()
            self._optimiser.step()
        self._network.eval()
        self.steps += steps
        if self.steps >= STEPS:
            self._learnt.keep(self._strokes, self._whole, self._network.state_dict())

    def _batch(self, shown: int) -> Batch:
        store, generator = self._store, self._generator
        numbers = slices_of_step(store, shown, generator)
        image, labels = augment(store, numbers, self._recipe, generator)
        target = one_hot(labels, self._classes)
        target = target + TAUGHT * one_hot(labels - self._classes, self._classes)
        return Batch(image, target, generator, generator)  # no method's shapes are drawn

    @torch.inference_mode()
    def mask(self, shown: int | None = None) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The mask (Z, Y, X) as the network sees the case now, strokes in it, and its uncertainty.

        ``shown``: only that slice is looked at anew, and not cleaned of islands; the others are as
        they were.
        """
        spacing = self.model.card.spacing
        if shown is None or self._predicted is None or self._labels is None:
            self._predicted = self._predict(self._sight)
            drawn_to = pulled(self._sight, self._predicted, self._strokes, spacing)
            model = replace(self.model, network=self._network)
            found = decide(
                found_in(self._sight, drawn_to),
                model,
                self._volume,
                self._look,
                known=self._known(),
            )
            probability = found.probability
            self._labels, self._entropy = found.labels, normalised_entropy(probability)
            self._evidence = self._seen(probability, found.labels, self._strokes)
        else:
            here, strokes = self._sight.only(shown), self._strokes[shown : shown + 1]
            self._predicted[shown] = self._predict(here)[0]
            drawn_to = pulled(here, self._predicted[shown : shown + 1], strokes, spacing)
            probability = found_in(here, drawn_to).probability
            self._labels[shown] = probability[:, 0].argmax(axis=0)
            self._entropy[shown] = normalised_entropy(probability)[0]
            part = self._seen(probability, self._labels[shown : shown + 1], strokes)
            if self._evidence is not None:
                self._evidence.replace_slice(shown, part)
        sure = np.where(self._strokes == UNLABELLED, self._entropy, np.float32(0))
        return lay_over(self._labels, self._strokes), sure

    def quality(self) -> Quality | None:
        """How good the mask that was given last probably is."""
        if self._evidence is None or self._labels is None:
            return None
        mask = lay_over(self._labels, self._strokes)
        return quality(self._evidence, mask, self._volume.geometry.pixel_area_mm2)

    def _seen(
        self,
        probability: NDArray[np.float32],
        labels: NDArray[np.uint8],
        strokes: NDArray[np.uint8],
    ) -> Evidence:
        area = self._volume.geometry.pixel_area_mm2
        return evidence(probability, lay_over(labels, strokes), area, strokes)

    def _known(self) -> Known | None:
        """The mask before any stroke, and the strokes; nothing while there are none."""
        if (self._strokes == UNLABELLED).all():
            return None
        if self._first is None:
            sight = self._body.around(self.model, self._before)
            predicted = predict_slices(self.model.network, sight.slices, mirror=self._mirror)
            found = found_in(sight, predicted)
            self._first = decide(found, self.model, self._volume, self._look).labels
        return Known(self._strokes, self._first)

    def _predict(self, sight: Sight) -> Tensor:
        return predict_slices(self._network, sight.slices, mirror=self._mirror)
