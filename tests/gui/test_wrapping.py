"""Rows that become lines where there is little room: nothing is cut, nothing covers another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from qtpy.QtCore import QRect
from qtpy.QtWidgets import QLabel, QLayout, QLineEdit, QPushButton, QSlider, QWidget

from napari_scribblemix.gui.widgets.controls import note, row
from napari_scribblemix.gui.widgets.sayings import SayingButton
from napari_scribblemix.gui.widgets.wrapping import Cells, Pairs

_windows: list[QWidget] = []


@pytest.fixture(autouse=True)
def _windows_live_as_long_as_their_test() -> Iterator[None]:
    yield
    _windows.clear()


TEXTS = ("Least sure slice", "Take into scribbles", "Both phases")


def shown(qtbot: Any, layout: QLayout, width: int) -> list[QRect]:
    """Where the widgets of ``layout`` lie in a window so wide, or as narrow as may be."""
    window = QWidget()
    window.setLayout(layout)
    qtbot.addWidget(window)
    _windows.append(window)
    width = max(width, layout.minimumSize().width())
    window.resize(width, layout.heightForWidth(width))
    window.show()
    widgets = [layout.itemAt(place).widget() for place in range(layout.count())]
    return [widget.geometry() for widget in widgets if not widget.isHidden()]


def lines(places: list[QRect]) -> int:
    return len({place.center().y() for place in places})


@pytest.mark.parametrize("width", [90, 150, 220, 320, 500, 900])
@pytest.mark.parametrize("kind", ["row", "stretched", "pairs", "cells"])
def test_nothing_is_cut_or_covered_at_any_width(qtbot: Any, kind: str, width: int) -> None:
    buttons = [QPushButton(text) for text in TEXTS]
    layout: QLayout
    if kind == "pairs":
        layout = Pairs([w for b in buttons for w in (QLabel("Rule"), b)])
    elif kind == "cells":
        layout = Cells(2)
        for made in buttons:
            layout.addWidget(made)
    else:
        layout = row(*buttons, stretch=1 if kind == "stretched" else None)
    places = shown(qtbot, layout, width)
    room = layout.parentWidget().rect()
    for number, place in enumerate(places):
        widget = layout.itemAt(number).widget()
        assert place.width() >= widget.minimumSizeHint().width()
        assert place.height() >= widget.minimumSizeHint().height()
        assert room.contains(place)
        assert not any(place.intersects(other) for other in places[number + 1 :])


def test_a_row_is_one_line_where_there_is_room_and_its_chosen_widget_takes_the_rest(
    qtbot: Any,
) -> None:
    buttons = [QPushButton(text) for text in TEXTS]
    layout = row(*buttons, stretch=0)
    places = shown(qtbot, layout, 800)
    assert lines(places) == 1
    assert [place.width() for place in places[1:]] == [b.sizeHint().width() for b in buttons[1:]]
    assert places[-1].right() == 799
    assert layout.sizeHint().width() < 800


def test_what_is_hidden_takes_no_room(qtbot: Any) -> None:
    buttons = [QPushButton(text) for text in TEXTS]
    buttons[1].hide()
    narrow = sum(buttons[place].sizeHint().width() for place in (0, 2)) + 10
    assert lines(shown(qtbot, row(*buttons, stretch=0), narrow)) == 1


def test_what_can_shrink_does_so_before_a_row_wraps(qtbot: Any) -> None:
    field, button = QLineEdit(), QPushButton("All")
    field.setMinimumWidth(20)
    places = shown(qtbot, row(field, button, stretch=0), button.sizeHint().width() + 40)
    assert lines(places) == 1
    assert 20 <= places[0].width() < field.sizeHint().width()


def test_text_that_wraps_beside_a_button_has_all_its_lines(qtbot: Any) -> None:
    words = note("The starter was trained on drawn hearts only. " * 3)
    places = shown(qtbot, row(words, QPushButton("Remove"), stretch=0), 260)
    assert places[0].height() >= words.heightForWidth(places[0].width())


def test_names_and_fields_stand_two_a_line_or_one(qtbot: Any) -> None:
    def made() -> Pairs:
        return Pairs([w for text in TEXTS for w in (QLabel(text), QSlider())])

    assert lines(shown(qtbot, made(), 600)[1::2]) == 2
    assert lines(shown(qtbot, made(), made().minimumSize().width())[1::2]) == 3


def test_a_button_of_several_texts_is_as_wide_as_the_longest(qtbot: Any) -> None:
    texts = ("Accept slice", "Accepted ✓ (undo)")
    button = SayingButton(texts, "Hint.", lambda: None)
    qtbot.addWidget(button)
    wide = set()
    for number, text in enumerate(texts):
        button.say(number)
        assert button.text() == text
        wide.add((button.sizeHint().width(), button.minimumSizeHint().width()))
    assert len(wide) == 1
    assert button.sizeHint().width() >= QPushButton(texts[1]).sizeHint().width()
