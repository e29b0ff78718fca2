"""A widget for a field of a settings model, made by magicgui from what the field says of itself.

Choices become a box to pick from, numbers a field that takes no number out of range, all else a
line of text.  Where nothing need be said that is a choice of its own, in words.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Callable, Sequence
from typing import Any

from magicgui.widgets import ComboBox, create_widget
from pydantic.fields import FieldInfo
from qtpy.QtCore import QLocale, QTimer
from qtpy.QtGui import QDoubleValidator
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QWidget

from napari_scribblemix.settings.fields import limits, type_and_metadata, unit_of, when_unset
from napari_scribblemix.settings.options import Unit

_MOST = 999_999_999
_SHORT = 10
"""How many letters of what happens by itself there is room for."""


def unset_words(field: FieldInfo) -> str:
    """What stands in a widget that says nothing: what its help has in brackets, if it is short."""
    told = when_unset(field).removeprefix("by ")
    return told if 0 < len(told) <= _SHORT else "preset" if told else "not set"


class Editor:
    """A widget of magicgui and the value in it, as the field takes it; ``None``: not said."""

    def __init__(self, widget: Any) -> None:
        self._widget = widget
        self.native: QWidget = widget.native

    @property
    def value(self) -> Any:
        """What was said."""
        return self._widget.value

    @value.setter
    def value(self, value: Any) -> None:
        self._widget.value = value

    def when_changed(self, call: Callable[[], object]) -> None:
        """Call ``call`` whenever another value is said."""
        self._widget.changed.connect(lambda _value: call())


class Choice(Editor):
    """One of several values; ``unset`` are the words of none of them, if that may be."""

    native: QComboBox

    def __init__(self, values: Sequence[tuple[str, Any]], unset: str | None = None) -> None:
        box = ComboBox(choices=values, nullable=unset is not None)
        if unset is not None:
            box.null_string = unset
            box.reset_choices()
            box.value = None
        super().__init__(box)
        self.native.setMinimumContentsLength(6)
        self.native.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )


class TypedChoice(Choice):
    """One of several texts, or another that is typed."""

    def __init__(self, texts: Sequence[str], unset: str | None = None) -> None:
        super().__init__([(text, text) for text in texts], unset)
        self._unset = unset
        self.native.setEditable(True)

    @property
    def value(self) -> Any:
        """The text, typed or picked."""
        text = self.native.currentText().strip()
        return None if text in {"", self._unset} else text

    @value.setter
    def value(self, value: Any) -> None:
        self.native.setEditText((self._unset or "") if value is None else str(value))

    def when_changed(self, call: Callable[[], object]) -> None:
        """Call ``call`` whenever another text is typed or picked."""
        self.native.editTextChanged.connect(lambda _text: call())


class Text(Editor):
    """A line of text; empty says nothing."""

    native: QLineEdit

    def __init__(self, unset: str) -> None:
        super().__init__(create_widget(annotation=str))
        self.native.setPlaceholderText(unset)
        self.native.setMinimumWidth(50)

    @property
    def value(self) -> Any:
        """The text without space around it."""
        return self.native.text().strip() or None

    @value.setter
    def value(self, value: Any) -> None:
        self._widget.value = "" if value is None else str(value)


class Scientific(Text):
    """A number without a unit, which may be small: typed as a person likes, ``1e-4`` too."""

    def __init__(self, field: FieldInfo, unset: str) -> None:
        super().__init__(unset)
        known = limits(field)
        lowest, highest = known.get("ge", known.get("gt", 0.0)), known.get("le", known.get("lt"))
        rule = QDoubleValidator(lowest, float(_MOST) if highest is None else highest, 12)
        rule.setLocale(QLocale.c())
        rule.setNotation(QDoubleValidator.Notation.ScientificNotation)
        rule.setParent(self.native)
        self.native.setValidator(rule)

    @property
    def value(self) -> Any:
        """The number; what is none yet (``1e``) as the text it is, for the model to refuse."""
        text = self.native.text().strip()
        try:
            return float(text) if text else None
        except ValueError:
            return text

    @value.setter
    def value(self, value: Any) -> None:
        self._widget.value = "" if value is None else f"{value:g}"


class Number(Editor):
    """A number of ``kind`` within the limits of ``field``, shown in its unit."""

    native: QDoubleSpinBox

    def __init__(self, field: FieldInfo, kind: type, unset: str | None) -> None:
        unit = unit_of(field)
        self._kind, self._unit = kind, unit or Unit("")
        known = {key: limit / self._unit.size for key, limit in limits(field).items()}
        decimals = 0 if kind is int else 1
        self._step = known.get("multiple_of", 1.0)
        least = self._step if kind is int else 10.0**-decimals
        self._lowest = _inner(known.get("ge"), known.get("gt"), 0.0, least)
        highest = _inner(known.get("le"), known.get("lt"), float(_MOST), -least)
        self._may_be_unset = unset is not None
        # magicgui's box for whole numbers knows no words for a value; this one does, without
        # decimals. The words stand one step below the lowest number.
        lowest = round(self._lowest - (least if self._may_be_unset else 0.0), decimals)
        adaptive = unit is None and self._step == 1.0
        super().__init__(
            create_widget(
                annotation=float,
                widget_type="FloatSpinBox",
                options={
                    "min": lowest,
                    "max": highest,
                    "step": None if adaptive else self._step,
                },
            )
        )
        self.native.setDecimals(decimals)
        self._widget.min = lowest
        self._widget.value = lowest
        self.native.setMinimumWidth(50)
        if self._unit.name:
            self.native.setSuffix(f" {self._unit.name}")
        if unset is not None:
            _say_lowest(self.native, unset)
        self.native.editingFinished.connect(self._settle)

    @property
    def value(self) -> Any:
        """The number in the field's own unit."""
        self.native.interpretText()
        self._settle()
        shown = self.native.value()
        if self._may_be_unset and shown <= self.native.minimum():
            return None
        # Not 0.30000000000000004.
        return self._kind(round(shown * self._unit.size, 9))

    @value.setter
    def value(self, value: Any) -> None:
        self.native.setValue(
            self.native.minimum() if value is None else float(value) / self._unit.size
        )

    def _settle(self) -> None:
        """What was typed may lie between the steps that are allowed."""
        shown, step = self.native.value(), self._step
        unset = self._may_be_unset and shown <= self.native.minimum()
        if self._kind is int and step > 1.0 and not unset:
            self.native.setValue(max(self._lowest, step * math.floor(shown / step)))


