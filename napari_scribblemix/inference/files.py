"""Many files in one go: each case to a mask of the same name; one bad case does not stop the rest.

Which images and which files to write is settled before, in ``outputs``.  The cases of one patient
that follow each other are frames of one heart, which agree in the end (``phases``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from napari_scribblemix.data.channels import check_channels, read_channels
from napari_scribblemix.data.cine_times import OTHER_VIEW, shows_other_view
from napari_scribblemix.data.durable import remove_strays
from napari_scribblemix.data.file_names import is_nifti
from napari_scribblemix.data.geometry import Geometry, same_grid
from napari_scribblemix.data.interrupts import undisturbed
from napari_scribblemix.data.limits import doubts
from napari_scribblemix.data.links import real
from napari_scribblemix.data.nifti import write_image, write_labels
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import FileError, ImageError, ScribbleMixError
from napari_scribblemix.evaluation.cardiac import volumes_ml
from napari_scribblemix.evaluation.plausible import check_prediction
from napari_scribblemix.inference.finished import hearts, made_from
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.noted import Noted
from napari_scribblemix.inference.outputs import (
    entropy_path,
    frame_of,
    mask_paths,
    probability_path,
)
from napari_scribblemix.inference.phases import heart_size, wanted_share, with_wall
from napari_scribblemix.inference.quality import UNTOLD, Quality, evidence, quality
from napari_scribblemix.inference.segment import Segmentation, segment_volume
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.changes import change_notes
from napari_scribblemix.project.makers import maker_of
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
    expected: tuple[Quality, ...] = ()

    @property
    def told(self) -> str:
        """The error with its image, which is named once; empty without an error."""
        if self.error is None:
            return ""
        named = str(self.image) in self.error
        return self.error if named else f"{self.image}: {self.error}"


@dataclass
class _Frame:
    """A frame that was segmented: where its mask is, what there is to say of it, and the result."""

    number: int | None
    target: Path
    notes: tuple[str, ...]
    geometry: Geometry
    found: Segmentation
    expected: Quality = UNTOLD


@dataclass
class _Case:
    """A case with its frames, and what stopped it or some of them."""

    files: CaseFiles
    frames: list[_Frame] = field(default_factory=list)
    error: str | None = None


def _read(case: CaseFiles, frame: int | None) -> Volume:
    volume = read_channels(case.images, case.channels, frame)
    # A network answers NaN and a blank volume alike with background, which looks like a result.
    for finding in check_channels(volume):
        if finding.level == "block":
            raise ImageError(finding.message)
    return volume


def _write(
    model: Model, case: CaseFiles, frame: _Frame, settings: SegmentSettings, noted: Noted
) -> None:
    """Write the mask of a frame and what was asked for beside it, and note how good it is."""
    scheme, target, found, geometry = model.card.labels, frame.target, frame.found, frame.geometry
    probability, area = found.probability, geometry.pixel_area_mm2
    frame.expected = (
        UNTOLD
        if shows_other_view(case.image)
        else quality(evidence(probability, found.labels, area), found.labels, area)
    )
    beside = (entropy_path(target), *map(partial(probability_path, target), scheme.names[1:]))
    with undisturbed():  # a mask that is there and not noted would be nobody's
        # Those of the mask that was there would be taken for this one's.
        for stale in beside:
            stale.unlink(missing_ok=True)
        write_labels(target, scheme.encode_mask(found.labels), geometry)
        noted.add(target, frame.expected)
        if settings.probabilities:
            for number, name in enumerate(scheme.names[1:], start=1):
                write_image(probability_path(target, name), probability[number], geometry)
        if settings.entropy:
            write_image(entropy_path(target), normalised_entropy(probability), geometry)


def _segment_frame(
    model: Model,
    case: CaseFiles,
    number: int | None,
    target: Path,
    settings: SegmentSettings,
    noted: Noted,
) -> _Frame:
    volume = _read(case, number)
    geometry = volume.geometry
    doubted = doubts(geometry.shape, geometry.spacing)
    found = segment_volume(model, volume, Look.of(settings))
    frame = _Frame(number, target, (*change_notes(case), *volume.notes, *doubted), geometry, found)
    _write(model, case, frame, settings, noted)
    if frame.expected is UNTOLD:
        frame.notes = (*frame.notes, OTHER_VIEW)
    return frame


def _segment_case(model: Model, files: CaseFiles, settings: SegmentSettings, noted: Noted) -> _Case:
    image, case = files.image, _Case(files)
    if not is_nifti(image):
        raise FileError(f"Got {image.name}; expected a NIfTI file (.nii, .nii.gz, .img with .hdr).")
    targets = mask_paths(files, settings)
    if len(targets) == 1:
        frame = frame_of(files, settings)
        case.frames.append(_segment_frame(model, files, frame, targets[0], settings, noted))
        return case
    errors: list[str] = []
    for number, target in enumerate(targets):
        try:
            case.frames.append(_segment_frame(model, files, number, target, settings, noted))
        except ImageError as error:
            errors.append(f"frame {number}: {error}")
    more = f" The same for {len(errors) - 1} more frames." if len(errors) > 1 else ""
    case.error = errors[0] + more if errors else None
    return case


def _agree(model: Model, cases: list[_Case], settings: SegmentSettings, noted: Noted) -> None:
    """Write the masks anew that had another volume of muscle than the rest of the heart's."""
    scheme = model.card.labels
    frames = [(case.files, frame) for case in cases for frame in case.frames]
    sizes = [heart_size(f.found.labels, scheme, f.geometry.voxel_volume_ml) for _, f in frames]
    for (files, frame), own in zip(frames, sizes, strict=True):
        others = [
            size
            for (_, other), size in zip(frames, sizes, strict=True)
            if size is not None and other is not frame and same_grid(other.geometry, frame.geometry)
        ]
        share = wanted_share(own, others)
        if share is not None:
            volume, look = _read(files, frame.number), Look.of(settings)
            frame.found = with_wall(frame.found, share, model, volume, look)
            _write(model, files, frame, settings, noted)


