"""The menu of a case in the list, and the filter above it."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import predict, project_of
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QDesktopServices
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QMessageBox

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.case_states import CaseState
from napari_scribblemix.gui.viewer.layers import PREDICTION


def texts(widget: ScribbleMixWidget, case_id: str = "case00") -> dict[str, Any]:
    menu = widget.cases.acts.menu_of(case_id)
    return {action.text(): action for action in menu.actions() if action.text()}


def press(widget: ScribbleMixWidget, text: str, case_id: str = "case00") -> None:
    texts(widget, case_id)[text].trigger()


def test_leaving_out_is_kept_shown_and_taken_back(widget: ScribbleMixWidget) -> None:
    tree = widget.images_panel.tree
    press(widget, "Leave out of training")
    assert project_of(widget).case("case00").left_out
    assert tree.item_of("case00").font(0).strikeOut()
    assert "case00 is left out of training" in widget.message.text()
    press(widget, "Leave out of training", "case01")
    # Two were drawn on: of what is left nothing can be learnt.
    assert not widget.train_panel.train_button.isEnabled()
    press(widget, "Take into training")
    assert not project_of(widget).case("case00").left_out
    assert not tree.item_of("case00").font(0).strikeOut()
    assert widget.train_panel.train_button.isEnabled()


@pytest.mark.parametrize("answer", ["Yes", "No"])
def test_a_mask_is_forgotten_after_a_question_and_comes_back(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    assert not texts(widget)["Forget its mask… (not now: there is no mask yet)"].isEnabled()
    widget.cases.show_case("case00")
    predict(widget, 2)
    buttons = QMessageBox.StandardButton
    monkeypatch.setattr(QMessageBox, "question", lambda *_: getattr(buttons, answer))
    press(widget, "Forget its mask…")
    gone = answer == "Yes"
    assert (widget.board.layer(PREDICTION) is None) is gone
    assert (widget.session.the_case().prediction is None) is gone
    if gone:
        press(widget, "Bring its mask back")
        assert (widget.board.layer(PREDICTION).data == 2).all()
        assert (widget.session.the_case().prediction == 2).all()


def test_an_accepted_mask_says_why_it_cannot_be_forgotten(widget: ScribbleMixWidget) -> None:
    widget.cases.show_case("case00")
    predict(widget, 2)
    widget.session.accept((1,))
    told = "Forget its mask… (not now: slices of it are accepted; take that back first)"
    assert not texts(widget)[told].isEnabled()


def test_volumes_are_told_and_stand_in_the_tooltip(widget: ScribbleMixWidget) -> None:
    assert widget.images_panel.tree.facts("case00") == ""
    widget.cases.show_case("case00")
    predict(widget, 3)
    press(widget, "Show its volumes")
    assert "case00: Volumes: RV 0 ml, MYO 0 ml, LV " in widget.message.text()
    assert widget.images_panel.tree.facts("case00").startswith("Volumes: RV 0 ml")


def test_its_folder_is_opened_or_named(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile()))
    )
    press(widget, "Open its folder")
    folder = project_of(widget).image_path("case00").parent
    assert opened == [str(folder)]
    assert f"could be opened for {folder}" in widget.message.text()


def test_the_menu_comes_at_the_case_by_the_menu_key(widget: ScribbleMixWidget) -> None:
    tree = widget.images_panel.tree
    tree.menu_wanted.emit("case01", QPoint(5, 5))
    menu = widget.cases.acts.menu
    assert menu is not None
    assert menu.isVisible()
    menu.close()


def test_typing_filters_and_escape_empties_without_closing_the_case(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    panel = widget.images_panel
    assert panel.filter.isHidden()
    here = widget.session.the_case().id
    states = [CaseState(f"p{n:02d}", False, False, False, 0) for n in range(9)]
    panel.show_cases([*widget.session.case_states(), *states], here)
    assert not panel.filter.isHidden()
    QTest.keyClicks(panel.filter, "p07")
    assert panel.tree.case_ids == [here, "p07"]
    assert widget.session.the_case().id == here
    QTest.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert panel.filter.text() == ""
    assert len(panel.tree.case_ids) == len(states) + 3
