"""Who has the keyboard: after a click in the panel the image, so that its keys go on working.

The same holds for napari's own controls of a layer (brush size, opacity), while the panel is there.

Space held moves the image, arrows change the slice, digits choose pens: none of this may press the
button that was clicked last.  A field that one types into keeps the keyboard until Return, Escape
or a click elsewhere.  Who walks through the panel with Tab keeps it too; Escape leads to the image.
The wheel over the panel scrolls it and changes no field that one does not type into.
"""

from __future__ import annotations

import contextlib

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMainWindow,
    QScrollBar,
    QWidget,
)

_HEARD = {QEvent.Type.KeyPress, QEvent.Type.Wheel, QEvent.Type.MouseButtonPress}
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
_CONTROLS = "layer controls"
"""The name of napari's dock with the controls of the chosen layer."""
_WORDS = {Qt.Key.Key_Control, Qt.Key.Key_Meta, Qt.Key.Key_Tab, Qt.Key.Key_Backtab}


class Keyboard(QObject):
    """Watches the focus within ``panel``, which napari docks in its window."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self._panel = panel
        self._controls: QDockWidget | None = None
        panel.installEventFilter(self)
        self._application = QApplication.instance()
        self._application.focusChanged.connect(self._on_focus)
        for kind in (QComboBox, QAbstractSpinBox, QAbstractSlider):
            for found in panel.findChildren(kind):
                if not isinstance(found, QScrollBar):
                    # WheelFocus would give it the keyboard when the panel is scrolled.
                    found.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                    found.installEventFilter(self)

    def close(self) -> None:
        """Watch no more."""
        self._application.focusChanged.disconnect(self._on_focus)
        self._panel.removeEventFilter(self)
        if self._controls is not None:
            with contextlib.suppress(RuntimeError):  # the window was taken down before
                self._controls.removeEventFilter(self)
            self._controls = None

    def to_image(self) -> None:
        """Give the keyboard to the image."""
        image = self._image()
        if image is not None:
            if not image.isActiveWindow():  # the panel floats in a window of its own
                image.activateWindow()
            image.setFocus()

    def _image(self) -> QWidget | None:
        """The middle of napari's window: what it does not want itself it gives to the image."""
        window = self._window()
        return None if window is None else window.centralWidget()

    def _window(self) -> QMainWindow | None:
        parent = self._panel.parentWidget()
        while parent is not None and not isinstance(parent, QMainWindow):
            parent = parent.parentWidget()
        return parent

    def _is_ours(self, widget: QWidget) -> bool:
        """Whether it is of the panel, or of napari's controls of the chosen layer."""
        window = self._window()
        if self._controls is None and window is not None:
            self._controls = window.findChild(QDockWidget, _CONTROLS)
            if self._controls is not None:
                self._controls.installEventFilter(self)
        controls = self._controls
        in_controls = controls is not None and controls.isAncestorOf(widget)
        return in_controls or bool(self._panel.isAncestorOf(widget))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Keys that no control wanted; clicks on arrows of fields, and the wheel over them."""
        if watched is None or event is None or event.type() not in _HEARD:
            return False
        if watched is self._panel or watched is self._controls:
            return bool(event.type() == QEvent.Type.KeyPress and self._left(event))
        if isinstance(watched, QLabel):
            return bool(event.type() == QEvent.Type.KeyPress and self._passed_on(event))
        if event.type() == QEvent.Type.MouseButtonPress:
            # Not on the text: that is a widget within the field.
            self.to_image()
        elif event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False

    def _left(self, event: QEvent) -> bool:
        """Whether this key ended the typing, or the walk through the panel."""
        typed = event.key() in _ENTER and _takes_text(QApplication.focusWidget())
        if typed or event.key() == Qt.Key.Key_Escape:
            self.to_image()
            return True
        return False

    def _passed_on(self, event: QEvent) -> bool:
        """Whether this key over marked words was the image's: any but those that copy and walk."""
        if event.matches(QKeySequence.StandardKey.Copy) or event.key() in _WORDS:
            return False
        image = self._image()
        self.to_image()
        return image is not None and bool(QApplication.sendEvent(image.window(), event))

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        clicked = QApplication.mouseButtons() != Qt.MouseButton.NoButton
        if new is None or not clicked or not self._is_ours(new):
            return
        if isinstance(new, QLabel):  # words keep it, so that they can be copied
            new.installEventFilter(self)
        elif not _takes_text(new):
            self.to_image()


def _takes_text(widget: QWidget | None) -> bool:
    if isinstance(widget, QComboBox):
        return bool(widget.isEditable())
    return isinstance(widget, QLineEdit | QAbstractSpinBox)
