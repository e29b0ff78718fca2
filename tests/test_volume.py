import numpy as np
import pytest

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import GeometryError


def test_array_and_geometry_must_have_the_same_shape() -> None:
    geometry = Geometry.from_affine(np.diag([1.5, 1.5, 8, 1]), (6, 5, 4))
    assert Volume(np.zeros((4, 5, 6)), geometry).notes == ()
    with pytest.raises(GeometryError, match="6 x 5 x 4 with a geometry of 4 x 5 x 6"):
        Volume(np.zeros((6, 5, 4)), geometry)
