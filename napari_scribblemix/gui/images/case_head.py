"""The head of the list of cases: its titles, and how the columns share the width with the names."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHeaderView, QTreeWidget

from napari_scribblemix.gui.images.case_columns import COLUMNS
from napari_scribblemix.gui.images.case_names import PADDING
from napari_scribblemix.gui.widgets.plain import plain

_NAME_HINT = "The name of the patient, and of each frame or phase."
_FEWEST = 3
"""How many letters of a title there is room for at least; its tooltip has all of it."""

_NAME_LETTERS = 14
"""How many letters of a name there is room for beside columns."""

_GIVE_WAY = ("Trained", "Drawn", "Accepted", "Mask")
"""The columns that go where names have less room than that; a tooltip still says what they say."""


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


def _letters(tree: QTreeWidget) -> int:
    """The width of a name that is shortened as far as it may be beside a column, in pixels."""
    return int(_NAME_LETTERS * tree.fontMetrics().averageCharWidth()) + _deep(tree)


def _deep(tree: QTreeWidget) -> int:
    return 2 * int(tree.indentation()) + PADDING


def least_of_all(tree: QTreeWidget) -> int:
    """The width that the list asks for however narrow the panel is: names and the last column."""
    return _letters(tree) + least_width(tree, len(COLUMNS))


def share_width(tree: QTreeWidget, names: Sequence[str], said: Collection[int]) -> None:
    """Share the width between the names and the columns.

    ``names`` stand in the list, ``said`` are the columns in which something is said.  Beside long
    names titles become shorter, then columns go in which nothing is said, then letters of the
    names, and only then the columns that tell least.
    """
    header = tree.header()
    places = range(1, header.count())
    for place in places:  # a column that is hidden knows no width
        tree.setColumnHidden(place, False)
    longest = max(map(tree.fontMetrics().horizontalAdvance, names), default=0) + _deep(tree)
    whole = {place: header.sectionSizeHint(place) for place in places}
    least = {place: min(whole[place], least_width(tree, place)) for place in places}
    width = tree.viewport().width()
    shown = list(places)
    if width < longest + sum(least.values()):
        shown = [place for place in shown if place in said]
    for title in _GIVE_WAY:
        if width < min(longest, _letters(tree)) + sum(least[place] for place in shown):
            shown = [place for place in shown if COLUMNS[place - 1].title != title]
    room = sum(whole[place] - least[place] for place in shown)
    spare = max(0, width - longest - sum(least[place] for place in shown))
    share = min(1.0, spare / max(1, room))
    for place in places:
        tree.setColumnHidden(place, place not in shown)
        if place in shown:
            header.resizeSection(place, int(least[place] + share * (whole[place] - least[place])))
