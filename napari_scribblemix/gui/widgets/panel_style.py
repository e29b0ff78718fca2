"""The panel's style sheet: readable in every theme of napari, and as large as its font.

napari gives a font size to some kinds of widgets only and marks no button that is pressed, so the
panel says both for all it is made of.  Its grey buttons have a border that others have not; here
all have one at all times, or they would move whenever one is greyed out or has the keyboard.  What
is a warning or an error is said by the property ``tone`` of a label (see ``controls.note``); its
colour is chosen against the theme's background.
"""

from __future__ import annotations

from typing import Any

from napari.settings import get_settings
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QWidget

from napari_scribblemix.data.labels import rgb

READABLE = 4.5
"""The least contrast of text on its background (WCAG 2.1, AA)."""

TONES = {"warning": "#e69f00", "error": "#e8743b"}

Colour = tuple[float, float, float]


def _channels(colour: str) -> Colour:
    red, green, blue = rgb(colour)
    return red / 255, green / 255, blue / 255


def _luminance(colour: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """The contrast of two colours ``#rrggbb``, 1 to 21 (WCAG 2.1)."""
    dark, bright = sorted((_luminance(_channels(first)), _luminance(_channels(second))))
    return (bright + 0.05) / (dark + 0.05)


def readable(colour: str, background: str, least: float = READABLE) -> str:
    """``colour``, as far darker or brighter as it must be to be read on ``background``."""
    toward = 0.0 if contrast("#000000", background) > contrast("#ffffff", background) else 1.0
    mixed = colour
    for step in range(21):
        share = step / 20
        parts = [round(255 * (c + share * (toward - c))) for c in _channels(colour)]
        mixed = "#" + "".join(f"{part:02x}" for part in parts)
        if contrast(mixed, background) >= least:
            break
    return mixed


def style_sheet(theme: Any, points: int) -> str:
    """The sheet for a theme of napari and its font size in points."""
    background, text = (c.as_hex("long")[:7] for c in (theme.background, theme.text))
    plain, marked = (c.as_hex("long")[:7] for c in (theme.primary, theme.highlight))
    tones = "".join(
        f'QLabel[tone="{tone}"] {{ color: {readable(colour, background)}; }}\n'
        for tone, colour in TONES.items()
    )
    return f"""
QToolButton, QLineEdit, QAbstractSpinBox, QProgressBar, QTreeView, QHeaderView::section {{
  font-size: {points + 1}pt;
}}
{tones}QLabel[tone="error"] {{ font-weight: bold; }}
QPushButton {{ border: 1px solid {plain}; padding: 3px; }}
QComboBox {{ border: 1px solid transparent; padding: 2px 9px 2px 7px; }}
QLineEdit, QAbstractSpinBox, QCheckBox, QSlider {{ border: 1px solid transparent; }}
QToolButton[push="true"] {{
  background-color: {plain}; border-radius: 2px; border: 2px solid {plain}; padding: 2px;
}}
QToolButton[push="true"]:hover {{ background-color: {marked}; }}
QToolButton[push="true"]:disabled {{ background-color: transparent; }}
QToolButton[push="true"]:checked {{
  background-color: {marked}; border: 2px solid {text}; font-weight: bold;
}}
QPushButton:checked {{ background-color: {marked}; border: 2px solid {text}; padding: 2px; }}
QPushButton[title="true"] {{
  font-weight: bold; text-align: left; border: 1px solid transparent; padding: 1px;
  background-color: transparent;
}}
QPushButton:focus, QToolButton:focus, QCheckBox:focus, QComboBox:focus, QLineEdit:focus,
QAbstractSpinBox:focus, QSlider:focus, QTreeView:focus {{ border: 1px solid {text}; }}
"""


class PanelStyle:
    """Dresses ``panel`` and dresses it anew when napari's theme or font size changes."""

    def __init__(self, panel: QWidget, viewer: Any) -> None:
        self._panel, self._viewer = panel, viewer
        viewer.events.theme.connect(self._dress)
        get_settings().appearance.events.font_size.connect(self._dress)
        self._dress()

    def close(self) -> None:
        """Follow napari no more."""
        self._viewer.events.theme.disconnect(self._dress)
        get_settings().appearance.events.font_size.disconnect(self._dress)

    def _dress(self, _event: Any = None) -> None:
        theme = get_theme(self._viewer.theme)
        self._panel.setStyleSheet(style_sheet(theme, int(get_settings().appearance.font_size)))
