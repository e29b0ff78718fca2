"""What is known of masks while many are made, written beside them from time to time.

A stop writes what is left; after a kill the masks of the last seconds are not noted.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from napari_scribblemix.inference.finished import MADE_FROM, UNFINISHED
from napari_scribblemix.inference.quality import Quality
from napari_scribblemix.project.makers import Maker
from napari_scribblemix.project.mask_notes import remember_masks

_SECONDS = 5.0
"""After so long is written who made the masks since: what is not noted yet is made again later."""

_SHARE = 20
"""All are told of in one file, which grows; writing it may take this part of the time."""


class Noted:
    """What is known of the masks made since it was written last, heart by heart."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._records: dict[Path, dict[str, Any]] = {}
        self._heart: list[dict[str, Any]] = []
        self._origin: str | None = None
        self._due = time.monotonic() + _SECONDS

    def begin(self, origin: str | None) -> None:
        """The masks of a heart follow; ``origin`` is what they are made from, if it is known."""
        self._origin, self._heart = origin, []

    def add(self, mask: Path, expected: Quality) -> None:
        """A mask of the heart is there, and probably so good; it may change until the end."""
        known: dict[str, Any] = {**self._maker.named(), **expected.record(), UNFINISHED: True}
        if self._origin is not None:
            known[MADE_FROM] = self._origin
        self._records[mask] = known
        self._heart.append(known)

    def end(self) -> None:
        """All masks of the heart are there and agree."""
        for known in self._heart:
            known.pop(UNFINISHED, None)

    def write(self, *, all_of_it: bool = False) -> None:
        """Write them where it is time."""
        begun = time.monotonic()
        if begun < self._due and not all_of_it:
            return
        remember_masks(self._records)
        self._records.clear()
        ended = time.monotonic()
        self._due = ended + max(_SECONDS, _SHARE * (ended - begun))
