"""What is known of the masks in a folder: who made each, and how good it probably is.

``segment`` leaves ``masks.json`` beside them: by file name the same entries as a project keeps of a
mask, with the checksum of the file, so that nothing is said of a mask that was changed since.  No
path and nothing of a patient but the name of the mask's file is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_scribblemix.data import durable
from napari_scribblemix.data.described import as_json, checksum_of, read_description
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
        put_aside(folder)
        entries = _entries(folder)[0]
        known = {name: each for name, each in entries.items() if (folder / name).exists()}
        new = {
            mask.name: {**record, _MASK: checksum_of(mask)}
            for mask, record in records.items()
            if mask.parent == folder and mask.exists()
        }
        atomic_write(real(folder) / MASK_NOTES, as_json(dict(sorted({**known, **new}.items()))))


def put_aside(folder: Path) -> str | None:
    """Keep a damaged file of notes under another name, before one is written anew.

    Returns what is to be told of it, ``None`` where nothing is damaged.  ``FileError`` if the disk
    refuses.
    """
    _, damage = _entries(folder)
    path = real(folder) / MASK_NOTES
    if damage is None or not path.is_file():
        return damage
    kept = durable.put_aside(path, "damaged")
    return f"{damage} It is kept as {kept.name}."


class MaskNotes:
    """What is known of the masks of one folder, read once.

    ``damage`` says in one line that the file of notes is damaged, and is ``None`` where it is not.
    """

    def __init__(self, folder: Path) -> None:
        self._known, self.damage = _entries(folder)
        self._checksums: dict[Path, str | None] = {}

    def of(self, mask: Path) -> dict[str, Any]:
        """Empty where nothing is known of the mask at this path, or it was changed since.

        ``FileError`` if the mask cannot be read.
        """
        entry = self._known.get(mask.name, {})
        stated = entry.get(_MASK)
        if not isinstance(stated, str) or not self._fits(mask, stated):
            return {}
        return {name: value for name, value in entry.items() if name != _MASK}

    def changed(self, mask: Path) -> bool:
        """Whether something was known of the mask at this path, and it was changed since.

        ``FileError`` if the mask cannot be read.
        """
        stated = self._known.get(mask.name, {}).get(_MASK)
        return isinstance(stated, str) and not self._fits(mask, stated)

    def stated(self, mask: Path, name: str) -> object:
        """What was known under that name of the mask at this path, changed since or not."""
        return self._known.get(mask.name, {}).get(name)

    def _fits(self, mask: Path, stated: str) -> bool:
        if mask not in self._checksums:
            self._checksums[mask] = checksum_of(mask)
        return self._checksums[mask] == stated


def _entries(folder: Path) -> tuple[dict[str, dict[str, Any]], str | None]:
    """The entries of masks, and what is wrong with the file: it is damaged, or somebody else's."""
    path = folder / MASK_NOTES
    try:
        content = read_description(path) or {}
    except FileError as error:
        return {}, str(error)
    entries = {name: each for name, each in content.items() if isinstance(each, dict)}
    if odd := sorted(content.keys() - entries.keys()):
        return entries, (
            f"{path} holds a {type(content[odd[0]]).__name__} for {odd[0]}, expected an object; "
            "restore or remove it."
        )
    return entries, None
