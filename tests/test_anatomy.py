import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.hearts import HeartParameters, draw_hearts
from napari_scribblemix.synthesis.tissues import LV_RIM, RV_RIM, Tissue, structure_labels

COUNT = 16
SPACING = 1.5
LEVELS = (0.2, 0.4, 0.6, 0.8)
SIZE = (144, 144)


@pytest.fixture(scope="module")
def hearts() -> HeartParameters:
    generator = torch.Generator().manual_seed(11)
    return draw_hearts(COUNT, generator, view="radiological", max_shift=(0.0, 0.0))


def labels_of(hearts: HeartParameters, levels: tuple[float, ...], phase: float) -> NDArray:
    z_levels = torch.tensor(levels).expand(len(hearts), -1)
    tissues = label_maps(hearts, z_levels, SIZE, SPACING, phase, supersampling=2)
    return structure_labels(tissues, 2).numpy()


@pytest.fixture(scope="module")
def diastole(hearts: HeartParameters) -> NDArray:
    return labels_of(hearts, LEVELS, 0.0)


@pytest.fixture(scope="module")
def systole(hearts: HeartParameters) -> NDArray:
    return labels_of(hearts, LEVELS, 1.0)


def area(labels: NDArray, structure: int) -> NDArray:
    """mm2 per heart and level."""
    return (labels == structure).sum(axis=(2, 3)) * SPACING**2


def test_shapes_and_types(hearts: HeartParameters) -> None:
    levels = torch.tensor([[0.1, 0.5]]).expand(COUNT, -1)
    tissues = label_maps(hearts, levels, (40, 60), 3.0, supersampling=2)
    assert tissues.shape == (COUNT, 2, 80, 120)
    assert tissues.dtype == torch.uint8
    assert int(tissues.max()) < len(Tissue)
    assert structure_labels(tissues, 2).shape == (COUNT, 2, 40, 60)


@pytest.mark.parametrize("phase", ["diastole", "systole"])
def test_myocardium_encloses_the_cavity(phase: str, request: pytest.FixtureRequest) -> None:
    for plane in request.getfixturevalue(phase).reshape(-1, *SIZE):
        cavity = plane == 3
        grown = ndimage.binary_dilation(cavity)
        assert (plane[grown & ~cavity] == 2).all()
        assert ndimage.label(plane == 2)[1] == 1


def test_right_ventricle_touches_the_myocardium_from_outside(diastole: NDArray) -> None:
    for plane in diastole[:, :2].reshape(-1, *SIZE):
        right = plane == 1
        touched = ndimage.binary_dilation(right) & (plane == 2)
        assert touched.sum() > 10
        # Inside would mean: within the filled ring of the left ventricle.
        filled = ndimage.binary_fill_holes(plane == 2)
        assert not (filled & right).any()
        pieces, _ = ndimage.label(right)
        assert np.bincount(pieces.ravel())[1:].max() > 0.95 * right.sum()


def test_right_ventricle_spans_a_human_part_of_the_septum(diastole: NDArray) -> None:
    spans = []
    for plane in diastole[:, 1]:
        center = np.argwhere(plane >= 2).mean(axis=0)
        contact = ndimage.binary_dilation(plane == 1, iterations=2) & (plane == 2)
        offset = np.argwhere(contact) - center
        angles = np.arctan2(offset[:, 0], offset[:, 1])
        middle = np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())
        spans.append(np.ptp((np.rad2deg(angles - middle) + 180) % 360))
    assert 90 < np.median(spans) < 145
    assert min(spans) > 70
    assert max(spans) < 170


def test_areas_lie_in_the_human_range(diastole: NDArray) -> None:
    radius = np.sqrt(area(diastole, 3) / np.pi)
    outer = np.sqrt((area(diastole, 3) + area(diastole, 2)) / np.pi)
    wall = outer - radius
    ratio = area(diastole, 1) / area(diastole, 3)
    # From slit cavities behind thick walls to dilated hearts, as the diseases have them.
    assert ((radius[:, 0] > 8) & (radius[:, 0] < 43)).all()
    assert ((wall > 2.5) & (wall < 27.0)).all()
    assert 1.0 < np.median(ratio[:, 0]) < 2.2
    assert (ratio[:, 0] > 0.2).all()


def test_ventricles_narrow_towards_the_apex_and_the_right_one_ends_first(
    hearts: HeartParameters, diastole: NDArray
) -> None:
    assert (np.diff(area(diastole, 3), axis=1) < 0).mean() > 0.9
    assert (area(diastole, 1)[:, -1] < area(diastole, 1)[:, 0]).all()
    at_apex = labels_of(hearts, (0.93,), 0.0)
    assert (area(at_apex, 3) > 0).all()
    assert (area(at_apex, 1) < 40).any()


def test_systole_empties_the_cavities_and_thickens_the_wall(
    diastole: NDArray, systole: NDArray
) -> None:
    left, right = (area(systole, k)[:, :2] / area(diastole, k)[:, :2] for k in (3, 1))
    assert (left[:, 1] < 0.95).all()
    assert 0.3 < np.median(left[:, 1]) < 0.75
    assert (right[:, 1] < 1.0).all()
    thick = [
        np.sqrt((area(x, 3) + area(x, 2)) / np.pi) - np.sqrt(area(x, 3) / np.pi)
        for x in (diastole, systole)
    ]
    assert (thick[1][:, 1] > thick[0][:, 1]).all()


