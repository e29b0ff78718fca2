"""A cine written as one 4-D NIfTI file, in the kind of number it has, with the time of a frame.

As for volumes, the header is fresh: it says where the voxels lie and when, and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Image
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry

_SECONDS = 8


def encode_cine(array: NDArray[Any], geometry: Geometry, frame_ms: float | None) -> bytes:
    """The bytes of an uncompressed NIfTI file of ``array`` (T, Z, Y, X), or (1, Z, Y, X) as 3-D.

    ``frame_ms``: time from frame to frame; 0 in the file if it is ``None``.  ``GeometryError`` if
    the frames are not on the grid of ``geometry``.
    """
    frames = [geometry.to_file(frame) for frame in array]
    header = geometry.forms.header()
    header.set_data_dtype(array.dtype)
    values = frames[0] if len(frames) == 1 else np.stack(frames, axis=-1)
    header.set_data_shape(values.shape)
    if len(frames) > 1:
        header["pixdim"][4] = (frame_ms or 0.0) / 1000.0
        header["xyzt_units"] = int(header["xyzt_units"]) | _SECONDS
    return bytes(Nifti1Image(values, header.get_best_affine(), header).to_bytes())
