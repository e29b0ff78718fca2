"""A panel from top to bottom: what there is to say, then the steps, which scroll and fold."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_scribblemix.gui.widgets.lines import Lines
from napari_scribblemix.gui.widgets.scrolled import Column
from napari_scribblemix.gui.widgets.section import Section


def lay_out(panel: QWidget, message: Lines, steps: Mapping[str, QWidget]) -> None:
    """Fill ``panel`` with ``message`` and a section for each of ``steps``, by its title."""
    message.setContentsMargins(6, 4, 6, 2)
    inside = QWidget()
    sections = QVBoxLayout(inside)
    sections.setContentsMargins(4, 2, 4, 2)
    sections.setSpacing(4)
    for title, step in steps.items():
        sections.addWidget(Section(title, step))
    sections.addStretch(1)
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(message)
    layout.addWidget(Column(inside))
