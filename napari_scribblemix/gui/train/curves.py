"""The loss and the Dice of a training, as two small plots, a line for each task it has.

pyqtgraph is imported when a training starts: it would slow down the opening of the widget.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QWidget

from napari_scribblemix.gui.state.run_curves import CurveData, Points
from napari_scribblemix.gui.widgets.controls import label, tip
from napari_scribblemix.gui.widgets.plain import plain

_HEIGHT = 110
"""Pixels of both plots, and of what stands in their place before there is one."""

_NOTHING = "The curves of a training appear here."
_TITLES = ("Loss", "Dice against masks")
_ALONE = ("#e69f00", "#56b4e9")
"""The colours of the loss and the Dice of a training of one task."""
_TASKS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00")
"""The colours of the tasks, where there are several; told apart by the colour-blind too."""
_LONGEST = 28


class Curves(QWidget):
    """As high as its plots before there is anything to draw: nothing moves when one begins."""

    def __init__(self) -> None:
        super().__init__()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.names = label()
        self.names.setTextFormat(Qt.TextFormat.RichText)
        self.names.setWordWrap(True)
        self.names.hide()
        layout.addWidget(self.names, 1, 0, 1, 2)
        self.nothing = label(_NOTHING)
        self.nothing.setWordWrap(True)
        self.nothing.setEnabled(False)
        layout.addWidget(self.nothing, 2, 0, 1, 2)
        self.setFixedHeight(_HEIGHT)
        self._closed = False
        self._plots: list[Any] = []
        self._lines: list[dict[str, Any]] = []
        self._colours = ("#202020", "#d0d0d0")

    def show_curves(self, data: CurveData, *, empty: bool = False) -> None:
        """Draw both; ``empty``: also where there is nothing to draw yet."""
        if self._closed or not (empty or data.drawn):
            self._show_plots(())
            return
        self.prepare()
        tasks = list(data.losses | data.dices)
        for number, curves in enumerate((data.losses, data.dices)):
            self._draw(number, curves, tasks)
        self._show_plots(self._plots if data.dices else self._plots[:1])
        self._say_names(tasks)

    @property
    def drawn(self) -> bool:
        """Whether there are curves, or the empty plots of a training that begins."""
        return bool(self.nothing.isHidden())

    def _show_plots(self, plots: Sequence[Any]) -> None:
        for plot in self._plots:
            plot.setVisible(plot in plots)
        self.nothing.setVisible(not plots)
        if not plots:
            self.names.hide()

    def _draw(self, number: int, curves: dict[str, Points], tasks: list[str]) -> None:
        import pyqtgraph

        lines, plot = self._lines[number], self._plots[number]
        for gone in lines.keys() - curves.keys():
            plot.removeItem(lines.pop(gone))
        for task, points in curves.items():
            if task not in lines:
                lines[task] = plot.plot()
            place = tasks.index(task) % len(_TASKS)
            colour = _TASKS[place] if task else _ALONE[number]
            lines[task].setPen(pyqtgraph.mkPen(colour, width=2))
            lines[task].setData([step for step, _ in points], [value for _, value in points])

    def _say_names(self, tasks: list[str]) -> None:
        """Which colour is whose, if there is more than one."""
        named = [
            f'<span style="color: {_TASKS[i % len(_TASKS)]}">&#9632;</span> '
            + escape(task if len(task) <= _LONGEST else f"{task[: _LONGEST - 1]}…")
            for i, task in enumerate(tasks)
            if task
        ]
        self.names.setText(" &nbsp; ".join(named))
        self.names.setToolTip(plain(", ".join(task for task in tasks if task)))
        self.names.setVisible(bool(named))

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
        """Draw nothing from now on; the plots go with this widget, when Qt takes it down.

        Not sooner: this is called while the dock is being taken out of the window.
        """
        self._closed = True
        self._plots.clear()
        self._lines.clear()

    def _build(self) -> None:
        import pyqtgraph

        for place, title in enumerate(_TITLES):
            plot = pyqtgraph.PlotWidget(enableMenu=False)
            plot.setTitle(title, size="8pt")
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            tip(plot, f"{title}, by step of the training.")
            plot.hide()
            # pyqtgraph gives it no parent: it would outlive the plot.
            menu = plot.getPlotItem().ctrlMenu
            menu.setParent(plot, menu.windowFlags())
            self.layout().addWidget(plot, 0, place)
            self._plots.append(plot)
            self._lines.append({})
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
