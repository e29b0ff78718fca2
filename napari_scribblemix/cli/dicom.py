"""DICOM on the command line: what is in it as a table, and working copies for other commands."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path

from napari_scribblemix.cli.console import messages, print_error, print_warning, results, table
from napari_scribblemix.cli.inspect_image import millimetres, print_line, sizes
from napari_scribblemix.data.cine_times import OTHER_VIEW, shows_other_view
from napari_scribblemix.data.dicom.contents import Contents, Stack
from napari_scribblemix.data.dicom.files import dicom_beside, is_study
from napari_scribblemix.data.dicom.stacks import find_stacks, no_stack
from napari_scribblemix.data.file_names import is_nifti
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.copy_sources import IMAGES, projects_of
from napari_scribblemix.project.folder import PROJECT_SUFFIX
from napari_scribblemix.project.mended_copies import broken_copies, mend_copies
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.project.working_copies import WorkingCopy, none_likely, unpack
from napari_scribblemix.settings import ImportSettings, SegmentSettings


def images_beside(masks: Path) -> Path | None:
    """Where ``segment`` put working copies for the masks at ``masks``, if it did."""
    folder = (masks if masks.is_dir() else masks.parent) / IMAGES
    return folder if folder.is_dir() else None


@dataclasses.dataclass(frozen=True)
class Choice:
    """What of DICOM is taken, and how: the options of the commands that take it."""

    study_name: str | None = None
    stacks: tuple[str, ...] = ()
    uneven: bool = False
    body_size: bool = False

    @classmethod
    def of(cls, settings: SegmentSettings | ImportSettings) -> Choice:
        """What the options of a command say."""
        return cls(settings.study_name, tuple(settings.stacks), settings.uneven, settings.body_size)


def _distance(stack: Stack) -> str:
    """The distances between slices: one, or the smallest and largest."""
    if not stack.steps:
        return "–"
    low, high = min(stack.steps), max(stack.steps)
    return f"{low:.4g}" if high - low < 0.01 * high else f"{low:.4g} to {high:.4g}"


def inspect_dicom(path: Path, *, file_names: bool = False) -> int:
    """Print the stacks of a study and what is left out; 1 if there is no stack."""
    with messages().status("Reading headers"):
        contents = find_stacks(path)
    print_line(f"{path}")
    if contents.stacks:
        _show(contents)
    for what, why in contents.left_out:
        print_line(f"left out: {what}: {why}.")
    if file_names:
        for why, paths in contents.files_left_out.items():
            for each in paths:
                print_line(f"  {each}: {why}")
    if not contents.stacks:
        print_error(str(no_stack(contents, path)))
    return 0 if contents.stacks else 1


def _show(contents: Contents) -> None:
    studies = {stack.study for stack in contents.stacks}
    lines = table(
        "taken", "study", "stack", "kind", "slices, rows, columns", "pixels mm", "apart mm",
        "phases", "beats/min", text_columns=6,
    )  # fmt: skip
    for stack in contents.stacks:
        lines.add_row(
            "x" if stack.likely else "",
            str(stack.study),
            stack.name,
            stack.kind,
            sizes(stack.geometry.shape),
            millimetres(stack.geometry.spacing[1:]),
            _distance(stack),
            str(stack.frames),
            "–" if stack.heart_rate is None else f"{stack.heart_rate:.0f}",
        )
    results().print(lines)
    of = f" of {counted(len(studies), 'study', 'studies')}"
    print_line(f"{counted(len(contents.stacks), 'stack')}{of}")
    notes = NoteList()
    for stack in contents.stacks:
        uneven = [stack.uneven] if stack.uneven else []
        notes.add(f"{stack.name} of study {stack.study}", [*stack.notes, *uneven])
    for line in notes.lines():
        print_warning(line)


def _chosen(contents: Contents, source: Path | Sequence[Path], choice: Choice) -> list[Stack]:
    if not choice.stacks:
        if not contents.likely:
            raise none_likely(contents, source)
        return list(contents.likely)
    names = {stack.name for stack in contents.stacks}
    if unknown := [name for name in choice.stacks if name not in names]:
        raise FileError(
            f"Got --stack {unknown[0]}; expected one of {', '.join(sorted(names)) or 'none'}: see "
            "inspect."
        )
    return [stack for stack in contents.stacks if stack.name in choice.stacks]


def copies_of(source: Path | Sequence[Path], into: Path, choice: Choice) -> list[WorkingCopy]:
    """Working copies of what is chosen of ``source``, told on the terminal; raises as ``unpack``.

    ``FileError`` for a stack that is not there or if no stack is likely.
    """
    with messages().status("Reading DICOM"):
        contents = find_stacks(source)
        if not contents.stacks:
            raise no_stack(contents, source)
        stacks = _chosen(contents, source, choice)
        copies = unpack(
            source, into, stacks,
            name=choice.study_name, uneven=choice.uneven, body=choice.body_size,
        )  # fmt: skip
    for copy in copies:
        if copy.note is not None:
            print_warning(copy.note)
        there = "is used again" if copy.reused else "was written"
        frames = f", {counted(copy.stack.frames, 'phase')}" if copy.stack.frames > 1 else ""
        print_line(
            f"{copy.id}: {copy.stack.kind}, {counted(copy.stack.geometry.shape[0], 'slice')}"
            f"{frames}; working copy {there} in {into}"
        )
        for note in copy.stack.notes:
            print_warning(f"{copy.id}: {note}")
    return copies


def mend(*paths: Path | None) -> None:
    """Make working copies again that are gone or damaged, of files, folders and their ``images``.

    A line for each, also where the scanner's files are not there any more.
    """
    folders = [path.parent if is_nifti(path) else path for path in paths if path is not None]
    for place in dict.fromkeys(place for each in folders for place in (each, each / IMAGES)):
        if broken_copies(place):
            with messages().status("Making working copies again"):
                lines = mend_copies(place)
            for line in lines:
                print_warning(line)


def with_copies(paths: Sequence[Path], into: Path, choice: Choice) -> list[Path]:
    """``paths`` with each DICOM study replaced by its working copies, in ``into``.

    Loose DICOM files together are one source.
    """
    mend(*paths)
    studies = [path for path in paths if not is_nifti(path) and is_study(path)]
    folders = [path for path in studies if path.is_dir()]
    loose = [path for path in studies if not path.is_dir()]
    kept = [path for path in paths if path not in studies]
    for path in kept:
        warn_of_dicom(path)
    for source in (*folders, *([loose[0] if len(loose) == 1 else loose] if loose else [])):
        kept += [copy.path for copy in copies_of(source, into, choice)]
    return kept


def cases_of(source: Path, into: Path, choice: Choice) -> tuple[CaseFiles, ...]:
    """The cases of a study for a project; a cine is one, whose frames are still to be taken."""
    copies = copies_of(source, into, choice)
    for copy in copies:
        if shows_other_view(copy.path):
            print_warning(f"{copy.id}: {OTHER_VIEW}")
    return tuple(CaseFiles(copy.id, copy.path) for copy in copies)


def warn_of_dicom(folder: Path) -> None:
    """Say it where a folder of NIfTI files holds DICOM too, which is not read there."""
    if dicom_beside(folder):
        print_warning(
            f"{folder} holds NIfTI files, which are read, and DICOM files, which are not: give "
            "their folder by itself."
        )


def refuse_training(folder: Path) -> None:
    """``FileError`` for DICOM where strokes are needed, with what to do."""
    if not folder.is_dir() or not is_study(folder):
        return
    call, beside = "napari-scribblemix", folder.absolute().parent
    known = [path for place in (beside, Path()) for path in projects_of(folder, place)]
    project = str(known[0] if known else Path(f"my_study{PROJECT_SUFFIX}"))
    steps = [f"{call} gui {shlex.quote(project)}", f"{call} train {shlex.quote(project)}"]
    if not known:
        steps.insert(0, f"{call} import {shlex.quote(str(folder))} --output {project}")
    first = "draw in its project, and train on that" if known else "import, draw, and train"
    raise FileError(
        f"Got {folder}, DICOM files, which hold no strokes; {first}: {'; '.join(steps)}."
    )
