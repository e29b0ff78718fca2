"""Label schemes: which value means which structure, in files, in tensors and in the viewer.

In memory a label array is uint8 with class indices 0 (background) to K-1 and ``UNLABELLED`` where
nobody has said anything.  Files use whatever values their makers chose; the viewer must be
transparent where nothing is drawn, so there 0 is unlabelled and K the background pen.  A scheme
translates between the three and refuses what it does not know; it reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from napari_scribblemix.data.label_tables import UNLABELLED, decode, encode, to_viewer
from napari_scribblemix.data.wording import check_name
from napari_scribblemix.errors import LabelError

__all__ = [
    "CARDIAC",
    "CARDIAC_RAW",
    "MYOPS",
    "SCHEMES",
    "UNLABELLED",
    "LabelScheme",
    "guess_scheme",
]

_MUSCLE = ("myocardium", "oedema", "scar")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of a colour ``#rrggbb``."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


class LabelScheme(BaseModel):
    """Names, colours and file values of the classes, by class index (0 is the background).

    ``unlabelled_value`` stands for "not labelled" in scribble files.  ``dense_background`` is the
    background's value in full masks where it differs from that in scribbles (MyoPS).  In masks it
    is always 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...] = Field(min_length=2, max_length=250)
    abbreviations: tuple[str, ...] = ()
    colours: tuple[str, ...]
    file_values: tuple[int, ...]
    unlabelled_value: int
    dense_background: int | None = None

    @field_validator("names", "abbreviations")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_name(name) for name in names)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for field in ("colours", "file_values"):
            if len(getattr(self, field)) != len(self.names):
                raise ValueError(f"expected one of {field} for each of {len(self.names)} names")
        if self.abbreviations and len(self.abbreviations) != len(self.names):
            raise ValueError("expected as many abbreviations as names, or none")
        values = (*self.file_values, self.unlabelled_value)
        if len(set(values)) != len(values) or min(values) < 0 or max(values) > 65535:
            raise ValueError(f"expected distinct file values from 0 to 65535, got {values}")
        background = self._mask_background
        if background != 0:
            # Everybody reads 0 in a mask as background: other values would be wrong unseen.
            raise ValueError(
                f"got {background} for the background of masks, expected 0: put 0 first in "
                "file_values, or set dense_background to 0"
            )
        if self.dense_background in self.file_values[1:]:
            raise ValueError("expected a dense_background that is no structure's value")
        # As they stand in the names of files, where a space is none.
        if len({name.casefold().replace(" ", "_") for name in self.names}) != len(self.names):
            raise ValueError("expected distinct names")
        if bad := [colour for colour in self.colours if not _COLOUR.fullmatch(colour)]:
            raise ValueError(f"expected colours as #rrggbb, got {bad[0]!r}")
        return self

    @property
    def classes(self) -> int:
        """The number of classes K, background included."""
        return len(self.names)

    @property
    def _mask_background(self) -> int:
        return self.file_values[0] if self.dense_background is None else self.dense_background

    @property
    def connected(self) -> tuple[tuple[int, ...], ...]:
        """Class indices of the structures, those together that only hang together as one.

        Scar and oedema are patches of the muscle: any number of them, and they may part the rest.
        """
        wall = self.wall
        alone = [(k,) for k in range(1, self.classes) if k not in wall]
        return tuple(sorted((*alone, wall))) if wall else tuple(alone)

    @property
    def wall(self) -> tuple[int, ...]:
        """Class indices of the left ventricle's wall: myocardium, with scar and oedema in it."""
        return tuple(k for k, name in enumerate(self.names) if name.casefold() in _MUSCLE)

    def find(self, name: str) -> int | None:
        """The class index of a name or abbreviation, in any case; ``None`` if unknown."""
        for names in (self.names, self.abbreviations):
            folded = [known.casefold() for known in names]
            if name.casefold() in folded:
                return folded.index(name.casefold())
        return None

    def index_of(self, name: str) -> int:
        """As ``find``, but ``LabelError`` if unknown."""
        if (found := self.find(name)) is not None:
            return found
        raise LabelError(f"Got the structure {name!r}; expected one of {', '.join(self.names)}.")

    def knows(self, values: Iterable[int], *, dense: bool = False) -> bool:
        """Whether each of ``values`` has a meaning in a scribble file (or a ``dense`` mask)."""
        return set(values) <= self._meanings(dense).keys()

    def decode(self, array: NDArray[Any], *, source: str = "") -> NDArray[np.uint8]:
        """File values of a scribble (any shape, integer) to class indices and ``UNLABELLED``.

        ``LabelError`` names unknown values, how often they occur and ``source``, a file name.
        """
        return decode(array, self._meanings(dense=False), self.names, source)

    def decode_mask(self, array: NDArray[Any], *, source: str = "") -> NDArray[np.uint8]:
        """File values of a full mask (any shape, integer) to class indices 0 to K-1.

        ``LabelError`` for an unknown value; the unlabelled value is one, unless it means background
        in full masks.
        """
        return decode(array, self._meanings(dense=True), self.names, source)

    def encode(self, labels: NDArray[np.uint8]) -> NDArray[np.unsignedinteger[Any]]:
        """Class indices and ``UNLABELLED`` to the values of scribble files.

        The dtype is the smallest unsigned one that holds every value of the scheme.
        """
        return encode(labels, (*self.file_values, self.unlabelled_value))

    def encode_mask(self, labels: NDArray[np.uint8]) -> NDArray[np.unsignedinteger[Any]]:
        """Class indices of a full mask to file values; ``LabelError`` if a pixel is unlabelled."""
        if (labels == UNLABELLED).any():
            raise LabelError("Got unlabelled pixels in a full mask; save it as scribbles instead.")
        values = (self._mask_background, *self.file_values[1:], self.unlabelled_value)
        return encode(labels, values)

    def to_viewer(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """For a viewer layer: 0 where unlabelled, structures as they are, K for background."""
        return to_viewer(labels, self.classes)

    def from_viewer(self, layer: NDArray[Any]) -> NDArray[np.uint8]:
        """From a viewer layer (any integer dtype): the inverse of ``to_viewer``."""
        meanings = {value: value for value in range(1, self.classes)}
        meanings |= {0: UNLABELLED, self.classes: 0}
        return decode(layer, meanings, self.names, "the layer")

    def _meanings(self, dense: bool) -> dict[int, int]:
        meanings = {value: index for index, value in enumerate(self.file_values)}
        if not dense:
            meanings[self.unlabelled_value] = UNLABELLED
        elif self.dense_background is not None:
            meanings[self.dense_background] = 0
        return meanings


_NAMES = ("background", "right ventricle", "myocardium", "left ventricle")
_SHORT = ("BG", "RV", "MYO", "LV")
# Colours that stay apart for the common kinds of colour blindness (Okabe and Ito): yellow
# background pen, blue, green and vermilion structures.
_COLOURS = ("#f0e442", "#0072b2", "#009e73", "#d55e00")

CARDIAC = LabelScheme(
    names=_NAMES,
    abbreviations=_SHORT,
    colours=_COLOURS,
    file_values=(0, 1, 2, 3),
    unlabelled_value=4,
)
"""ACDC and MSCMRseg scribbles and masks."""

CARDIAC_RAW = LabelScheme(
    names=_NAMES,
    abbreviations=_SHORT,
    colours=_COLOURS,
    file_values=(0, 600, 200, 500),
    unlabelled_value=4,
)
"""MSCMRseg masks as first distributed."""

MYOPS = LabelScheme(
    names=(*_NAMES, "oedema", "scar"),
    abbreviations=(*_SHORT, "OED", "SCAR"),
    colours=(*_COLOURS, "#56b4e9", "#cc79a7"),
    file_values=(3000, 600, 200, 500, 1220, 2221),
    unlabelled_value=0,
    dense_background=0,
)
"""MyoPS: in scribbles 0 is unlabelled and 3000 background, in full masks 0 is background."""

SCHEMES: tuple[LabelScheme, ...] = (CARDIAC, CARDIAC_RAW, MYOPS)


def guess_scheme(values: Iterable[int]) -> LabelScheme:
    """The known scheme that gives every one of ``values`` (file values) a meaning.

    The first of ``SCHEMES`` that fits; ``LabelError`` naming what was seen if none does.
    """
    seen = {int(value) for value in values}
    for scheme in SCHEMES:
        if scheme.knows(seen):
            return scheme
    shown = ", ".join(str(value) for value in sorted(seen)[:12])
    more = ", ..." if len(seen) > 12 else ""
    raise LabelError(
        f"Got the label values {shown}{more}; expected 0, 1, 2, 3 and 4 for unlabelled (ACDC, "
        "MSCMRseg), 0, 200, 500, 600 and 4 for unlabelled (raw MSCMRseg), or 0, 200, 500, 600, "
        "1220, 2221, 3000 (MyoPS): change the file to the values of one of them."
    )
