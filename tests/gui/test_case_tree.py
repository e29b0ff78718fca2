from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QContextMenuEvent, QHelpEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_scribblemix.gui.images.case_columns import COLUMNS
from napari_scribblemix.gui.images.case_head import least_width
from napari_scribblemix.gui.images.case_tree import CaseTree
from napari_scribblemix.gui.state.case_states import CaseState


def state(
    case_id: str, *, scribbled: bool = False, accepted: int = 0, quality: float | None = None
) -> CaseState:
    return CaseState(case_id, scribbled, False, quality is not None, accepted, quality)


@pytest.fixture
def tree(qtbot: Any) -> CaseTree:
    """Two patients with two frames each, in no order, and a case that is no phase."""
    tree = CaseTree()
    qtbot.addWidget(tree)
    tree.show_cases([
        state("patient10_frame01"), state("patient2_frame12", accepted=3), state("volunteer"),
        state("patient2_frame4", scribbled=True), state("patient10_frame02"),
    ])  # fmt: skip
    return tree


def rows(tree: CaseTree) -> list[tuple[str, list[str]]]:
    tops = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [(top.text(0), [top.child(i).text(0) for i in range(top.childCount())]) for top in tops]


def test_frames_lie_below_their_patient_in_the_order_of_their_numbers(tree: CaseTree) -> None:
    assert rows(tree) == [
        ("patient2", ["frame4", "frame12"]),
        ("patient10", ["frame01", "frame02"]),
        ("volunteer", []),
    ]
    item = tree.item_of("patient2_frame12")
    assert item is not None
    assert item.toolTip(0) == "patient2_frame12\nAccepted 3"
    assert tree.topLevelItem(0).isExpanded()


def test_a_patient_says_in_how_many_of_the_cases(tree: CaseTree) -> None:
    patient = tree.topLevelItem(0)
    assert [patient.text(place) for place in range(1, len(COLUMNS) + 1)] == [
        "1 of 2",
        "",
        "",
        "1 of 2",
        "",
    ]
    tree.show_cases(
        [state("patient2_frame4", scribbled=True), state("patient2_frame12", scribbled=True)]
    )
    assert tree.topLevelItem(0).text(1) == "✓"


def test_what_was_folded_stays_so_and_is_opened_for_the_case_on_screen(tree: CaseTree) -> None:
    tree.topLevelItem(1).setExpanded(False)
    tree.show_cases([
        state("patient2_frame4"), state("patient10_frame01"), state("patient10_frame02"), state("x")
    ])  # fmt: skip
    assert not tree.topLevelItem(1).isExpanded()
    tree.show_current("patient10_frame02")
    assert tree.topLevelItem(1).isExpanded()
    assert [item.text(0) for item in tree.selectedItems()] == ["frame02"]
    tree.show_current(None)
    assert tree.selectedItems() == []


def test_a_click_shows_a_case_and_one_on_a_patient_the_first(tree: CaseTree) -> None:
    chosen: list[str] = []
    tree.case_chosen.connect(chosen.append)
    tree.resize(400, 300)
    tree.show()
    for row in (tree.item_of("patient2_frame12"), tree.topLevelItem(1), tree.item_of("volunteer")):
        place = tree.visualItemRect(row).center()
        QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, place.y()))
    assert list(dict.fromkeys(chosen)) == ["patient2_frame12", "patient10_frame01", "volunteer"]
    before = len(chosen)
    last = tree.visualItemRect(tree.item_of("volunteer")).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, last.y()))
    assert chosen[before:] == ["volunteer"], "the case on screen can be chosen again"


def test_keys_pass_over_a_patient_in_both_directions(tree: CaseTree) -> None:
    chosen: list[str] = []
    tree.case_chosen.connect(chosen.append)
    tree.choose("patient10_frame01")
    for _ in range(2):
        QTest.keyClick(tree, Qt.Key.Key_Up)
    assert chosen == ["patient10_frame01", "patient2_frame12"]


def test_the_list_is_as_high_as_before_in_rows_with_a_larger_font(tree: CaseTree) -> None:
    tree.show()
    tree.setStyleSheet("QTreeView { font-size: 10pt; }")
    before, line = tree.viewport().height(), tree.fontMetrics().height()
    tree.setStyleSheet("QTreeView { font-size: 20pt; }")
    assert tree.fontMetrics().height() > 1.5 * line
    assert tree.viewport().height() > 1.4 * before


def visible(tree: CaseTree) -> list[str]:
    tops = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    found = []
    for top in tops:
        children = [top.child(place) for place in range(top.childCount())]
        found += [item.text(0) for item in (top, *children) if not item.isHidden()]
    return found


def test_a_filter_hides_what_has_not_all_words_and_keeps_the_case_on_screen(
    tree: CaseTree,
) -> None:
    tree.filter("Patient 12")
    assert visible(tree) == ["patient2", "frame12"]
    assert tree.case_ids == ["patient2_frame12"]
    tree.show_current("volunteer")
    assert visible(tree) == ["patient2", "frame12", "volunteer"]
    tree.show_cases([state("patient2_frame12"), state("patient2_frame4"), state("volunteer")])
    assert visible(tree) == ["patient2", "frame12", "volunteer"]
    tree.filter("")
    assert len(tree.case_ids) == 3


def test_filtering_opens_no_case(tree: CaseTree) -> None:
    chosen: list[str] = []
    tree.show_current("volunteer")
    tree.case_chosen.connect(chosen.append)
    for text in ("p", "patient10", "nobody", ""):
        tree.filter(text)
    assert chosen == []
    assert [item.text(0) for item in tree.selectedItems()] == ["volunteer"]


