"""A case of a project to a prediction in the project, with its uncertainty.

Slices that a person accepted or corrected stay as they are in what is written
(``Project.write_prediction`` sees to it); the Dice against accepted ones is that of the network's
own answer.  Frames of one heart that the same model segmented agree on its muscle (``phases``).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.channels import check_channels
from napari_scribblemix.data.cine_times import shows_other_view
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import UNLABELLED, LabelScheme
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import ImageError, ModelError, ScribbleMixError
from napari_scribblemix.evaluation.overlap import dice
from napari_scribblemix.inference.look import LOOK, Look
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.orientation import Turn
from napari_scribblemix.inference.other_frames import other_frames, size_told, would_change
from napari_scribblemix.inference.phases import heart_size, wanted_share, with_wall
from napari_scribblemix.inference.pieces import Known
from napari_scribblemix.inference.quality import UNTOLD, evidence, quality
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.project.corrections import lay_over
from napari_scribblemix.project.makers import Maker
from napari_scribblemix.project.project import Project


@dataclass(frozen=True)
class Prediction:
    """What was written: paths relative to the project, and the mean Dice on accepted slices.

    ``corrected``: the slices corrected by hand that are not accepted; ``changes``: the frames of
    the same heart that the same model would now segment otherwise.
    """

    file: str
    uncertainty_file: str
    mean_dice: float | None
    corrected: tuple[int, ...] = ()
    changes: tuple[str, ...] = ()


def class_map(model: LabelScheme, project: LabelScheme) -> NDArray[np.uint8]:
    """Class index of the project for each of the model's; by name.

    ``ModelError`` for a structure that the project does not know.
    """
    known = [name.casefold() for name in project.names]
    unknown = [name for name in model.names if name.casefold() not in known]
    if unknown:
        raise ModelError(
            f"Got a model that finds {', '.join(unknown)}; the project knows "
            f"{', '.join(project.names)}: choose another model."
        )
    return np.array([known.index(name.casefold()) for name in model.names], np.uint8)


def classes_of_model(
    to_project: NDArray[np.uint8], project: LabelScheme, model: LabelScheme
) -> NDArray[np.uint8]:
    """Class index of the model (256,) for each value of strokes in the project.

    What lies in the wall (a scar) and is not known to the model is wall; anything else that it does
    not know cannot teach it: as if nothing were drawn.
    """
    found = np.full(256, UNLABELLED, np.uint8)
    if model.wall:
        found[list(project.wall)] = model.wall[0]
    found[to_project] = np.arange(len(to_project))
    return found


def accepted_dice(
    labels: NDArray[np.uint8], accepted: NDArray[np.uint8] | None, classes: int
) -> float | None:
    """Mean Dice over the structures in the accepted slices; ``None`` if there is nothing to say."""
    if accepted is None or accepted.shape != labels.shape:
        return None
    known = accepted != UNLABELLED
    scores = [dice((labels == k) & known, accepted == k) for k in range(1, classes)]
    finite = [score for score in scores if np.isfinite(score)]
    return float(np.mean(finite)) if finite else None


def read_usable(project: Project, case_id: str) -> Volume:
    """The image of a case; ``ImageError`` if no network could make anything of it.

    Raises as ``read_image``.
    """
    image = project.read_image(case_id)
    for finding in check_channels(image):
        if finding.level == "block":
            raise ImageError(f"{project.image_path(case_id)}: {finding.message}")
    return image


def predict_case(
    project: Project,
    case_id: str,
    model: Model,
    *,
    maker: Maker,
    look: Look = LOOK,
    turn: Turn | None = None,
    over_corrections: bool = False,
    strokes_win: bool = False,
) -> Prediction:
    """Segment a case and write the result into the project's ``predictions/``.

    ``maker`` goes into the record of the prediction; ``turn`` is the way up, where it is known;
    ``over_corrections`` as for ``Project.write_prediction``; with ``strokes_win`` the mask is what
    the strokes say where they lie.  Raises as ``read_usable``, and ``ModelError``.
    """
    translation = class_map(model.card.labels, project.labels)
    image = read_usable(project, case_id)
    strokes = np.full(image.array.shape, UNLABELLED, np.uint8)
    with suppress(ScribbleMixError):  # strokes that cannot be read are told where they are drawn
        strokes = project.read_scribble(case_id, image.geometry)
    # A structure that a person drew is not cleaned away.
    known = Known(classes_of_model(translation, project.labels, model.card.labels)[strokes])
    result = segment_volume(model, image, look, turn, known)
    own = heart_size(result.labels, model.card.labels, image.geometry.voxel_volume_ml)
    others = other_frames(project, case_id, image.geometry, maker) if look.phases else {}
    share = wanted_share(own, [frame.size for frame in others.values()])
    if share is not None:
        result = with_wall(result, share, model, image, look, known)
    # As the network had it: others are measured against that.
    told = size_told(own, agreed=share is not None)
    found = translation[result.labels]
    if strokes_win and (strokes != UNLABELLED).any():
        told["drawn_in"] = True
    probability, winning = result.probability, known.strokes if strokes_win else None
    told |= _quality(result.labels, probability, image.geometry, winning)
    written = write_mask(
        project,
        case_id,
        lay_over(found, strokes if strokes_win else None),
        normalised_entropy(probability),
        image.geometry,
        maker,
        told,
        score=accepted_dice(found, project.read_accepted(case_id), project.labels.classes),
        over_corrections=over_corrections,
    )
    return replace(written, changes=would_change(own, others))


def _quality(
    labels: NDArray[np.uint8],
    probability: NDArray[np.float32],
    geometry: Geometry,
    strokes: NDArray[np.uint8] | None,
) -> dict[str, Any]:
    """What is told of how good the mask probably is; ``strokes`` (classes) lie in it."""
    mask, area = lay_over(labels, strokes), geometry.pixel_area_mm2
    return quality(evidence(probability, mask, area, strokes), mask, area).record()


def write_mask(
    project: Project,
    case_id: str,
    labels: NDArray[np.uint8],
    entropy: NDArray[np.float32],
    geometry: Geometry,
    maker: Maker,
    told: Mapping[str, Any] | None = None,
    *,
    score: float | None = None,
    over_corrections: bool = False,
) -> Prediction:
    """Write a mask (Z, Y, X) of the project's classes, with its uncertainty ``entropy``, 0 to 1.

    ``told`` is said of the mask beside its maker; ``score`` is the network's Dice on accepted
    slices.
    """
    origin = maker.record(entropy) | dict(told or {})
    if shows_other_view(project.image_path(case_id)):
        origin |= UNTOLD.record()
    corrected = project.write_prediction(
        case_id, labels, geometry, origin, entropy, over_corrections=over_corrections
    )
    return Prediction(
        path_inside(project, project.prediction_path(case_id)),
        path_inside(project, project.uncertainty_path(case_id)),
        score,
        corrected,
    )


def path_inside(project: Project, path: Path) -> str:
    """``path`` as events tell it: relative to the project folder."""
    return path.relative_to(project.folder).as_posix()
