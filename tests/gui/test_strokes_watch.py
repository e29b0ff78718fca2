from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from napari.layers import Labels

from napari_scribblemix.gui.viewer.strokes_watch import INTERVAL, LabelsWatch


class Taker:
    def __init__(self) -> None:
        self.slices: list[tuple[int, ...]] = []
        self.keeps = True

    def __call__(self, data: Any, slices: tuple[int, ...]) -> bool:
        self.slices.append(slices)
        return self.keeps


@pytest.fixture
def layer() -> Labels:
    return Labels(np.zeros((3, 8, 8), np.uint8))


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def watch(qapp: Any, layer: Labels, taker: Taker) -> Iterator[LabelsWatch]:
    watch = LabelsWatch(taker)
    watch.follow(layer)
    yield watch
    watch.follow(None)


def test_a_stroke_is_seen_soon(qtbot: Any, watch: LabelsWatch, layer: Labels, taker: Taker) -> None:
    layer.paint((1, 3, 3), 1)
    qtbot.waitUntil(lambda: taker.slices == [(1,)], timeout=INTERVAL)


def test_undo_and_redo_are_seen_although_napari_tells_nothing(
    qtbot: Any, watch: LabelsWatch, layer: Labels, taker: Taker
) -> None:
    layer.paint((1, 3, 3), 1)
    watch.look()
    for change in (layer.undo, layer.redo):
        taker.slices.clear()
        change()
        qtbot.waitUntil(lambda: taker.slices == [(1,)], timeout=2 * INTERVAL)


def test_what_a_script_writes_is_seen(
    qtbot: Any, watch: LabelsWatch, layer: Labels, taker: Taker
) -> None:
    layer.data[[0, 2], 1, 1] = 2
    qtbot.waitUntil(lambda: taker.slices == [(0, 2)], timeout=2 * INTERVAL)


def test_what_could_not_be_kept_is_handed_on_again(
    watch: LabelsWatch, layer: Labels, taker: Taker
) -> None:
    taker.keeps = False
    layer.data[1, 1, 1] = 1
    watch.look()
    watch.look()
    taker.keeps = True
    watch.look()
    watch.look()
    assert taker.slices == [(1,)] * 3


def test_what_the_plugin_put_there_is_no_change(
    watch: LabelsWatch, layer: Labels, taker: Taker
) -> None:
    layer.data[...] = 1
    watch.reset()
    watch.look()
    assert taker.slices == []


def test_a_layer_left_alone_is_not_watched(
    qtbot: Any, watch: LabelsWatch, layer: Labels, taker: Taker
) -> None:
    watch.follow(None)
    layer.paint((1, 3, 3), 1)
    qtbot.wait(2 * INTERVAL)
    assert taker.slices == []
