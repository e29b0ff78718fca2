"""Small parts every panel is made of: columns, notes, buttons that say why they are grey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_scribblemix.gui.widgets.lines import Lines
from napari_scribblemix.gui.widgets.plain import plain

_TIP = "scribblemix_tip"
_REASON = "scribblemix_reason"


class Column(QScrollArea):
    """Scrolls up and down only, and is always wide enough for what is in it."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # It takes the clicks that no control takes (see ``keyboard``), and is no stop of Tab.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setWidget(inside)
        inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """The content was laid out anew, perhaps by another theme: take its width over."""
        if watched is self.widget() and event.type() in {
            QEvent.Type.LayoutRequest,
            QEvent.Type.Resize,
        }:
            bar = self.verticalScrollBar().sizeHint().width()
            self.setMinimumWidth(watched.minimumSizeHint().width() + bar)
        # Qt's own: text that wraps anew makes the content higher.
        return bool(super().eventFilter(watched, event))


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


def row(*widgets: QWidget, stretch: int | None = None) -> QHBoxLayout:
    """``widgets`` side by side; the one at index ``stretch`` takes what is left."""
    layout = QHBoxLayout()
    layout.setSpacing(4)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == stretch else 0)
    return layout


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
    shown.setText(text)
    shown.setVisible(bool(text) or isinstance(shown, Lines))


def column(parent: QWidget) -> QVBoxLayout:
    """The tight layout of a panel."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(6, 0, 2, 4)
    layout.setSpacing(3)
    return layout
