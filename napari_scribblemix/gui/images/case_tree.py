"""The list of cases: patients, and below each its frames or phases.

A patient with one case is one row.  Names are sorted as people count (frame 2 before frame 10).
Where there is little room the columns (see ``case_columns``) give way to the names, then of the
names what they share (see ``case_names``); the tooltip has all.  A filter hides rows, but never
that of the case on screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from qtpy.QtCore import QEvent, QPoint, Qt, Signal
from qtpy.QtGui import QContextMenuEvent, QHelpEvent, QMouseEvent, QResizeEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QTreeWidget,
    QTreeWidgetItem,
)

from napari_scribblemix.gui.images.case_columns import (
    COLUMNS,
    QUALITY,
    about,
    row_of,
    row_of_patient,
    worst_quality,
)
from napari_scribblemix.gui.images.case_head import least_of_all, share_width, title_columns
from napari_scribblemix.gui.images.case_names import Names
from napari_scribblemix.gui.state.case_states import CaseState
from napari_scribblemix.gui.widgets.controls import tip
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.project.patients import natural_key, patient_and_phase

_ROWS = 7
"""How many rows are seen without scrolling."""

_CASE = Qt.ItemDataRole.UserRole


def _patient(case_id: str) -> str:
    return patient_and_phase(case_id)[0]


def _order(state: CaseState) -> tuple[Any, ...]:
    patient = _patient(state.id)
    return natural_key(patient), patient, natural_key(state.id)


def _nothing(_case_id: str) -> str:
    return ""


class CaseTree(QTreeWidget):
    """Tells which case is chosen; shows what it is given."""

    case_chosen = Signal(str)
    menu_wanted = Signal(str, QPoint)
    """The menu of a case, at a place on the screen."""

    def __init__(self) -> None:
        super().__init__()
        title_columns(self)
        header = self.header()
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._on_head)
        self._names = Names(self)
        self.setItemDelegateForColumn(0, self._names)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._shown: tuple[tuple[str, ...], ...] = ()
        self._states: Sequence[CaseState] = ()
        self._words: list[str] = []
        self._current: str | None = None
        self.facts: Callable[[str], str] = _nothing
        """What else a tooltip says of a case; asked only when one is shown."""
        self.room_beside: Callable[[], int] = int
        """Pixels that the list has in its height beside those of its rows."""
        self._worst_first = False
        tip(self, "The cases of the project; click one to show it.")
        self.itemSelectionChanged.connect(self._on_selection)
        self.itemClicked.connect(self._on_click)
        self.fit()

    @property
    def case_ids(self) -> list[str]:
        """The cases from top to bottom, without those that the filter hides."""
        return [case_id for case_id, item in self._items.items() if not item.isHidden()]

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
        self._hide()
        self._share_width()
        self.blockSignals(False)

    def show_state(self, state: CaseState) -> None:
        """Say anew what is known of a case of the list; the order stays, whatever it is now."""
        if state.id not in self._items:
            return
        self._states = [state if known.id == state.id else known for known in self._states]
        patient = _patient(state.id)
        self.blockSignals(True)
        self._say([known for known in self._states if _patient(known.id) == patient])
        self._share_width()
        self.blockSignals(False)

    def show_current(self, case_id: str | None) -> None:
        """Mark the case on screen."""
        self.blockSignals(True)
        self._current = case_id
        self._hide()
        item = self._items.get(case_id or "")
        if item is None:
            self.clearSelection()
        else:
            self.setCurrentItem(item)
            self.scrollToItem(item)
        self.blockSignals(False)

    def filter(self, text: str) -> None:
        """Show only the cases with all words of ``text`` in their names, and the one on screen."""
        self._words = text.casefold().split()
        self.blockSignals(True)
        self._hide()
        self.blockSignals(False)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """The right button asks for the menu; it shows no other case."""
        if event is not None and event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:  # noqa: N802
        """The right button, or the menu key (Shift-F10), on a case."""
        if event is None:
            return
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        viewport = self.viewport()
        place = viewport.mapFromGlobal(event.globalPos())
        item = self.currentItem() if by_key else self.itemAt(place)
        if item is not None and (case_id := item.data(0, _CASE)):
            if by_key:
                place = self.visualItemRect(item).center()
            self.menu_wanted.emit(case_id, viewport.mapToGlobal(place))

    def viewportEvent(self, event: QEvent | None) -> bool:  # noqa: N802
        """What a tooltip says of a case is made when it is shown."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            item = self.itemAt(event.pos())
            case_id = None if item is None else item.data(0, _CASE)
            for state in self._states:
                if state.id == case_id and item is not None:
                    item.setToolTip(0, plain(about(state, self.facts(state.id))))
        return bool(super().viewportEvent(event))

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """More room, or less, for the columns."""
        super().resizeEvent(event)
        self._share_width()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Another font: as many rows as before are seen."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit()

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
        folded = {top.text(0) for top in self._tops() if top.childCount() and not top.isExpanded()}
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
        below = [item.text(0) for item in self._items.values() if item.parent() is not None]
        self._names.know([top.text(0) for top in self._tops()], below)

    def _tops(self) -> list[QTreeWidgetItem]:
        return [self.topLevelItem(row) for row in range(self.topLevelItemCount())]

    def _row(self, text: str, whole: str, case_id: str | None) -> QTreeWidgetItem:
        item = QTreeWidgetItem([text])
        item.setToolTip(0, plain(whole))
        item.setData(0, _CASE, case_id)
        for place in range(1, len(COLUMNS) + 1):
            item.setTextAlignment(place, Qt.AlignmentFlag.AlignCenter)
        return item

    def _say(self, cases: Sequence[CaseState]) -> None:
        for case in cases:
            item = self._items[case.id]
            for place, words in enumerate(row_of(case), start=1):
                item.setText(place, words)
            item.setToolTip(0, plain(about(case, "")))
            font = item.font(0)
            font.setStrikeOut(case.left_out)
            item.setFont(0, font)
        parent = self._items[cases[0].id].parent()
        if parent is not None:
            for place, words in enumerate(row_of_patient(cases), start=1):
                parent.setText(place, words)

    def _hide(self) -> None:
        """Hide what the filter does not want, and patients of whom nothing is left."""
        for case_id, item in self._items.items():
            name = case_id.casefold()
            wanted = case_id == self._current or all(word in name for word in self._words)
            item.setHidden(not wanted)
        for top in self._tops():
            if children := [top.child(place) for place in range(top.childCount())]:
                top.setHidden(all(child.isHidden() for child in children))

    def _share_width(self) -> None:
        # Of a patient all is said that is said of any case below.
        tops = self._tops()
        places = range(1, len(COLUMNS) + 1)
        said = {place for place in places if any(top.text(place) for top in tops)}
        share_width(self, [item.text(0) for item in (*tops, *self._items.values())], said)

    def fit(self) -> None:
        """Be as high as so many rows, and what there is room for beside the list."""
        rows = _ROWS * (self.fontMetrics().height() + 4)
        self.setFixedHeight(self.header().sizeHint().height() + rows + self.room_beside())
        self.setMinimumWidth(least_of_all(self) + self.verticalScrollBar().sizeHint().width())
        self._share_width()

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
