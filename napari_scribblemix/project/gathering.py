"""Goes through a folder and sorts its files: images, scribbles, masks, and what is not read.

What a file holds is said by the folder it lies in, else by its name, else by its values: a file of
a few whole numbers is never taken as an image.  Folders inside that say nothing are patients, as
long as no image lies beside them; whose a file is (its ``subject``) is the way to it through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from napari_scribblemix.data.label_values import label_counts
from napari_scribblemix.project import listing
from napari_scribblemix.project.leftovers import Leftover, Leftovers
from napari_scribblemix.project.listing import Inside, holds_volumes, is_set, list_folder
from napari_scribblemix.project.names import Holds, case_of, holds, is_bare, stem_of

_SAYS_NOTHING = ("anat", "nii", "nifti")
"""Folders that are no part of whose the files are."""
_LABEL_KINDS = (Holds.SCRIBBLES, Holds.MASK, Holds.LABELS)
_DEPTH = 3
"""Folders within folders that are gone into: patient, session, modality (BIDS)."""


@dataclass(frozen=True)
class Filed:
    """A file, its name without ``.nii``, and the folders of its patient.

    ``stem`` begins with the patient's folder where the file's own name says only what it holds.
    """

    path: Path
    stem: str
    subject: str = ""

    @property
    def name(self) -> str:
        """The case that the name of the file says."""
        return case_of(self.stem)


@dataclass
class Gathered:
    """The files of a folder; ``labels`` are strokes or masks of a layout that does not say which.

    ``unclear`` are labels of which nobody says the kind, ``leftovers`` what is not read at all.
    """

    leftovers: Leftovers
    images: list[Filed] = field(default_factory=list)
    scribbles: list[Filed] = field(default_factory=list)
    masks: list[Filed] = field(default_factory=list)
    labels: list[Filed] = field(default_factory=list)
    unclear: list[Filed] = field(default_factory=list)

    def file(self, kind: Holds, filed: Filed) -> None:
        """Put a file where its kind belongs; one of which the kind is unclear is left."""
        match kind:
            case Holds.IMAGE | Holds.ANY:
                self.images.append(filed)
            case Holds.SCRIBBLES:
                self.scribbles.append(filed)
            case Holds.MASK:
                self.masks.append(filed)
            case Holds.LABELS:
                self.labels.append(filed)
            case Holds.UNCLEAR:
                self.unclear.append(filed)


class Gatherer:
    """Goes through a folder once; ``by_values`` is false where images are not told from labels."""

    def __init__(self, root: Path, *, by_values: bool = True) -> None:
        self.found = Gathered(Leftovers(root))
        self._by_values = by_values

    def folder(self, folder: Path) -> Gathered:
        """Everything in and below ``folder``; ``FileError`` if it cannot be read."""
        self._go_through(folder, (), 0)
        return self.found

    def files(self, paths: Iterable[Path]) -> Gathered:
        """Files that were chosen one by one."""
        for path in paths:
            self._loose(path, ())
        return self.found

    # -- folders --

    def _list(self, folder: Path) -> Inside:
        return list_folder(folder, self.found.leftovers)

    def _go_through(self, folder: Path, subject: tuple[str, ...], depth: int) -> None:
        inside = self._list(folder)
        before = len(self.found.images)
        images = inside.folder(*listing.IMAGES)
        tests = (listing.TEST_IMAGES, listing.TEST_LABELS)
        test = [path for path in inside.folders if path.name.lower() in tests]
        used = set(test)
        if images is None and test:
            images = inside.folder(listing.TEST_IMAGES)
        elif images is not None:
            for path in test:
                self.found.leftovers.add(Leftover.TEST_SET, path)
        if images is None:
            for path in inside.files:
                self._loose(path, subject)
        else:
            used.add(images)
            self._shelf(images, subject, self._in_images)
            for path in inside.files:
                if holds(stem_of(path)) is not Holds.DERIVED:
                    self.found.leftovers.add(Leftover.BESIDE, path)
        used |= self._label_folders(inside, subject, tested=images in test)
        rest = [path for path in inside.folders if path not in used]
        if len(self.found.images) > before:
            self._leave(rest)
        else:
            self._patients(rest, subject, depth)

    def _label_folders(
        self, inside: Inside, subject: tuple[str, ...], *, tested: bool
    ) -> set[Path]:
        used = set()
        for kind, names in ((Holds.SCRIBBLES, listing.SCRIBBLES), (Holds.MASK, listing.MASKS)):
            if path := inside.folder(*names):
                used.add(path)
                self._shelf(path, subject, partial(self._file, kind))
        if path := inside.folder(*listing.LABELS):
            used.add(path)
            self._shelf(path, subject, self._in_labels)
        of_layout = (listing.TEST_LABELS,) if tested else listing.LABELS_OF_LAYOUTS
        if path := inside.folder(*of_layout):
            used.add(path)
            self._shelf(path, subject, self._in_labels_of_layout)
        return used

    def _shelf(
        self,
        folder: Path,
        subject: tuple[str, ...],
        put: Callable[[Path, tuple[str, ...]], None],
    ) -> None:
        """A folder of one kind of files, and in it those of patients."""
        inside = self._list(folder)
        for path in inside.files:
            put(path, subject)
        for below in inside.folders:
            name = below.name.lower()
            if folder.name.lower() in listing.LABELS and name in (listing.FINAL, listing.DRAFTS):
                if name == listing.FINAL:
                    self._shelf(below, subject, self._in_labels_of_layout)
                else:
                    self._leave([below])
                continue
            deeper = self._list(below)
            for path in deeper.files:
                put(path, (*subject, below.name))
            self._leave(deeper.folders)

    def _patients(self, folders: list[Path], subject: tuple[str, ...], depth: int) -> None:
        for path in folders:
            if path.name.lower() == listing.DERIVATIVES or depth >= _DEPTH:
                self._leave([path])
            elif is_set(path):
                self.found.leftovers.add(Leftover.SET, path)
            else:
                says = path.name.lower() not in _SAYS_NOTHING
                self._go_through(path, (*subject, path.name) if says else subject, depth + 1)

    def _leave(self, folders: list[Path]) -> None:
        for path in folders:
            if holds_volumes(path):
                self.found.leftovers.add(Leftover.FOLDER, path)

    # -- files --

    def _file(self, kind: Holds, path: Path, subject: tuple[str, ...]) -> None:
        self.found.file(kind, Filed(path, stem_of(path), "_".join(subject)))

    def _loose(self, path: Path, subject: tuple[str, ...]) -> None:
        """A file whose folder says nothing."""
        stem = stem_of(path)
        kind = holds(stem)
        if is_bare(stem):
            # image.nii.gz and label.nii.gz in the folder of a patient.
            whose = "_".join(subject) or path.absolute().parent.name
            filed = Filed(path, f"{whose}_{stem}", "_".join(subject))
            self.found.file(holds(filed.stem), filed)
            return
        if kind is Holds.UNCLEAR:
            self.found.leftovers.add(self._why_unclear(path), path)
        elif kind is Holds.ANY and self._is_labels(path):
            self.found.leftovers.add(Leftover.LABELS, path)
            kind = Holds.UNCLEAR
        self._file(kind, path, subject)

    def _why_unclear(self, path: Path) -> Leftover:
        return Leftover.LABELS if self._is_labels(path) else Leftover.NAMED_LABELS

    def _in_images(self, path: Path, subject: tuple[str, ...]) -> None:
        kind = holds(stem_of(path))
        if kind is Holds.DERIVED:
            return
        if kind is not Holds.IMAGE and self._is_labels(path):
            # Name and values agree against the folder.
            if kind not in _LABEL_KINDS:
                self.found.leftovers.add(Leftover.LABELS, path)
                kind = Holds.UNCLEAR
        else:
            kind = Holds.IMAGE
        self._file(kind, path, subject)

    def _in_labels(self, path: Path, subject: tuple[str, ...]) -> None:
        kind = holds(stem_of(path))
        if kind not in _LABEL_KINDS:
            self.found.leftovers.add(Leftover.UNNAMED, path)
            kind = Holds.UNCLEAR
        self._file(kind, path, subject)

    def _in_labels_of_layout(self, path: Path, subject: tuple[str, ...]) -> None:
        kind = holds(stem_of(path))
        self._file(kind if kind in _LABEL_KINDS else Holds.LABELS, path, subject)

    def _is_labels(self, path: Path) -> bool:
        return self._by_values and label_counts(path) is not None
