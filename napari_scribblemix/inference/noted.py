"""What is known of masks while many are made, written beside them from time to time.

A stop writes what is left; after a kill the masks of the last seconds are not noted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from napari_scribblemix.inference.finished import MADE_FROM
from napari_scribblemix.inference.quality import Quality
from napari_scribblemix.project.makers import Maker
from napari_scribblemix.project.mask_notes import remember_masks

_SECONDS = 5.0
"""After so long is written who made the masks since: what is not noted yet is made again later."""

_SHARE = 20
"""All are told of in one file, which grows; writing it may take this part of the time."""


class Noted:
    """What is known of the masks made since it was written last.

    Attributes:
        expected: the masks, and how good each probably is.
    """

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self.expected: dict[Path, Quality] = {}
        self._made_from: dict[Path, str] = {}
        self._due = time.monotonic() + _SECONDS

    def end(self, masks: Mapping[Path, Quality], origin: str | None) -> None:
        """All ``masks`` of a heart are there and agree; ``origin`` is what they were made from."""
        self.expected |= masks
        if origin is not None:
            self._made_from |= dict.fromkeys(masks, origin)

    def write(self, *, all_of_it: bool = False) -> None:
        """Write them where it is time."""
        begun = time.monotonic()
        if begun < self._due and not all_of_it:
            return
        named = self._maker.named()
        remember_masks(
            {
                mask: named
                | expected.record()
                | ({MADE_FROM: self._made_from[mask]} if mask in self._made_from else {})
                for mask, expected in self.expected.items()
            }
        )
        self.expected.clear()
        self._made_from.clear()
        ended = time.monotonic()
        self._due = ended + max(_SECONDS, _SHARE * (ended - begun))
