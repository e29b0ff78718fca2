"""NIfTI files opened, their voxels not yet read: one, or a pair; damage is told in one line."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import nibabel
from nibabel.filebasedimages import ImageFileError
from nibabel.nifti1 import Nifti1Image, Nifti1Pair
from nibabel.nifti2 import Nifti2Image, Nifti2Pair
from nibabel.openers import Opener
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from napari_scribblemix.data.file_names import is_pair, pair_of, split_name
from napari_scribblemix.data.headers import REPAIRED, check_header, heard, unlike_numbers
from napari_scribblemix.data.pointers import FETCH, is_dangling, is_placeholder
from napari_scribblemix.errors import FileError, GeometryError

DAMAGED = (
    OSError,
    EOFError,
    zlib.error,
    ImageFileError,
    HeaderDataError,
    ValueError,
    OverflowError,
)
"""What nibabel raises of files that are no complete NIfTI files."""

# By the magic of the header, which says that the voxels lie in another file.
_PAIRS = {b"ni1\0": Nifti1Pair, b"ni2\0": Nifti2Pair}


def damaged(path: Path, error: Exception) -> FileError:
    """What to tell of a file in which ``error``, one of ``DAMAGED``, was met."""
    # Some of nibabel's reasons have several lines.
    reason = " ".join(str(error).split()) or type(error).__name__
    if reason.startswith("cannot convert float"):
        reason = "a number in its header is not finite"
    return FileError(
        f"{path} could not be read ({reason}); expected a "
        "complete NIfTI file (.nii, .nii.gz): copy or download it again."
    )


def start_of(path: Path) -> bytes:
    """The first bytes of a file, unpacked: as many as a NIfTI-1 header has."""
    with Opener(str(path)) as file:
        start: bytes = file.read(348)
    return start


def _from_files(kind: Any, files: dict[str, str]) -> Any:
    try:
        return kind.from_file_map(kind.make_file_map(files))
    except WrapStructError as error:
        raise EOFError("too short for its header") from error


def _load(path: Path) -> Any:
    if is_pair(path):
        return _load_pair(path)
    ending = split_name(path.name)[1]
    if ending in (ending.lower(), ending.upper()):
        return nibabel.load(path)
    # nibabel would look for another file, whose ending is all small or all capitals.
    kind: Any = Nifti2Image if start_of(path)[4:8] == b"n+2\0" else Nifti1Image
    return _from_files(kind, {"image": str(path)})


def _load_pair(path: Path) -> Nifti1Pair:
    """Header and voxels from two files; nibabel itself finds no pair of mixed capitals."""
    header, voxels = pair_of(path)
    for part in (header, voxels):
        if not part.is_file():
            raise FileError(
                f"{path} is half of a pair: {part.name} is not there; expected both: copy it, or "
                "convert the pair to one file (.nii.gz)."
            )
    start = start_of(header)
    kind: Any = _PAIRS.get(start[344:348]) or _PAIRS.get(start[4:8])
    if kind is None:
        raise FileError(
            f"{header} is no NIfTI header (plain Analyze does not say which side is left); "
            "expected NIfTI: convert the pair to .nii.gz with a program that knows its sides."
        )
    image: Nifti1Pair = _from_files(kind, {"header": str(header), "image": str(voxels)})
    return image


def open_header(path: Path) -> Nifti1Pair:
    """The file with its header read and its voxels not; raises as ``nifti.read_image`` does."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        if is_dangling(path):
            what = f"is only a link to a file that is not there: {FETCH}"
        raise FileError(f"{path} {what}; expected a NIfTI file (.nii, .nii.gz).")
    if is_placeholder(path):
        raise FileError(f"{path} only names a file that is not there; expected the scan: {FETCH}.")
    try:
        with heard() as repaired:
            image = _load(path)
    except DAMAGED as error:
        raise damaged(path, error) from error
    if not isinstance(image, Nifti1Pair):
        raise FileError(f"{path} is a {type(image).__name__}; expected a NIfTI file: convert it.")
    if image.get_data_dtype().kind not in "uif":
        raise FileError(f"{path} holds {unlike_numbers(image.get_data_dtype())}.")
    try:
        check_header(image)
    except GeometryError as error:
        raise GeometryError(f"{path}: {error}") from error
    except DAMAGED as error:
        raise damaged(path, error) from error
    image.extra[REPAIRED] = repaired
    return image
