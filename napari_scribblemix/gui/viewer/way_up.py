"""Which way up a case is drawn: the head up, as scanners show it, whichever way it is stored.

Only the camera turns; arrays, masks and files stay as they are.  What lies across the body (rows
towards the front or the back) is drawn as it is stored: headers that say so are often placeholders,
as ACDC's, and a guess could turn it over.
"""

from __future__ import annotations

from typing import Literal

from napari_scribblemix.data.geometry import Geometry

WayUp = tuple[Literal["up", "down"], Literal["left", "right"]]
"""Towards which side of the screen rows and columns run, as napari's camera takes it."""

AS_STORED: WayUp = ("down", "right")


def way_up(geometry: Geometry) -> WayUp:
    """The head up, and the left or back of the body on the right, if the header tells."""
    columns, rows = (geometry.axis_codes[a] for a in range(3) if a != geometry.slice_axis)
    if rows not in "SI":
        return AS_STORED
    return ("up" if rows == "S" else "down", "left" if columns in "RA" else "right")