def _outcome(model: Model, case: _Case) -> Outcome:
    scheme, noted = model.card.labels, dict[str, None]()
    for frame in case.frames:
        odd = check_prediction(frame.found.labels, frame.geometry, scheme)
        noted.update(dict.fromkeys((*frame.notes, *odd)))
    return Outcome(
        case.files.image,
        tuple(frame.target for frame in case.frames),
        tuple(noted),
        case.error,
        tuple(
            volumes_ml(frame.found.labels, scheme, frame.geometry.voxel_volume_ml)
            for frame in case.frames
        ),
        tuple(frame.expected for frame in case.frames),
    )


def _left_there(case: CaseFiles, settings: SegmentSettings) -> str:
    """What to add to an error where a mask from before stays: it may look like today's."""
    try:
        there = [path for path in mask_paths(case, settings) if path.exists()]
    except ScribbleMixError:  # not even the number of frames can be read
        there = [settings.output / case.image.name]
    named = ", ".join(path.name for path in there if path.exists())
    return f" {named} is the one before." if named else ""


def _segment_heart(
    model: Model, files: list[CaseFiles], settings: SegmentSettings, noted: Noted
) -> Iterator[Outcome]:
    """All frames of one heart, which are noted at once; an outcome for each case."""
    noted.begin(made_from(files, settings, model.card.sha256))
    cases = []
    for case in files:
        try:
            cases.append(_segment_case(model, case, settings, noted))
        except ScribbleMixError as error:
            cases.append(_Case(case, error=f"{error}{_left_there(case, settings)}"))
    try:
        if settings.phases:
            _agree(model, cases, settings, noted)
        noted.end()
    except ScribbleMixError as error:  # an image that is gone meanwhile; its mask is there
        cases[-1].error = cases[-1].error or str(error)
    yield from (_outcome(model, case) for case in cases)


def segment_files(
    model: Model, cases: list[CaseFiles], settings: SegmentSettings
) -> Iterator[Outcome]:
    """Segment ``cases`` one after the other; an outcome each, errors included."""
    settings.output.mkdir(parents=True, exist_ok=True)
    remove_strays(real(settings.output))
    noted = Noted(maker_of(settings.model, model.card.steps))
    try:
        for frames in hearts(cases):
            yield from _segment_heart(model, frames, settings, noted)
            noted.write()
    finally:  # also where somebody stops it in the middle of a cine
        noted.write(all_of_it=True)
