"""The masks that a report is made of, by patient: from a folder of masks or from a project.

Nothing is measured here; a mask is read when it is asked for, so that a cine of many frames needs
the memory of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.channels import read_channels
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import LabelScheme, guess_scheme
from napari_scribblemix.data.matching import turned_onto
from napari_scribblemix.data.nifti import number_of_frames, read_geometry, read_labels
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import FileError, InputError, ProjectError, ScribbleMixError
from napari_scribblemix.evaluation.cardiac import frame_of
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.copy_sources import IMAGES
from napari_scribblemix.project.folder import PROJECT_FILE
from napari_scribblemix.project.label_pairs import labels_at
from napari_scribblemix.project.layouts import images_in
from napari_scribblemix.project.mask_notes import MaskNotes
from napari_scribblemix.project.patients import frame_case, natural_key, patient_and_phase
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.provenance import Origin, origin_of, origin_of_mask

_VOXEL_TOLERANCE = 0.01
"""By so much may a voxel differ from the image's: headers are rounded."""


@dataclass(frozen=True)
class MaskSource:
    """One mask: a case, how it and its image are read, and what is known of its making.

    ``read`` gives class indices (Z, Y, X) with their geometry; ``files`` is ``None`` without an
    image; ``origin`` is ``None`` where nobody recorded it; ``review`` says who accepted what;
    ``changed``: it is not the mask any more of which was recorded who made it.
    """

    case: str
    read: Callable[[], Volume]
    files: CaseFiles | None = None
    origin: Origin | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    review: Mapping[str, Any] = field(default_factory=dict)
    changed: bool = False

    def read_image(self) -> Volume | None:
        """The image, if it is known; raises as the readers."""
        files = self.files
        return None if files is None else read_channels(files.images, files.channels, files.frame)

    def within(self, first: int, last: int) -> MaskSource:
        """The same with nothing outside of some slices; ``InputError`` if they are not there."""

        def read() -> Volume:
            mask = self.read()
            if last >= len(mask.array):
                raise InputError(
                    f"Got the slices {first} to {last}; {self.case} has {len(mask.array)}: choose "
                    f"slices from 0 to {len(mask.array) - 1}."
                )
            inside = np.zeros_like(mask.array)
            inside[first : last + 1] = mask.array[first : last + 1]
            return replace(mask, array=inside)

        return replace(self, read=read)


@dataclass(frozen=True)
class Sources:
    """All masks by patient, the classes they have, and what was left out, a line each."""

    patients: Mapping[str, Sequence[MaskSource]]
    scheme: LabelScheme
    warnings: tuple[str, ...] = ()

    @property
    def images(self) -> list[Path]:
        """All images that are known, of all channels; among them nothing is written."""
        known = (mask.files for masks in self.patients.values() for mask in masks)
        return list(dict.fromkeys(i for files in known if files is not None for i in files.images))


def _by_patient(masks: Sequence[MaskSource]) -> dict[str, list[MaskSource]]:
    patients: dict[str, list[MaskSource]] = {}
    for mask in sorted(masks, key=lambda mask: natural_key(mask.case)):
        patients.setdefault(patient_and_phase(mask.case)[0], []).append(mask)
    return patients


def find_sources(masks: Path, images: Path | None = None) -> Sources:
    """The masks of a folder, a file or a project; ``images``: a folder with those of a folder.

    ``FileError`` and ``ProjectError`` where there is none.
    """
    if (masks / PROJECT_FILE).is_file():
        with Project.open(masks, write=False) as project:
            return project_sources(project)
    return _folder_sources(masks, images)


def project_sources(project: Project, only: Sequence[str] | None = None) -> Sources:
    """The masks of a project (of the cases ``only``), accepted and corrected slices as they are."""
    found = []
    for files in project.case_files():
        if only is not None and files.id not in only:
            continue
        if project.prediction_path(files.id).is_file():
            try:
                found.append(_of_project(project, files))
            except (InputError, ProjectError) as error:
                found.append(_unreadable(files.id, error))
    if not found:
        raise ProjectError(f"{project.folder} has no mask yet; segment its cases first.")
    return Sources(_by_patient(found), project.labels)


def _of_project(project: Project, files: CaseFiles) -> MaskSource:
    return MaskSource(
        files.id,
        partial(_read_of_project, project, files.id),
        files,
        origin_of_mask(project, files.id),
        project.read_origin(files.id),
        project.read_review(files.id),
    )


def _unreadable(case: str, error: ScribbleMixError) -> MaskSource:
    """A mask that cannot be read: its patient is left out, and no other."""

    def read() -> Volume:
        raise error

    return MaskSource(case, read)


def _read_of_project(project: Project, case_id: str) -> Volume:
    found = project.read_prediction(case_id)
    if found is None:
        raise ProjectError(f"{case_id} has no mask any more; segment it again.")
    # The mask lies on the image's grid, so its header says how large a voxel is.
    geometry = read_geometry(project.prediction_path(case_id))
    if geometry.shape != found[0].shape:
        geometry = read_geometry(project.image_path(case_id))
    return Volume(found[0], geometry)