def test_a_case_left_out_says_so_and_counts_for_nothing(tree: CaseTree) -> None:
    out = CaseState("patient2_frame4", True, True, False, 0, left_out=True)
    tree.show_cases([out, CaseState("patient2_frame12", True, True, False, 0)])
    places = {column.title: place for place, column in enumerate(COLUMNS, start=1)}
    item = tree.item_of("patient2_frame4")
    assert item is not None
    assert item.text(places["Trained"]) == "out"
    assert "Left out of training" in item.toolTip(0)
    assert item.font(0).strikeOut()
    assert tree.topLevelItem(0).text(places["Trained"]) == "1 of 2"


@pytest.mark.parametrize("points", [9, 14])
def test_columns_give_way_to_the_names_and_come_back(tree: CaseTree, points: int) -> None:
    name = "volunteer_of_the_second_study_morning"
    tree.setStyleSheet(f"QTreeView, QHeaderView::section {{ font-size: {points}pt; }}")
    tree.show_cases([state(name, accepted=3, scribbled=True), state("x", quality=0.5)])
    tree.show()

    def width_of_names(width: int) -> int:
        tree.resize(width, 300)
        return int(tree.columnWidth(0))

    wide, header = 2000, tree.header()
    width_of_names(wide)
    whole = [header.sectionSizeHint(place) for place in range(1, header.count())]
    assert [tree.columnWidth(place) for place in range(1, header.count())] == whole
    need = tree.fontMetrics().horizontalAdvance(name)
    # All titles whole beside that name would need more than this.
    narrow = need + sum(whole) - 20
    assert width_of_names(narrow) >= need
    least = sum(least_width(tree, place) for place in range(1, header.count()))
    assert width_of_names(need + least) >= need
    for place in range(1, header.count()):
        assert COLUMNS[place - 1].title in tree.headerItem().toolTip(place)
        # Nothing was trained: that column goes.
        assert tree.isColumnHidden(place) is (COLUMNS[place - 1].title == "Trained")
        if not tree.isColumnHidden(place):
            assert tree.columnWidth(place) >= tree.sizeHintForColumn(place)
    width_of_names(300)
    letters = 14 * tree.fontMetrics().averageCharWidth()
    assert tree.columnWidth(0) >= letters
    titles = {column.title: place for place, column in enumerate(COLUMNS, start=1)}
    assert not tree.isColumnHidden(titles["Dice?"])
    item = tree.item_of(name)
    assert item is not None
    assert item.toolTip(0).endswith("Drawn ✓, Accepted 3")
    width_of_names(wide)
    assert [tree.columnWidth(place) for place in range(1, header.count())] == whole


def test_a_tooltip_is_made_of_what_is_known_when_it_is_shown(tree: CaseTree, qtbot: Any) -> None:
    tree.facts = lambda case_id: f"Volumes of {case_id}."
    tree.show()
    item = tree.item_of("volunteer")
    place = tree.visualItemRect(item).center()
    event = QHelpEvent(QEvent.Type.ToolTip, place, tree.viewport().mapToGlobal(place))
    QApplication.sendEvent(tree.viewport(), event)
    assert item is not None
    assert item.toolTip(0) == "volunteer\nVolumes of volunteer."


def test_the_menu_comes_by_the_right_button_and_by_the_menu_key(tree: CaseTree) -> None:
    wanted: list[str] = []
    tree.menu_wanted.connect(lambda case_id, _place: wanted.append(case_id))
    tree.show()
    for reason, item in (
        (QContextMenuEvent.Reason.Mouse, tree.item_of("volunteer")),
        (QContextMenuEvent.Reason.Mouse, tree.topLevelItem(0)),
        (QContextMenuEvent.Reason.Keyboard, tree.item_of("patient2_frame4")),
    ):
        tree.blockSignals(True)
        tree.setCurrentItem(tree.item_of("patient2_frame4"))
        tree.blockSignals(False)
        place = tree.visualItemRect(item).center()
        event = QContextMenuEvent(reason, place, tree.viewport().mapToGlobal(place))
        QApplication.sendEvent(tree.viewport(), event)
    assert wanted == ["volunteer", "patient2_frame4"]


def test_the_right_button_shows_no_other_case(tree: CaseTree) -> None:
    chosen: list[str] = []
    tree.case_chosen.connect(chosen.append)
    tree.show()
    place = tree.visualItemRect(tree.item_of("volunteer")).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.RightButton, pos=place)
    assert chosen == []
    assert tree.selectedItems() == []


def test_a_click_on_the_head_of_the_quality_shows_the_worst_first(tree: CaseTree) -> None:
    tree.show_cases([
        state("patient2_frame4", quality=0.91), state("patient2_frame12", quality=0.85),
        state("patient10_frame01", quality=0.55), state("patient10_frame02", quality=0.9),
        state("volunteer"),
    ])  # fmt: skip
    places = {column.title: place for place, column in enumerate(COLUMNS, start=1)}
    assert tree.topLevelItem(1).text(places["Dice?"]) == "55 !"
    assert tree.topLevelItem(2).text(places["Dice?"]) == ""
    tree.choose("patient2_frame4")
    tree.show()
    header = tree.header()

    def click(place: int) -> None:
        middle = QPoint(header.sectionViewportPosition(place) + 5, header.height() // 2)
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=middle)

    click(places["Dice?"])
    assert [name for name, _ in rows(tree)] == ["patient10", "patient2", "volunteer"]
    assert [item.text(0) for item in tree.selectedItems()] == ["frame4"]
    click(places["Dice?"])
    assert [name for name, _ in rows(tree)] == ["patient2", "patient10", "volunteer"]
