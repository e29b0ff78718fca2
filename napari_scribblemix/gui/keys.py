"""Every key of the window, in one table: what binds them, their tooltips and the docs come from it.

A key with a command does as the command of napari's palette does.  The letters are those that
neither images and labels nor the viewer of napari use.  No Qt here: the docs are built from it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """``keys`` as napari writes them, and what they do.

    ``command`` is the id in the manifest, after the plugin's name; it is empty where the key is
    napari's own or a pen's.  ``held``: it acts as long as it is held down.
    """

    keys: str
    does: str
    command: str = ""
    held: bool = False


COMMANDS = (
    Key("K", "accept the slice, or take that back", "accept"),
    Key("U", "go to the slice whose mask is probably the worst", "least_sure"),
    Key("G", "segment this case", "segment"),
    Key("H", "hide the mask, or show it", "hide_mask"),
    Key("W", "outlines instead of the filled mask, or back", "outline"),
    Key("Q", "no mask as long as the key is held", held=True),
    Key("R", "how far the mouse is from where the key was pressed, in mm (status bar)", held=True),
    Key("J", "the other phase of the patient, at the same place (ED, ES)", "other_phase"),
    Key("Shift-J", "both phases side by side, or one again", "both_phases"),
    Key("N", "next case", "next_case"),
    Key("Shift-N", "case before", "case_before"),
    Key("Shift-B", "no heart in this slice: all of it is background", "no_heart"),
    Key("Shift-C", "copy the strokes of the slice before to this one", "copy_before"),
    Key("Shift-X", "copy the strokes of the slice after to this one", "copy_after"),
)
"""The keys that the panel binds in the viewer."""

DRAWING = (
    Key("1 2 3", "right ventricle, myocardium, left ventricle"),
    Key("4", "background pen"),
    Key("0 E", "eraser: not labelled; in the mask, background"),
    Key("[ ]", "smaller, larger brush"),
    Key("Ctrl-Z Ctrl-Shift-Z", "undo, redo"),
    Key("Space", "move the image instead of drawing", held=True),
    Key("Left Right", "slice before, after"),
    Key("Tab Escape", "through the panel, back to the image"),
)
"""The keys of the pens and of napari itself, on scribbles and on the mask."""

PENS = (*map(str, range(1, 10)), "0", "E")
"""What the pens bind in a layer, as far as the scheme has classes."""


def key_of(command: str) -> str:
    """The key of a command."""
    return next(key.keys for key in COMMANDS if key.command == command)
