from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from by_hand import open_folder
from hypothesis import given
from hypothesis import strategies as st
from napari.settings import get_settings
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QApplication, QWidget

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.widgets.controls import say
from napari_scribblemix.gui.widgets.panel_style import (
    READABLE,
    TONES,
    contrast,
    readable,
    style_sheet,
)
from napari_scribblemix.gui.widgets.section import Section

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#e69f00", "#eeeeee") < 2.1


@given(COLOURS, COLOURS)
def test_any_colour_is_made_readable_on_any_background(colour: str, background: str) -> None:
    made = readable(colour, background)
    assert contrast(made, background) >= READABLE
    if contrast(colour, background) >= READABLE:
        assert made == colour


@pytest.mark.parametrize("name", ["dark", "light"])
def test_warnings_and_errors_can_be_read_in_the_themes_of_napari(name: str) -> None:
    theme = get_theme(name)
    background = theme.background.as_hex("long")[:7]
    sheet = style_sheet(theme, 9)
    for tone in TONES:
        colour = sheet.split(f'QLabel[tone="{tone}"] {{ color: ')[1][:7]
        assert contrast(colour, background) >= READABLE


def test_the_panel_follows_napari_s_theme_and_font(
    make_widget: Callable[..., ScribbleMixWidget], folder: Path
) -> None:
    widget = make_widget(show=True)
    open_folder(widget, folder)
    appearance = get_settings().appearance
    parts: tuple[QWidget, ...] = (
        widget.findChild(Section).header,
        widget.scribble_panel._pens.button(1),
        widget.images_panel.tree,
        widget.train_panel.form.editors["time"],
        widget.scribble_panel.brush,
    )
    before = [part.fontMetrics().height() for part in parts]
    high = widget.images_panel.tree.height()
    say(widget.message, "Something is missing.", "warning")
    colours = set()
    for theme in ("dark", "light"):
        widget.board.viewer.theme = theme
        QApplication.processEvents()
        colour = widget.message.palette().color(widget.message.foregroundRole()).name()
        assert contrast(colour, get_theme(theme).background.as_hex("long")[:7]) >= READABLE
        colours.add(colour)
    assert len(colours) == 2
    normal = appearance.font_size
    try:
        appearance.font_size = 2 * normal
        QApplication.processEvents()
        assert all(
            part.fontMetrics().height() > 1.5 * old for part, old in zip(parts, before, strict=True)
        )
        assert widget.images_panel.tree.height() > 1.4 * high
    finally:
        appearance.font_size = normal
