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


def test_channels_share_one_grid_and_each_has_a_name() -> None:
    geometry = Geometry.from_affine(np.diag([1.5, 1.5, 8, 1]), (6, 5, 4))
    first, second = np.zeros((4, 5, 6)), np.ones((4, 5, 6))
    volume = Volume(first, geometry, further=(second,), channels=("C0", "T2"))
    assert [array.max() for array in volume.arrays] == [0, 1]
    with pytest.raises(GeometryError, match="3 x 5 x 6 with a geometry of 4 x 5 x 6"):
        Volume(first, geometry, further=(second[:3],), channels=("C0", "T2"))
    with pytest.raises(GeometryError, match="1 names for 2 channels"):
        Volume(first, geometry, further=(second,), channels=("C0",))