def _folder_sources(folder: Path, images: Path | None) -> Sources:
    messages: list[str] = []
    files: list[tuple[str, Path, int | None]] = []
    values: set[int] = set()
    masks: list[MaskSource] = []
    for case, path in _masks_in(folder, messages).items():
        try:
            frames = number_of_frames(path)
            named = (
                [(case, path, None)]
                if frames == 1
                else [(frame_case(case, frame), path, frame) for frame in range(frames)]
            )
            own: set[int] = set()
            for _, _, frame in named:
                own.update(np.unique(read_labels(path, frame).array).tolist())
            _check_values(own, path)
            values |= own
            files += named
        except InputError as error:
            masks.append(_unreadable(case, error))
    if not files and not masks:
        raise FileError(f"Got {folder} without a mask; expected NIfTI files: segment first.")
    scheme = guess_scheme(values)
    of_images = _ImagesOf(images)
    notes = MaskNotes(folder if folder.is_dir() else folder.parent)
    read = [
        _of_file(case, path, frame, scheme, of_images(case), notes) for case, path, frame in files
    ]
    if notes.damage is not None:
        messages.append(notes.damage)
    without = [mask.case for mask in read if mask.files is None]
    if images is not None and without:
        messages.append(f"{without[0]} ({len(without)} in all) has no image in {images}.")
    return Sources(_by_patient([*masks, *read]), scheme, (*messages, *of_images.warnings))


def _masks_in(folder: Path, messages: list[str]) -> dict[str, Path]:
    """The files taken as masks, by case; never those that ``segment`` keeps as images."""
    found = labels_at(folder, messages)
    own = folder / IMAGES
    return {case: path for case, path in found.items() if own not in path.parents}


def _check_values(values: set[int], path: Path) -> None:
    """``InputError``, with the name of the file, for values that no scheme has."""
    try:
        guess_scheme(values)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from error


def _of_file(
    case: str,
    path: Path,
    frame: int | None,
    scheme: LabelScheme,
    image: CaseFiles | None,
    notes: MaskNotes,
) -> MaskSource:
    """A mask of a folder, with what ``segment`` left beside it."""
    record = {} if frame is not None else notes.of(path)
    slices = read_geometry(path).shape[0]
    origin = origin_of(record, (), (), slices) if record else None
    read = partial(_read_file, path, frame, scheme, image)
    return MaskSource(case, read, image, origin, record, changed=not record and notes.changed(path))


def _read_file(
    path: Path, frame: int | None, scheme: LabelScheme, image: CaseFiles | None
) -> Volume:
    stored = read_labels(path, frame)
    if image is not None:
        _check_grid(path, stored.geometry, image)
    labels: NDArray[np.uint8] = scheme.decode_mask(stored.array, source=path.name)
    return Volume(labels, stored.geometry, stored.notes)


def _check_grid(path: Path, mask: Geometry, files: CaseFiles) -> None:
    """``InputError`` if a mask cannot be that of its image: its millilitres would be others."""
    image = read_geometry(files.image)
    # Some programs store labels turned; how many voxels there are, and how large, stays.
    voxel = image.voxel_volume_ml
    alike = abs(mask.voxel_volume_ml - voxel) <= _VOXEL_TOLERANCE * voxel
    if sorted(mask.shape) != sorted(image.shape) or not alike:
        raise InputError(
            f"{path.name} has another grid than its image ({_grid(mask)}; the image "
            f"{_grid(image)}); segment the image again, or put the right mask there."
        )


def _grid(geometry: Geometry) -> str:
    size = " x ".join(map(str, geometry.shape))
    return f"{size} voxels of {1000 * geometry.voxel_volume_ml:.3g} mm\u00b3"


class _ImagesOf:
    """Finds the image of a case: its own file, or the frame of the patient's 4-D file."""

    def __init__(self, folder: Path | None) -> None:
        found = images_in(folder) if folder is not None else None
        self.warnings = () if found is None else found.warnings
        self._known = {} if found is None else {files.id: files for files in found.cases}

    def __call__(self, case: str) -> CaseFiles | None:
        if case in self._known:
            return self._known[case]
        patient, number = frame_of(case) or ("", 0)
        whole = self._known.get(patient)
        if whole is None:
            return None
        return replace(whole, frame=number) if number < number_of_frames(whole.image) else None


def on_the_mask(image: Volume, mask: Volume) -> NDArray[np.float32] | None:
    """The first channel on the voxels of ``mask``; ``None`` if it has other voxels."""
    turned = turned_onto(Volume(image.array, image.geometry), mask.geometry)
    array = image.array if turned is None else turned.array
    return array if array.shape == mask.array.shape else None
