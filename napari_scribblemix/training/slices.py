"""Volumes to slices on the device: everything a training step draws from, loaded once.

Each case is put on the working grid (``data.resampling``), each channel normalised over its
volume; it is given its enclosed background on the native grid (METHODS.md, "Enclosure rule") and
stacked, centred, into one tensor.  A training step then only gathers and warps; it reads no file
and copies nothing to the host.  Which slice comes when depends on seed and step alone, so a resumed
training sees the same.
The labels of a case can be replaced while a training runs; its images cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_scribblemix.data.intensity import IntensityRule, normalise
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.limits import check_study
from napari_scribblemix.data.resampling import WorkingGrid
from napari_scribblemix.data.scribbles import enclosed_background
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import GeometryError, ScribbleError
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.project.cases import Case

_Value = TypeVar("_Value", bound=np.generic)

ENCLOSURE_GAP = 7
"""Gaps of a background ring, in native pixels, over which it still counts as closed.

On 304 slices with masks (ACDC, patients 071-085) no gap from 0 to 9 labelled a foreground pixel
wrongly; 7 closes the ring in 89 % of the slices of the other 70 patients, 3 in 81 %.
"""


ENCLOSED = 254
"""Label of a pixel that is background by the enclosure rule (or accepted), not by a stroke."""


@dataclass
class SliceStore:
    """All slices on one device.

    ``images`` (N, C, H, W) float; ``labels`` (N, H, W) uint8, 255 where unlabelled and ``ENCLOSED``
    where background by the enclosure rule or, in an accepted slice, without a stroke; ``centres``
    (N, 2) heart centre and ``sizes`` (N, 2) extent of the slice inside the frame, both (y, x) in
    pixels; ``labelled`` and ``unlabelled`` hold slice numbers; ``rows`` says which are a case's,
    and ``turns`` how it was turned.
    """

    images: Tensor
    labels: Tensor
    centres: Tensor
    sizes: Tensor
    labelled: Tensor
    unlabelled: Tensor
    rows: dict[str, slice]
    turns: dict[str, Turn]
    spacing: float
    enclosure_rule: bool

    def __len__(self) -> int:
        return int(self.images.shape[0])

    @property
    def scribbled_cases(self) -> int:
        """How many cases have a labelled slice."""
        labelled = set(self.labelled.tolist())
        return sum(not labelled.isdisjoint(range(r.start, r.stop)) for r in self.rows.values())

    def turn_of(self, case_id: str) -> Turn | None:
        """How to turn a case, also one that is not among these: like the others, if they agree."""
        agreed = set(self.turns.values())
        return self.turns.get(case_id, next(iter(agreed)) if len(agreed) == 1 else None)

    def relabel(self, case: Case) -> None:
        """Put the labels of ``case`` as they are now in the place of its old ones.

        Raises, and changes nothing:
            ScribbleError: no case would have a label any more.
            GeometryError: the image is another one by now.
        """
        rows = self.rows[case.id]
        turn = self.turns[case.id]
        drawn = _draw_labels(case, self.spacing, self.enclosure_rule, turn)
        _, height, width = drawn.labels.shape
        before = (rows.stop - rows.start, *self.sizes[rows.start].int().tolist())
        if before != drawn.labels.shape:
            raise GeometryError(
                f"The image of {case.id} has another shape than when the training began; start a "
                "new training."
            )
        new = torch.from_numpy(drawn.labels).to(self.labels.device)
        has_label = torch.zeros(len(self), dtype=torch.bool, device=new.device)
        has_label[self.labelled] = True
        has_label[rows] = (new != UNLABELLED).flatten(1).any(dim=1)
        if not has_label.any():
            raise ScribbleError(
                f"{case.id} was the last case with a scribble and has none any more; draw one: "
                "until then the training goes on with the old strokes."
            )
        top, left = _corner(self.labels.shape[1:], (height, width))
        self.labels[rows, top : top + height, left : left + width] = new
        middle = torch.tensor((drawn.centre[0] + top, drawn.centre[1] + left))
        self.centres[rows] = middle.to(self.centres)
        self.labelled, self.unlabelled = _numbers(has_label), _numbers(~has_label)


@dataclass(frozen=True)
class _Drawn:
    """The labels of a case on the working grid, and the middle (y, x) of its structures."""

    labels: NDArray[np.uint8]
    centre: tuple[float, float]


def _numbers(chosen: Tensor) -> Tensor:
    return torch.nonzero(chosen)[:, 0]


def _corner(frame: Sequence[int], inside: tuple[int, int]) -> tuple[int, int]:
    """Where in ``frame`` (H, W) a slice begins that is centred in it."""
    return (frame[0] - inside[0]) // 2, (frame[1] - inside[1]) // 2


def _turned(array: NDArray[_Value], turn: Turn) -> NDArray[_Value]:
    turned: NDArray[_Value] = turn.apply(torch.from_numpy(array)).contiguous().numpy()
    return turned


def _working_grid(case: Case, spacing: float) -> WorkingGrid:
    shape = case.image.array.shape
    return WorkingGrid((shape[1], shape[2]), case.image.geometry.spacing[1:], spacing)


def _draw_image(
    case: Case, spacing: float, turn: Turn, intensity: IntensityRule
) -> NDArray[np.float32]:
    """The slices of a case (Z, C, h, w) on the working grid."""
    grid = _working_grid(case, spacing)
    channels = [grid.image_to_working(normalise(array, intensity)) for array in case.image.arrays]
    return _turned(np.stack(channels, axis=1), turn)


def _draw_labels(case: Case, spacing: float, enclosure_rule: bool, turn: Turn) -> _Drawn:
    grid, strokes = _working_grid(case, spacing), case.scribble
    if strokes is None:
        strokes = np.full(case.image.array.shape, UNLABELLED, np.uint8)
    labels = _turned(grid.labels_to_working(strokes), turn)
    foreground = np.argwhere((labels > 0) & (labels < UNLABELLED))[:, 1:]
    middle = foreground.mean(axis=0) + 0.5 if len(foreground) else np.array(labels.shape[1:]) / 2
    if enclosure_rule and case.scribble is not None:
        enclosed = enclosed_background(strokes, ENCLOSURE_GAP)
        outside = _turned(grid.labels_to_working(enclosed), turn)
        labels = np.where(outside, np.uint8(ENCLOSED), labels)
        # A hundred times more pixels than strokes, like the rule's own: they take its weight.
        accepted = list(case.accepted)
        labels[accepted] = np.where(labels[accepted] == 0, np.uint8(ENCLOSED), labels[accepted])
    return _Drawn(labels.astype(np.uint8), (float(middle[0]), float(middle[1])))


def build_store(
    cases: Sequence[Case],
    spacing: float,
    enclosure_rule: bool,
    device: torch.device,
    turns: Sequence[Turn] | None = None,
    intensity: IntensityRule = "volume-zscore",
) -> SliceStore:
    """Slices of ``cases`` at ``spacing`` mm, each case turned as ``turns`` says.

    All have the same channels (see ``cases``).  ``ScribbleError`` if nothing is scribbled.
    """
    turns = [AS_STORED] * len(cases) if turns is None else turns
    turned = list(zip(cases, turns, strict=True))
    pictures = [_draw_image(case, spacing, turn, intensity) for case, turn in turned]
    frame = tuple(max(picture.shape[axis] for picture in pictures) for axis in (2, 3))
    count = sum(picture.shape[0] for picture in pictures)
    largest = max(range(len(cases)), key=lambda n: pictures[n].shape[2] * pictures[n].shape[3])
    check_study(count * pictures[0].shape[1], frame, cases[largest].id)
    images = np.zeros((count, pictures[0].shape[1], *frame), np.float32)
    labels = np.full((count, *frame), UNLABELLED, np.uint8)
    centres, sizes = np.zeros((count, 2), np.float32), np.zeros((count, 2), np.float32)
    rows: dict[str, slice] = {}
    start = 0
    for (case, turn), picture in zip(turned, pictures, strict=True):
        drawn = _draw_labels(case, spacing, enclosure_rule, turn)
        z, _, h, w = picture.shape
        top, left = _corner(frame, (h, w))
        here = rows[case.id] = slice(start, start + z)
        margin = ((0, 0), (0, 0), (top, frame[0] - h - top), (left, frame[1] - w - left))
        images[here] = np.pad(picture, margin, mode="edge")
        labels[here, top : top + h, left : left + w] = drawn.labels
        centres[here] = (drawn.centre[0] + top, drawn.centre[1] + left)
        sizes[here] = (h, w)
        start += z
    has_label = torch.from_numpy((labels != UNLABELLED).any(axis=(1, 2))).to(device)
    if not has_label.any():
        raise ScribbleError(
            f"Got {counted(len(cases), 'case')} without a single scribbled pixel; expected "
            "scribbles in at least one: draw some, or check --cases and --scribbled."
        )
    return SliceStore(
        torch.from_numpy(images).to(device),
        torch.from_numpy(labels).to(device),
        torch.from_numpy(centres).to(device),
        torch.from_numpy(sizes).to(device),
        _numbers(has_label),
        _numbers(~has_label),
        rows,
        {case.id: turn for case, turn in turned},
        spacing,
        enclosure_rule,
    )


class SliceOrder:
    """An endless stream of shuffled passes over ``numbers``, addressed by step.

    The pass a step falls into is shuffled by a generator of its own, seeded by (seed, pass), so the
    stream needs no state in a checkpoint.
    """

    def __init__(self, numbers: Tensor, batch: int, seed: int) -> None:
        """``numbers`` (N,) int64 slice numbers on the device; ``batch`` of them a step."""
        self._numbers, self._batch, self._seed = numbers, batch, seed
        self._passes: dict[int, Tensor] = {}

    def _pass(self, number: int) -> Tensor:
        if number not in self._passes:
            self._passes = {k: v for k, v in self._passes.items() if k == number - 1}
            device = self._numbers.device
            generator = torch.Generator(device)
            generator.manual_seed((self._seed * 1_000_003 + number) % 2**62)
            order = torch.randperm(len(self._numbers), generator=generator, device=device)
            self._passes[number] = self._numbers[order]
        return self._passes[number]

    def at(self, step: int) -> Tensor:
        """The slice numbers (batch,) of ``step``."""
        count, position, left = len(self._numbers), step * self._batch, self._batch
        parts = []
        while left:
            number, offset = divmod(position, count)
            part = self._pass(number)[offset : offset + left]
            parts.append(part)
            position, left = position + len(part), left - len(part)
        return torch.cat(parts)
