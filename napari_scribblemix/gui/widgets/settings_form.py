"""A form made from a settings model: one entry a field, as the command line has one option.

The widgets are magicgui's (see ``field_editors``); they stand two a line where there is room, for
which its own containers have no layout.  What is left at its default is not passed on, so presets
decide as they do on the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.gui.widgets.controls import label, tip
from napari_scribblemix.gui.widgets.field_editors import Editor, editor_of
from napari_scribblemix.gui.widgets.wrapping import Pairs
from napari_scribblemix.settings import Settings


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


class SettingsForm(QWidget):
    """``fields`` of ``model``, two a line; ``choices`` offers values where text is free."""

    changed = Signal(str)
    """The field of this name says something else."""

    def __init__(
        self,
        model: type[Settings],
        fields: Sequence[str],
        choices: dict[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__()
        self._model = model
        self._editors: dict[str, Editor] = {}
        self.editors: dict[str, Any] = {}
        """The Qt widget of each field."""
        widgets: list[QWidget] = []
        for name in fields:
            editor = editor_of(model.model_fields[name], (choices or {}).get(name))
            editor.when_changed(partial(self.changed.emit, name))
            tip(editor.native, model.model_fields[name].description or name)
            editor.native.setAccessibleName(_label(name))
            self._editors[name], self.editors[name] = editor, editor.native
            title = label(_label(name))
            title.setBuddy(editor.native)
            widgets += [title, editor.native]
        self.setLayout(Pairs(widgets))

    def value(self, name: str) -> Any:
        """What a field says, ``None`` where it says nothing; ``SettingsError`` if it is wrong."""
        value = self._editors[name].value
        return None if value is None else self._checked(name, value)

    def set_value(self, name: str, value: Any) -> None:
        """Say something in a field, as a person would; ``None`` says nothing."""
        self._editors[name].value = value

    def values(self) -> dict[str, Any]:
        """What was chosen other than the defaults; ``SettingsError`` in one line if it is wrong."""
        said = {name: self.value(name) for name in self._editors}
        return {
            name: value
            for name, value in said.items()
            if value is not None and value != self._model.model_fields[name].default
        }

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
