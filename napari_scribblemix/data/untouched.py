"""Which value of a scribble file means "nobody has said": the scheme's own, or 0.

In the files of ACDC and MSCMRseg 0 is background and 4 not labelled.  Programs to draw with
(ITK-SNAP, 3D Slicer, MONAI Label) write 0 where nothing was drawn, and whoever draws background
there needs a pen for it, for which 4 is what is left.  The same values, inside out: read the wrong
way, nearly all of the image is background that nobody drew.

The file as a whole tells: strokes are thin and lie in what is untouched, so that this is what they
border on.  Full masks, which may serve as scribbles, are thick and their structures touch.  What
fits neither is for a person to say.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.data.labels import UNLABELLED, LabelScheme
from napari_scribblemix.errors import ScribbleError
from napari_scribblemix.settings import Unlabelled

# Of the edges of all structures.  In 195 scribble files of ACDC and MSCMRseg at least 0.99 border
# on what is untouched; in 35 masks at least 0.34 border on another structure.
_MOST = 0.5
_TOUCHING = 0.2
_APART = 0.1
# Half the width of the thickest stroke in pixels; theirs are 2, the largest structure of a mask 11.
_STROKE = 5

ZERO_READ = "0 was read as 'not labelled'"
"""How the note of a scribble file begins whose values were read so."""

Codes = NDArray[np.uint8]
# 0 and the scheme's own value; the structures are 2 and on.
_ZERO, _OWN, _FIRST = 0, 1, 2


def _codes(array: NDArray[Any], scheme: LabelScheme) -> Codes:
    """``array`` (Z, Y, X) of file values in codes."""
    codes = np.zeros(array.shape, np.uint8)
    codes[array == scheme.unlabelled_value] = _OWN
    for number, value in enumerate(scheme.file_values[1:]):
        codes[array == value] = _FIRST + number
    return codes


def _edges(codes: Codes) -> tuple[float, float, float]:
    """What the structures border on within slices, as shares: 0, the scheme's own, each other."""
    counts = np.zeros(3)
    for a, b in ((codes[:, 1:], codes[:, :-1]), (codes[:, :, 1:], codes[:, :, :-1])):
        edge = (a != b) & ((a >= _FIRST) | (b >= _FIRST))
        other = np.minimum(a, b)[edge]
        counts += [(other == _ZERO).sum(), (other == _OWN).sum(), (other >= _FIRST).sum()]
    zero, own, each = (counts / max(1.0, counts.sum())).tolist()
    return zero, own, each


def _thick(codes: Codes) -> bool:
    """Whether a structure is wider somewhere than any stroke."""
    square = np.ones((1, 3, 3), bool)
    return any(
        bool(ndimage.binary_erosion(codes == code, square, iterations=_STROKE).any())
        for code in np.unique(codes[codes >= _FIRST])
    )


def zero_is_unlabelled(array: NDArray[Any], scheme: LabelScheme) -> bool | None:
    """Whether 0 means "not labelled" in ``array`` (Z, Y, X); ``None`` if that cannot be told.

    ``array`` holds file values that ``scheme`` knows.  False for a scheme that gives 0 a meaning of
    its own choosing (MyoPS).
    """
    if scheme.file_values[0] != 0:
        return False
    codes = _codes(array, scheme)
    own = codes == _OWN
    if not (codes >= _FIRST).any():
        # Strokes of background alone, or none: most of the file is what nobody touched.
        share = float(own.mean())
        return share < _MOST if share != _MOST else None
    at_zero, at_own, at_each = _edges(codes)
    if at_own >= _MOST:
        return False
    if at_each >= _TOUCHING or _thick(codes):
        # A full mask; with pixels left out, whichever value these have.
        return False if not own.any() or (own.mean(axis=(1, 2)) > _MOST).any() else None
    return True if at_each <= _APART and at_zero >= _MOST else None


def decode_scribble(
    array: NDArray[Any], scheme: LabelScheme, unlabelled: Unlabelled, source: str
) -> tuple[NDArray[np.uint8], list[str]]:
    """File values (Z, Y, X) to class indices and 255, and a note if 0 was read as not labelled.

    ``unlabelled`` as in the settings; ``source`` names the file.  ``LabelError`` for an unknown
    value, ``ScribbleError`` if the file does not tell what 0 means.
    """
    decoded = scheme.decode(array, source=source)
    own = scheme.unlabelled_value
    # Where 0 is no background there is nothing to choose.
    zero = zero_is_unlabelled(array, scheme) if unlabelled == "auto" else unlabelled == "0"
    if zero is None:
        raise ScribbleError(
            f"{source}: it cannot be told whether 0 or {own} means 'not labelled' in this file; "
            f"say --unlabelled 0 (ITK-SNAP, Slicer, MONAI Label; {own} is the background pen) or "
            f"--unlabelled {own} (ACDC, MSCMRseg; 0 is background). In napari: File > Preferences."
        )
    if not zero or scheme.file_values[0] != 0:
        return decoded, []
    table = np.arange(256, dtype=np.uint8)
    table[[0, UNLABELLED]] = UNLABELLED, 0
    chosen = "as asked" if unlabelled == "0" else "because the strokes lie in it"
    note = f"{ZERO_READ} ({chosen}), {own} as background."
    return table[decoded], [note]
