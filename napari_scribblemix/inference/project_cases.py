"""A case of a project to a prediction in the project, with its uncertainty.

Accepted slices stay as they are in what is written (``Project.write_prediction`` sees to it); the
Dice against them is that of the network's own answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.channels import check_channels
from napari_scribblemix.data.labels import UNLABELLED, LabelScheme
from napari_scribblemix.errors import ImageError, ModelError
from napari_scribblemix.evaluation.overlap import dice
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.orientation import Turn
from napari_scribblemix.inference.segment import LOOK, Look, segment_volume
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.project.project import Project


@dataclass(frozen=True)
class Prediction:
    """What was written: paths relative to the project, and the mean Dice on accepted slices."""

    file: str
    uncertainty_file: str
    mean_dice: float | None


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


def predict_case(
    project: Project,
    case_id: str,
    model: Model,
    *,
    name: str,
    step: int,
    look: Look = LOOK,
    turn: Turn | None = None,
) -> Prediction:
    """Segment a case and write the result into the project's ``predictions/``.

    ``name`` of the model and ``step`` go into the record of the prediction; ``turn`` is the way up,
    where it is known.  Raises as ``read_image``, ``ImageError`` for an image that cannot be used,
    and ``ModelError``.
    """
    translation = class_map(model.card.labels, project.labels)
    image = project.read_image(case_id)
    for finding in check_channels(image):
        if finding.level == "block":
            raise ImageError(f"{project.image_path(case_id)}: {finding.message}")
    result = segment_volume(model, image, look, turn)
    labels = translation[result.labels]
    entropy = normalised_entropy(result.probability)
    origin = {
        "model": name,
        "step": step,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "uncertainty": [round(float(value), 5) for value in entropy.mean(axis=(1, 2))],
    }
    score = accepted_dice(labels, project.read_accepted(case_id), project.labels.classes)
    project.write_prediction(case_id, labels, image.geometry, origin, entropy)
    return Prediction(
        _inside(project, project.prediction_path(case_id)),
        _inside(project, project.uncertainty_path(case_id)),
        score,
    )


def _inside(project: Project, path: Path) -> str:
    return path.relative_to(project.folder).as_posix()
