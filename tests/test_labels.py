from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from napari_scribblemix.data.labels import (
    CARDIAC,
    CARDIAC_RAW,
    MYOPS,
    SCHEMES,
    UNLABELLED,
    LabelScheme,
    guess_scheme,
)
from napari_scribblemix.errors import LabelError

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=4)


@st.composite
def schemes_and_labels(draw: st.DrawFn) -> tuple[LabelScheme, np.ndarray]:
    scheme = draw(st.sampled_from(SCHEMES))
    values = st.sampled_from([*range(scheme.classes), UNLABELLED])
    return scheme, draw(hnp.arrays(np.uint8, SHAPES, elements=values))


@given(schemes_and_labels())
def test_file_values_come_back_as_they_were(case: tuple[LabelScheme, np.ndarray]) -> None:
    scheme, labels = case
    np.testing.assert_array_equal(scheme.decode(scheme.encode(labels)), labels)


@given(schemes_and_labels())
def test_full_masks_come_back_as_they_were(case: tuple[LabelScheme, np.ndarray]) -> None:
    scheme, labels = case
    dense = np.where(labels == UNLABELLED, 0, labels).astype(np.uint8)
    np.testing.assert_array_equal(scheme.decode_mask(scheme.encode_mask(dense)), dense)


@given(schemes_and_labels())
def test_viewer_values_come_back_and_swap_background(case: tuple[LabelScheme, np.ndarray]) -> None:
    scheme, labels = case
    layer = scheme.to_viewer(labels)
    np.testing.assert_array_equal(layer == 0, labels == UNLABELLED)
    np.testing.assert_array_equal(layer == scheme.classes, labels == 0)
    np.testing.assert_array_equal(scheme.from_viewer(layer.astype(np.int32)), labels)


@given(st.sampled_from(SCHEMES), hnp.arrays(np.int32, SHAPES, elements=st.integers(-5, 4000)))
def test_decoding_knows_every_value_or_refuses(scheme: LabelScheme, array: np.ndarray) -> None:
    meanings = dict(zip(scheme.file_values, range(scheme.classes), strict=True))
    meanings[scheme.unlabelled_value] = UNLABELLED
    if set(np.unique(array).tolist()) <= meanings.keys():
        expected = np.vectorize(meanings.get, otypes=[np.uint8])(array)
        np.testing.assert_array_equal(scheme.decode(array), expected)
    else:
        with pytest.raises(LabelError):
            scheme.decode(array)


def test_files_take_the_smallest_unsigned_dtype() -> None:
    labels = np.array([0, 3, UNLABELLED], np.uint8)
    assert CARDIAC.encode(labels).dtype == np.uint8
    np.testing.assert_array_equal(CARDIAC.encode(labels), [0, 3, 4])
    assert MYOPS.encode(labels).dtype == np.uint16
    np.testing.assert_array_equal(MYOPS.encode(labels), [3000, 500, 0])


def test_myops_masks_have_another_background_than_its_scribbles() -> None:
    stored = np.array([0, 500, 2221])
    np.testing.assert_array_equal(MYOPS.decode(stored), [UNLABELLED, 3, 5])
    np.testing.assert_array_equal(MYOPS.decode_mask(stored), [0, 3, 5])


def test_an_unknown_value_is_named_with_its_count_and_file() -> None:
    array = np.array([0, 1, 7, 7, 9])
    with pytest.raises(LabelError, match=r"7 \(2 times\), 9 \(1 times\) in scan\.nii.*4 unlabel"):
        CARDIAC.decode(array, source="scan.nii")


@pytest.mark.parametrize("value", [-1, 5, 70000])
def test_values_out_of_range_are_unknown_and_not_wrapped(value: int) -> None:
    with pytest.raises(LabelError, match=str(value)):
        CARDIAC.decode(np.array([value]))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int64, np.uint64])
def test_every_integer_dtype_is_decoded(dtype: type) -> None:
    array = np.array([200, 0], dtype)
    np.testing.assert_array_equal(CARDIAC_RAW.decode(array), [2, 0])
    np.testing.assert_array_equal(MYOPS.decode(array), [2, UNLABELLED])


def test_floats_are_refused() -> None:
    with pytest.raises(LabelError, match="float64; expected integers"):
        CARDIAC.decode(np.array([1.0]))


def test_unlabelled_pixels_are_no_part_of_a_full_mask() -> None:
    with pytest.raises(LabelError, match="4"):
        CARDIAC.decode_mask(np.array([0, 4]))
    with pytest.raises(LabelError, match="unlabelled pixels in a full mask"):
        CARDIAC.encode_mask(np.array([0, UNLABELLED], np.uint8))


@pytest.mark.parametrize("method", ["encode", "to_viewer"])
def test_classes_beyond_the_scheme_are_refused(method: str) -> None:
    with pytest.raises(LabelError, match=r"up to 4|class 4"):
        getattr(CARDIAC, method)(np.array([4], np.uint8))


def test_viewer_values_beyond_the_background_pen_are_refused() -> None:
    with pytest.raises(LabelError, match="5"):
        CARDIAC.from_viewer(np.array([5]))


@pytest.mark.parametrize(
    ("values", "scheme"),
    [
        ([0, 1, 2, 3, 4], CARDIAC),
        ([0], CARDIAC),
        ([], CARDIAC),
        ([0, 200, 500, 600], CARDIAC_RAW),
        ([0, 200, 500, 3000], MYOPS),
        ([0, 200, 500, 600, 1220, 2221], MYOPS),
    ],
)
def test_schemes_are_guessed_from_values(values: list[int], scheme: LabelScheme) -> None:
    assert guess_scheme(values) is scheme


def test_values_of_no_scheme_are_named() -> None:
    with pytest.raises(LabelError, match="label values 0, 17") as caught:
        guess_scheme([17, 0])
    for scheme in SCHEMES:
        assert all(str(value) in str(caught.value) for value in scheme.file_values)


def test_no_message_advises_what_no_command_can_do() -> None:
    for reading in (lambda: guess_scheme([17]), lambda: CARDIAC.decode(np.array([17]))):
        with pytest.raises(LabelError, match="17") as caught:
            reading()
        assert "scheme" not in str(caught.value)


def test_names_and_abbreviations_find_their_class() -> None:
    assert CARDIAC.index_of("Left Ventricle") == CARDIAC.index_of("lv") == 3
    with pytest.raises(LabelError, match="atrium"):
        CARDIAC.index_of("atrium")


def test_a_scheme_survives_json() -> None:
    assert LabelScheme.model_validate(json.loads(MYOPS.model_dump_json())) == MYOPS


@pytest.mark.parametrize(
    "changes",
    [
        {"file_values": (0, 1, 2, 2)},
        {"file_values": (0, 1, 2)},
        {"unlabelled_value": 3},
        {"colours": ("red", "#000000", "#000000", "#000000")},
        {"names": ("a", "b", "c", "A")},
        {"dense_background": 1},
        {"file_values": (3, 2, 1, 0)},
        {"file_values": (9, 1, 2, 3)},
        {"file_values": (9, 1, 2, 3), "dense_background": 8},
        {"dense_background": 7},
        {"dense_background": -1},
    ],
)
def test_contradictory_schemes_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="expected"):
        LabelScheme.model_validate(CARDIAC.model_dump() | changes)


def test_scar_and_oedema_hang_together_with_the_muscle() -> None:
    assert CARDIAC.connected == ((1,), (2,), (3,))
    assert MYOPS.connected == ((1,), (2, 4, 5), (3,))
