"""Step 2: the classes and their keys, the brush, and how far the strokes of the case reach."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QToolButton,
    QWidget,
)

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.scribbles import Coverage
from napari_scribblemix.gui.controls import allow, button, column, note, row, say, tip

ERASER = 0
"""The viewer's value for "not labelled"."""


def _swatch(colour: str) -> QIcon:
    picture = QPixmap(12, 12)
    picture.fill(QColor(colour))
    return QIcon(picture)


def pen_names(scheme: LabelScheme) -> dict[int, tuple[str, str, str]]:
    """Viewer value to short name, full name and colour: structures 1 to K-1, background K."""
    short = scheme.abbreviations or scheme.names
    order = [*range(1, scheme.classes), 0]
    return {
        index or scheme.classes: (short[index], scheme.names[index], scheme.colours[index])
        for index in order
    }


class ScribblePanel(QWidget):
    """Tells what the user picks; shows what it is given."""

    layer_wanted = Signal()
    pen_chosen = Signal(int)
    brush_changed = Signal(float)
    undo_wanted = Signal()
    redo_wanted = Signal()
    next_wanted = Signal()
    tint_changed = Signal(bool)

    def __init__(self, scheme: LabelScheme, brush_mm: float, *, tint: bool) -> None:
        super().__init__()
        self.draw_button = button(
            "Draw scribbles",
            "Make the layer to draw on, or go back to it with the brush in hand.",
            self.layer_wanted.emit,
        )
        self.undo_button = button("↶", "Undo: take the last stroke back (Ctrl-Z).", self._undo)
        self.redo_button = button("↷", "Redo: draw it again (Ctrl-Shift-Z).", self._redo)
        for arrow in (self.undo_button, self.redo_button):
            arrow.setFixedWidth(30)
        self.palette_box = QWidget()
        self._pens = QButtonGroup(self)
        self._pens.setExclusive(True)
        self._pens.idClicked.connect(self.pen_chosen)
        self._grid = QGridLayout(self.palette_box)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.brush = QDoubleSpinBox()
        self.brush.setRange(0.5, 50.0)
        self.brush.setSingleStep(0.5)
        self.brush.setDecimals(1)
        self.brush.setSuffix(" mm")
        self.brush.setValue(brush_mm)
        tip(self.brush, "How wide a stroke is, in mm on the patient.")
        self.brush.valueChanged.connect(self.brush_changed)
        self.tint = QCheckBox("Tint outside")
        self.tint.setChecked(tint)
        tip(
            self.tint,
            "Tint what a closed ring of background strokes makes background: all outside it.",
        )
        self.tint.toggled.connect(self.tint_changed)
        self.next_button = button(
            "Next slice",
            "Go to the slice where strokes are worth most: where the model is least sure, or, "
            "before there is one, spread evenly from the middle.",
            self.next_wanted.emit,
        )
        self.counts = note()
        self.warnings = note()
        self.warnings.setStyleSheet("color: #e69f00;")
        layout = column(self)
        layout.addLayout(row(self.draw_button, self.next_button, stretch=0))
        layout.addWidget(self.palette_box)
        layout.addLayout(
            row(note("Brush"), self.brush, self.tint, self.undo_button, self.redo_button, stretch=1)
        )
        layout.addWidget(self.counts)
        layout.addWidget(self.warnings)
        self.show_scheme(scheme)

    def show_scheme(self, scheme: LabelScheme) -> None:
        """One button a class, with its key, and the eraser."""
        for old in self._pens.buttons():
            self._pens.removeButton(old)
            self._grid.removeWidget(old)
            old.deleteLater()
        for place, (value, (short, name, colour)) in enumerate(pen_names(scheme).items()):
            hint = f"Draw {name} (key {value})."
            if value == scheme.classes:
                hint += " Draw a closed ring round the heart: all outside it counts as background."
            self._add_pen(value, f"{short} {value}", hint, _swatch(colour), place)
        self._add_pen(ERASER, "Erase 0", "Erase strokes (key 0 or E).", QIcon(), scheme.classes)
        self.show_pen(1)

    def show_pen(self, value: int) -> None:
        """Mark the pen in hand."""
        found = self._pens.button(value)
        if found is not None:
            found.setChecked(True)

    def show_coverage(self, reach: Coverage | None, scheme: LabelScheme, slices: int) -> None:
        """Pixels per class and slices done."""
        if reach is None:
            say(self.counts, "")
            return
        short = scheme.abbreviations or scheme.names
        order = [*range(1, scheme.classes), 0]
        parts = ", ".join(f"{short[index]} {reach.pixels[index]}" for index in order)
        say(self.counts, f"Pixels: {parts}. Slices done: {len(reach.done)} of {slices}.")

    def show_warnings(self, messages: list[str]) -> None:
        """What is missing yet, one line each."""
        say(self.warnings, "\n".join(messages))

    def allow_drawing(self, reason: str | None, *, layer: bool) -> None:
        """Enable what can be done with strokes; ``layer``: there is one to draw on."""
        allow(self.draw_button, reason)
        allow(self.next_button, reason)
        without = reason or (None if layer else "press Draw scribbles first.")
        for widget in (self.undo_button, self.redo_button, self.brush, *self._pens.buttons()):
            allow(widget, without)

    def _add_pen(self, value: int, text: str, hint: str, icon: QIcon, place: int) -> None:
        pen = QToolButton()
        pen.setText(text)
        pen.setIcon(icon)
        pen.setIconSize(QSize(12, 12))
        pen.setCheckable(True)
        pen.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        tip(pen, hint)
        self._pens.addButton(pen, value)
        self._grid.addWidget(pen, place // 5, place % 5)

    def _undo(self) -> None:
        self.undo_wanted.emit()

    def _redo(self) -> None:
        self.redo_wanted.emit()