def _inner(closed: float | None, opened: float | None, otherwise: float, least: float) -> float:
    """The outermost number that a limit lets through; ``least`` is the way inwards."""
    if closed is not None:
        return closed
    return otherwise if opened is None else opened + least


def _say_lowest(box: QDoubleSpinBox, words: str) -> None:
    """Let ``words`` stand for the lowest number: whole, as they cannot be edited but replaced."""
    box.setSpecialValueText(words)
    line = box.lineEdit()

    def mend() -> None:
        if not box.cleanText():
            box.setValue(box.minimum())
        if line.text() == words and line.selectedText() != words:
            line.selectAll()

    # The line tells of a change halfway through it, and must not be changed in between.
    soon = QTimer(box)
    soon.setSingleShot(True)
    soon.timeout.connect(mend)
    for told in (
        line.cursorPositionChanged, line.selectionChanged, line.textEdited, line.inputRejected
    ):  # fmt: skip
        told.connect(lambda *_what: soon.start(0))


def editor_of(field: FieldInfo, texts: Sequence[str] | None = None) -> Editor:
    """The editor of a field, at its default; ``texts``: what to offer where a text is free."""
    kind, _ = type_and_metadata(field)
    may_be_unset = field.default is None
    unset = unset_words(field) if may_be_unset else None
    made: Editor
    if typing.get_origin(kind) is typing.Literal:
        made = Choice([(str(value), value) for value in typing.get_args(kind)], unset)
    elif kind is bool:
        made = Choice([("yes", True), ("no", False)], unset)
    elif texts is not None:
        made = TypedChoice(texts, unset)
    elif kind is float and unit_of(field) is None:
        made = Scientific(field, unset or "")
    elif kind in {int, float}:
        made = Number(field, kind, unset)
    else:
        made = Text(unset or "")
    made.value = field.default
    return made
