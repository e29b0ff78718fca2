from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from by_hand import open_folder
from mouse import on_canvas

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.way_up import AS_STORED, way_up
from phantoms import draw

_AXES = {
    "R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0),
    "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1),
}  # fmt: skip


def geometry(codes: str) -> Geometry:
    affine = np.eye(4)
    affine[:3, :3] = np.array([_AXES[code] for code in codes], float).T @ np.diag([1.5, 1.5, 8.0])
    return Geometry.from_affine(affine, (48, 48, 4))


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        ("LSP", ("up", "right")),
        ("PSR", ("up", "right")),
        ("LIA", ("down", "right")),
        ("RIA", ("down", "left")),
        ("RAS", AS_STORED),
        ("LPS", AS_STORED),
    ],
)
def test_the_head_is_up_where_the_header_tells(codes: str, wanted: tuple[str, str]) -> None:
    made = geometry(codes)
    assert made.axis_codes == codes
    assert way_up(made) == wanted


def test_only_the_camera_turns(widget: ScribbleMixWidget, tmp_path: Path) -> None:
    import nibabel

    viewer = widget.board.viewer
    assert viewer.scene.camera.orientation2d == AS_STORED
    image, _, _ = draw(0)
    path = tmp_path / "turned" / "images" / "feet_up.nii.gz"
    path.parent.mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(image.transpose(2, 1, 0), geometry("LSP").affine), path)
    open_folder(widget, tmp_path / "turned")
    case = widget.session.the_case()
    assert np.array_equal(case.image.array, image)
    # The first row of the array is drawn below the last one.
    first, last = on_canvas(viewer, 0, 30), on_canvas(viewer, 47 * 1.5, 30)
    assert first.y() > last.y()
    widget.session.close_case()
    assert viewer.scene.camera.orientation2d == AS_STORED
