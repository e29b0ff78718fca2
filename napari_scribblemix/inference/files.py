"""Many files in one go: each image to a mask of the same name; one bad file does not stop the rest.

What could lose data is refused before the first image is read: two images that would write the same
mask, masks that are there already, and an output folder in which a mask would replace its image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.nifti import number_of_frames, read_image, write_image, write_labels
from napari_scribblemix.errors import FileError, ScribbleMixError, SettingsError
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.settings import SegmentSettings

_SUFFIXES = (".nii.gz", ".nii")


@dataclass(frozen=True)
class Outcome:
    """What became of one image: the masks written, its warnings, or the error that stopped it."""

    image: Path
    masks: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None


def _suffix(path: Path) -> str:
    return next((suffix for suffix in _SUFFIXES if path.name.endswith(suffix)), "")


def collect_images(paths: list[Path]) -> list[Path]:
    """The NIfTI files named, and those directly inside the folders named."""
    images: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(item for item in path.iterdir() if _suffix(item))
            if not inside:
                raise FileError(f"Got the folder {path} without a .nii or .nii.gz file.")
            images += inside
        else:
            images.append(path)
    return list(dict.fromkeys(images))


def check_outputs(images: list[Path], settings: SegmentSettings) -> None:
    """``SettingsError`` if writing the masks could lose something."""
    twice = [name for name, count in Counter(image.name for image in images).items() if count > 1]
    if twice:
        raise SettingsError(
            f"Got {len(twice)} file names twice ({twice[0]}); the masks would replace each other: "
            "segment the folders one by one into different --output folders."
        )
    folder = settings.output.resolve()
    if any(image.resolve().parent == folder for image in images):
        raise SettingsError(
            f"Got --output {settings.output}, where the images lie; a mask would replace its "
            "image: choose another folder."
        )
    there = [image.name for image in images if (settings.output / image.name).exists()]
    if there and not settings.overwrite:
        raise SettingsError(
            f"{len(there)} masks are already in {settings.output} ({there[0]}); use --overwrite to "
            "replace them, or another --output."
        )


def _segment_frame(
    model: Model, image: Path, frame: int | None, target: Path, settings: SegmentSettings
) -> tuple[str, ...]:
    volume = read_image(image, frame=frame)
    result = segment_volume(
        model, volume, mirror=settings.mirror, largest_component=settings.largest_component
    )
    scheme = model.card.labels
    write_labels(target, scheme.encode_mask(result.labels), volume.geometry)
    stem, suffix = target.name.removesuffix(_suffix(target)), _suffix(target)
    if settings.probabilities:
        for number, name in enumerate(scheme.names[1:], start=1):
            path = target.with_name(f"{stem}_probability_{name.replace(' ', '_')}{suffix}")
            write_image(path, result.probability[number], volume.geometry)
    if settings.entropy:
        path = target.with_name(f"{stem}_entropy{suffix}")
        write_image(path, normalised_entropy(result.probability), volume.geometry)
    return volume.notes


def _segment_file(model: Model, image: Path, settings: SegmentSettings) -> Outcome:
    suffix = _suffix(image)
    if not suffix:
        raise FileError(f"Got {image.name}; expected a .nii or .nii.gz file.")
    frames = number_of_frames(image)
    if frames == 1 or settings.frame is not None:
        target = settings.output / image.name
        return Outcome(
            image, (target,), _segment_frame(model, image, settings.frame, target, settings)
        )
    masks, notes = [], {}
    for frame in range(frames):
        name = f"{image.name.removesuffix(suffix)}_frame{frame:02d}{suffix}"
        masks.append(settings.output / name)
        notes.update(dict.fromkeys(_segment_frame(model, image, frame, masks[-1], settings)))
    return Outcome(image, tuple(masks), tuple(notes))


def segment_files(model: Model, images: list[Path], settings: SegmentSettings) -> Iterator[Outcome]:
    """Segment ``images`` one after the other; an outcome each, errors included."""
    settings.output.mkdir(parents=True, exist_ok=True)
    for image in images:
        try:
            yield _segment_file(model, image, settings)
        except ScribbleMixError as error:
            yield Outcome(image, error=str(error))
