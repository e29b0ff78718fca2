"""What ``inspect`` tells of one NIfTI file: an image, or labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_scribblemix.cli.console import (
    number,
    print_error,
    print_warning,
    results,
    table,
)
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.label_values import MOST_LABELS
from napari_scribblemix.data.labels import LabelScheme, guess_scheme
from napari_scribblemix.data.limits import doubts
from napari_scribblemix.data.nifti import number_of_frames, read_image, read_labels
from napari_scribblemix.data.scribbles import check_image
from napari_scribblemix.data.untouched import zero_is_unlabelled
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import LabelError


def print_line(text: str) -> None:
    """Print a result as it is: no markup, broken where the terminal is."""
    results().print(text, markup=False, soft_wrap=True)


def millimetres(spacing: tuple[float, ...]) -> str:
    """A spacing for a line; without its unit."""
    return " x ".join(f"{size:.3g}" for size in spacing)


def sizes(shape: tuple[int, ...]) -> str:
    """A shape for a line."""
    return " x ".join(map(str, shape))


def _show_geometry(geometry: Geometry, frames: int) -> None:
    of_frames = f", {frames} frames" if frames > 1 else ""
    print_line(f"slices, rows, columns: {sizes(geometry.shape)}{of_frames}")
    print_line(f"spacing: {millimetres(geometry.spacing)} mm (slices, rows, columns)")
    print_line(
        f"file: {sizes(geometry.file_shape)}, axes towards {geometry.axis_codes}, slices along "
        f"axis {geometry.slice_axis + 1}"
    )


def _label_volume(path: Path, frames: int) -> Volume | None:
    """The file as labels, or ``None`` if it looks like an image."""
    if frames > 1:
        return None
    try:
        volume = read_labels(path)
    except LabelError:
        return None
    return volume if len(np.unique(volume.array)) <= MOST_LABELS else None


def _show_labels(volume: Volume) -> None:
    values, counts = np.unique(volume.array, return_counts=True)
    try:
        scheme = guess_scheme(values.tolist())
        names = _value_names(scheme, unlabelled=zero_is_unlabelled(volume.array, scheme))
    except LabelError as error:
        print_warning(str(error))
        names = {}
    lines = table("value", "meaning, if these are labels", "voxels", "ml", text_columns=2)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        millilitres = number(count * volume.geometry.voxel_volume_ml, 1)
        lines.add_row(str(value), names.get(value, "?"), str(count), millilitres)
    results().print(lines)


def _value_names(scheme: LabelScheme, *, unlabelled: bool | None) -> dict[int, str]:
    """What each value means; ``unlabelled``: whether 0 means so, ``None`` if that is not clear."""
    own = scheme.unlabelled_value
    names = {own: "unlabelled"} | dict(zip(scheme.file_values, scheme.names, strict=True))
    if unlabelled is None:
        return names | {0: "background, or unlabelled", own: "unlabelled, or background"}
    return names | {0: names[own], own: names[0]} if unlabelled else names


def inspect_image(path: Path) -> int:
    """Print what a NIfTI file holds; 1 if it cannot be used as an image."""
    frames = number_of_frames(path)
    labels = _label_volume(path, frames)
    volume = labels or read_image(path, 0 if frames > 1 else None)
    print_line(f"{path}")
    _show_geometry(volume.geometry, frames)
    for note in (*volume.notes, *doubts(volume.geometry.shape, volume.geometry.spacing)):
        print_warning(note)
    if labels is not None:
        _show_labels(labels)
        return 0
    findings = check_image(volume.array)
    finite = volume.array[np.isfinite(volume.array)]
    if finite.size:
        low, middle, high = np.percentile(finite, [0, 50, 100])
        print_line(f"intensities: {low:g} to {high:g}, median {middle:g}")
    for finding in findings:
        print_error(finding.message)
    return 1 if findings else 0
