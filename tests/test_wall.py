"""Wall thickness in segments, on drawn rings whose thickness is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.evaluation.septum import circular_mean, difference, find_septum
from napari_scribblemix.evaluation.wall import (
    SEGMENTS,
    is_ring,
    measure_wall,
    ring_levels,
    segment_of,
)

SPACING = (1.25, 1.25)


def at(size: int = 96, centre: tuple[float, float] = (60.0, 66.0)) -> tuple[NDArray, NDArray]:
    """Distance in mm from the centre, and degrees (0 right, 90 up)."""
    y, x = np.mgrid[:size, :size]
    row, column = y * SPACING[0] - centre[0], x * SPACING[1] - centre[1]
    return np.hypot(row, column), np.degrees(np.arctan2(-row, column)) % 360


def heart(
    inner: float = 20.0, thickness: float | NDArray = 9.0, septum: float = 180.0, taper: int = 0
) -> NDArray[np.uint8]:
    """A slice: a ring of wall and a crescent of right ventricle of 120 degrees round ``septum``."""
    far, degrees = at()
    plane = np.zeros(far.shape, np.uint8)
    outer = inner - taper + thickness
    beside = np.abs((degrees - septum + 180) % 360 - 180) < 60
    plane[(far < outer + 12) & beside] = 1
    plane[far < outer] = 2
    plane[far < inner - taper] = 3
    return plane


def stack(**kind: float) -> NDArray[np.uint8]:
    return np.stack([heart(taper=z, **kind) for z in range(9)])


def geometry(mask: NDArray, *, mirrored: bool = False, tells: bool = True) -> Geometry:
    """Rows towards the back, columns to the left of the patient, or to the right if mirrored."""
    depth, height, width = mask.shape
    affine = np.diag([1.25 if mirrored else -1.25, -1.25, 8.0, 1.0])
    # An upright slice: columns to the left, rows to the feet, slices to the back.
    steps = np.array([[1.25 if mirrored else -1.25, 0, 0], [0, 0, 8.0], [0, -1.25, 0]])
    affine = np.eye(4)
    affine[:3, :3] = steps
    made = Geometry.from_affine(affine, (width, height, depth))
    if tells:
        return made
    from dataclasses import replace

    from napari_scribblemix.data.geometry import PIXDIM_NOTE

    return replace(made, note=PIXDIM_NOTE)


@pytest.mark.parametrize("thickness", [5.0, 9.0, 14.0])
def test_an_even_ring_has_its_thickness_in_all_sixteen_segments(thickness: float) -> None:
    mask = stack(thickness=thickness)
    wall = measure_wall(mask, geometry(mask), CARDIAC)
    assert len(wall.thickness) == len(SEGMENTS) == 16
    assert wall.thickness == pytest.approx([thickness] * 16, abs=0.4)
    assert np.mean(wall.thickness) == pytest.approx(thickness, abs=0.15)
    assert wall.notes == ()


def test_a_thick_septum_is_thick_in_the_septal_segments_alone() -> None:
    _, degrees = at()
    thick = np.where(np.abs((degrees - 180 + 180) % 360 - 180) < 60, 14.0, 8.0)
    mask = np.stack([heart(taper=z, thickness=thick) for z in range(9)])
    found = dict(zip(SEGMENTS, measure_wall(mask, geometry(mask), CARDIAC).thickness, strict=True))
    septal = {name for name in SEGMENTS if "septal" in name}
    assert min(found[name] for name in septal) > 11
    assert max(found[name] for name in SEGMENTS if name not in septal) < 9.5


@pytest.mark.parametrize("septum", [20.0, 100.0, 180.0, 215.0, 330.0])
def test_the_middle_of_the_septum_is_found_wherever_it_lies(septum: float) -> None:
    mask = stack(septum=septum)
    found = find_septum(mask, geometry(mask, tells=False), CARDIAC, range(9))
    assert found is not None
    assert abs(difference(found.middle, septum)) < 2
    assert abs(difference(found.anterior, septum - 60)) < 5


def test_a_mirror_image_is_known_by_its_header() -> None:
    # Right ventricle on the right: the anterior wall is still up.
    mask = stack(septum=0.0)
    place = geometry(mask, mirrored=True)
    _, degrees = at()
    thick = np.where(np.abs((degrees - 90 + 180) % 360 - 180) < 30, 14.0, 8.0)
    mask = np.stack([heart(taper=z, thickness=thick, septum=0.0) for z in range(9)])
    wall = measure_wall(mask, place, CARDIAC)
    assert wall.septum is not None
    assert wall.septum.turn == -1
    found = dict(zip(SEGMENTS, wall.thickness, strict=True))
    assert max(found, key=found.__getitem__) in {"basal anterior", "mid anterior"}
    assert found["basal anterior"] > 12 > 9.5 > found["basal inferior"]


def test_segments_go_from_the_anterior_wall_over_the_septum_as_on_the_published_figure() -> None:
    mask = stack()
    septum = find_septum(mask, geometry(mask), CARDIAC, range(9))
    assert septum is not None
    # Seen from the apex: anterior up, septum on the left, lateral wall on the right.
    directions = np.array([90.0, 150, 210, 270, 330, 30])
    assert segment_of(directions, septum, 0).tolist() == [0, 1, 2, 3, 4, 5]
    assert segment_of(directions, septum, 1).tolist() == [6, 7, 8, 9, 10, 11]
    assert segment_of(np.array([90.0, 180, 270, 0]), septum, 2).tolist() == [12, 13, 14, 15]


@pytest.mark.parametrize("mirrored", [False, True])
def test_without_a_right_ventricle_a_person_says_where_the_septum_begins(mirrored: bool) -> None:
    whole = stack(septum=0.0 if mirrored else 180.0)
    placed = geometry(whole, mirrored=mirrored)
    known = find_septum(whole, placed, CARDIAC, range(9))
    assert known is not None
    alone = np.where(whole == 1, 0, whole)
    assert find_septum(alone, placed, CARDIAC, range(9)) is None
    told = find_septum(alone, placed, CARDIAC, range(9), anterior=known.anterior)
    assert told is not None
    assert told.turn == known.turn
    assert abs(difference(told.middle, known.middle)) < 5
    wall = measure_wall(alone, placed, CARDIAC, known.anterior)
    assert np.isfinite(wall.thickness).all()
    nowhere = geometry(whole, tells=False)
    shown = find_septum(alone, nowhere, CARDIAC, range(9), anterior=120.0)
    assert shown is not None
    assert (shown.middle, shown.turn) == (180.0, 1)


def test_a_person_turns_the_segments_by_the_angle_of_the_anterior_insertion() -> None:
    mask = stack()
    septum = find_septum(mask, geometry(mask), CARDIAC, range(9), anterior=100.0)
    assert septum is not None
    assert (septum.middle, septum.turn) == (160.0, 1)
    # From the other side of the right ventricle it goes the other way round.
    other = find_septum(mask, geometry(mask), CARDIAC, range(9), anterior=250.0)
    assert other is not None
    assert (other.middle, other.turn) == (190.0, -1)


def test_levels_begin_at_the_base_whichever_way_the_stack_is_stored() -> None:
    mask = stack()
    assert ring_levels(mask, CARDIAC) == (((0, 1, 2), (3, 4, 5), (6, 7, 8)), True)
    assert ring_levels(mask[::-1], CARDIAC) == (((8, 7, 6), (5, 4, 3), (2, 1, 0)), True)
    assert ring_levels(mask[:8], CARDIAC)[0] == ((0, 1, 2), (3, 4, 5), (6, 7))


def test_slices_without_a_closed_ring_are_left_out() -> None:
    mask = stack()
    assert is_ring(mask[0], CARDIAC)
    mask[0, 40:44, :66][mask[0, 40:44, :66] == 2] = 0
    assert not is_ring(mask[0], CARDIAC)
    assert 0 not in {z for level in ring_levels(mask, CARDIAC)[0] for z in level}


def test_scar_and_oedema_are_part_of_the_wall() -> None:
    mask = stack()
    mask[:, :48][mask[:, :48] == 2] = 5
    mask[:, :, 60:][mask[:, :, 60:] == 2] = 4
    wall = measure_wall(mask, geometry(mask), MYOPS)
    assert wall.thickness == pytest.approx([9.0] * 16, abs=0.4)


def test_what_cannot_be_measured_is_said() -> None:
    mask = stack()
    empty = measure_wall(np.zeros_like(mask), geometry(mask), CARDIAC)
    assert all(map(math.isnan, empty.thickness))
    assert empty.notes == ("No slice has a closed ring of wall.",)
    mask[mask == 1] = 0
    alone = measure_wall(mask, geometry(mask), CARDIAC)
    assert all(map(math.isnan, alone.thickness))
    assert "septum was not found" in alone.notes[0]


def test_the_mean_of_directions_goes_round_the_circle() -> None:
    assert circular_mean([350.0, 10.0, 0.0]) == pytest.approx(0.0, abs=1e-9) or circular_mean(
        [350.0, 10.0, 0.0]
    ) == pytest.approx(360.0)
    assert difference(10.0, 350.0) == pytest.approx(20.0)
