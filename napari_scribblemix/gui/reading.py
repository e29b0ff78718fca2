"""napari's readers: NIfTI files as layers with the right spacing, the rest in the widget."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import napari
import numpy as np

from napari_scribblemix.data.dicom.files import is_study
from napari_scribblemix.data.file_names import as_volume, split_name
from napari_scribblemix.data.labels import CARDIAC, guess_scheme
from napari_scribblemix.data.nifti import number_of_frames, read_image, read_labels
from napari_scribblemix.data.untouched import decode_scribble
from napari_scribblemix.errors import LabelError, ScribbleError
from napari_scribblemix.gui.commands import LayerData, dock
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.opening import is_project
from napari_scribblemix.gui.viewer.case_layers import METADATA
from napari_scribblemix.gui.viewer.look import class_colours, contrast_limits
from napari_scribblemix.project.names import Holds, case_name, holds

Paths = str | Sequence[str]
Reader = Callable[[Paths], list[Any]]

_MM = ("mm",) * 3


def nifti_reader(path: Paths) -> Reader | None:
    """The reader of NIfTI files, or ``None`` if one of the paths is no file."""
    return _read_files if all(each.is_file() for each in _paths(path)) else None


def project_reader(path: Paths) -> Reader | None:
    """The reader of a project folder, or ``None`` if it is none."""
    return _open_project if is_project(_paths(path)[0]) else None


def dicom_reader(path: Paths) -> Reader | None:
    """The reader of DICOM files and of folders of them, or ``None`` if one of the paths is none."""
    return _open_dicom if all(is_study(each) for each in _paths(path)) else None


def _paths(path: Paths) -> list[Path]:
    return [Path(path)] if isinstance(path, str) else [Path(each) for each in path]


def _read_files(path: Paths) -> list[LayerData]:
    # Both files of a pair are one volume.
    volumes = dict.fromkeys(as_volume(each) for each in _paths(path))
    return [_labels(each) or _image(each) for each in volumes]


def _image(path: Path) -> LayerData:
    frames = number_of_frames(path)
    volumes = [read_image(path, frame if frames > 1 else None) for frame in range(frames)]
    geometry, spacing = volumes[0].geometry, volumes[0].geometry.spacing
    array = np.stack([volume.array for volume in volumes]) if frames > 1 else volumes[0].array
    settings = {
        "name": split_name(path.name)[0],
        "scale": (1.0, *spacing) if frames > 1 else spacing,
        "units": ("pixel", *_MM) if frames > 1 else _MM,
        "contrast_limits": contrast_limits(array),
        "metadata": {METADATA: {"role": "file", "geometry": geometry}},
    }
    return array, settings, "image"


def _labels(path: Path) -> LayerData | None:
    """The file as a labels layer, where its name says labels and its values are those of a scheme.

    A mask keeps its numbers; scribbles are turned so that what is not labelled is transparent.
    """
    stem = split_name(path.name)[0]
    if case_name(path) == stem or number_of_frames(path) > 1:
        return None
    try:
        volume = read_labels(path)
        scheme = guess_scheme(np.unique(volume.array).tolist())
    except LabelError:
        return None
    decoded = scheme.decode(volume.array)
    # Where the file does not tell what 0 means, that is asked when it becomes a case.
    with contextlib.suppress(ScribbleError):
        if holds(stem) is Holds.SCRIBBLES:
            meaning = preferences.unlabelled()
            decoded, _ = decode_scribble(volume.array, scheme, meaning, path.name)
    scribbles = bool((decoded == 255).any())
    metadata = {
        "role": "scribbles" if scribbles else "prediction",
        "geometry": volume.geometry,
        "scheme": scheme,
    }
    settings = {
        "name": stem,
        "scale": volume.geometry.spacing,
        "units": _MM,
        "colormap": class_colours(scheme if scheme.names else CARDIAC),
        "metadata": {METADATA: metadata},
    }
    return scheme.to_viewer(decoded) if scribbles else decoded, settings, "labels"


def _open_project(path: Paths) -> list[Any]:
    viewer = napari.current_viewer()
    if viewer is not None:
        dock(viewer).open_path(_paths(path)[0])
    # What napari understands as: read, and no layer to add.
    return [(None,)]


def _open_dicom(path: Paths) -> list[Any]:
    viewer = napari.current_viewer()
    if viewer is not None:
        dock(viewer).open_dicom(_paths(path))
    return [(None,)]
