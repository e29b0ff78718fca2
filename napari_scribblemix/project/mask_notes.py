"""What is known of the masks in a folder: who made each, and how good it probably is.

``segment`` leaves ``masks.json`` beside them: by file name the same entries as a project keeps of a
mask, with the checksum of the file, so that nothing is said of a mask that was changed since.  No
path and nothing of a patient but the name of the mask's file is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_scribblemix.data.described import checksum_of, read_description
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.links import real
from napari_scribblemix.errors import FileError

MASK_NOTES = "masks.json"

_MASK = "mask_sha256"


def remember_masks(records: Mapping[Path, Mapping[str, Any]]) -> None:
    """Write what is known of masks of one folder; of others in it, what was known stays.

    ``FileError`` if the disk refuses.
    """
    folders = {mask.parent for mask in records}
    for folder in folders:
        known = {name: each for name, each in _entries(folder).items() if (folder / name).exists()}
        new = {
            mask.name: {**record, _MASK: checksum_of(mask)}
            for mask, record in records.items()
            if mask.parent == folder and mask.exists()
        }
        content = json.dumps(dict(sorted({**known, **new}.items())), indent=2) + "\n"
        atomic_write(real(folder) / MASK_NOTES, content.encode())


class MaskNotes:
    """What is known of the masks of one folder, read once."""

    def __init__(self, folder: Path) -> None:
        self._known = _entries(folder)

    def of(self, mask: Path) -> dict[str, Any]:
        """Empty where nothing is known of the mask at this path, or it was changed since.

        ``FileError`` if the mask cannot be read.
        """
        entry = self._known.get(mask.name, {})
        stated = entry.get(_MASK)
        if not isinstance(stated, str) or stated != checksum_of(mask):
            return {}
        return {name: value for name, value in entry.items() if name != _MASK}


def _entries(folder: Path) -> dict[str, dict[str, Any]]:
    """Nothing where the file is no list of masks: it belongs to somebody else, or is damaged."""
    try:
        content = read_description(folder / MASK_NOTES) or {}
    except FileError:
        return {}
    return {name: each for name, each in content.items() if isinstance(each, dict)}
