"""The loss and the Dice of the training that runs, as two small plots.

pyqtgraph is imported when a training starts: it would slow down the opening of the widget.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_scribblemix.gui.controls import tip

_HEIGHT = 110


class Curves(QWidget):
    """Empty until there is something to draw."""

    def __init__(self) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.setFixedHeight(_HEIGHT)
        self.hide()
        self._closed = False
        self._plots: list[Any] = []
        self._lines: list[Any] = []
        self._colours = ("#202020", "#d0d0d0")

    def show_curves(
        self, losses: Sequence[tuple[int, float]], dices: Sequence[tuple[int, float]]
    ) -> None:
        """Draw both, points being (step, value)."""
        if self._closed or not (losses or dices):
            self.hide()
            return
        self.prepare()
        for line, points in zip(self._lines, (losses, dices), strict=True):
            line.setData([step for step, _ in points], [value for _, value in points])
        self._plots[1].setVisible(bool(dices))
        self.show()

    def prepare(self) -> None:
        """Make the empty plots, which takes a moment: better before anybody draws."""
        if not self._plots and not self._closed:
            self._build()

    def set_theme(self, background: str, text: str) -> None:
        """Colours of napari's theme."""
        self._colours = (background, text)
        for plot in self._plots:
            self._paint(plot)

    def close_plots(self) -> None:
        """Take the plots apart, whose menus would outlive this widget; nothing is drawn after."""
        self._closed = True
        for plot in self._plots:
            menu = plot.getPlotItem().ctrlMenu
            plot.close()
            for part in (plot, menu):
                part.deleteLater()
                QCoreApplication.sendPostedEvents(part, QEvent.Type.DeferredDelete)
        self._plots.clear()
        self._lines.clear()

    def _build(self) -> None:
        import pyqtgraph

        for title, colour in (("Loss", "#e69f00"), ("Mean Dice", "#56b4e9")):
            plot = pyqtgraph.PlotWidget(enableMenu=False)
            plot.setTitle(title, size="8pt")
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            tip(plot, f"{title} of the training by step.")
            self.layout().addWidget(plot)
            self._plots.append(plot)
            self._lines.append(plot.plot(pen=pyqtgraph.mkPen(colour, width=2)))
            self._paint(plot)
        self._plots[1].setYRange(0.0, 1.0)

    def _paint(self, plot: Any) -> None:
        background, text = self._colours
        plot.setBackground(background)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(text)
            axis.setTextPen(text)
        plot.getPlotItem().titleLabel.setText(
            plot.getPlotItem().titleLabel.text, color=text, size="8pt"
        )
