"""Names of cases where there is little room: letters give way in the middle, numbers never."""

from __future__ import annotations

import re
from collections.abc import Callable

from qtpy.QtCore import QModelIndex
from qtpy.QtGui import QFontMetrics
from qtpy.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

PADDING = 8
"""Pixels left and right of a name."""


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
        # The beginning and the end of a name tell most, and what differs is mostly its end.
        parts[longest] = letters[: left // 2] + "…" + letters[len(letters) - (left + 1) // 2 :]
    return "".join(parts)


class Names(QStyledItemDelegate):
    """Draws the names, shortened as the column is wide."""

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Called by Qt before each row is drawn."""
        super().initStyleOption(option, index)
        advance = QFontMetrics(option.font).horizontalAdvance
        option.text = shortened(option.text, option.rect.width() - PADDING, advance)
