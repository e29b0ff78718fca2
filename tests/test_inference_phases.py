"""Frames of one heart agree on its muscle: rules, files, and cases of a project."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.data.nifti import read_image, read_labels
from napari_scribblemix.inference.files import segment_files
from napari_scribblemix.inference.look import LOOK
from napari_scribblemix.inference.model import Model, ModelCard
from napari_scribblemix.inference.phases import HeartSize, heart_size, wanted_share, with_wall
from napari_scribblemix.inference.project_cases import predict_case
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.layouts import group_images
from napari_scribblemix.project.makers import Maker
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import SegmentSettings
from phantoms import write_file

SIDE, SLICES = 72, 4
MAKER = Maker("run", "r", 1)


class Grey(nn.Module):
    """Muscle where the image is half as bright as its brightest, cavity where it is that bright."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.tensor(0.0))

    def forward(self, image: Tensor) -> Tensor:
        low, high = image.amin((1, 2, 3), keepdim=True), image.amax((1, 2, 3), keepdim=True)
        bright = (image - low) / (high - low + 1e-6) + self.level
        levels = (0.0, -3.0, 0.5, 1.0)
        return torch.cat([-(((bright - level) / 0.35) ** 2) for level in levels], dim=1)


def model() -> Model:
    card = ModelCard(
        name="test", network="fast", in_channels=1, labels=CARDIAC, spacing=1.5, mirrored=False,
        method="partial", recipe={}, steps=1, seconds=1.0, seed=0, code_version="0",
    )  # fmt: skip
    return Model(Grey(), card)


def heart(cavity: float, outer: float, packed: float = 0.0) -> NDArray[np.float32]:
    """A ring of muscle; over ``packed`` pixels it turns into blood, as among trabeculae."""
    radius = np.hypot(*(np.indices((SIDE, SIDE)) - SIDE / 2 + 0.3))
    share = np.clip((cavity + packed - radius) / max(packed, 1.0), 0.0, 1.0)
    image = np.where(radius < outer, 0.5 + 0.5 * share, 0.0)
    return np.tile(image.astype(np.float32), (SLICES, 1, 1))


ED = heart(20, 26)
# What the eye calls muscle is a third more than at end-diastole: trabeculae, half blood.
ES = heart(8, 23, packed=9)


def write_heart(folder: Path, names: dict[str, NDArray[np.float32]]) -> Path:
    for name, image in names.items():
        write_file(folder / f"{name}.nii.gz", image)
    return folder


def masks(folder: Path, output: Path, **changes: object) -> dict[str, NDArray[np.uint8]]:
    files = sorted(folder.iterdir())
    values = {"model": Path("run"), "images": files, "output": output} | changes
    settings = SegmentSettings.model_validate(values)
    outcomes = list(segment_files(model(), group_images(files), settings))
    assert [outcome.error for outcome in outcomes] == [None] * len(outcomes)
    found = {}
    for outcome in outcomes:
        (target,), (told,) = outcome.masks, outcome.volumes_ml
        labels = read_labels(target)
        size = heart_size(labels.array, CARDIAC, labels.geometry.voxel_volume_ml)
        assert size is not None
        # What is told of a mask is told of the one that was left.
        assert told["myocardium"] == pytest.approx(size.wall)
        found[target.name.partition(".")[0]] = labels.array
    return found


def wall(labels: NDArray[np.uint8]) -> int:
    return int((labels == 2).sum())


def test_the_wall_at_end_systole_becomes_as_large_as_at_end_diastole(tmp_path: Path) -> None:
    folder = write_heart(tmp_path / "images", {"a_ED": ED, "a_ES": ES})
    alone = masks(folder, tmp_path / "alone", phases=False)
    agreed = masks(folder, tmp_path / "agreed")
    assert wall(alone["a_ES"]) > 1.2 * wall(alone["a_ED"])
    np.testing.assert_array_equal(agreed["a_ED"], alone["a_ED"])
    assert wall(agreed["a_ES"]) == pytest.approx(1.05 * wall(agreed["a_ED"]), rel=0.03)
    # What the wall lost is cavity, and nothing else moved.
    lost = (alone["a_ES"] == 2) & (agreed["a_ES"] != 2)
    assert set(np.unique(agreed["a_ES"][lost])) == {3}
    assert ((alone["a_ES"] > 0) == (agreed["a_ES"] > 0)).mean() > 0.99


