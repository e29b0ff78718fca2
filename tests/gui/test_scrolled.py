"""Nothing in the panel moves away under the mouse, whatever is said while one works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from by_hand import STARTED, mask_arrives, open_folder
from napari.settings import get_settings
from painted import Painted
from qtpy.QtCore import QPoint
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QApplication, QPushButton, QWidget
from turning import turn

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.widgets.controls import column, note, say
from napari_scribblemix.gui.widgets.scrolled import Column
from napari_scribblemix.gui.widgets.section import Section

PROGRESS = ev.Progress(
    step=10, fraction=0.1, elapsed=1.0, eta=9.0, slices_per_second=5.0, learning_rate=0.1,
    loss=1.0, terms={},
)  # fmt: skip
LONG = "The mask of this slice is probably poor; draw where it is wrong. " * 4


class Page:
    """Three steps in a column: text above, buttons in between, text below."""

    def __init__(self, qtbot: Any) -> None:
        inside, self.words, self.buttons = QWidget(), [], []
        layout = column(inside)
        for number in range(3):
            step = QWidget()
            step_layout = column(step)
            self.words.append(note())
            step_layout.addWidget(self.words[-1])
            for name in range(12):
                self.buttons.append(QPushButton(f"{number} {name}"))
                step_layout.addWidget(self.buttons[-1])
            layout.addWidget(Section(f"Step {number}", step))
        layout.addStretch(1)
        self.column = Column(inside)
        qtbot.addWidget(self.column)
        self.column.resize(260, 400)
        with qtbot.waitExposed(self.column):
            self.column.show()
        turn(0.1)
        self.bar = self.column.verticalScrollBar()

    def place(self, button: QPushButton) -> int:
        return int(button.mapTo(self.column, QPoint()).y())


@pytest.fixture
def page(qtbot: Any) -> Page:
    QCursor.setPos(2, 2)
    return Page(qtbot)


def test_text_above_what_is_in_sight_moves_nothing_in_sight(page: Page) -> None:
    page.bar.setValue(page.bar.maximum() // 2)
    turn(0.05)
    seen = [b for b in page.buttons if 0 <= page.place(b) < 380]
    before = [page.place(button) for button in seen]
    watch = Painted(page.column)
    for text in (LONG, "", LONG):
        say(page.words[0], text)
        turn(0.05)
        assert [page.place(button) for button in seen] == before
    watch.close()
    assert watch.moved == []


def test_text_that_goes_at_the_end_moves_nothing_until_somebody_scrolls_up(page: Page) -> None:
    say(page.words[2], LONG)
    turn(0.05)
    page.bar.setValue(page.bar.maximum())
    turn(0.05)
    last = page.buttons[-1]
    before, high = page.place(last), page.column.widget().height()
    QCursor.setPos(last.mapToGlobal(QPoint(5, 5)))
    turn(0.05)
    say(page.words[2], "")
    turn(0.05)
    assert page.place(last) == before
    page.bar.setValue(0)
    turn(0.05)
    assert page.column.widget().height() < high


def test_what_the_mouse_is_on_stays_there(page: Page) -> None:
    button = page.buttons[14]
    page.column.ensureWidgetVisible(button)
    QCursor.setPos(button.mapToGlobal(QPoint(5, 5)))
    turn(0.05)
    before = page.place(button)
    say(page.words[1], LONG)
    turn(0.05)
    assert page.place(button) == before


def test_a_panel_of_another_size_shows_its_end(page: Page) -> None:
    page.bar.setValue(page.bar.maximum())
    page.column.resize(260, 600)
    turn(0.05)
    assert page.bar.value() == page.bar.maximum()
    assert page.column.widget().minimumHeight() == 0


@pytest.fixture
def wide_open(make_widget: Callable[..., ScribbleMixWidget], folder: Path) -> ScribbleMixWidget:
    """The panel in a real window of 1280 x 720."""
    QCursor.setPos(2, 2)
    widget = make_widget(show=True)
    open_folder(widget, folder)
    widget.window().resize(1280, 720)
    turn(0.3)
    return widget


@pytest.mark.parametrize("at_end", [False, True])
def test_no_control_is_painted_elsewhere_while_one_works(
    wide_open: ScribbleMixWidget, at_end: bool
) -> None:
    widget, session = wide_open, wide_open.session
    bar = widget.findChild(Column).verticalScrollBar()
    bar.setValue(bar.maximum() if at_end else 0)
    turn(0.2)
    watch = Painted(widget)
    widget.update()
    turn(0.1)
    review, number = widget.review_panel, session.the_case().slices
    mask_arrives(session, 2)
    for place in range(number):
        widget.board.go_to_slice(place)
        turn(0.03)
    for act in (review.accept_button, review.accept_all_button, review.accept_all_button):
        act.click()
        turn(0.05)
    review.segment_all_button.click()
    session.follow(ev.Warned(message=LONG))
    turn(0.1)
    from fakes import FakeClient

    FakeClient.made.end()
    turn(0.1)
    widget.train_panel.train_button.click()
    for event in (STARTED, PROGRESS, ev.Warned(message=LONG)):
        session.follow(event)
        turn(0.05)
    for state in session.case_states():
        widget.cases.show_case(state.id)
        turn(0.1)
    FakeClient.made.end()
    turn(0.1)
    watch.close()
    assert watch.seen > 10
    assert watch.moved == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_window_fits_a_small_screen_with_large_letters(
    wide_open: ScribbleMixWidget, theme: str
) -> None:
    widget, window = wide_open, wide_open.window()
    appearance = get_settings().appearance
    normal = appearance.font_size
    try:
        appearance.font_size = 16
        widget.board.viewer.theme = theme
        turn(0.3)
        window.resize(1280, 720)
        turn(0.2)
        assert window.minimumSizeHint().width() <= 1280
        assert (window.width(), window.height()) == (1280, 720)
        inside = widget.findChild(Column).widget()
        for button in inside.findChildren(QPushButton):
            if button.isVisible():
                assert button.width() >= button.minimumSizeHint().width()
                right = button.mapTo(inside, button.rect().topRight()).x()
                assert right <= widget.findChild(Column).viewport().width()
    finally:
        appearance.font_size = normal
        QApplication.processEvents()
