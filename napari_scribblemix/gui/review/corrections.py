"""From the mask layer to the project: what somebody corrected by hand, slice by slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.layers import PREDICTION, LayerBoard


def take_correction(
    session: Session, board: LayerBoard, data: NDArray[np.uint8], slices: tuple[int, ...]
) -> bool:
    """Whether ``slices`` of the mask layer's ``data`` (Z, Y, X) are kept now; if not, it was told.

    What has no meaning in a mask is taken out of ``data`` too.
    """
    case, classes = session.the_case(), session.scheme.classes
    # The background pen means background here too; what has no meaning is left out.
    mask = np.where(data < classes, data, 0).astype(np.uint8)
    index = list(slices)
    if (mask[index] != data[index]).any():
        data[index] = mask[index]
        if (layer := board.layer(PREDICTION)) is not None:
            layer.refresh()
    if case.prediction is not None and (mask[index] == case.prediction[index]).all():
        return True
    try:
        session.correct(mask, slices)
    except ScribbleMixError as error:
        session.told.emit("error", f"The correction is not saved yet: {error}")
        return False
    return True
