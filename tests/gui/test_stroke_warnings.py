"""What the strokes of a case lack, and what is none of that."""

from __future__ import annotations

from typing import Any

import numpy as np
from by_hand import project_of

from napari_scribblemix.gui.dock import ScribbleMixWidget


def test_lines_that_correct_a_mask_are_not_taken_for_an_open_ring(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    widget.board.go_to_slice(2)
    warnings = widget.scribble_panel.warnings
    case = widget.session.the_case()
    drawn = np.full_like(case.scribble, 255)
    drawn[2, 10:12, 10:20] = 0
    drawn[2, 24:26, 20:28] = 3
    widget.session.take_scribble(drawn, (2,))
    qtbot.waitUntil(lambda: "ring of background is open" in warnings.text())
    assert "have no scribble yet" in warnings.text()
    mask = np.zeros(case.image.array.shape, np.uint8)
    mask[2, 18:30, 18:30] = 3
    project_of(widget).write_prediction(case.id, mask, case.image.geometry, {})
    widget.session.reread_masks(case.id)
    drawn = drawn.copy()
    drawn[2, 11, 12] = 255
    widget.session.take_scribble(drawn, (2,))
    qtbot.waitUntil(lambda: warnings.text() == "")
    drawn = drawn.copy()
    drawn[2, 10:40, 10] = 0
    drawn[2, 38:40, 10:36] = 0
    widget.session.take_scribble(drawn, (2,))
    qtbot.waitUntil(lambda: "ring of background is open" in warnings.text())
