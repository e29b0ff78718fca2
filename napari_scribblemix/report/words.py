"""What is said of a mask on a report: who made it, who accepted it, how good it probably is."""

from __future__ import annotations

from napari_scribblemix.project.expected import expected_of
from napari_scribblemix.project.provenance import describe_mask
from napari_scribblemix.report.sources import MaskSource


def _head(frame: MaskSource, role: str) -> str:
    return f"{role} ({frame.case})" if role else frame.case


def maker_line(frame: MaskSource, role: str) -> str:
    """Which model made the mask, at which step, and what a person did to it."""
    if frame.changed:
        return (
            f"{_head(frame, role)}: the mask was changed since it was recorded who made it; by "
            "whom is not recorded."
        )
    if frame.origin is None:
        return f"{_head(frame, role)}: who made the mask is not recorded in its folder."
    step = f", step {frame.origin.source.step}" if frame.origin.source.kind == "bundled" else ""
    version = frame.record.get("version")
    made = f", version {version}" if isinstance(version, str) else ""
    return f"{_head(frame, role)}: {describe_mask(frame.origin).rstrip('.')}{step}{made}."


def review_line(frame: MaskSource, role: str) -> str:
    """Who accepted which slices when; empty where nobody could have, in a folder of masks."""
    review = frame.review
    slices = review.get("accepted_slices", ())
    if not slices:
        return "" if frame.origin is None else f"{_head(frame, role)}: no slice is accepted."
    who, when = review.get("reviewer", "somebody"), str(review.get("time", ""))[:10]
    total = "" if frame.origin is None else f" of {frame.origin.slices}"
    numbers = ", ".join(str(number) for number in slices)
    on = f" on {when}" if when else ""
    head = _head(frame, role)
    return f"{head}: {len(slices)}{total} slices accepted by {who}{on} (slices {numbers})."


def quality_line(frame: MaskSource, role: str) -> str:
    """The quality that the mask's record predicts, if it does."""
    expected = expected_of(frame.record)
    if expected.case is None:
        return ""
    line = f"{_head(frame, role)}: expected Dice {expected.case:.2f} when the model made it"
    poor = ", ".join(str(number) for number in sorted(expected.poor))
    slices = "slice" if len(expected.poor) == 1 else "slices"
    return f"{line}; probably poor in {slices} {poor}." if poor else f"{line}."
