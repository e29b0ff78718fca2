"""What a person is asked before anything of theirs is replaced."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtWidgets import QWidget

from napari_scribblemix.gui.review.export import Planned
from napari_scribblemix.gui.widgets.questions import ask


def may_replace_corrections(parent: QWidget, at_risk: Mapping[str, frozenset[int]]) -> bool | None:
    """Whether corrections that nobody accepts may go; ``None``: nothing is to happen.

    ``at_risk``: the corrected slices of each case.
    """
    count = sum(len(slices) for slices in at_risk.values())
    slices = "1 slice was" if count == 1 else f"{count} slices were"
    where = next(iter(at_risk)) if len(at_risk) == 1 else f"{len(at_risk)} cases"
    return ask(
        parent,
        "Replace corrections?",
        f"{where}: {slices} corrected by hand and nobody accepted it. Replace what was corrected "
        "by the model's mask? No keeps it and segments the rest.",
    )


def with_consent(parent: QWidget, planned: list[Planned]) -> list[Planned]:
    """Those of ``planned`` that may be written: all where none is there, else as the user says."""
    there = [item for item in planned if item.there]
    if not there:
        return planned
    answer = ask(
        parent,
        "Replace masks?",
        f"{len(there)} of {len(planned)} files are there already ({there[0].path.name}). Replace "
        "them? No writes the others only.",
    )
    if answer is None:
        return []
    return planned if answer else [item for item in planned if not item.there]
