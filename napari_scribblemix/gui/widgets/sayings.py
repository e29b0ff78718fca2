"""Buttons that say now one thing, now another, and are wide enough for each at all times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QPushButton

from napari_scribblemix.gui.widgets.controls import tip


class SayingButton(QPushButton):
    """A push button for ``texts``, of which it says the first; ``clicked`` takes no arguments."""

    def __init__(self, texts: Sequence[str], hint: str, clicked: Callable[..., Any]) -> None:
        super().__init__(texts[0])
        self._texts = tuple(texts)
        self.clicked.connect(lambda _checked=False: clicked())
        tip(self, hint)

    def say(self, number: int) -> None:
        """Say the text of that number, from 0."""
        self.setText(self._texts[number])

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as the longest text asks for."""
        hint, measure = super().sizeHint(), self.fontMetrics()
        # As Qt measures it itself.
        wide = [measure.size(0, text).width() for text in (*self._texts, self.text())]
        return hint + QSize(max(wide) - wide[-1], 0)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The same."""
        return self.sizeHint()
