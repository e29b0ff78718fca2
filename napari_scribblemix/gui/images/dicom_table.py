"""The stacks of DICOM files as a list to choose from: picture, kind, size, spacing, phases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from napari_scribblemix.data.dicom.contents import Stack
from napari_scribblemix.data.geometry import format_shape
from napari_scribblemix.gui.widgets.plain import plain

_HEADINGS = ("Stack", "Slices x size", "Spacing mm", "Phases", "Remarks")
_PICTURE = 72
_BOX = 30
_EMPTY_BOX = "QTreeView::indicator:unchecked { border: 1px solid gray; }"


def remarks_of(stack: Stack) -> str:
    """What is odd about a stack, the worst first."""
    return " ".join([*([stack.uneven] if stack.uneven else []), *stack.notes])


class StackTable(QTreeWidget):
    """One line a stack; the likely ones are ticked, and stand first."""

    ticked = Signal()
    """Another choice of stacks is ticked."""

    def __init__(self, stacks: Sequence[Stack]) -> None:
        super().__init__()
        self._stacks = list(stacks)
        self.setColumnCount(len(_HEADINGS))
        self.setHeaderLabels(list(_HEADINGS))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        # napari's style draws an empty box in the colour of the list.
        self.setStyleSheet(_EMPTY_BOX)
        self.setIconSize(QSize(_PICTURE, _PICTURE))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        several = len({stack.study for stack in self._stacks}) > 1
        self._items = [self._item(stack, several) for stack in self._stacks]
        self.addTopLevelItems(self._items)
        header = self.header()
        for index in range(len(_HEADINGS) - 1):
            header.setSectionResizeMode(index, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.setCurrentItem(self._items[0] if self._items else None)
        self.itemChanged.connect(lambda _item, column: self.ticked.emit() if column == 0 else None)

    def _item(self, stack: Stack, several: bool) -> QTreeWidgetItem:
        named = f"{stack.kind} ({stack.name})"
        spacing = " x ".join(f"{step:.3g}" for step in stack.geometry.spacing)
        remarks = remarks_of(stack)
        item = QTreeWidgetItem(
            [
                f"Study {stack.study}: {named}" if several else named,
                format_shape(stack.geometry.shape),
                spacing,
                str(stack.frames),
                remarks,
            ]
        )
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsUserCheckable
        )
        # Slices that would have to be evened are not taken unasked.
        on = stack.likely and not stack.uneven
        item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        item.setToolTip(len(_HEADINGS) - 1, plain(remarks))
        words = self.fontMetrics().horizontalAdvance(item.text(0))
        item.setSizeHint(0, QSize(_PICTURE + _BOX + words + 24, _PICTURE + 6))
        return item

    def chosen(self) -> list[Stack]:
        """The stacks that are ticked."""
        return [
            stack
            for stack, item in zip(self._stacks, self._items, strict=True)
            if item.checkState(0) == Qt.CheckState.Checked
        ]

    def current(self) -> Stack | None:
        """The stack of the line that is chosen."""
        item = self.currentItem()
        return None if item is None else self._stacks[self.indexOfTopLevelItem(item)]

    def tick(self, number: int, *, on: bool) -> None:
        """Tick the stack of a line, or take the tick away."""
        state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        self._items[number].setCheckState(0, state)

    def show_picture(self, number: int, grey: NDArray[np.uint8]) -> None:
        """Show the picture (rows, columns) of the stack of a line."""
        rows, columns = grey.shape
        data = np.ascontiguousarray(grey).tobytes()
        image = QImage(data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy()
        picture = QPixmap.fromImage(image).scaled(
            _PICTURE,
            _PICTURE,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        self._items[number].setIcon(0, QIcon(picture))

    def has_picture(self, number: int) -> bool:
        """Whether the line shows its picture already."""
        return not self._items[number].icon(0).isNull()
