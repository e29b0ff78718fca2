"""One case whose strokes a model follows: read, learnt from, answered, a piece at a time.

After a stroke the slice on screen is answered at once by what is known, the whole case once the
network has learnt.  A mask that is not yet what the strokes will make it says so in its origin, so
that learning goes on where it was broken off.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ImageError, ScribbleMixError
from napari_scribblemix.events import LEARNING, Event, Followed, Preview
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.other_frames import size_told, weights_of_heart
from napari_scribblemix.inference.phases import heart_size
from napari_scribblemix.inference.project_cases import (
    class_map,
    classes_of_model,
    path_inside,
    read_usable,
    write_mask,
)
from napari_scribblemix.project.corrections import lay_over
from napari_scribblemix.project.drawn_on import checksum_of, drawn_on
from napari_scribblemix.project.makers import Maker
from napari_scribblemix.project.project import Project
from napari_scribblemix.training.live import LiveCase

_LOOK = Look(phases=False)

_TOWARDS = 2
"""How often the network is made to agree with the other frames: weights before the interpolation
to the image's own grid do half of what they do after it."""

_CHUNK = 1
"""Steps between two looks into the inbox: a stroke does not wait for more."""

_PEN_UP = 0.3
"""Seconds without anything new after which a stroke is taken for finished, and learnt from."""


@dataclass(frozen=True, eq=False)
class Guide:
    """The model that follows strokes in a project, and who it says made its masks."""

    model: Model
    maker: Maker
    project: Path


@dataclass(frozen=True, eq=False)
class _MaskBefore:
    """The mask that was there before any stroke was followed."""

    labels: NDArray[np.uint8]
    origin: dict[str, Any]
    uncertainty: NDArray[np.floating[Any]] | None

    @classmethod
    def of(cls, project: Project, case_id: str) -> _MaskBefore | None:
        """That on the disk; ``None`` where there is none that can be read."""
        try:
            found = project.read_prediction(case_id)
            percent = project.read_uncertainty(case_id)
        except ScribbleMixError:  # told where it is opened
            return None
        if found is None:
            return None
        return cls(*found, None if percent is None else percent / 100.0)


