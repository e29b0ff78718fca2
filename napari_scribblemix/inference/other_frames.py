"""The other frames of a heart in a project, as far as the same model segmented them.

What is known of them lies in the origins of their masks, so no image is read twice: the size of the
heart, and whether it agreed with the rest already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry, same_grid
from napari_scribblemix.data.nifti import read_geometry
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.inference.look import LOOK
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.orientation import Turn
from napari_scribblemix.inference.phases import HeartSize, heart_size, wanted_share, with_wall
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.makers import Maker
from napari_scribblemix.project.patients import same_heart
from napari_scribblemix.project.project import Project


@dataclass(frozen=True)
class Frame:
    """A frame that was segmented: how large its heart came out, and whether it then agreed."""

    size: HeartSize
    agreed: bool


def size_told(size: HeartSize | None, *, agreed: bool) -> dict[str, Any]:
    """What an origin says of the size of the heart in its mask, for the other frames."""
    told: dict[str, Any] = {"agreed": agreed}
    return told if size is None else told | {"cavity_ml": size.cavity, "wall_ml": size.wall}


def _size_in(origin: dict[str, Any]) -> HeartSize | None:
    """What an origin says of the size of the heart; it is a file that anybody may have edited."""
    cavity, wall = origin.get("cavity_ml"), origin.get("wall_ml")
    if isinstance(cavity, float) and isinstance(wall, float) and min(cavity, wall) > 0:
        return HeartSize(cavity, wall)
    return None


def other_frames(
    project: Project, case_id: str, geometry: Geometry, maker: Maker
) -> dict[str, Frame]:
    """The other frames of the same heart, on the same grid, that the same model segmented."""
    found: dict[str, Frame] = {}
    for record in project.cases:
        if record.id == case_id or not same_heart(case_id, record.id):
            continue
        try:
            origin = project.read_origin(record.id)
            if not same_grid(read_geometry(project.image_path(record.id)), geometry):
                continue
        except ScribbleMixError:  # damaged or gone: told where it is opened
            continue
        size = _size_in(origin)
        if size and (origin.get("kind"), origin.get("model")) == (maker.kind, maker.name):
            found[record.id] = Frame(size, bool(origin.get("agreed")))
    return found


def would_change(own: HeartSize | None, others: dict[str, Frame]) -> tuple[str, ...]:
    """Which of ``others`` should agree now that ``own`` is known, and did not yet."""
    if own is None:
        return ()
    changing = []
    for case_id, frame in others.items():
        rest = [own, *(other.size for name, other in others.items() if name != case_id)]
        if not frame.agreed and wanted_share(frame.size, rest) is not None:
            changing.append(case_id)
    return tuple(changing)


def weights_of_heart(
    project: Project, case_id: str, model: Model, image: Volume, maker: Maker, turn: Turn
) -> NDArray[np.float32] | None:
    """By what the classes' probabilities (K,) of a case are multiplied, so that phases agree.

    ``None`` where nothing needs to agree.  ``image`` and ``turn`` are the case's, ``maker`` is that
    of the other frames' masks.
    """
    others = other_frames(project, case_id, image.geometry, maker)
    if not others:
        return None
    found = segment_volume(model, image, LOOK, turn)
    own = heart_size(found.labels, model.card.labels, image.geometry.voxel_volume_ml)
    share = wanted_share(own, [frame.size for frame in others.values()])
    return None if share is None else with_wall(found, share, model, image, LOOK).weights
