"""napari's writer of labels: a NIfTI file on the grid of the image the labels were drawn on.

Layers made or read by this plugin know their geometry; for others that of an image of the same
shape in the viewer is taken, and where there is none the layer's own scale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import napari
import numpy as np

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.gui.layers import METADATA, SCRIBBLES, geometry_in_viewer


def _geometry(known: dict[str, Any], shape: tuple[int, ...], scale: tuple[float, ...]) -> Geometry:
    if "geometry" in known:
        found: Geometry = known["geometry"]
        return found
    viewer = napari.current_viewer()
    geometry: Geometry | None = geometry_in_viewer(viewer, shape) if viewer is not None else None
    if geometry is not None:
        return geometry
    return Geometry.from_affine(np.diag([*scale[::-1], 1.0]), shape[::-1])


def write_labels_layer(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a labels layer with the values of its label scheme's files, scribbles as scribbles.

    ``GeometryError`` for a layer that has not the shape of its image.
    """
    labels = np.asarray(data)
    known = dict(meta.get("metadata", {}).get(METADATA, {}))
    scale = tuple(float(size) for size in meta.get("scale", (1.0,) * labels.ndim))
    geometry = _geometry(known, labels.shape, scale)
    if (scheme := known.get("scheme")) is not None:
        if known.get("role") == SCRIBBLES:
            labels = scheme.encode(scheme.from_viewer(labels))
        else:
            labels = scheme.encode_mask(labels.astype(np.uint8))
    write_labels(Path(path), labels, geometry)
    return [path]
