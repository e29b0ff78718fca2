"""A form made from a settings model: one entry a field, as the command line has one option.

Choices become boxes to pick from, switches that may be left to the preset get a third state, all
else is a line of text that the model itself reads and refuses.  What is left empty or at its
default is not passed on, so presets decide as they do on the command line.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from qtpy.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.gui.widgets.controls import label, tip
from napari_scribblemix.settings import Settings

_THREE = (("as the preset", None), ("yes", True), ("no", False))


def _kind(field: FieldInfo) -> Any:
    """The field's type without None."""
    annotation: Any = field.annotation
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        annotation = next(a for a in typing.get_args(annotation) if a is not types.NoneType)
    return annotation


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _combo(entries: Sequence[tuple[str, Any]], chosen: Any) -> QComboBox:
    box = QComboBox()
    box.setMinimumContentsLength(6)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    for text, value in entries:
        box.addItem(text, value)
    box.setCurrentIndex(max(0, next((i for i, e in enumerate(entries) if e[1] == chosen), 0)))
    return box


class SettingsForm(QWidget):
    """``fields`` of ``model``, two a line; ``choices`` offers values where text is free."""

    def __init__(
        self,
        model: type[Settings],
        fields: Sequence[str],
        choices: dict[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__()
        self._model = model
        self.editors: dict[str, QComboBox | QLineEdit] = {}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.setColumnStretch(1, 1)
        layout.setColumnStretch(3, 1)
        for place, name in enumerate(fields):
            editor = self._editor(name, model.model_fields[name], choices or {})
            tip(editor, model.model_fields[name].description or name)
            self.editors[name] = editor
            layout.addWidget(label(_label(name)), place // 2, 2 * (place % 2))
            layout.addWidget(editor, place // 2, 2 * (place % 2) + 1)

    def _editor(
        self, name: str, field: FieldInfo, choices: dict[str, Sequence[str]]
    ) -> QComboBox | QLineEdit:
        kind = _kind(field)
        if typing.get_origin(kind) is typing.Literal:
            return _combo([(str(v), v) for v in typing.get_args(kind)], field.default)
        if kind is bool:
            return _combo(_THREE, field.default)
        if name in choices:
            box = _combo([(text, text) for text in choices[name]], field.default)
            box.setEditable(True)
            return box
        line = QLineEdit("" if field.default is None else str(field.default))
        line.setMinimumWidth(50)
        line.setPlaceholderText("as the preset" if field.default is None else "")
        return line

    def values(self) -> dict[str, Any]:
        """What was chosen other than the defaults; ``SettingsError`` in one line if it is wrong."""
        given: dict[str, Any] = {}
        for name, editor in self.editors.items():
            if isinstance(editor, QLineEdit) or editor.isEditable():
                text = editor.text() if isinstance(editor, QLineEdit) else editor.currentText()
                value: Any = text.strip() or None
            else:
                value = editor.currentData()
            default = self._model.model_fields[name].default
            if value is not None and value != default and value != str(default):
                given[name] = self._checked(name, value)
        return given

    def _checked(self, name: str, value: Any) -> Any:
        try:
            self._model.__pydantic_validator__.validate_assignment(
                self._model.model_construct(), name, value
            )
        except ValidationError as error:
            first = error.errors()[0]
            message = first["msg"].removeprefix("Value error, ")
            got = "" if message.startswith("got ") else f"got {value!r}; "
            raise SettingsError(f"{_label(name)}: {got}{message}.") from error
        return value
