"""The list of cases: patients, and below each its frames or phases.

A patient with one case is one row.  Names are sorted as people count (frame 2 before frame 10), and
where there is no room for one its letters give way, never its numbers; the tooltip has the whole.
``case_columns`` says what stands beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from qtpy.QtCore import QEvent, QModelIndex, Qt, Signal
from qtpy.QtGui import QFontMetrics
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from napari_scribblemix.gui.images.case_columns import COLUMNS, QUALITY, worst_quality
from napari_scribblemix.gui.state.case_states import CaseState
from napari_scribblemix.gui.widgets.controls import tip
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.project.patients import natural_key, patient_and_phase

_NAME_HINT = "The name of the patient, and of each frame or phase."
_ROWS = 7
"""How many rows are seen without scrolling."""

_LETTERS = 9
"""How many letters of a name there is room for, however narrow the panel is."""

_PADDING = 8
"""Pixels left and right of a name."""

_CASE = Qt.ItemDataRole.UserRole


def _patient(case_id: str) -> str:
    return patient_and_phase(case_id)[0]


def _order(state: CaseState) -> tuple[Any, ...]:
    patient = _patient(state.id)
    return natural_key(patient), patient, natural_key(state.id)


def shortened(text: str, width: int, measure: Callable[[str], int]) -> str:
    """``text`` with letters left out until ``measure`` says it is no wider than ``width``.

    The longest run of letters gives way first, in its middle; digits stay, whatever the width.
    """
    parts = re.findall(r"\d+|[^\d]+", text)
    while measure("".join(parts)) > width:
        longest = max(
            (i for i, part in enumerate(parts) if not part[0].isdigit() and part != "…"),
            key=lambda i: len(parts[i]),
            default=None,
        )
        if longest is None:
            break
        letters = parts[longest].replace("…", "")
        left = len(letters) - 1
        # The beginning and the end of a name tell most.
        parts[longest] = letters[: (left + 1) // 2] + "…" + letters[len(letters) - left // 2 :]
    return "".join(parts)


class _Names(QStyledItemDelegate):
    """Draws the names, shortened as the column is wide."""

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Called by Qt before each row is drawn."""
        super().initStyleOption(option, index)
        advance = QFontMetrics(option.font).horizontalAdvance
        option.text = shortened(option.text, option.rect.width() - _PADDING, advance)


class CaseTree(QTreeWidget):
    """Tells which case is chosen; shows what it is given."""

    case_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        titles = ("Case", *(column.title for column in COLUMNS))
        hints = (_NAME_HINT, *(column.hint for column in COLUMNS))
        self.setColumnCount(len(titles))
        self.setHeaderLabels(titles)
        for place, hint in enumerate(hints):
            self.headerItem().setToolTip(place, plain(hint))
            if place:
                self.headerItem().setTextAlignment(place, Qt.AlignmentFlag.AlignCenter)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(0)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._on_head)
        self.setItemDelegateForColumn(0, _Names(self))
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._shown: tuple[tuple[str, ...], ...] = ()
        self._states: Sequence[CaseState] = ()
        self._worst_first = False
        tip(self, "The cases of the project; click one to show it.")
        self.itemSelectionChanged.connect(self._on_selection)
        self.itemClicked.connect(self._on_click)
        self._fit()

    @property
    def case_ids(self) -> list[str]:
        """The cases from top to bottom."""
        return list(self._items)

    def item_of(self, case_id: str) -> QTreeWidgetItem | None:
        """The row of a case."""
        return self._items.get(case_id)

    def choose(self, case_id: str) -> None:
        """As a click on its row does."""
        self.setCurrentItem(self._items[case_id])

    def show_cases(self, states: Sequence[CaseState]) -> None:
        """Fill the list; what was folded stays so."""
        self._states = states
        groups = [
            (patient, list(cases))
            for patient, cases in groupby(sorted(states, key=_order), lambda s: _patient(s.id))
        ]
        if self._worst_first:
            groups.sort(key=lambda group: worst_quality(group[1]))
        shape = tuple((patient, *(case.id for case in cases)) for patient, cases in groups)
        self.blockSignals(True)
        if shape != self._shown:
            self._build(groups)
            self._shown = shape
        for _, cases in groups:
            self._say(cases)
        self.blockSignals(False)

    def show_current(self, case_id: str | None) -> None:
        """Mark the case on screen."""
        self.blockSignals(True)
        item = self._items.get(case_id or "")
        if item is None:
            self.clearSelection()
        else:
            self.setCurrentItem(item)
            self.scrollToItem(item)
        self.blockSignals(False)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Another font: as many rows as before are seen."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    # -- inside --

    def _on_head(self, place: int) -> None:
        """A click on the head of the expected Dice turns the order; on the others, the names'."""
        title = self.headerItem().text(place)
        worst = title == QUALITY and not self._worst_first
        if worst != self._worst_first:
            self._worst_first = worst
            chosen = [item.data(0, _CASE) for item in self.selectedItems()]
            self.show_cases(self._states)
            self.show_current(chosen[0] if chosen else None)

    def _build(self, groups: Sequence[tuple[str, Sequence[CaseState]]]) -> None:
        folded = {
            self.topLevelItem(row).text(0)
            for row in range(self.topLevelItemCount())
            if self.topLevelItem(row).childCount() and not self.topLevelItem(row).isExpanded()
        }
        self.clear()
        self._items.clear()
        for patient, cases in groups:
            if len(cases) == 1:
                self._items[cases[0].id] = self._row(cases[0].id, cases[0].id, cases[0].id)
                self.addTopLevelItem(self._items[cases[0].id])
                continue
            parent = self._row(patient, patient, None)
            self.addTopLevelItem(parent)
            for case in cases:
                name = patient_and_phase(case.id)[1] or case.id
                self._items[case.id] = self._row(name, case.id, case.id)
                parent.addChild(self._items[case.id])
            parent.setExpanded(patient not in folded)

    def _row(self, text: str, whole: str, case_id: str | None) -> QTreeWidgetItem:
        item = QTreeWidgetItem([text])
        item.setToolTip(0, plain(whole))
        item.setData(0, _CASE, case_id)
        for place in range(1, len(COLUMNS) + 1):
            item.setTextAlignment(place, Qt.AlignmentFlag.AlignCenter)
        return item

    def _say(self, cases: Sequence[CaseState]) -> None:
        for place, column in enumerate(COLUMNS, start=1):
            for case in cases:
                self._items[case.id].setText(place, column.of_case(case))
            parent = self._items[cases[0].id].parent()
            if parent is not None:
                parent.setText(place, column.of_patient(cases))

    def _fit(self) -> None:
        line = self.fontMetrics().height() + 4
        header = self.header()
        self.setFixedHeight(header.sizeHint().height() + _ROWS * line)
        marks = sum(header.sectionSizeHint(place) for place in range(1, header.count()))
        name = _LETTERS * self.fontMetrics().averageCharWidth() + self.indentation()
        self.setMinimumWidth(marks + name + self.verticalScrollBar().sizeHint().width())

    def _on_selection(self) -> None:
        chosen = self.selectedItems()
        if chosen and (case_id := chosen[0].data(0, _CASE)):
            self.case_chosen.emit(case_id)

    def _on_click(self, item: QTreeWidgetItem, _column: int) -> None:
        """A click on a patient shows the first of the cases; keys only pass over the row."""
        if case_id := item.data(0, _CASE):
            # The case on screen too: its layers may have been taken out by hand.
            self.case_chosen.emit(case_id)
        elif item.childCount():
            self.setCurrentItem(item.child(0))
