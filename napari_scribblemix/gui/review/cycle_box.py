"""The heart cycle of a patient in step 4: volumes over the frames, end-diastole and end-systole.

pyqtgraph is imported when there is a curve: it would slow down the opening of the widget.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QWidget

from napari_scribblemix.gui.state.cycle import Cycle
from napari_scribblemix.gui.widgets.controls import allow, appear, column, label, row, tip
from napari_scribblemix.project.chosen_phases import ChosenPhases

_HEIGHT = 120
_FOUND = "found"


class CycleBox(QWidget):
    """Hidden where the patient has no frames with masks."""

    chosen = Signal(object)
    """``ChosenPhases`` that a person wants."""
    frame_wanted = Signal(str)
    """The case of a frame that was clicked in the curve."""

    def __init__(self) -> None:
        super().__init__()
        self.ed, self.es = (self._choice(name) for name in ("end-diastole", "end-systole"))
        layout = column(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(label("ED"), self.ed, label("ES"), self.es))
        self._cycle: Cycle | None = None
        self._closed = False
        self.plot: Any = None
        self._curves: dict[str, Any] = {}
        self._marks: list[Any] = []
        self._colours = ("#202020", "#d0d0d0")
        self.hide()

    def _choice(self, name: str) -> QComboBox:
        box = QComboBox()
        tip(
            box,
            f"The frame of {name}: found by the volume of the left ventricle, until you choose "
            "another. The project remembers it.",
        )
        box.activated.connect(lambda _index: self._on_chosen())
        return box

    def show_cycle(
        self, cycle: Cycle | None, colours: dict[str, str], *, read_only: str | None
    ) -> None:
        """Draw the cycle with the structures' ``colours``; ``read_only``: why none is chosen."""
        self._cycle = cycle
        if cycle is None or self._closed:
            appear(self, False)
            return
        for box, found, wanted in (
            (self.ed, cycle.ed, cycle.chosen.ed),
            (self.es, cycle.es, cycle.chosen.es),
        ):
            box.clear()
            box.addItem(f"{_FOUND}: {found}" if wanted is None else _FOUND, None)
            for number in cycle.cases:
                box.addItem(str(number), number)
            index = 0 if wanted is None else 1 + list(cycle.cases).index(wanted)
            box.setCurrentIndex(index)
            allow(box, read_only)
        self._draw(cycle, colours)
        appear(self, True)

    def _on_chosen(self) -> None:
        self.chosen.emit(ChosenPhases(ed=self.ed.currentData(), es=self.es.currentData()))

    def set_theme(self, background: str, text: str) -> None:
        """Colours of napari's theme."""
        self._colours = (background, text)
        if self.plot is not None:
            self._paint()

    def close_plot(self) -> None:
        """Draw nothing from now on; the plot goes with this widget, when Qt takes it down."""
        self._closed = True
        self._curves.clear()
        self._marks.clear()
        self.plot = None

    def _places(self, cycle: Cycle) -> dict[int, float]:
        """Where each frame lies on the axis: its time, else its number."""
        if cycle.trigger_ms is None:
            return {number: float(number) for number in cycle.cases}
        return dict(zip(cycle.cases, cycle.trigger_ms, strict=True))

    def _draw(self, cycle: Cycle, colours: dict[str, str]) -> None:
        import pyqtgraph

        if self.plot is None:
            self._build()
        places = self._places(cycle)
        for name, values in cycle.volumes.items():
            if name not in self._curves:
                self._curves[name] = self.plot.plot(symbol="o", symbolSize=4)
            colour = colours.get(name, "#888888")
            curve = self._curves[name]
            curve.setPen(pyqtgraph.mkPen(colour, width=2))
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(colour)
            curve.setData(list(places.values()), list(values))
        for mark, name, number in zip(self._marks, ("ED", "ES"), (cycle.ed, cycle.es), strict=True):
            mark.setValue(places[number])
            mark.label.setFormat(f"{name} {number}")
        self.plot.setLabel("bottom", "frame" if cycle.trigger_ms is None else "ms")

    def _build(self) -> None:
        import pyqtgraph

        plot = self.plot = pyqtgraph.PlotWidget(enableMenu=False)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        tip(plot, "Volume of the ventricles in ml over the heart cycle. Click to open a frame.")
        plot.setFixedHeight(_HEIGHT)
        # pyqtgraph gives it no parent: it would outlive the plot.
        menu = plot.getPlotItem().ctrlMenu
        menu.setParent(plot, menu.windowFlags())
        for _ in range(2):
            pen = pyqtgraph.mkPen("#888888", style=Qt.PenStyle.DashLine)
            mark = pyqtgraph.InfiniteLine(angle=90, pen=pen, label="", labelOpts={"position": 0.9})
            plot.addItem(mark)
            self._marks.append(mark)
        plot.scene().sigMouseClicked.connect(self._on_click)
        self.layout().insertWidget(0, plot)
        self._paint()

    def _paint(self) -> None:
        background, text = self._colours
        self.plot.setBackground(background)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(text)
            axis.setTextPen(text)
        for mark in self._marks:
            mark.label.setColor(text)

    def _on_click(self, event: Any) -> None:
        if self.plot is not None:
            place = self.plot.getPlotItem().vb.mapSceneToView(event.scenePos()).x()
            self.open_nearest(float(place))

    def open_nearest(self, place: float) -> None:
        """Ask for the case of the frame that lies nearest to a place on the axis."""
        if self._cycle is not None:
            places = self._places(self._cycle)
            number = min(places, key=lambda each: abs(places[each] - place))
            self.frame_wanted.emit(self._cycle.cases[number])