class Following:
    """One case; ``work`` does the next piece as long as it is ``busy``."""

    def __init__(self, case_id: str, guide: Guide) -> None:
        self.id, self._guide = case_id, guide
        self._project = Project.open(guide.project, write=False)
        scheme, project_scheme = guide.model.card.labels, self._project.labels
        self._to_project = class_map(scheme, project_scheme)
        self._from_project = classes_of_model(self._to_project, project_scheme, scheme)
        self._open: tuple[Volume, LiveCase] | None = None
        self._stamp: tuple[int, int] | None = None
        self._drawn: NDArray[np.uint8] | None = None
        self._opening, self._learning = True, False
        self._asked = time.monotonic()
        # A mask stays as it is until somebody draws, unless it was left half learnt.
        origin = self._origin()
        live = origin.get("live") is True
        # Whether there are strokes in the mask that is there.
        self._was_live = live or origin.get("drawn_in") is True
        self._before = None if self._was_live else _MaskBefore.of(self._project, case_id)
        self._changed = live and origin.get("settled") is False

    @property
    def busy(self) -> bool:
        """Whether there is something to do."""
        return self._opening or self._changed or self._learning

    @property
    def pause(self) -> float:
        """Seconds to wait, for the rest of a stroke, before the next piece of work."""
        begun = self._changed or self._open is None or self._open[1].steps > 0
        return 0.0 if begun else max(0.0, self._asked + _PEN_UP - time.monotonic())

    def strokes_changed(self) -> None:
        """Strokes or accepted slices are new on the disk."""
        self._changed, self._asked = True, time.monotonic()

    def give_up(self) -> None:
        """What was to be done could not be; whatever changes next is tried again."""
        self._opening, self._changed, self._learning = False, False, False
        self._open = None

    def work(self, shown: int) -> Iterator[Event]:
        """Do the next piece of work; ``shown`` is the slice on screen, from 0."""
        self._opening = False
        if self._open is None or self._stamp != self._image_stamp():
            self._open = self._read()
            # What was being learnt was learnt on another image.
            self._changed, self._learning = self._changed or self._learning, False
            self._drawn = None
            return
        image, case = self._open
        number = min(shown, len(image.array) - 1)
        if self._changed:
            self._changed = False
            drawn, whole = drawn_on(self._project, self.id, image.geometry)
            # Also where a stroke is gone that the mask on the disk still has in it, or where one
            # was drawn anew in a class that is the same to the model.
            repainted = self._was_live if self._drawn is None else (drawn != self._drawn).any()
            self._drawn = drawn
            if not whole and (drawn == UNLABELLED).all() and self._before is not None:
                # All strokes are undone: the very mask of before, whatever made it.
                case.take(self._from_project[drawn], whole)
                self._learning = False
                if self._was_live:
                    yield self._give_back(image, self._before)
                yield Followed(case=self.id, words="")
                return
            news = case.take(self._from_project[drawn], whole)
            if not news and not repainted:
                words = "Strokes in accepted slices change nothing." if whole else ""
                yield Followed(case=self.id, words=words)
                return
            self._learning = not case.settled
            if self._learning:
                yield self._answer(image, case, number)
                yield Followed(case=self.id, words=LEARNING)
                return
        elif self._learning:
            case.learn(_CHUNK, number)
            self._learning = not case.settled
            if self._learning:
                return
        else:
            return
        yield self._answer(image, case, None)
        yield Followed(case=self.id, words=self._words())

    def _words(self) -> str:
        """What to say of a mask that follows all strokes."""
        names = self._project.labels.names
        known = set(self._to_project.tolist())
        drawn = [] if self._drawn is None else np.unique(self._drawn).tolist()
        strange = [names[k] for k in drawn if k not in known and k != UNLABELLED]
        if strange:
            return f"This model knows no {' and no '.join(strange)}: train first."
        return f"The mask follows the strokes ({time.monotonic() - self._asked:.1f} s)."

    def _origin(self) -> dict[str, Any]:
        try:
            return self._project.read_origin(self.id)
        except ScribbleMixError:  # told where it is opened
            return {}

    def _image_stamp(self) -> tuple[int, int] | None:
        with suppress(OSError):
            state = self._project.image_path(self.id).stat()
            return state.st_mtime_ns, state.st_size
        return None

    def _read(self) -> tuple[Volume, LiveCase]:
        model = self._guide.model
        self._stamp = self._image_stamp()
        image = read_usable(self._project, self.id)
        if len(image.arrays) != model.card.in_channels:
            raise ImageError(
                f"it has {counted(len(image.arrays), 'channel')} and {self._guide.maker.name} "
                f"takes {model.card.in_channels}; train a model on such cases first (step 3)."
            )
        case = LiveCase(model, image, _LOOK)
        alone = replace(self._guide.maker, live=False)
        for _ in range(_TOWARDS):
            weights = weights_of_heart(self._project, self.id, case.model, image, alone, case.turn)
            if weights is not None:
                case.favour(weights)
        case.warm_up()
        return image, case

    def _give_back(self, image: Volume, before: _MaskBefore) -> Event:
        self._project.write_prediction(
            self.id, before.labels, image.geometry, before.origin, before.uncertainty
        )
        self._was_live = False
        uncertainty = path_inside(self._project, self._project.uncertainty_path(self.id))
        return Preview(
            case=self.id,
            file=path_inside(self._project, self._project.prediction_path(self.id)),
            step=0,
            uncertainty_file=None if before.uncertainty is None else uncertainty,
            seconds=round(time.monotonic() - self._asked, 3),
            whole=True,
        )

    def _answer(self, image: Volume, case: LiveCase, number: int | None) -> Event:
        """Write the mask, looked at anew in slice ``number`` only or in all; what to tell."""
        mask, entropy = case.mask(number)
        drawn = np.full_like(mask, UNLABELLED) if self._drawn is None else self._drawn
        # Also of structures that the model does not know.
        labels = lay_over(self._to_project[mask], drawn)
        # A person decides on this heart: it is not made to agree with other frames afterwards.
        scheme, voxel = self._guide.model.card.labels, image.geometry.voxel_volume_ml
        told = size_told(heart_size(mask, scheme, voxel), agreed=True)
        told |= {"settled": number is None, "strokes": checksum_of(drawn)}
        if (good := case.quality()) is not None:
            told |= good.record()
        drawn_on_it = bool((drawn != UNLABELLED).any()) or bool(case.whole)
        maker = replace(self._guide.maker, live=drawn_on_it)
        self._was_live = True
        written = write_mask(self._project, self.id, labels, entropy, image.geometry, maker, told)
        return Preview(
            case=self.id,
            file=written.file,
            step=case.steps,
            mean_dice=written.mean_dice,
            uncertainty_file=written.uncertainty_file,
            seconds=round(time.monotonic() - self._asked, 3),
            whole=number is None,
        )
