"""Many files in one go: each case to a mask of the same name; one bad case does not stop the rest.

Which images and which files to write is settled before, in ``outputs``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.channels import check_channels, read_channels
from napari_scribblemix.data.durable import remove_strays
from napari_scribblemix.data.file_names import is_nifti
from napari_scribblemix.data.limits import doubts
from napari_scribblemix.data.links import real
from napari_scribblemix.data.nifti import write_image, write_labels
from napari_scribblemix.errors import FileError, ImageError, ScribbleMixError
from napari_scribblemix.evaluation.cardiac import volumes_ml
from napari_scribblemix.evaluation.plausible import check_mask
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.outputs import (
    entropy_path,
    frame_of,
    mask_paths,
    probability_path,
)
from napari_scribblemix.inference.segment import Look, segment_volume
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.changes import change_notes
from napari_scribblemix.settings import SegmentSettings


@dataclass(frozen=True)
class Outcome:
    """What became of one case: its (first) image and masks, its warnings, or what stopped it.

    A cine may have both: the masks of its good frames, and the error of the others.  ``volumes_ml``
    are those of the structures in each mask, in their order.
    """

    image: Path
    masks: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None
    volumes_ml: tuple[dict[str, float], ...] = ()

    @property
    def told(self) -> str:
        """The error with its image, which is named once; empty without an error."""
        if self.error is None:
            return ""
        named = str(self.image) in self.error
        return self.error if named else f"{self.image}: {self.error}"


def _segment_frame(
    model: Model, case: CaseFiles, frame: int | None, target: Path, settings: SegmentSettings
) -> tuple[tuple[str, ...], dict[str, float]]:
    """The warnings on a mask that was written, and its volumes."""
    volume = read_channels(case.images, case.channels, frame)
    # A network answers NaN and a blank volume alike with background, which looks like a result.
    for finding in check_channels(volume):
        if finding.level == "block":
            raise ImageError(finding.message)
    result = segment_volume(model, volume, Look.of(settings))
    scheme = model.card.labels
    write_labels(target, scheme.encode_mask(result.labels), volume.geometry)
    if settings.probabilities:
        for number, name in enumerate(scheme.names[1:], start=1):
            path = probability_path(target, name)
            write_image(path, result.probability[number], volume.geometry)
    if settings.entropy:
        write_image(entropy_path(target), normalised_entropy(result.probability), volume.geometry)
    geometry = volume.geometry
    notes = (
        *change_notes(case),
        *volume.notes,
        *doubts(geometry.shape, geometry.spacing),
        *check_mask(result.labels, geometry, scheme),
    )
    return notes, volumes_ml(result.labels, scheme, geometry.voxel_volume_ml)


def _segment_case(model: Model, case: CaseFiles, settings: SegmentSettings) -> Outcome:
    image = case.image
    if not is_nifti(image):
        raise FileError(f"Got {image.name}; expected a NIfTI file (.nii, .nii.gz, .img with .hdr).")
    targets = mask_paths(case, settings)
    if len(targets) == 1:
        (target,) = targets
        frame = frame_of(case, settings)
        notes, volumes = _segment_frame(model, case, frame, target, settings)
        return Outcome(image, (target,), notes, volumes_ml=(volumes,))
    masks: list[Path] = []
    noted: dict[str, None] = {}
    errors: list[str] = []
    measured: list[dict[str, float]] = []
    for frame, target in enumerate(targets):
        try:
            notes, volumes = _segment_frame(model, case, frame, target, settings)
            noted.update(dict.fromkeys(notes))
            masks.append(target)
            measured.append(volumes)
        except ImageError as error:
            errors.append(f"frame {frame}: {error}")
    more = f" The same for {len(errors) - 1} more frames." if len(errors) > 1 else ""
    told = errors[0] + more if errors else None
    return Outcome(image, tuple(masks), tuple(noted), told, tuple(measured))


def segment_files(
    model: Model, cases: list[CaseFiles], settings: SegmentSettings
) -> Iterator[Outcome]:
    """Segment ``cases`` one after the other; an outcome each, errors included."""
    settings.output.mkdir(parents=True, exist_ok=True)
    remove_strays(real(settings.output))
    for case in cases:
        try:
            yield _segment_case(model, case, settings)
        except ScribbleMixError as error:
            yield Outcome(case.image, error=str(error))
