"""What a header tells of the way up: for planes of a scanner, and nothing for placeholders."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import NO_FORM_NOTE, Geometry, resolve
from napari_scribblemix.inference.orientation import AS_STORED, TURNS, Turn
from napari_scribblemix.inference.placement import likely_turns

# Columns and rows towards left, back and head, as scanners of two makers state them in DICOM.
GE = ((0.770, 0.618, 0.155), (-0.152, 0.414, -0.898))
SIEMENS = ((0.792, 0.0, 0.610), (0.378, 0.786, -0.490))
# An LGE stack of a third maker, which its converter stored upside down.
FLIPPED = ((0.65, 0.71, -0.15), (0.33, -0.12, 0.91))

SHAPE = (10, 60, 80)


def geometry(plane: tuple[tuple[float, ...], ...], shape: tuple[int, ...] = SHAPE) -> Geometry:
    columns, rows = (np.array(vector) / np.linalg.norm(vector) for vector in plane)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([columns * 1.4, rows * 1.4, np.cross(columns, rows) * 8], axis=1)
    affine[:2] *= -1  # DICOM counts to the left and the back, NIfTI to the right and the front
    return Geometry.from_affine(affine, shape[::-1])


def stored(whole: Geometry, turn: Turn) -> Geometry:
    """The header of a volume that lies as in ``whole`` once ``turn`` has been applied to it."""

    def place(z: int, y: int, x: int) -> NDArray[np.float64]:
        return (whole.affine @ (x, y, z, 1))[:3]

    numbers = torch.arange(SHAPE[1] * SHAPE[2]).reshape(SHAPE[1:])
    turned = turn.undo(numbers)
    at = [np.unravel_index(int(turned[index]), SHAPE[1:]) for index in ((0, 0), (0, 1), (1, 0))]
    origin, along_x, along_y = (place(0, int(y), int(x)) for y, x in at)
    affine = np.eye(4)
    affine[:3, :4] = np.stack(
        [along_x - origin, along_y - origin, whole.affine[:3, 2], origin], axis=1
    )
    return Geometry.from_affine(affine, (*turned.shape[::-1], SHAPE[0]))


@pytest.mark.parametrize("plane", [GE, SIEMENS], ids=["GE", "Siemens"])
def test_a_plane_as_scanners_show_it_is_taken_as_stored(
    plane: tuple[tuple[float, ...], ...],
) -> None:
    assert likely_turns(geometry(plane))[0] == AS_STORED


def test_a_stack_stored_upside_down_is_turned_over() -> None:
    assert likely_turns(geometry(FLIPPED)) == (Turn(2, mirrored=True),)


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_the_header_of_a_turned_stack_tells_its_turn(turn: Turn) -> None:
    assert likely_turns(stored(geometry(GE), turn)) == (turn,)


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_between_two_ways_both_are_likely_and_the_stored_one_comes_first(turn: Turn) -> None:
    found = likely_turns(stored(geometry(SIEMENS), turn))
    assert turn in found
    assert len(found) == 2
    assert {each.mirrored for each in found} == {turn.mirrored}
    assert AS_STORED not in found[1:]


@pytest.mark.parametrize(
    "affine",
    [
        np.eye(4),  # as in ACDC
        np.diag([-1.5, -1.5, 8.0, 1.0]),
        np.array([[0, 0, 8, 0], [1.5, 0, 0, 0], [0, -1.5, 0, 0], [0, 0, 0, 1]], float),
        np.array([[1.4, 0, 0, 0], [0, 1.2, -4, 0], [0, 0.7, 7, 0], [0, 0, 0, 1]]),
    ],
    ids=["identity", "placeholder", "sagittal", "tilted once"],
)
def test_planes_along_the_body_tell_nothing(affine: NDArray[np.float64]) -> None:
    assert likely_turns(Geometry.from_affine(affine, SHAPE[::-1])) == ()


def test_a_header_without_form_codes_tells_nothing() -> None:
    header = geometry(FLIPPED).forms.header()
    header.set_data_shape(SHAPE[::-1])
    header["qform_code"] = header["sform_code"] = 0
    bare = resolve(header, SHAPE[::-1])
    assert bare.note == NO_FORM_NOTE
    assert likely_turns(bare) == ()
