"""Small parts every panel is made of: rows, notes, buttons that say why they are grey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtWidgets import (
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_scribblemix.gui.widgets.lines import Lines
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.gui.widgets.wrapping import Row

_TIP = "scribblemix_tip"
_REASON = "scribblemix_reason"


def tip(widget: Any, text: str) -> Any:
    """Give ``widget`` its tooltip, kept for ``allow``; returns the widget."""
    widget.setProperty(_TIP, text)
    widget.setToolTip(plain(text))
    return widget


def allow(widget: Any, reason: str | None) -> None:
    """Enable ``widget``, or grey it out for ``reason``, which its tooltip then tells."""
    widget.setEnabled(reason is None)
    widget.setProperty(_REASON, reason)
    text = str(widget.property(_TIP) or "")
    told = text if reason is None else f"{text}\nNot now: {reason}".strip()
    widget.setToolTip(plain(told))


def reason_of(widget: Any) -> str:
    """Why ``widget`` is greyed out, as ``allow`` was told."""
    return str(widget.property(_REASON) or "it cannot be done.")


def name_key(widget: Any, keys: str) -> None:
    """Let the tooltip of ``widget``, which ``tip`` gave it, end with its key."""
    tip(widget, f"{widget.property(_TIP)} Key: {keys}.")


def button(text: str, hint: str, clicked: Callable[..., Any]) -> QPushButton:
    """A push button with its tooltip; ``clicked`` is called without arguments."""
    made = QPushButton(text)
    made.clicked.connect(lambda _checked=False: clicked())
    tip(made, hint)
    return made


def tool(text: str, hint: str, clicked: Callable[..., Any]) -> QToolButton:
    """A small button, as wide as its text; ``clicked`` is called without arguments."""
    made = QToolButton()
    made.setText(text)
    made.setProperty("push", "true")
    made.clicked.connect(lambda _checked=False: clicked())
    tip(made, hint)
    return made


def row(*widgets: QWidget, stretch: int | None = None) -> Row:
    """``widgets`` side by side; the one at index ``stretch`` takes what is left."""
    return Row(widgets, stretch)


def label(text: str = "") -> QLabel:
    """A line of text that is never taken for markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def note(text: str = "", tone: str = "") -> QLabel:
    """A line or two of text that wraps, may be selected, and hides while it is empty.

    ``tone``: "warning", "error" or none, which the panel's style sheet gives a colour.
    """
    made = label(text)
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setVisible(bool(text))
    made.setProperty("tone", tone)
    return made


def say(shown: QLabel, text: str, tone: str | None = None) -> None:
    """Show ``text`` in a ``note``, in another ``tone`` if one is given.

    A note without a text is hidden; ``Lines`` keep their room.
    """
    if tone is not None and tone != shown.property("tone"):
        shown.setProperty("tone", tone)
        # The style sheet is asked about a property only when the widget is polished.
        shown.style().unpolish(shown)
        shown.style().polish(shown)
    before = shown.text()
    shown.setText(text)
    if not isinstance(shown, Lines):
        shown.setVisible(bool(text))
        if text != before:
            settle(shown)


def appear(shown: QWidget, on: bool) -> None:
    """Show a part of a panel, or hide it, and lay the panel out at once."""
    if shown.isHidden() is on:
        shown.setVisible(on)
        settle(shown)


def settle(changed: QWidget) -> None:
    """Lay out at once all that ``changed`` is in.

    Qt does so from the inside out when it has time, and until then presses what is around a part
    that grew into too little room: buttons would be seen to move, and be missed by a click.
    """
    parent = changed.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        if parent.layout() is not None:
            parent.layout().activate()
        QCoreApplication.sendPostedEvents(parent, QEvent.Type.LayoutRequest)
        parent = parent.parentWidget()


def column(parent: QWidget) -> QVBoxLayout:
    """The tight layout of a panel."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(6, 0, 2, 4)
    layout.setSpacing(3)
    return layout
