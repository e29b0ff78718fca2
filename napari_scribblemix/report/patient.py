"""One patient measured: volumes of every frame, the phases, the wall, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.cine_times import CineTimes, read_cine_times
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.nifti import number_of_frames
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import InputError
from napari_scribblemix.evaluation.cardiac import (
    Chosen,
    Phase,
    Phases,
    frame_of,
    pair_phases,
    phases_of,
    slices_ml,
    volumes_ml,
)
from napari_scribblemix.evaluation.cycle import cycle_ms, is_cine
from napari_scribblemix.evaluation.function import Body, Measure, measures, share_of_wall
from napari_scribblemix.evaluation.plausible import (
    LEFT,
    RIGHT,
    check_mask,
    check_phases,
    missing_structures,
)
from napari_scribblemix.evaluation.wall import Wall, measure_wall
from napari_scribblemix.project.provenance import comparison
from napari_scribblemix.report.sources import MaskSource, on_the_mask
from napari_scribblemix.report.words import maker_line, quality_line, review_line

SHARES = ("scar", "oedema")
"""What is told in percent of the wall."""


NOBODY, FOUND_OUT = Body(), Chosen()


@dataclass(frozen=True)
class Wishes:
    """What a person says of a patient: the body, phases, angle of the insertion, base and apex."""

    body: Body = NOBODY
    chosen: Chosen = FOUND_OUT
    insertion: float | None = None
    slices: tuple[int, int] | None = None
    """The first and the last slice that count; ``None``: all."""


@dataclass(frozen=True, eq=False)
class Look:
    """A mask to be drawn: its ``role`` (ED, ES or empty), and the image, where there is one."""

    case: str
    role: str
    mask: Volume
    image: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class PatientReport:
    """All that the page of a patient says.

    ``volumes`` in ml by case and structure, in the order of the frames; ``phases`` is ``None``
    without both; ``shares`` are percents of the wall; ``notes`` warn, ``makers`` and ``reviews``
    say who made and accepted the masks.
    """

    patient: str
    scheme: LabelScheme
    volumes: Mapping[str, Mapping[str, float]]
    phases: Phases | None
    times: CineTimes
    body: Body
    measures: tuple[Measure, ...]
    looks: tuple[Look, ...]
    wall: Wall | None
    shares: Mapping[str, float]
    notes: tuple[str, ...]
    makers: tuple[str, ...]
    reviews: tuple[str, ...]
    qualities: tuple[str, ...] = ()
    rate_from: str = ""
    """Where the heart rate comes from, if nobody gave it."""

    def without_pictures(self) -> PatientReport:
        """The same without masks and images, for who keeps many."""
        return replace(self, looks=())


def _times_of(frames: Sequence[MaskSource]) -> tuple[CineTimes, int]:
    """When the frames of the cine were taken, and how many it has; 1 where that is not known."""
    for frame in frames:
        if frame.files is not None:
            image = frame.files.image
            count = number_of_frames(image)
            return read_cine_times(image, count), count
    return CineTimes(), 1


def _known_body(body: Body, times: CineTimes, cases: Sequence[str]) -> tuple[Body, str]:
    """``body`` with what the files say where nobody said it, and where the heart rate came from."""
    if body.height_cm is None and body.weight_kg is None:
        # Never one of them from a person and the other from a file.
        body = replace(body, height_cm=times.height_cm, weight_kg=times.weight_kg)
    if body.heart_rate is not None:
        return body, ""
    if times.heart_rate is not None:
        return replace(body, heart_rate=times.heart_rate), "from the file beside the image"
    numbers = [found[1] for case in cases if (found := frame_of(case)) is not None]
    whole = times.trigger_ms is not None and len(numbers) == len(times.trigger_ms)
    if whole and is_cine(sorted(numbers)) and times.trigger_ms is not None:
        length = cycle_ms(times.trigger_ms)
        if length is not None:
            words = "from the trigger times, as if the frames covered the whole cycle"
            return replace(body, heart_rate=60000.0 / length), words
    return body, ""


def measure_patient(
    patient: str, frames: Sequence[MaskSource], scheme: LabelScheme, wishes: Wishes
) -> PatientReport:
    """Measure all masks of a patient; raises as the readers, ``InputError`` for a wrong choice."""
    if wishes.slices is not None:
        frames = [frame.within(*wishes.slices) for frame in frames]
    volumes: dict[str, dict[str, float]] = {}
    of_slices: dict[str, NDArray[np.floating]] = {}
    for frame in frames:
        mask = frame.read()
        voxel = mask.geometry.voxel_volume_ml
        volumes[frame.case] = volumes_ml(mask.array, scheme, voxel)
        of_slices[frame.case] = slices_ml(mask.array, scheme, voxel)
    left = {case: ml.get(LEFT, 0.0) for case, ml in volumes.items()}
    right = {case: ml.get(RIGHT, 0.0) for case, ml in volumes.items()}
    times, count = _times_of(frames)
    trigger = {} if times.trigger_ms is None else {patient: times.trigger_ms}
    pairs = pair_phases(
        left,
        right,
        slices_ml=of_slices,
        chosen={patient: wishes.chosen},
        trigger_ms=trigger,
        # Frames that are files of their own do not tell how many there are.
        frames_of={patient: count} if count > 1 else {},
    )
    pair = pairs[0] if pairs else None
    if pair is None and wishes.chosen != Chosen():
        raise InputError(
            f"Got frames for ED and ES, but {patient} has {counted(len(frames), 'mask')}; expected "
            "several frames, NAME_frame00 and on: leave --ed and --es out."
        )
    by_case = {frame.case: frame for frame in frames}
    shown = _shown(pair, by_case, phases_of(left))
    looks, notes = _looks(shown, scheme)
    body, rate_from = _known_body(wishes.body, times, list(volumes))
    comparable, told = _comparable(pair, by_case)
    found = _measures(shown, volumes, scheme, body, comparable=comparable)
    first = looks[0]
    wall = measure_wall(first.mask.array, first.mask.geometry, scheme, wishes.insertion)
    if wishes.slices is not None:
        cut = "Only the slices {} to {} count: base and apex were cut there by hand."
        notes.append(cut.format(*wishes.slices))
    if pair is not None:
        notes += [*pair.notes, *told, *check_phases(volumes[pair.ed], volumes[pair.es])]
    return PatientReport(
        patient,
        scheme,
        volumes,
        pair,
        times,
        body,
        tuple(found),
        tuple(looks),
        wall,
        _shares(volumes[first.case], scheme),
        tuple(dict.fromkeys([*notes, *wall.notes])),
        tuple(maker_line(frame, role) for role, frame in shown),
        tuple(line for role, frame in shown if (line := review_line(frame, role))),
        tuple(line for role, frame in shown if (line := quality_line(frame, role))),
        rate_from,
    )


Shown = list[tuple[str, MaskSource]]


def _shown(
    pair: Phases | None, frames: Mapping[str, MaskSource], known: Mapping[str, Phase]
) -> Shown:
    """The masks of the page with their roles: both phases, else the first there is."""
    if pair is not None:
        return [("ED", frames[pair.ed]), ("ES", frames[pair.es])]
    case, frame = next(iter(frames.items()))
    return [(known.get(case, ""), frame)]


def _looks(shown: Shown, scheme: LabelScheme) -> tuple[list[Look], list[str]]:
    looks, notes = [], []
    for role, frame in shown:
        mask, image = frame.read(), frame.read_image()
        array = None if image is None else on_the_mask(image, mask)
        # The role, where there is one, so that what is said of many patients is said once.
        name = role or frame.case
        if image is not None and array is None:
            notes.append(f"{name}: image and mask differ in shape; the image is not shown.")
        looks.append(Look(frame.case, role, mask, array))
        missing = missing_structures(volumes_ml(mask.array, scheme, 1.0))
        odd = (*mask.notes, *check_mask(mask.array, mask.geometry, scheme), *missing)
        notes += [f"{name}: {line}" for line in odd]
    return looks, notes


def _comparable(
    pair: Phases | None, frames: Mapping[str, MaskSource]
) -> tuple[bool, tuple[str, ...]]:
    """Whether the phases may be set against each other, and what is to be said of it."""
    if pair is None:
        return True, ()
    ed, es = frames[pair.ed].origin, frames[pair.es].origin
    if ed is None or es is None:
        return True, ()
    allowed, told = comparison(ed, es, ("ED", "ES"))
    if not allowed:
        line = (
            f"No ejection fraction and stroke volume, because two models made the masks ({told}); "
            "make both with one."
        )
        return False, (line,)
    return True, (f"Masks of different making: {told}.",) if told else ()


def _measures(
    shown: Shown,
    volumes: Mapping[str, Mapping[str, float]],
    scheme: LabelScheme,
    body: Body,
    *,
    comparable: bool,
) -> list[Measure]:
    of_role = {role: volumes[frame.case] for role, frame in shown}
    wall_names = [scheme.names[k] for k in scheme.wall]
    if "" in of_role:
        alone = of_role[""]
        surface = body.surface
        named = [("lv_ml", LEFT), ("rv_ml", RIGHT)]
        values = [(key, f"{name}, volume", alone[name]) for key, name in named if name in alone]
        if wall_names:
            wall_ml = sum(alone[name] for name in wall_names)
            values.append(("wall_ml", "myocardium, volume", wall_ml))
        return [
            Measure(key, f"{name} (phase not known)", ml, "ml", surface and ml / surface)
            for key, name, ml in values
        ]
    ed = of_role.get("ED")
    wall = None if ed is None or not wall_names else sum(ed[name] for name in wall_names)
    return measures(ed, of_role.get("ES"), wall, body, comparable=comparable)


def _shares(volumes: Mapping[str, float], scheme: LabelScheme) -> dict[str, float]:
    shares = {name: share_of_wall(volumes, name) for name in SHARES if name in scheme.names}
    return {name: share for name, share in shares.items() if share is not None}
