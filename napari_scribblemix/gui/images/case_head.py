"""The head of the list of cases: its titles, and how the columns share the width with the names."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHeaderView, QTreeWidget

from napari_scribblemix.gui.images.case_columns import COLUMNS
from napari_scribblemix.gui.images.case_names import PADDING
from napari_scribblemix.gui.widgets.plain import plain

_NAME_HINT = "The name of the patient, and of each frame or phase."
_FEWEST = 3
"""How many letters of a title there is room for at least; its tooltip has all of it."""


def title_columns(tree: QTreeWidget) -> None:
    """Give ``tree`` its columns, of which the first, with the names, takes what is left."""
    titles = ("Case", *(column.title for column in COLUMNS))
    hints = (_NAME_HINT, *(f"{column.title}: {column.hint}" for column in COLUMNS))
    tree.setColumnCount(len(titles))
    tree.setHeaderLabels(titles)
    for place, hint in enumerate(hints):
        tree.headerItem().setToolTip(place, plain(hint))
        if place:
            tree.headerItem().setTextAlignment(place, Qt.AlignmentFlag.AlignCenter)
    header = tree.header()
    header.setStretchLastSection(False)
    header.setMinimumSectionSize(0)
    header.setTextElideMode(Qt.TextElideMode.ElideRight)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)


def least_width(tree: QTreeWidget, place: int) -> int:
    """The width of a column in which its marks are whole, and a few letters of its title."""
    few = COLUMNS[place - 1].title[:_FEWEST] + "…"
    title = tree.fontMetrics().horizontalAdvance(few) + PADDING
    return int(max(tree.sizeHintForColumn(place), title))


def share_width(tree: QTreeWidget, names: Sequence[str]) -> None:
    """Make the titles as long as there is room beside the longest of ``names``."""
    advance, header = tree.fontMetrics().horizontalAdvance, tree.header()
    deep = 2 * tree.indentation() + PADDING
    name = max(map(advance, names), default=0) + deep
    whole = [header.sectionSizeHint(place) for place in range(1, header.count())]
    least = [min(wide, least_width(tree, place)) for place, wide in enumerate(whole, start=1)]
    spare = max(0, tree.viewport().width() - name - sum(least))
    share = min(1.0, spare / max(1, sum(whole) - sum(least)))
    for place, (low, high) in enumerate(zip(least, whole, strict=True), start=1):
        header.resizeSection(place, int(low + share * (high - low)))
