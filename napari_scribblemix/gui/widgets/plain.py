"""Names, paths and messages as they are written, where Qt would guess that they are markup.

A folder may be called ``<b>heart</b>``.  A label of ours is told that its text is plain (see
``controls.label``); tooltips, message boxes and napari's notifications have no such switch.
"""

from __future__ import annotations

from html import escape


def plain(text: str) -> str:
    """``text``, letter by letter, for a tooltip, a message box or a notification."""
    if "<" not in text and "&lt;" not in text:
        return text
    return f"<qt>{escape(text, quote=False)}</qt>".replace("\n", "<br>")


def unmarked(text: str) -> str:
    """``text`` for a button, in which ``&`` would mark a key."""
    return text.replace("&", "&&")
