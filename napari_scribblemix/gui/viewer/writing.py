"""napari's writer of labels: a NIfTI file on the grid of the image the labels were drawn on.

Layers made or read by this plugin know their geometry; for others that of an image of the same
shape in the viewer is taken, and where there is none the layer's own transform and units.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import napari
import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.errors import GeometryError
from napari_scribblemix.gui.viewer.case_layers import METADATA, SCRIBBLES
from napari_scribblemix.gui.viewer.world import Placement


def _geometry_in_viewer(viewer: Any, shape: tuple[int, ...]) -> Geometry | None:
    """That of a layer of this shape, if it knows one."""
    for layer in viewer.layers:
        found = layer.metadata.get(METADATA)
        if found and tuple(layer.data.shape) == shape:
            geometry: Geometry = found["geometry"]
            return geometry
    return None


def _on_grid(labels: NDArray[Any], meta: dict[str, Any]) -> tuple[NDArray[Any], Geometry]:
    """``labels`` as their geometry counts slices, rows and columns, and that geometry."""
    known = meta.get("metadata", {}).get(METADATA, {})
    viewer = napari.current_viewer()
    geometry: Geometry | None = known.get("geometry")
    if geometry is None and viewer is not None:
        geometry = _geometry_in_viewer(viewer, labels.shape)
    if geometry is not None:
        return labels, geometry
    geometry, _ = Placement.told(meta, labels.ndim).geometry(labels.shape)
    # A layer's own axes are those of a file in reverse, whichever of them the slices are.
    return geometry.from_file(labels.T), geometry


def write_labels_layer(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a labels layer with the values of its label scheme's files, scribbles as scribbles.

    ``GeometryError`` for a layer that has not the shape of its image, or is no volume.
    """
    labels = np.asarray(data)
    known = dict(meta.get("metadata", {}).get(METADATA, {}))
    if (scheme := known.get("scheme")) is not None:
        if known.get("role") == SCRIBBLES:
            labels = scheme.encode(scheme.from_viewer(labels))
        else:
            labels = scheme.encode_mask(labels.astype(np.uint8))
    if "geometry" not in known and labels.ndim not in {2, 3}:
        raise GeometryError(
            f"Got a layer of {labels.ndim} axes; expected a volume of slices, rows and "
            "columns: save one frame, or one colour, as a layer of its own."
        )
    write_labels(Path(path), *_on_grid(labels, meta))
    return [path]
