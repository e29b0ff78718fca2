"""Colours that everybody tells apart, outlines that are seen on bright blood, slices as counted."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from by_hand import predict
from numpy.typing import NDArray

from napari_scribblemix.data.labels import CARDIAC, MYOPS, LabelScheme
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.layers import PREDICTION, SCRIBBLES
from napari_scribblemix.gui.viewer.look import outline_width

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def linear(colour: str) -> NDArray[np.float64]:
    """Linear RGB of #rrggbb."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D65) of linear RGB."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.clip(matrix @ np.clip(rgb, 0, 1) / (0.9505, 1.0, 1.089), 0, None)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("scheme", [CARDIAC, MYOPS])
def test_colours_stay_apart_for_the_colour_blind(scheme: LabelScheme, kind: str) -> None:
    seen = [lab(BLINDNESS[kind] @ linear(colour)) for colour in scheme.colours]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


@pytest.mark.parametrize("structure", [1, 2, 3])
def test_an_outline_stands_out_on_black_and_on_the_brightest_blood(structure: int) -> None:
    # An outline is at least so opaque, see ``mask_look``; contrast as WCAG 2 has it, for graphics.
    light = float(linear(CARDIAC.colours[structure]) @ (0.2126, 0.7152, 0.0722))
    assert (light + 0.05) / 0.05 > 3
    assert 1.05 / (light + 0.05) > 3


def test_an_outline_is_two_pixels_of_the_screen_thick_however_small_the_image() -> None:
    layer = SimpleNamespace(scale=(8.0, 1.5, 1.5))
    assert [outline_width(zoom, layer) for zoom in (10.0, 1.4, 1.0, 0.5, 0.01)] == [1, 1, 2, 3, 4]


def test_the_outline_follows_the_zoom_and_stays_nearly_opaque(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    mask, camera = widget.board.layer(PREDICTION), widget.board.viewer.scene.camera
    assert (mask.contour, mask.opacity) == (0, pytest.approx(0.4))
    assert widget.board.layer(SCRIBBLES).opacity == 1
    camera.zoom = 5.0
    widget.review_panel.outline.setChecked(True)
    assert mask.contour == 1
    assert mask.opacity >= 0.7
    camera.zoom = 0.7
    assert mask.contour == 2
    widget.review_panel.outline.setChecked(False)
    camera.zoom = 0.5
    assert (mask.contour, mask.opacity) == (0, pytest.approx(0.4))


def test_messages_count_slices_as_napari_s_slider_does(widget: ScribbleMixWidget) -> None:
    label = widget.board.viewer.window._qt_viewer.dims.slider_widgets[0].curslice_label
    for number in (0, 3):
        widget.board.go_to_slice(number)
        assert label.text() == str(number)
        widget.scribble_panel.no_heart_button.click()
        assert f"strokes of slice {number} were replaced" in widget.message.text()
    widget.board.go_to_slice(0)
    widget.scribble_panel.copy_button.click()
    assert "no slice before slice 0" in widget.message.text()
