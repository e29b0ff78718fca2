"""The project folder: the one place where GUI, command line, worker and cluster meet.

    NAME.scribblemix/
      project.json          schema version, label scheme, cases (see ``record``), and its copy
      scribbles/ID.nii.gz   and ID.journal: strokes since the last save
      predictions/ID.nii.gz and ID.json: which model, which step, how uncertain each slice;
                            ID_uncertainty.nii.gz: 0 (certain) to 100
      reviews/ID.json       accepted slices, who, when; ID.nii.gz: their labels, like scribbles;
                            corrected/ID.nii.gz: slices corrected by hand, accepted or not
      runs/RUN/             settings, events, checkpoint, model
      view.json             how the window was left (the window's own; nobody's work hangs on it)

Images stay where they are.  What a person makes (``project.json``, scribbles, reviews) is written
by the holder of the lock alone; a second opener reads.  What programs make (predictions, runs) is
written whole, file by file, and needs no lock: the training process writes while the GUI holds it.
No prediction replaces an accepted or corrected slice, neither in its file nor when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.described import as_json
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.matching import turned_onto
from napari_scribblemix.data.nifti import (
    encode_labels,
    read_geometry,
    read_labels,
)
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import FileError, InputError
from napari_scribblemix.project.corrections import (
    CorrectedMasks,
    lay_over,
    whole_slices,
    with_kept,
)
from napari_scribblemix.project.durable import atomic_write
from napari_scribblemix.project.folder import PROJECT_FILE, PROJECT_SUFFIX
from napari_scribblemix.project.origins import (
    is_of_mask,
    origin_before,
    read_acceptance,
    read_origin,
    replace_accepted,
    replace_mask,
)
from napari_scribblemix.project.reviews import keep_slices

__all__ = ["PROJECT_FILE", "PROJECT_SUFFIX", "Project"]


class Project(CorrectedMasks):
    """An open project; a context manager that gives the lock back (see ``ProjectFolder``)."""

    def prediction_path(self, case_id: str) -> Path:
        """Where the prediction of a case is, or would be."""
        return self.folder / "predictions" / f"{case_id}.nii.gz"

    def uncertainty_path(self, case_id: str) -> Path:
        """Where the uncertainty of a prediction is, or would be."""
        return self.folder / "predictions" / f"{case_id}_uncertainty.nii.gz"

    def write_prediction(
        self,
        case_id: str,
        labels: NDArray[np.uint8],
        geometry: Geometry,
        origin: Mapping[str, Any],
        uncertainty: NDArray[np.floating[Any]] | None = None,
        *,
        over_corrections: bool = False,
    ) -> tuple[int, ...]:
        """Save a full mask (Z, Y, X) of class indices; what a person made stays as it is.

        ``origin`` names the model and step, and is kept with those of the slices that stay;
        ``uncertainty`` (Z, Y, X) is 0 to 1.  With ``over_corrections`` only accepted slices stay.
        Returns the slices that were corrected by hand and are not accepted.
        """
        self.case(case_id)
        path, said = self._own(self.prediction_path(case_id)), self._origin_path(case_id)
        accepted, corrected = self.read_accepted(case_id), self.read_corrected(case_id)
        decided = whole_slices(accepted, labels.shape)
        waiting = whole_slices(corrected, labels.shape) - decided
        if not over_corrections:
            labels, decided = lay_over(labels, corrected), decided | waiting
        origin = with_kept(origin, origin_before(path, said), decided)
        data = encode_labels(path, self.labels.encode_mask(lay_over(labels, accepted)), geometry)
        beside: tuple[Path, bytes] | None = None
        if uncertainty is not None:
            percent = np.rint(np.clip(uncertainty, 0, 1) * 100).astype(np.uint8)
            other = self.uncertainty_path(case_id)
            beside = (other, encode_labels(other, percent, geometry))
        replace_mask(path, data, said, origin, beside)
        return tuple(sorted(waiting))

    def put_back(self, case_id: str, slices: Sequence[int], labels: NDArray[np.uint8]) -> None:
        """Show ``slices`` of the prediction as in ``labels`` (Z, Y, X): a correction was undone."""
        self.require_lock()
        found = self.read_prediction(case_id)
        if found is None or found[0].shape != labels.shape:
            return
        mask, origin = found
        mask[list(slices)] = labels[list(slices)]
        percent = self.read_uncertainty(case_id)
        uncertainty = None if percent is None else percent / 100.0
        geometry = read_labels(self.prediction_path(case_id)).geometry
        self.write_prediction(case_id, mask, geometry, origin, uncertainty)

    def read_prediction(self, case_id: str) -> tuple[NDArray[np.uint8], dict[str, Any]] | None:
        """The prediction (Z, Y, X), what a person made as it was made, and its origin, or ``None``.

        The origin says with ``kept`` of which slices it is not the origin, see ``corrections``; it
        is empty where nothing is said of this very file.
        """
        path = self.prediction_path(case_id)
        if not path.is_file():
            return None
        stored = self._as_the_image_lies(case_id, read_labels(path))
        labels = self.labels.decode_mask(stored.array, source=str(path))
        labels = lay_over(labels, self.read_corrected(case_id))
        origin = read_origin(path, self._origin_path(case_id))
        return lay_over(labels, self.read_accepted(case_id)), origin

    def read_origin(self, case_id: str) -> dict[str, Any]:
        """What is said of the prediction that is there; empty where there is none.

        ``ProjectError`` if that is damaged.
        """
        return read_origin(self.prediction_path(case_id), self._origin_path(case_id))

    def read_uncertainty(self, case_id: str) -> NDArray[np.uint8] | None:
        """The uncertainty (Z, Y, X) of the prediction, 0 to 100, or ``None`` without one of it."""
        path, mask = self.uncertainty_path(case_id), self.prediction_path(case_id)
        if not path.is_file() or not is_of_mask(path, mask, self._origin_path(case_id)):
            return None
        return read_labels(path).array.astype(np.uint8)

    def write_review(
        self,
        case_id: str,
        accepted: Sequence[int],
        reviewer: str,
        labels: NDArray[np.uint8] | None = None,
        geometry: Geometry | None = None,
    ) -> None:
        """Record which slices (from 0) ``reviewer`` accepts, now; a slice left out is no longer.

        ``labels`` (Z, Y, X): what is accepted, on the image's grid, which is ``geometry``.  Without
        them slices accepted before keep their labels and the others take those of the prediction.
        ``LabelError`` if an accepted slice of ``labels`` is not labelled throughout.
        """
        self.require_lock()
        self.case(case_id)
        slices = sorted({int(number) for number in accepted})
        said = self._review_path(case_id)
        review = {
            "accepted_slices": slices,
            "reviewer": reviewer,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        if labels is None:
            found = self.read_prediction(case_id)
            labels = self.read_accepted(case_id) if found is None else found[0]
        if labels is not None:
            if geometry is None:
                geometry = self.read_image(case_id).geometry
            kept = keep_slices(labels, slices)
            path = self._own(self.accepted_path(case_id))
            data = encode_labels(path, self.labels.encode(kept), geometry)
            replace_accepted(path, data, said, review)
        else:
            atomic_write(self._own(said), as_json(review))

    def read_review(self, case_id: str) -> dict[str, Any]:
        """Who accepted which slices when; empty if nobody did."""
        return read_acceptance(self.accepted_path(case_id), self._review_path(case_id))

    def read_accepted(self, case_id: str) -> NDArray[np.uint8] | None:
        """The accepted labels (Z, Y, X), 255 in slices not accepted; ``None`` if none ever was."""
        path = self.accepted_path(case_id)
        if not path.is_file():
            return None
        stored = self._as_the_image_lies(case_id, read_labels(path))
        return self.labels.decode(stored.array, source=str(path))

    def _as_the_image_lies(self, case_id: str, labels: Volume) -> Volume:
        """``labels``, turned where another program saved them turned in the project."""
        try:
            geometry = read_geometry(self.image_path(case_id))
        except InputError:  # an image that is gone leaves its masks as they are
            return labels
        return turned_onto(labels, geometry) or labels

    def new_run(self, name: str) -> Path:
        """A new, empty folder in ``runs/``: ``name``, or ``name-2`` and so on if it is taken."""
        number, folder = 1, self._own(self.folder / "runs" / name)
        while True:
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                number += 1
                folder = folder.with_name(f"{name}-{number}")
            except OSError as error:
                raise FileError(f"{folder} could not be made ({error.strerror}).") from error
            else:
                return folder

    def runs(self) -> list[Path]:
        """The folders of all runs, sorted by name."""
        folder = self.folder / "runs"
        return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []

    def _origin_path(self, case_id: str) -> Path:
        return self.folder / "predictions" / f"{case_id}.json"

    def _review_path(self, case_id: str) -> Path:
        return self.folder / "reviews" / f"{case_id}.json"
