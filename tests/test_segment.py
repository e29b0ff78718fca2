"""Volumes to labels with a network whose answer is known, and many files in one go."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.nifti import read_image, read_labels
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.files import segment_files
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model, ModelCard, load_model
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.inference.segment import segment_volume, turn_of
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.project.layouts import group_images
from napari_scribblemix.settings import SegmentSettings
from napari_scribblemix.synthesis.samples import draw_cases
from phantoms import draw, make_case, write_channels, write_cine, write_file


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
    chosen = settings(Path("out"), [], neighbours=0.2, find_heart=False, upright=False)
    assert Look.of(chosen) == Look(upright=False, find_heart=False, neighbours=0.2)
    assert Look.of(settings(Path("out"), [])) == Look()


def test_entropy_is_zero_when_sure_and_one_when_not() -> None:
    sure = np.array([1.0, 0, 0, 0], np.float32).reshape(4, 1)
    unsure = np.full((4, 1), 0.25, np.float32)
    assert normalised_entropy(sure)[0] == pytest.approx(0, abs=1e-4)
    assert normalised_entropy(unsure)[0] == pytest.approx(1, abs=1e-4)


def settings(output: Path, images: list[Path], **changes: object) -> SegmentSettings:
    values = {"model": Path("run"), "images": images, "output": output}
    return SegmentSettings.model_validate(values | changes)


def test_the_ending_may_be_in_capitals(tmp_path: Path) -> None:
    write_file(tmp_path / "a.nii.gz", draw(0)[0])
    path = tmp_path / "in" / "A.NII.GZ"
    path.parent.mkdir()
    (tmp_path / "a.nii.gz").rename(path)
    chosen = settings(tmp_path / "out", [path], entropy=True)
    (outcome,) = segment_files(model(), group_images([path]), chosen)
    assert outcome.error is None
    assert sorted(item.name for item in (tmp_path / "out").iterdir()) == [
        "A.NII.GZ",
        "A_entropy.NII.GZ",
    ]


def write_images(folder: Path, count: int = 2) -> list[Path]:
    for number in range(count):
        make_case(folder, number)
    return sorted(folder.iterdir())


def test_a_mask_has_the_images_exact_geometry(tmp_path: Path) -> None:
    affine = np.array([[-1.2, 0.3, 1, 5], [0.2, 1.4, -2, 7], [0.1, 0.2, 8, -9], [0, 0, 0, 1.0]])
    values = np.random.default_rng(0).normal(100, 20, (30, 26, 5)).astype(np.float32)
    path = tmp_path / "in" / "oblique.nii.gz"
    path.parent.mkdir()
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    outcome, *_ = segment_files(model(), group_images([path]), settings(tmp_path / "out", [path]))
    assert outcome.error is None
    mask = nibabel.load(outcome.masks[0])
    assert mask.shape == values.shape
    np.testing.assert_array_equal(mask.affine, nibabel.load(path).affine)
    assert np.issubdtype(mask.get_data_dtype(), np.integer)
    assert outcome.masks[0].name == path.name


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    images = write_images(tmp_path / "in")
    bad = tmp_path / "in" / "a_broken.nii.gz"
    bad.write_bytes(b"no image")
    outcomes = list(
        segment_files(model(), group_images([bad, *images]), settings(tmp_path / "out", images))
    )
    assert [outcome.error is None for outcome in outcomes] == [False, True, True]
    assert "a_broken" in str(outcomes[0].error)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [i.name for i in images]


@pytest.mark.parametrize(
    ("value", "reason"),
    [(np.nan, "voxels are NaN"), (np.inf, "infinite"), (None, "same intensity")],
)
def test_an_unusable_image_gives_an_error_and_no_mask(
    tmp_path: Path, value: float | None, reason: str
) -> None:
    image = draw(0)[0]
    image[1, 2, 3] = 0 if value is None else value
    path = tmp_path / "in" / "a.nii.gz"
    write_file(path, np.ones_like(image) if value is None else image)
    (outcome,) = segment_files(model(), group_images([path]), settings(tmp_path / "out", [path]))
    assert reason in str(outcome.error)
    assert outcome.masks == ()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_blank_frame_of_a_cine_does_not_stop_the_others(tmp_path: Path) -> None:
    frames = [draw(0)[0], np.zeros_like(draw(0)[0]), draw(1)[0], np.zeros_like(draw(0)[0])]
    path = write_cine(tmp_path / "in" / "cine.nii.gz", frames)
    (outcome,) = segment_files(model(), group_images([path]), settings(tmp_path / "out", [path]))
    assert str(outcome.error).startswith("frame 1: Every voxel has the same intensity")
    assert str(outcome.error).endswith("The same for 1 more frames.")
    names = ["cine_frame00.nii.gz", "cine_frame02.nii.gz"]
    assert [mask.name for mask in outcome.masks] == names
    assert sorted(mask.name for mask in (tmp_path / "out").iterdir()) == names


def test_probabilities_and_entropy_on_request(tmp_path: Path) -> None:
    images = write_images(tmp_path / "in", 1)
    chosen = settings(tmp_path / "out", images, probabilities=True, entropy=True)
    list(segment_files(model(), group_images(images), chosen))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 5
    assert any(name.endswith("_entropy.nii.gz") for name in names)
    entropy = read_image(tmp_path / "out" / "phantom0_entropy.nii.gz").array
    assert 0 <= entropy.min() <= entropy.max() <= 1


def test_a_cine_gets_a_mask_for_every_frame_or_the_one_asked_for(tmp_path: Path) -> None:
    path = write_cine(tmp_path / "in" / "cine.nii.gz", [draw(n)[0] for n in range(3)])
    every, *_ = segment_files(model(), group_images([path]), settings(tmp_path / "all", [path]))
    one, *_ = segment_files(
        model(), group_images([path]), settings(tmp_path / "one", [path], frame=2)
    )
    assert [mask.name for mask in every.masks] == [f"cine_frame0{n}.nii.gz" for n in range(3)]
    assert [mask.name for mask in one.masks] == ["cine.nii.gz"]
    np.testing.assert_array_equal(
        read_labels(every.masks[2]).array, read_labels(one.masks[0]).array
    )


def test_geometry_of_the_phantoms_is_as_written(tmp_path: Path) -> None:
    geometry: Geometry = make_case(tmp_path, 0).image.geometry
    assert geometry.spacing == pytest.approx((8.0, 1.5, 1.5))


class Brightest(Threshold):
    """As ``Threshold``, on the last of three channels."""

    def forward(self, image: Tensor) -> Tensor:
        assert image.shape[1] == 3
        return super().forward(image[:, 2:])


def three_channels() -> Model:
    card = model().card.model_copy(update={"in_channels": 3, "channels": ("C0", "LGE", "T2")})
    return Model(Brightest(), card)


def test_channels_are_put_together_and_a_case_that_lacks_one_is_said(tmp_path: Path) -> None:
    images = write_channels(tmp_path, scribbled=3, masked=0) / "images"
    (images / "case01_LGE.nii.gz").unlink()
    cases = group_images(sorted(images.iterdir()))
    good, bad, other = segment_files(three_channels(), cases, settings(tmp_path / "out", [images]))
    assert good.error is other.error is None
    assert "Got the channels C0, T2; this model was trained on" in str(bad.error)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["case00.nii.gz", "case02.nii.gz"]
    labels = read_labels(tmp_path / "out" / "case00.nii.gz").array
    assert (
        2
        * ((labels == 3) & (draw(0)[1] == 3)).sum()
        / ((labels == 3).sum() + (draw(0)[1] == 3).sum())
        > 0.85
    )
    again = list(segment_files(model(), cases, settings(tmp_path / "single", [images])))
    assert all("this model was trained on one image" in str(each.error) for each in again)


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
