"""The cases of an open project: added, taken off, and the files each of them has."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from napari_scribblemix.data.channels import read_channels
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.data.wording import what_is_wrong
from napari_scribblemix.errors import LabelError, ProjectError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import Case, decided, load_case
from napari_scribblemix.project.changes import change_notes, changed_images, hash_now
from napari_scribblemix.project.durable import Journal
from napari_scribblemix.project.folder import PROJECT_FILE, ProjectFolder
from napari_scribblemix.project.record import CaseRecord, ImageRecord, ProjectRecord, write_record


def _decisions(case: Case) -> str | None:
    """What was decided in reading a case that cannot be seen in its files any more."""
    geometry = case.image.geometry.note
    others = [note for note in decided(case.notes) if note != geometry]
    return " ".join([geometry, *others] if geometry else others) or None


class CaseList(ProjectFolder):
    """A project folder with its list of cases."""

    @property
    def cases(self) -> tuple[CaseRecord, ...]:
        """The records of the cases, in the order they were added."""
        return self._record.cases

    def has_case(self, case_id: str) -> bool:
        """Whether there is a case of that name."""
        return any(record.id == case_id for record in self.cases)

    def case(self, case_id: str) -> CaseRecord:
        """The record of one case; ``ProjectError`` if there is none of that name."""
        for record in self.cases:
            if record.id == case_id:
                return record
        raise ProjectError(
            f"Got the case {case_id!r}; {self.folder} holds {len(self.cases)} others."
        )

    def case_files(self) -> list[CaseFiles]:
        """The files of every case, sorted by name, with its journal where that holds strokes."""
        return sorted((self._files(record) for record in self.cases), key=lambda files: files.id)

    def add_case(self, files: CaseFiles) -> tuple[str, ...]:
        """Add a case and take a copy of its scribbles; returns the notes of reading it.

        The image (and the mask) stay where they are.  Scribbles of that name which are in the
        project already (of a case that was removed, say) are kept, with a note.  Raises as
        ``load_case``, and ``ProjectError`` for a name that is taken or cannot be a file name.
        """
        self.require_lock()
        try:
            case = load_case(files, files.scheme or self.labels)
        except LabelError:
            # Other values may stand for the same structures.
            case = load_case(files)
        if case.scheme.names != self.labels.names:
            raise ProjectError(
                f"{files.id} has the structures {', '.join(case.scheme.names)}; expected those of "
                f"the project: {', '.join(self.labels.names)}."
            )
        try:
            record = CaseRecord(
                id=files.id,
                source=self._stored(files.image),
                sha256=hash_now(files.image),
                frame=files.frame,
                mask=None if files.mask is None else self._stored(files.mask),
                note=_decisions(case),
                channels=files.channels,
                further=tuple(
                    ImageRecord(source=self._stored(path), sha256=hash_now(path))
                    for path in files.further
                ),
            )
            changed = self._record.model_copy(update={"cases": (*self.cases, record)})
            changed = ProjectRecord.model_validate(changed.model_dump())
        except ValidationError as error:
            reason = what_is_wrong(error.errors()[0])
            raise ProjectError(f"{files.id} could not be added: {reason}.") from error
        notes = case.notes
        if self._has_strokes(files.id):
            notes = (*notes, "The scribbles that are in the project already were kept.")
        else:
            self._keep_scribble(case)
        write_record(self.folder / PROJECT_FILE, changed)
        self._record = changed
        return notes

    def remove_case(self, case_id: str) -> None:
        """Take a case off the list; its files stay, and adding it again finds its scribbles."""
        self.require_lock()
        self.case(case_id)
        left = tuple(record for record in self.cases if record.id != case_id)
        changed = self._record.model_copy(update={"cases": left})
        write_record(self.folder / PROJECT_FILE, changed)
        self._record = changed

    def leave_out(self, case_id: str, *, left_out: bool) -> None:
        """Let trainings from now on leave a case out, or take it in again; its files stay."""
        self.require_lock()
        self.case(case_id)
        cases = tuple(
            record.model_copy(update={"left_out": left_out}) if record.id == case_id else record
            for record in self.cases
        )
        changed = self._record.model_copy(update={"cases": cases})
        write_record(self.folder / PROJECT_FILE, changed)
        self._record = changed

    def image_path(self, case_id: str) -> Path:
        """Where the image of a case is; that of its first channel, if it has several."""
        return self._absolute(self.case(case_id).source)

    def source_files(self) -> list[Path]:
        """All that the cases were made from, images and masks: files to read, never to write."""
        files = self.case_files()
        masks = [item.mask for item in files if item.mask is not None]
        return [*(path for item in files for path in item.images), *masks]

    def accept_images(self) -> list[str]:
        """Take changed images for those of their cases from now on; the names of these cases.

        An image that is gone stays as it was known.
        """
        self.require_lock()
        renewed: dict[str, CaseRecord] = {}
        for record in self.cases:
            files = self._files(record)
            if not all(image.is_file() for image in files.images) or not changed_images(files):
                continue
            first, *others = (hash_now(image) for image in files.images)
            further = tuple(
                image.model_copy(update={"sha256": sha256})
                for image, sha256 in zip(record.further, others, strict=True)
            )
            update = {"sha256": first, "further": further}
            renewed[record.id] = record.model_copy(update=update)
        if renewed:
            cases = tuple(renewed.get(record.id, record) for record in self.cases)
            changed = self._record.model_copy(update={"cases": cases})
            write_record(self.folder / PROJECT_FILE, changed)
            self._record = changed
        return sorted(renewed)

    def change_notes(self, case_id: str) -> list[str]:
        """A line if images are other files than when the case was added, else nothing.

        ``FileError`` if one is gone.
        """
        return change_notes(self._files(self.case(case_id)))

    def read_image(self, case_id: str) -> Volume:
        """The image of a case, with all its channels."""
        files = self._files(self.case(case_id))
        return read_channels(files.images, files.channels, files.frame)

    def scribble_path(self, case_id: str) -> Path:
        """Where the scribbles of a case are, or would be."""
        return self.folder / "scribbles" / f"{case_id}.nii.gz"

    def journal_path(self, case_id: str) -> Path:
        """Where the strokes of a case that are not saved yet are, or would be."""
        return self.folder / "scribbles" / f"{case_id}.journal"

    def accepted_path(self, case_id: str) -> Path:
        """Where the labels of accepted slices are, or would be."""
        return self.folder / "reviews" / f"{case_id}.nii.gz"

    def _has_strokes(self, case_id: str) -> bool:
        saved = self.scribble_path(case_id).exists()
        return saved or bool(Journal(self.journal_path(case_id)).records())

    def _keep_scribble(self, case: Case) -> None:
        """Take the scribbles of a case that is being added into the project."""
        raise NotImplementedError

    def _files(self, record: CaseRecord) -> CaseFiles:
        scribble, journal = self.scribble_path(record.id), self.journal_path(record.id)
        accepted = self.accepted_path(record.id)
        return CaseFiles(
            record.id,
            self._absolute(record.source),
            scribble if scribble.is_file() else None,
            None if record.mask is None else self._absolute(record.mask),
            record.frame,
            self.labels,
            journal if Journal(journal).records() else None,
            accepted if accepted.is_file() else None,
            tuple(self._absolute(image.source) for image in record.further),
            record.channels,
            known=(record.sha256, *(image.sha256 for image in record.further)),
            left_out=record.left_out,
        )
