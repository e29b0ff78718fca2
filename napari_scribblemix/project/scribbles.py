"""The strokes of the cases of a project: the saved file, and the journal of those since."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.matching import onto_grid
from napari_scribblemix.data.nifti import read_labels, write_labels
from napari_scribblemix.project.case_list import CaseList
from napari_scribblemix.project.cases import Case
from napari_scribblemix.project.durable import Journal
from napari_scribblemix.project.strokes import check_strokes, encode_stroke, replay


class ScribbledCases(CaseList):
    """A project folder with the strokes of its cases."""

    def read_scribble(self, case_id: str, geometry: Geometry) -> NDArray[np.uint8]:
        """The scribbles (Z, Y, X) on the image's grid, strokes of the journal included.

        All 255 if there are none.

        ``GeometryError`` if they were made on an image of another shape.
        """
        # The journal first: who saves it has its strokes in the file before it is emptied.
        records = self._journal(case_id).records()
        path = self.scribble_path(case_id)
        if path.is_file():
            stored, _ = onto_grid(read_labels(path), geometry, "Scribbles", str(path))
            saved = self.labels.decode(stored.array, source=str(path))
        else:
            saved = np.full(geometry.shape, UNLABELLED, np.uint8)
        check_strokes(records, saved.shape, str(self.journal_path(case_id)))
        return replay(saved, records)

    def record_stroke(
        self, case_id: str, before: NDArray[np.uint8], after: NDArray[np.uint8]
    ) -> None:
        """Put the change between two states of the scribbles on the disk, in milliseconds."""
        self.require_lock()
        self.case(case_id)
        self._own(self.journal_path(case_id))
        self._journal(case_id).append(encode_stroke(before, after))

    def write_scribble(self, case_id: str, scribble: NDArray[np.uint8], geometry: Geometry) -> None:
        """Save the scribbles (Z, Y, X), class indices and 255, and empty the journal."""
        self.require_lock()
        self.case(case_id)
        self._write_scribble(case_id, scribble, geometry)

    def unsaved_strokes(self, case_id: str) -> int:
        """How many strokes are in the journal only."""
        return len(self._journal(case_id).records())

    def _keep_scribble(self, case: Case) -> None:
        if case.scribble is not None:
            self._write_scribble(case.id, case.scribble, case.image.geometry)

    def _journal(self, case_id: str) -> Journal:
        return Journal(self.journal_path(case_id))

    def _write_scribble(
        self, case_id: str, scribble: NDArray[np.uint8], geometry: Geometry
    ) -> None:
        path = self._own(self.scribble_path(case_id))
        write_labels(path, self.labels.encode(scribble), geometry)
        # Only now: a crash in between replays strokes over a file that has them already.
        self._journal(case_id).clear()
