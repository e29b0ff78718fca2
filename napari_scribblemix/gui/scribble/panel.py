"""Step 2: the classes and their keys, the brush, and how far the strokes of the case reach."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDoubleSpinBox,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.scribbles import Coverage
from napari_scribblemix.gui.viewer.layers import PREDICTION, SCRIBBLES
from napari_scribblemix.gui.widgets.controls import allow, button, column, note, row, say, tip, tool
from napari_scribblemix.gui.widgets.fonts import FittedToFont
from napari_scribblemix.gui.widgets.lines import Lines
from napari_scribblemix.gui.widgets.plain import unmarked
from napari_scribblemix.gui.widgets.wrapping import Cells

ERASER = 0
"""The viewer's value for "not labelled"."""


_PENS_A_LINE = 5

_FEW_CLASSES = 4
"""Their counts have room in two lines."""

_SWATCH = 32
"""Pixels: drawn large, shown as high as the letters."""


def _swatch(colour: str) -> QIcon:
    """The same when the pen is grey: it is the legend of the mask."""
    picture = QPixmap(_SWATCH, _SWATCH)
    picture.fill(QColor(colour))
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Disabled)
    return icon


class Pen(FittedToFont, QToolButton):
    """A button of the palette: its colour, its name and its key, as large as the font."""

    def __init__(self, text: str, icon: QIcon) -> None:
        super().__init__()
        self.setText(unmarked(text))
        self.setIcon(icon)
        self.setCheckable(True)
        self.setProperty("push", "true")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.fit()

    def fit(self) -> None:
        """A swatch as high as the letters."""
        side = self.fontMetrics().ascent()
        self.setIconSize(QSize(side, side))


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
    mask_wanted = Signal()
    pen_chosen = Signal(int)
    brush_changed = Signal(float)
    undo_wanted = Signal()
    redo_wanted = Signal()
    next_wanted = Signal()
    no_heart_wanted = Signal()
    copy_wanted = Signal()
    tint_changed = Signal(bool)
    live_changed = Signal(bool)

    def __init__(self, scheme: LabelScheme, brush_mm: float, *, tint: bool, live: bool) -> None:
        super().__init__()
        self.draw_button = button(
            "Draw scribbles",
            "Make the layer to draw on, or go back to it with the brush in hand.",
            self.layer_wanted.emit,
        )
        self.correct_button = button(
            "Correct mask",
            "Draw on the predicted mask, with the same pens, keys, brush and undo. A slice that is "
            "corrected counts as accepted.",
            self.mask_wanted.emit,
        )
        for choice in (self.draw_button, self.correct_button):
            choice.setCheckable(True)
        self.undo_button = tool("↶", "Undo: take the last stroke back (Ctrl-Z).", self._undo)
        self.redo_button = tool("↷", "Redo: draw it again (Ctrl-Shift-Z).", self._redo)
        self.palette_box = QWidget()
        self._pens = QButtonGroup(self)
        self._pens.setExclusive(False)
        self._pens.idClicked.connect(self.pen_chosen)
        self._grid = Cells(_PENS_A_LINE)
        self.palette_box.setLayout(self._grid)
        self.brush = QDoubleSpinBox()
        self.brush.setRange(0.5, 50.0)
        self.brush.setSingleStep(0.5)
        self.brush.setDecimals(1)
        self.brush.setSuffix(" mm")
        self.brush.setValue(brush_mm)
        tip(self.brush, "How wide a stroke is, in mm on the patient (keys [ and ]).")
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
        self.no_heart_button = button(
            "No heart here",
            "There is no heart in this slice: make all of it background. Undo takes that back.",
            self.no_heart_wanted.emit,
        )
        self.copy_button = button(
            "Copy slice before",
            "Copy the strokes of the slice before to this one, to be changed here. They replace "
            "what is drawn in it; Undo brings that back.",
            self.copy_wanted.emit,
        )
        self.live = QCheckBox("Live mask")
        self.live.setChecked(live)
        tip(
            self.live,
            "Let the mask of this case follow each stroke, without a training. It begins with the "
            "model that is chosen in step 4. Strokes where the mask is wrong teach most.",
        )
        self.live.toggled.connect(self.live_changed)
        self.live_note = Lines(1)
        self.counts = Lines(2)
        self.warnings = Lines(3, tone="warning")
        layout = column(self)
        layout.addLayout(row(self.draw_button, self.correct_button, stretch=0))
        layout.addWidget(self.palette_box)
        arrows = (self.undo_button, self.redo_button)
        layout.addLayout(row(note("Brush"), self.brush, *arrows, self.next_button, stretch=1))
        layout.addLayout(row(self.copy_button, self.no_heart_button, stretch=0))
        layout.addWidget(self.counts)
        layout.addLayout(row(self.live, self.live_note, self.tint, stretch=1))
        layout.addWidget(self.warnings)
        self.show_scheme(scheme)

    def show_scheme(self, scheme: LabelScheme) -> None:
        """One button a class, with its key, and the eraser."""
        for old in self._pens.buttons():
            self._pens.removeButton(old)
            self._grid.removeWidget(old)
            old.deleteLater()
        for value, (short, name, colour) in pen_names(scheme).items():
            hint = f"Draw {name} (key {value})."
            if value == scheme.classes:
                hint += " Draw a closed ring round the heart: all outside it counts as background."
            self._add_pen(value, f"{short} {value}", hint, _swatch(colour))
        self._add_pen(ERASER, "Erase 0", "Erase strokes (key 0 or E).", QIcon())

    def show_hand(self, drawn_on: str | None, value: int | None) -> None:
        """Mark the layer that is drawn on, by its role, and the pen in hand, if there is one."""
        self.draw_button.setChecked(drawn_on == SCRIBBLES)
        self.correct_button.setChecked(drawn_on == PREDICTION)
        for pen in self._pens.buttons():
            pen.setChecked(self._pens.id(pen) == value)

    def show_brush(self, millimetres: float) -> None:
        """The brush was made another size elsewhere."""
        self.brush.blockSignals(True)
        self.brush.setValue(millimetres)
        self.brush.blockSignals(False)

    def show_coverage(self, reach: Coverage | None, scheme: LabelScheme, slices: int) -> None:
        """Pixels per class and slices done."""
        if reach is None:
            say(self.counts, "")
            return
        # Of five structures the counts need a third line in a narrow panel, whatever is drawn.
        self.counts.give_room(2 if scheme.classes <= _FEW_CLASSES else 3)
        short = scheme.abbreviations or scheme.names
        order = [*range(1, scheme.classes), 0]
        parts = ", ".join(f"{short[index]} {reach.pixels[index]}" for index in order)
        say(self.counts, f"Slices done: {len(reach.done)} of {slices}. Pixels: {parts}.")

    def show_warnings(self, messages: list[str]) -> None:
        """What is missing yet, one line each."""
        say(self.warnings, "\n".join(messages))

    def show_live(self, words: str) -> None:
        """What the worker does that follows the strokes."""
        say(self.live_note, words)

    def allow_live(self, reason: str | None) -> None:
        """Enable the switch, or say why not."""
        allow(self.live, reason)

    def allow_drawing(self, reason: str | None, *, layer: bool) -> None:
        """Enable what can be done with strokes; ``layer``: there is one to draw on."""
        allow(self.draw_button, reason)
        for of_slice in (self.next_button, self.no_heart_button, self.copy_button):
            allow(of_slice, reason)
        for pen in (*self._pens.buttons(), self.brush):
            allow(pen, reason)
        without = reason or (None if layer else "press Draw scribbles first.")
        for widget in (self.undo_button, self.redo_button):
            allow(widget, without)

    def allow_correcting(self, reason: str | None) -> None:
        """Enable drawing on the mask, or say why not."""
        allow(self.correct_button, reason)

    def _add_pen(self, value: int, text: str, hint: str, icon: QIcon) -> None:
        pen = Pen(text, icon)
        tip(pen, hint)
        self._pens.addButton(pen, value)
        self._grid.addWidget(pen)

    def _undo(self) -> None:
        self.undo_wanted.emit()

    def _redo(self) -> None:
        self.redo_wanted.emit()
