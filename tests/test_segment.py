"""Volumes to labels with a network whose answer is known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model, ModelCard, load_model
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.inference.sight import turn_of
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.settings import SegmentSettings
from napari_scribblemix.synthesis.samples import draw_cases
from phantoms import draw, make_case


class Threshold(nn.Module):
    """Left ventricle where the image is bright, background elsewhere; ``edge`` px see nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.tensor(2.0))

    def forward(self, image: Tensor) -> Tensor:
        bright = (image - self.level) * 20
        zero = torch.zeros_like(bright)
        return torch.cat([-bright, zero - 50, zero - 50, bright], dim=1)


def model(spacing: float = 1.5, mirrored: bool = False) -> Model:
    card = ModelCard(
        name="test", network="fast", in_channels=1, labels=CARDIAC, spacing=spacing,
        mirrored=mirrored, method="partial", recipe={}, steps=1, seconds=1.0, seed=0,
        code_version="0",
    )  # fmt: skip
    return Model(Threshold(), card)


@pytest.mark.parametrize("spacing", [1.5, 1.0, 2.0])
def test_a_bright_disc_is_found_on_its_own_grid(tmp_path: Path, spacing: float) -> None:
    case = make_case(tmp_path, 0, masked=True)
    result = segment_volume(model(spacing), case.image)
    assert result.labels.shape == case.image.array.shape
    assert result.labels.dtype == np.uint8
    assert result.probability.shape == (4, *case.image.array.shape)
    np.testing.assert_allclose(result.probability.sum(axis=0), 1, atol=1e-4)
    assert case.mask is not None
    both = ((result.labels == 3) & (case.mask == 3)).sum()
    assert 2 * both / ((result.labels == 3).sum() + (case.mask == 3).sum()) > 0.85


def test_mirroring_changes_nothing_for_a_pixelwise_network(tmp_path: Path) -> None:
    volume = make_case(tmp_path, 0).image
    plain = segment_volume(model(), volume, Look(mirror=False)).probability
    mirrored = segment_volume(model(), volume, Look(mirror=True)).probability
    np.testing.assert_allclose(plain, mirrored, atol=1e-5)


def test_models_trained_with_mirrors_use_them(tmp_path: Path) -> None:
    calls = []

    class Counting(Threshold):
        def forward(self, image: Tensor) -> Tensor:
            calls.append(image.shape)
            return super().forward(image)

    volume = make_case(tmp_path, 0).image
    for mirrored, expected in ((False, 1), (True, 4)):
        calls.clear()
        segment_volume(Model(Counting(), model(mirrored=mirrored).card), volume)
        assert len(calls) == expected


def test_a_second_look_and_neighbours_change_nothing_where_all_is_clear(tmp_path: Path) -> None:
    volume = make_case(tmp_path, 0).image
    plain = segment_volume(model(), volume, Look(find_heart=False)).labels
    careful = segment_volume(model(), volume, Look(find_heart=True, neighbours=0.3)).labels
    assert (plain != careful).mean() < 0.01


def looked_at(network: nn.Module, shapes: list[int]) -> nn.Module:
    """``network``, which writes down how many slices it is given each time."""
    network.register_forward_hook(lambda _module, given, _out: shapes.append(len(given[0])))
    return network


def oblique(array: np.ndarray) -> Volume:
    """``array`` with the header of a short-axis stack that was stored upside down."""
    affine = np.eye(4)
    columns, rows = np.array([-0.65, -0.71, -0.15]), np.array([-0.33, 0.12, 0.91])
    columns, rows = columns / np.linalg.norm(columns), rows / np.linalg.norm(rows)
    affine[:3, :3] = np.stack([columns, rows, np.cross(columns, rows) * 5], axis=1) * 1.5
    return Volume(array, Geometry.from_affine(affine, array.shape[::-1]))


def test_the_way_up_costs_no_second_prediction_where_the_first_is_sure() -> None:
    card = model().card.model_copy(update={"upright": True})
    shapes: list[int] = []
    image = draw(0, (9, 48, 48))[0]
    knowing = Model(looked_at(Sure(), shapes), card)
    result = segment_volume(knowing, oblique(image))
    assert (result.turn, sum(shapes)) == (Turn(2, mirrored=True), 9)
    shapes.clear()
    assert turn_of(knowing, oblique(image)) == Turn(2, mirrored=True)
    assert shapes == [3]  # what the header states is only checked
    shapes.clear()
    assert segment_volume(knowing, Volume(image, make_geometry(image))).turn == AS_STORED
    assert sum(shapes) == 9


def make_geometry(image: np.ndarray) -> Geometry:
    return Geometry.from_affine(np.diag([1.5, 1.5, 8.0, 1.0]), image.shape[::-1])


class Sure(Threshold):
    """Each structure is found, for certain, in a block of its own; it sees no image."""

    def forward(self, image: Tensor) -> Tensor:
        logits = torch.zeros(len(image), 4, *image.shape[-2:])
        logits[:, 0] = 10.0
        for k in range(1, 4):
            logits[:, k, 10:20, 8 * k : 8 * k + 8] = 20.0
        return logits


def test_labels_are_the_likeliest_classes_of_the_whole_volume() -> None:
    rng = np.random.default_rng(3)

    class Noise(Threshold):
        def forward(self, image: Tensor) -> Tensor:
            logits = rng.normal(0, 2, (len(image), 4, *image.shape[-2:]))
            logits[:, 0, :, : image.shape[-1] // 3] += 9  # surely background on the left
            return torch.from_numpy(logits.astype(np.float32))

    image = draw(0, (2, 40, 52))[0]
    volume = Volume(image, Geometry.from_affine(np.diag([1.1, 0.9, 8.0, 1.0]), image.shape[::-1]))
    result = segment_volume(Model(Noise(), model(2.0).card), volume, Look(largest_component=False))
    assert (result.labels == result.probability.argmax(axis=0)).all()
    assert len(np.unique(result.labels)) == 4


def test_the_options_of_segment_say_how_to_look() -> None:
    required = {"model": "run", "images": [], "output": "out"}
    changed = {"neighbours": 0.2, "find_heart": False, "upright": False, "phases": False}
    chosen = SegmentSettings.model_validate(required | changed)
    assert Look.of(chosen) == Look(upright=False, find_heart=False, neighbours=0.2, phases=False)
    assert Look.of(SegmentSettings.model_validate(required)) == Look()


def test_entropy_is_zero_when_sure_and_one_when_not() -> None:
    sure = np.array([1.0, 0, 0, 0], np.float32).reshape(4, 1)
    unsure = np.full((4, 1), 0.25, np.float32)
    assert normalised_entropy(sure)[0] == pytest.approx(0, abs=1e-4)
    assert normalised_entropy(unsure)[0] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("second_look", [False, True])
def test_a_black_frame_round_a_scan_changes_nothing(second_look: bool) -> None:
    drawn = next(draw_cases("cine", 7))
    starter = load_model(Path("starter"), torch.device("cpu"))
    look, turn = Look(find_heart=second_look), AS_STORED

    def volume(array: np.ndarray) -> Volume:
        return Volume(array, Geometry.from_affine(np.diag([2.0, 2.0, 8.0, 1.0]), array.shape[::-1]))

    middle = drawn.image[3:5]
    framed = np.pad(middle, ((0, 0), (90, 90), (100, 100)))
    alone = segment_volume(starter, volume(middle), look, turn).labels
    inside = segment_volume(starter, volume(framed), look, turn).labels[:, 90:-90, 100:-100]
    assert (alone > 0).sum() > 500
    assert (alone != inside).mean() < 0.002
