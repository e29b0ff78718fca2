"""``export``: the masks of a project or of a folder, for other programs; one stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import track

from napari_scribblemix.cli.console import messages, print_error, print_summary, print_warning
from napari_scribblemix.cli.dicom import images_beside, mend
from napari_scribblemix.data.links import is_taken
from napari_scribblemix.data.pointers import absent
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError, ScribbleMixError, SettingsError
from napari_scribblemix.project.apart import check_writable
from napari_scribblemix.project.exporting import (
    MaskToExport,
    check_target,
    masks_in,
    masks_of_project,
)
from napari_scribblemix.project.mask_files import MaskWriter
from napari_scribblemix.project.mask_notes import MaskNotes
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.project.project import PROJECT_FILE, Project
from napari_scribblemix.settings import ExportSettings


@contextmanager
def _masks(settings: ExportSettings) -> Iterator[list[MaskToExport]]:
    source = settings.masks
    check_writable(settings.output)
    if not source.exists():
        raise FileError(absent(source))
    mend(source, settings.images)
    if (source / PROJECT_FILE).is_file():
        with Project.open(source, write=False) as project:
            for note in project.notes:
                print_warning(note)
            check_target(settings.output, project.source_files(), project)
            yield masks_of_project(project)
        return
    home = source if source.is_dir() else source.parent
    images = settings.images or images_beside(source)
    if settings.form == "dicom-seg" and images is None:
        raise SettingsError(
            "Got masks that lie in no project; dicom-seg needs the folder of their images: "
            "add --images."
        )
    found = masks_in(source, images)
    there = [*images.iterdir()] if images is not None and images.is_dir() else []
    check_target(settings.output, [*home.iterdir(), *there])
    if settings.form == "dicom-seg" and (damage := MaskNotes(home).damage) is not None:
        print_warning(damage)
    yield found


def _targets(writer: MaskWriter, masks: list[MaskToExport], settings: ExportSettings) -> list[Path]:
    targets = [writer.path(settings.output, mask.name) for mask in masks]
    there = [path for path in targets if is_taken(path)]
    if there and not settings.overwrite:
        raise SettingsError(
            f"{len(there)} of the files to write are already in {settings.output} "
            f"({there[0].name}); use --overwrite to replace them, or another --output."
        )
    return targets


def run(settings: ExportSettings) -> int:
    """Write all masks; returns 0, or 1 if any of them failed."""
    writer, notes, failed = MaskWriter(settings.form), NoteList(), 0
    with _masks(settings) as masks:
        targets = _targets(writer, masks, settings)
        settings.output.mkdir(parents=True, exist_ok=True)
        pairs = list(zip(masks, targets, strict=True))
        for mask, target in track(pairs, "Exporting", console=messages(), transient=True):
            try:
                writer.check(mask.name, mask.image)
                notes.add(mask.name, writer.write(target, mask.read()))
            except ScribbleMixError as error:
                failed += 1
                print_error(str(error) if mask.name in str(error) else f"{mask.name}: {error}")
    for line in notes.lines():
        print_warning(line)
    lost = f"{failed} of {counted(len(masks), 'mask')} failed" if failed else ""
    print_summary(f"Masks: {settings.output}", f"{len(masks) - failed} written", lost)
    return 1 if failed else 0
