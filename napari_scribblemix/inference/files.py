"""Many files in one go: each image to a mask of the same name; one bad file does not stop the rest.

Which images and which files to write is settled before, in ``outputs``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.nifti import is_nifti, read_image, write_image, write_labels
from napari_scribblemix.data.scribbles import check_image
from napari_scribblemix.errors import FileError, ImageError, ScribbleMixError
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.outputs import entropy_path, mask_paths, probability_path
from napari_scribblemix.inference.segment import Look, segment_volume
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.settings import SegmentSettings


@dataclass(frozen=True)
class Outcome:
    """What became of one image: the masks written, its warnings, or the error that stopped it.

    A cine may have both: the masks of its good frames, and the error of the others.
    """

    image: Path
    masks: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None


def _segment_frame(
    model: Model, image: Path, frame: int | None, target: Path, settings: SegmentSettings
) -> tuple[str, ...]:
    volume = read_image(image, frame=frame)
    # A network answers NaN and a blank volume alike with background, which looks like a result.
    for finding in check_image(volume.array):
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
    return volume.notes


def _segment_file(model: Model, image: Path, settings: SegmentSettings) -> Outcome:
    if not is_nifti(image):
        raise FileError(f"Got {image.name}; expected a .nii or .nii.gz file.")
    targets = mask_paths(image, settings)
    if len(targets) == 1:
        (target,) = targets
        notes = _segment_frame(model, image, settings.frame, target, settings)
        return Outcome(image, (target,), notes)
    masks: list[Path] = []
    noted: dict[str, None] = {}
    errors: list[str] = []
    for frame, target in enumerate(targets):
        try:
            noted.update(dict.fromkeys(_segment_frame(model, image, frame, target, settings)))
            masks.append(target)
        except ImageError as error:
            errors.append(f"frame {frame}: {error}")
    more = f" The same for {len(errors) - 1} more frames." if len(errors) > 1 else ""
    return Outcome(image, tuple(masks), tuple(noted), errors[0] + more if errors else None)


def segment_files(model: Model, images: list[Path], settings: SegmentSettings) -> Iterator[Outcome]:
    """Segment ``images`` one after the other; an outcome each, errors included."""
    settings.output.mkdir(parents=True, exist_ok=True)
    for image in images:
        try:
            yield _segment_file(model, image, settings)
        except ScribbleMixError as error:
            yield Outcome(image, error=str(error))
