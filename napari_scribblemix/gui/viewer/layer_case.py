"""An image layer that has no file to a case of the project, which keeps it as a file.

A layer that cannot be used is refused before anything is made, in one line that names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.channels import check_channels
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.links import inside
from napari_scribblemix.data.nifti import write_image
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import GeometryError, ImageError, ScribbleMixError
from napari_scribblemix.gui.viewer.world import Placement
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.patients import frame_case
from napari_scribblemix.project.project import Project

_UNSAFE = '/\\:*?"<>|. '


@dataclass(frozen=True, eq=False)
class LayerImage:
    """What can become a case: ``array`` (Z, Y, X) or (Y, X) and its geometry, in layer order.

    ``name`` can be a file name; ``notes`` say what was taken for granted.
    """

    name: str
    array: NDArray[np.float32]
    geometry: Geometry
    notes: tuple[str, ...] = ()


def safe_name(name: str) -> str:
    """``name`` of a layer as a file may be called."""
    return "".join("_" if sign in _UNSAFE else sign for sign in name).strip("_") or "image"


def layer_image(
    name: str, array: NDArray[np.generic], placement: Placement, at: Sequence[int]
) -> LayerImage:
    """The image of a layer; of a cine (T, Z, Y, X) the frame on screen, the first of ``at``.

    ``GeometryError`` for other axes, ``ImageError`` for values that are no image.
    """
    if array.ndim not in {2, 3, 4}:
        raise GeometryError(
            f"The layer {name} has {array.ndim} axes; expected slices, rows and columns, and "
            "frames before them at most: choose a part of it."
        )
    if array.dtype.kind not in "buif":
        raise ImageError(
            f"The layer {name} holds {array.dtype} values; expected one number per pixel."
        )
    title = safe_name(name)
    if array.ndim == 4:
        frames, frame = len(array), int(np.clip(at[0], 0, len(array) - 1))
        array = array[frame]
        title = frame_case(title, frame) if frames > 1 else title
    try:
        geometry, notes = placement.geometry(array.shape)
        # As a reader will see it, whichever axis the slices are.
        with np.errstate(
            over="ignore"
        ):  # what float32 cannot hold is infinite, and refused as such
            stored = np.asarray(array).astype(np.float32).T
        volume = Volume(geometry.from_file(stored), geometry)
    except GeometryError as error:
        raise GeometryError(f"The layer {name}: {error}") from error
    for finding in check_channels(volume):
        if finding.level == "block":
            raise ImageError(f"The layer {name} cannot be used: {finding.message}")
    told = tuple(f"The layer {name}: {note}" for note in (*notes, geometry.note) if note)
    return LayerImage(title, volume.array, geometry, told)


def add_layer_image(project: Project, image: LayerImage) -> str:
    """Write ``image`` into the project and add it; the case's name.

    Errors as ``Project.add_case``; then nothing of it stays.
    """
    project.require_lock()
    taken = {record.id.casefold() for record in project.cases}
    number, case_id = 1, image.name
    path = inside(project.folder, project.folder / "images" / f"{case_id}.nii.gz")
    # The image of a case that was taken off the list is still there, and so are its strokes.
    while case_id.casefold() in taken or path.exists():
        number += 1
        case_id = f"{image.name}-{number}"
        path = path.with_name(f"{case_id}.nii.gz")
    write_image(path, image.array, image.geometry)
    try:
        project.add_case(CaseFiles(case_id, path))
    except ScribbleMixError:
        path.unlink(missing_ok=True)
        raise
    return case_id