def test_the_base_moves_towards_the_apex(hearts: HeartParameters) -> None:
    base = (0.03,)
    assert (area(labels_of(hearts, base, 0.0), 3) > 0).all()
    assert (area(labels_of(hearts, base, 1.0), 3) == 0).all()


def test_above_the_base_and_below_the_apex_nothing_is_labelled(hearts: HeartParameters) -> None:
    assert not labels_of(hearts, (-0.2, 1.3), 0.0).any()


def test_phase_may_differ_between_hearts(hearts: HeartParameters) -> None:
    levels = torch.full((COUNT, 1), 0.4)
    phases = torch.linspace(0.0, 1.0, COUNT)
    together = label_maps(hearts, levels, (48, 48), 4.0, phases)
    assert torch.equal(together[0], label_maps(hearts, levels, (48, 48), 4.0, 0.0)[0])
    assert torch.equal(together[-1], label_maps(hearts, levels, (48, 48), 4.0, 1.0)[-1])


def test_slices_do_not_depend_on_what_is_drawn_with_them(hearts: HeartParameters) -> None:
    volume = label_maps(hearts, torch.tensor([[0.3, 0.5]]).expand(COUNT, -1), (48, 48), 4.0)
    single = label_maps(hearts, torch.full((COUNT, 1), 0.5), (48, 48), 4.0)
    assert torch.equal(volume[:, 1:], single)


def test_the_right_ventricle_lies_to_the_left_in_a_radiological_view(diastole: NDArray) -> None:
    for plane in diastole[:, 0]:
        assert np.argwhere(plane == 1)[:, 1].mean() < np.argwhere(plane == 3)[:, 1].mean() - 10


def test_a_turned_and_mirrored_heart_is_the_same_heart(hearts: HeartParameters) -> None:
    flipped = HeartParameters(hearts.table, hearts.turn, -hearts.flip, hearts.shift, hearts.noise)
    straight, mirrored = (area(labels_of(each, (0.4,), 0.0), 1) for each in (hearts, flipped))
    assert np.allclose(straight, mirrored, rtol=0.02)


def test_scar_lies_in_the_myocardium_on_the_cavity_side(hearts: HeartParameters) -> None:
    scarred = hearts.with_values(
        scar_level=0.4, scar_height=0.5, scar_width=1.0, scar_depth=0.8, obstruction=-1.0,
        scar2_size=-0.5,
    )  # fmt: skip
    tissues = label_maps(scarred, torch.full((COUNT, 1), 0.4), SIZE, SPACING).numpy()
    scar = tissues == Tissue.SCAR
    assert (scar.sum(axis=(1, 2, 3)) > 10).all()
    assert (structure_labels(torch.from_numpy(tissues)).numpy()[scar] == 2).all()
    cavity = np.isin(tissues, (Tissue.LV_BLOOD, Tissue.PAPILLARY, *LV_RIM))
    for at, inside in zip(scar[:, 0], cavity[:, 0], strict=True):
        assert (ndimage.binary_dilation(inside) & at).any()


def test_a_rim_lies_in_its_cavity_and_gets_looser_away_from_the_wall(
    hearts: HeartParameters,
) -> None:
    levels = torch.full((COUNT, 1), 0.4)
    tissues = label_maps(hearts, levels, SIZE, SPACING).numpy()[:, 0]
    labels = structure_labels(torch.from_numpy(tissues)).numpy()
    for rim, structure in ((LV_RIM, 3), (RV_RIM, 1)):
        assert (labels[np.isin(tissues, rim)] == structure).all()
        from_wall = [ndimage.distance_transform_edt(plane == structure) for plane in labels]
        depths = [
            np.mean([d[t == layer].mean() for d, t in zip(from_wall, tissues, strict=True)])
            for layer in rim[1:]
            if all((t == layer).any() for t in tissues)
        ]
        assert len(depths) >= 2
        assert depths == sorted(depths)


def test_rims_are_thicker_in_systole(hearts: HeartParameters) -> None:
    levels = torch.full((COUNT, 1), 0.4)

    def share(phase: float) -> float:
        tissues = label_maps(hearts, levels, SIZE, SPACING, phase).numpy()
        rim = np.isin(tissues, LV_RIM).sum()
        return float(rim / np.isin(tissues, (*LV_RIM, Tissue.LV_BLOOD)).sum())

    assert share(1.0) > 1.3 * share(0.0)


def test_the_line_on_the_heart_is_background_and_lies_between_muscle_and_fat(
    hearts: HeartParameters,
) -> None:
    lined = hearts.with_values(edge=3.0, edge_rough=0.0, fat_side=6.0, fat_front=6.0, fat_rough=0.0)
    tissues = label_maps(lined, torch.full((COUNT, 1), 0.4), SIZE, SPACING).numpy()[:, 0]
    line = np.isin(tissues, (Tissue.EDGE_INNER, Tissue.EDGE_OUTER))
    assert (structure_labels(torch.from_numpy(tissues)).numpy()[line] == 0).all()
    fat = tissues == Tissue.PERICARDIAL_FAT
    for muscle, lipid, edge in zip(tissues == Tissue.MYOCARDIUM, fat, line, strict=True):
        touching = ndimage.binary_dilation(muscle) & ~muscle
        assert not (touching & lipid).any()
        assert (touching & edge).any()
