from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_scribblemix.data.nifti import read_image
from napari_scribblemix.errors import GeometryError, ScribbleError
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.training.slices import ENCLOSED, SliceOrder, build_store
from phantoms import draw, make_case, write_channels, write_file

CPU = torch.device("cpu")


def test_every_slice_is_stored_with_its_strokes(tmp_path: Path) -> None:
    store = build_store([make_case(tmp_path, 0)], 1.5, enclosure_rule=False, device=CPU)
    assert store.images.shape == (4, 1, 48, 48)
    assert store.labels.shape == (4, 48, 48)
    assert set(np.unique(store.labels.numpy())) == {0, 1, 2, 3, 255}
    assert store.images.mean().abs() < 1e-4
    assert store.images.std() == pytest.approx(1.0, abs=1e-2)


def test_enclosure_rule_labels_all_outside_the_ring(tmp_path: Path) -> None:
    case = make_case(tmp_path, 0)
    plain = build_store([case], 1.5, enclosure_rule=False, device=CPU)
    ruled = build_store([case], 1.5, enclosure_rule=True, device=CPU)
    assert plain.labels[0, 0, 0] == 255
    assert ruled.labels[0, 0, 0] == ENCLOSED
    assert (ruled.labels == ENCLOSED).sum() > 3 * (plain.labels == 0).sum()
    for k in (0, 1, 2, 3):
        assert torch.equal(ruled.labels == k, plain.labels == k)


def test_unlabelled_cases_take_part_without_labels(tmp_path: Path) -> None:
    cases = [make_case(tmp_path, 0), make_case(tmp_path, 1, scribbled=False)]
    store = build_store(cases, 1.5, enclosure_rule=True, device=CPU)
    assert store.labelled.tolist() == [0, 1, 2, 3]
    assert store.unlabelled.tolist() == [4, 5, 6, 7]
    assert (store.labels[4:] == 255).all()


def test_the_heart_is_found_where_the_strokes_are(tmp_path: Path) -> None:
    store = build_store([make_case(tmp_path, 0)], 1.5, enclosure_rule=True, device=CPU)
    strokes = torch.nonzero((store.labels[0] > 0) & (store.labels[0] < ENCLOSED)).float()
    assert torch.allclose(store.centres[0], strokes.mean(dim=0) + 0.5, atol=0.01)


def test_no_scribble_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScribbleError, match="without a single scribbled pixel"):
        build_store([make_case(tmp_path, 0, scribbled=False)], 1.5, True, CPU)


def test_a_pass_shows_every_slice_once_and_passes_differ() -> None:
    order = SliceOrder(torch.arange(10, 15), batch=2, seed=3)
    stream = torch.cat([order.at(step) for step in range(10)]).tolist()
    passes = [stream[i : i + 5] for i in range(0, 20, 5)]
    assert all(sorted(one) == [10, 11, 12, 13, 14] for one in passes)
    assert len({tuple(one) for one in passes}) > 1


def test_the_order_depends_on_seed_and_step_alone() -> None:
    numbers = torch.arange(100)
    first, second = SliceOrder(numbers, 7, seed=1), SliceOrder(numbers, 7, seed=1)
    for step in range(40):
        first.at(step)
    assert torch.equal(first.at(29), second.at(29))
    assert not torch.equal(first.at(29), SliceOrder(numbers, 7, seed=2).at(29))


def test_a_batch_may_be_larger_than_a_pass() -> None:
    assert len(SliceOrder(torch.arange(3), batch=8, seed=0).at(5)) == 8


def test_new_labels_of_a_case_take_the_place_of_its_old_ones_and_of_no_others(
    tmp_path: Path,
) -> None:
    drawn, blank = make_case(tmp_path, 0), make_case(tmp_path, 1, scribbled=False)
    store = build_store([drawn, blank], 1.5, enclosure_rule=True, device=CPU)
    expected = build_store([drawn, make_case(tmp_path, 1)], 1.5, enclosure_rule=True, device=CPU)
    assert (store.rows, store.scribbled_cases) == (
        {"phantom0": slice(0, 4), "phantom1": slice(4, 8)},
        1,
    )
    store.relabel(make_case(tmp_path, 1))
    for name in ("images", "labels", "centres", "sizes", "labelled", "unlabelled"):
        assert torch.equal(getattr(store, name), getattr(expected, name)), name
    assert store.scribbled_cases == 2
    store.relabel(blank)
    assert store.unlabelled.tolist() == [4, 5, 6, 7]


