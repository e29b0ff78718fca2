"""Which two label files are of the same case: predicted masks and reference masks.

A folder of masks may be plain, hold them in masks/ or labelsTr/, beside their images, or by
patient: it is gone through as any other (see ``gathering``), and where nothing in it says mask,
its files are taken as masks.  No voxel is looked at here.
"""

from __future__ import annotations

from pathlib import Path

from napari_scribblemix.data.file_names import as_volume
from napari_scribblemix.errors import FileError
from napari_scribblemix.project.assembly import ONLY_CHANNEL, by_case, case_ids
from napari_scribblemix.project.gathering import Gatherer
from napari_scribblemix.project.leftovers import Leftover, Leftovers
from napari_scribblemix.project.listing import IMAGES, list_folder
from napari_scribblemix.project.names import case_name

_BROKEN = (Leftover.DANGLING, Leftover.NO_FILE, Leftover.HALF, Leftover.OTHER_FORMAT)


def pair_by_case(a: Path, b: Path) -> tuple[list[tuple[str, Path, Path]], list[str]]:
    """Label files of ``a`` and ``b`` (folders, or two files) of the same case, sorted by name.

    Also one message for each file without a partner.  ``FileError`` for what is neither file nor
    folder or for two files of one case.
    """
    if a.is_file() and b.is_file():
        a, b = as_volume(a), as_volume(b)
        return [(case_name(a), a, b)], []
    messages: list[str] = []
    first, second = labels_at(a, messages), labels_at(b, messages)
    first, second = _named_like(first, second), _named_like(second, first)
    pairs = [(name, first[name], second[name]) for name in sorted(first.keys() & second.keys())]
    # A single file asks about one case: the other cases of the folder are not missing anything.
    if not b.is_file():
        messages += [
            f"{first[n].name} has no partner in {b}." for n in sorted(first.keys() - second)
        ]
    if not a.is_file():
        messages += [
            f"{second[n].name} has no partner in {a}." for n in sorted(second.keys() - first)
        ]
    return pairs, messages


def labels_at(path: Path, messages: list[str]) -> dict[str, Path]:
    """The label files of a folder (or one file) by case; images beside them do not count.

    What lies there and cannot be one is added to ``messages``.  ``FileError`` for what is neither
    file nor folder or for two files of one case.
    """
    if path.is_file():
        return {case_name(path): as_volume(path)}
    if not path.is_dir():
        raise FileError(f"Got {path}; expected a folder or a NIfTI file.")
    gathered = Gatherer(path, by_values=False).folder(path)
    inside = list_folder(path, Leftovers(path))
    if inside.folder(*IMAGES) and inside.files and not (gathered.masks or gathered.labels):
        # The images in images/ are those that the masks beside it were made of.
        gathered = Gatherer(path, by_values=False).files(inside.files)
    messages += gathered.leftovers.lines(*_BROKEN)
    said = [*gathered.masks, *gathered.labels]
    ids = case_ids(gathered.images, said, gathered.unclear)
    masks = by_case(said, ids, "masks")
    apart = any(file.path.parent != path for file in said)
    # Beside a folder of masks what is left are images; else what nothing calls a mask may be one.
    for unsaid in (gathered.unclear, [] if apart else gathered.images):
        left = [file for file in unsaid if ids[file] not in masks]
        masks |= by_case(left, ids, "masks")
    return masks


def _named_like(labels: dict[str, Path], others: dict[str, Path]) -> dict[str, Path]:
    """``labels`` by case, where a single channel's number is dropped if the others lack it."""
    named = {}
    for name, path in labels.items():
        case = name.removesuffix(f"_{ONLY_CHANNEL}")
        known = name in others or case in labels or case not in others
        named[name if known else case] = path
    return named