def test_probability_and_uncertainty_are_those_of_the_mask_that_is_left(tmp_path: Path) -> None:
    folder = write_heart(tmp_path / "images", {"a_ED": ED, "a_ES": ES})
    found = masks(folder, tmp_path / "out", probabilities=True, entropy=True)
    parts = [
        read_image(tmp_path / "out" / f"a_ES_probability_{name}.nii.gz").array
        for name in ("right_ventricle", "myocardium", "left_ventricle")
    ]
    shown = np.stack([1.0 - np.sum(parts, axis=0), *parts]).argmax(axis=0)
    assert (shown == found["a_ES"]).mean() > 0.995
    alone = segment_volume(model(), read_image(folder / "a_ES.nii.gz"))
    assert np.abs(alone.probability[2] - parts[1]).max() > 0.1


@pytest.mark.parametrize(
    "others", [{"b_ED": ED}, {"a": ED}, {"a_ED": ED[:3]}, {}], ids=["b", "name", "grid", "none"]
)
def test_other_hearts_and_other_grids_change_nothing(
    tmp_path: Path, others: dict[str, NDArray[np.float32]]
) -> None:
    folder = write_heart(tmp_path / "images", {"a_ES": ES, **others})
    alone = masks(folder, tmp_path / "alone", phases=False)
    agreed = masks(folder, tmp_path / "agreed")
    np.testing.assert_array_equal(agreed["a_ES"], alone["a_ES"])


def test_of_many_frames_those_with_larger_cavities_say_how_much_muscle_there_is() -> None:
    large, small = HeartSize(100, 80), HeartSize(30, 120)
    assert wanted_share(small, [large]) == pytest.approx(1.05 * 80 / 120)
    assert wanted_share(large, [small]) is None
    assert wanted_share(small, []) is None
    assert wanted_share(HeartSize(100, 120), [large]) is None
    # One frame with a wrong muscle is outvoted.
    cine = [HeartSize(100, 80), HeartSize(99, 300), HeartSize(98, 82), HeartSize(40, 110)]
    assert wanted_share(small, cine) == pytest.approx(1.05 * 82 / 120)
    assert wanted_share(cine[1], [small, cine[0], *cine[2:]]) is None


def test_where_something_else_is_wrong_nothing_is_changed() -> None:
    large = HeartSize(100, 80)
    assert wanted_share(HeartSize(30, 200), [large]) is None
    assert wanted_share(HeartSize(30, 30), [large]) is None


def test_a_mask_without_cavity_or_wall_has_no_size() -> None:
    assert heart_size(np.zeros((2, 3, 3), np.uint8), CARDIAC, 0.1) is None
    labels = np.array([[[0, 2, 3, 5, 4, 4]]], np.uint8)
    assert heart_size(labels, MYOPS, 0.5) == HeartSize(0.5, 2.0)


@pytest.mark.parametrize("share", [0.0, 1e6, 0.01])
def test_what_the_network_is_sure_of_stays(tmp_path: Path, share: float) -> None:
    write_heart(tmp_path, {"a_ES": ES})
    volume = read_image(tmp_path / "a_ES.nii.gz")
    before = segment_volume(model(), volume)
    after = with_wall(before, share, model(), volume, LOOK)
    sure = before.probability.max(axis=0) > 0.99
    assert sure.sum() > 1000
    np.testing.assert_array_equal(before.labels[sure], after.labels[sure])


def test_cases_of_a_project_agree_whichever_comes_first(tmp_path: Path) -> None:
    source = write_heart(tmp_path / "images", {"a_ED": ED, "a_ES": ES})
    with Project.create(tmp_path / "p.scribblemix") as project:
        for name in ("a_ED", "a_ES"):
            project.add_case(CaseFiles(name, source / f"{name}.nii.gz"))

        def segment(name: str, maker: Maker = MAKER) -> tuple[int, tuple[str, ...]]:
            changes = predict_case(project, name, model(), maker=maker).changes
            found = project.read_prediction(name)
            assert found is not None
            return wall(found[0]), changes

        systole, changes = segment("a_ES")
        assert changes == ()
        diastole, changes = segment("a_ED")
        assert changes == ("a_ES",)
        assert systole > 1.2 * diastole
        systole, changes = segment("a_ES")
        assert systole == pytest.approx(1.05 * diastole, rel=0.03)
        # Once they agree there is nothing more to do, and it is the same every time.
        assert segment("a_ED") == (diastole, ())
        assert segment("a_ES") == (systole, ())
        # Masks of another model say nothing.
        assert segment("a_ES", Maker("run", "other", 1))[0] > 1.2 * diastole
