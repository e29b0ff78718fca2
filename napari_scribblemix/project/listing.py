"""What lies in one folder: volumes, folders, and what is neither, which is never passed over.

Also what the names of folders say: of images, scribbles, masks, labels, or a set of cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.file_names import is_nifti, volumes_among
from napari_scribblemix.data.pointers import is_dangling, is_placeholder
from napari_scribblemix.errors import FileError
from napari_scribblemix.project.folder import PROJECT_FILE, PROJECT_SUFFIX
from napari_scribblemix.project.leftovers import Leftover, Leftovers

IMAGES = ("images", "image", "imagestr")
SCRIBBLES = ("scribbles", "scribble")
MASKS = ("masks", "mask")
LABELS = ("labels", "label")
"""Scribbles and masks together."""
LABELS_OF_LAYOUTS = ("labelstr",)
"""nnU-Net and the decathlon: strokes or masks, without an ending that says which."""
TEST_IMAGES, TEST_LABELS = "imagests", "labelsts"
FINAL, DRAFTS = "final", "original"
"""Inside of labels/, MONAI Label: what was submitted, and what a model had proposed."""
DERIVATIVES = "derivatives"
"""BIDS: everything that was computed, in folders of the programs."""

_SETS = ("train", "training", "val", "valid", "validation", "test", "testing", "heldout")
_SET_SIZE = 4
"""More images than this are a set of cases and not one patient's."""
_OTHER_FORMATS = (".nrrd", ".nhdr", ".mha", ".mhd", ".mgz", ".mgh", ".gipl")


@dataclass(frozen=True)
class Inside:
    """The volumes and the folders in one folder, sorted; projects are not among them."""

    files: list[Path]
    folders: list[Path]

    def folder(self, *names: str) -> Path | None:
        """The first folder of one of these names, in small letters."""
        return next((path for path in self.folders if path.name.lower() in names), None)


def list_folder(folder: Path, leftovers: Leftovers) -> Inside:
    """What lies in ``folder``; what should be a volume and is none goes to ``leftovers``.

    ``FileError`` if it cannot be read.
    """
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        folders = [path for path in entries if path.is_dir() and not is_nifti(path)]
        files = [path for path in entries if is_nifti(path) and path.is_file()]
    except OSError as error:
        raise FileError(f"The folder {folder} could not be read ({error.strerror}).") from error
    absent = {path for path in files if is_placeholder(path)}
    for path in entries:
        if path in absent or (is_dangling(path) and (is_nifti(path) or not path.suffix)):
            leftovers.add(Leftover.DANGLING, path)
        elif is_nifti(path) and path not in files:
            leftovers.add(Leftover.NO_FILE, path)
        elif path.suffix.lower() in _OTHER_FORMATS:
            leftovers.add(Leftover.OTHER_FORMAT, path)
    volumes, halves = volumes_among(path for path in files if path not in absent)
    for path in halves:
        leftovers.add(Leftover.HALF, path)
    return Inside(volumes, [path for path in folders if not _is_project(path)])


def holds_volumes(folder: Path) -> bool:
    """Whether there are NIfTI files in the folder or in one directly inside."""
    return any(_volumes_in(path) for path in (folder, *_folders_in(folder)))


def is_set(folder: Path) -> bool:
    """Whether a folder is a set of cases, with images/ inside, and not a patient's."""
    for path in _folders_in(folder):
        if path.name.lower() in IMAGES:
            return folder.name.lower() in _SETS or len(_volumes_in(path)) > _SET_SIZE
    return False


def _is_project(folder: Path) -> bool:
    return folder.suffix == PROJECT_SUFFIX or (folder / PROJECT_FILE).is_file()


# A folder that may not be read is told when it is gone into, not when it is looked at from outside.


def _volumes_in(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if is_nifti(path)]
    except OSError:
        return []


def _folders_in(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    except OSError:
        return []
