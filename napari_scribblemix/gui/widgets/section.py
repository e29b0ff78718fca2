"""A titled part of the dock that folds away: superqt's, made to fit what is in it and the font.

As it comes it cuts off what grows after it was opened, lets Tab walk through what is folded away,
hides which title has the keyboard and draws its arrow once, as large as the first font.
"""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QWidget
from superqt import QCollapsible

from napari_scribblemix.gui.widgets.fonts import FittedToFont

_ANY_HEIGHT = (1 << 24) - 1
"""Qt's own limit."""

_ARROWS = {"expandedIcon": "▾", "collapsedIcon": "▸"}


class Section(FittedToFont, QCollapsible):
    """``content`` under a title; a click, or Space on the title, folds it away or shows it."""

    def __init__(self, title: str, content: QWidget, *, expanded: bool = True) -> None:
        super().__init__(title, **_ARROWS)
        self.setDuration(0)
        layout = self.layout()
        # Both would give text that wraps no more than its first guess of a height.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        layout.setAlignment(Qt.AlignmentFlag(0))
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        empty = self.content()
        self.setContent(content)
        layout.removeWidget(empty)
        empty.deleteLater()
        self.header = self.toggleButton()
        self.header.setToolTip("Click to fold this step away or to show it.")
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # The panel's style sheet says how it looks, and marks it when it has the keyboard.
        self.header.setStyleSheet("")
        self.header.setProperty("title", "true")
        self.toggled.connect(self._on_toggled)
        self.unfold(expanded)

    @property
    def title(self) -> str:
        """What stands above."""
        return str(self.text())

    def unfold(self, on: bool) -> None:
        """Show the content, or fold it away."""
        if on:
            self.expand(animate=False)
        else:
            self.collapse(animate=False)

    def fit(self) -> None:
        """Arrows of the font's size and the text's colour."""
        self.setExpandedIcon(_ARROWS["expandedIcon"])
        self.setCollapsedIcon(_ARROWS["collapsedIcon"])

    def _on_toggled(self, expanded: bool) -> None:
        self.content().setVisible(expanded)
        self.content().setMaximumHeight(_ANY_HEIGHT)