def test_the_last_scribble_is_not_given_up(tmp_path: Path) -> None:
    store = build_store([make_case(tmp_path, 0)], 1.5, enclosure_rule=True, device=CPU)
    before = store.labels.clone()
    with pytest.raises(ScribbleError, match="phantom0 was the last case with a scribble"):
        store.relabel(make_case(tmp_path, 0, scribbled=False))
    assert torch.equal(store.labels, before)


def test_an_image_of_another_shape_is_refused(tmp_path: Path) -> None:
    case = make_case(tmp_path, 0)
    store = build_store([case], 1.5, enclosure_rule=True, device=CPU)
    write_file(tmp_path / "smaller.nii.gz", case.image.array[:3])
    smaller = read_image(tmp_path / "smaller.nii.gz")
    with pytest.raises(GeometryError, match="another shape than when the training began"):
        store.relabel(replace(case, image=smaller, scribble=case.scribble[:3]))


def test_background_of_an_accepted_slice_counts_like_that_of_the_rule(tmp_path: Path) -> None:
    case, mask = make_case(tmp_path, 0), draw(0)[1]
    case.scribble[2] = mask[2]
    case = replace(case, accepted=(2,))
    ruled = build_store([case], 1.5, enclosure_rule=True, device=CPU)
    whole = torch.from_numpy(np.where(mask[2] == 0, ENCLOSED, mask[2]))
    assert torch.equal(ruled.labels[2], whole)
    assert (ruled.labels[1] == 0).any()
    plain = build_store([case], 1.5, enclosure_rule=False, device=CPU)
    assert torch.equal(plain.labels[2], torch.from_numpy(mask[2]))


def test_labels_are_turned_like_their_image_also_later(tmp_path: Path) -> None:
    turns = [Turn(1, mirrored=True), Turn(2)]
    blank = [make_case(tmp_path, seed, scribbled=seed == 0) for seed in (0, 1)]
    store = build_store(blank, 1.5, True, CPU, turns)
    store.relabel(make_case(tmp_path, 1))
    whole = [make_case(tmp_path, seed) for seed in (0, 1)]
    expected = build_store(whole, 1.5, True, CPU, turns)
    assert torch.equal(store.labels, expected.labels)
    assert torch.equal(store.centres, expected.centres)


def test_a_case_that_is_not_among_them_lies_like_the_others_if_these_agree(tmp_path: Path) -> None:
    cases = [make_case(tmp_path, seed) for seed in (0, 1)]
    agreed = build_store(cases, 1.5, True, CPU, [Turn(2), Turn(2)])
    assert agreed.turn_of("phantom1") == agreed.turn_of("another") == Turn(2)
    mixed = build_store(cases, 1.5, True, CPU, [Turn(2), AS_STORED])
    assert mixed.turn_of("phantom1") == AS_STORED
    assert mixed.turn_of("another") is None


def test_each_channel_is_standardised_by_itself_over_its_volume(tmp_path: Path) -> None:
    files = find_cases(write_channels(tmp_path, scribbled=1, masked=0))[0]
    case = load_case(files)
    store = build_store([case], 1.5, enclosure_rule=False, device=CPU)
    assert store.images.shape == (4, 3, 48, 48)
    assert store.labels.shape == (4, 48, 48)
    # The phantom's channels are the same picture in other units.
    assert torch.allclose(store.images[:, 0], store.images[:, 2], atol=1e-4)
    mixed = replace(
        case.image, further=(case.image.array, case.image.array.max() - case.image.array)
    )
    store = build_store([replace(case, image=mixed)], 1.5, enclosure_rule=False, device=CPU)
    assert torch.allclose(store.images[:, 0], -store.images[:, 2], atol=1e-4)
