"""A project with a file of every kind in it, and all the ways that the program reads each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from dicom_files import write_cine as write_study
from dicom_files import write_enhanced
from scenes import CPU, CheckpointScene, ModelScene

from napari_scribblemix.data.dicom.reading import read_cine
from napari_scribblemix.data.dicom.stacks import find_stacks
from napari_scribblemix.data.label_values import label_counts
from napari_scribblemix.data.limits import PIXEL_MM, SLICE_MM
from napari_scribblemix.data.nifti import number_of_frames, read_geometry, read_image, read_labels
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.state.last_view import LastView, read_view, write_view
from napari_scribblemix.gui.state.runs import list_runs, read_events, read_json, trained_cases
from napari_scribblemix.inference.model import load_model
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.chosen_phases import (
    ChosenPhases,
    read_chosen_phases,
    write_chosen_phases,
)
from napari_scribblemix.project.durable import Journal
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.mask_notes import MaskNotes, remember_masks
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.working_copies import described, fingerprint
from napari_scribblemix.training.checkpoint import load_checkpoint
from napari_scribblemix.training.record import recorded
from phantoms import draw, write_file

CASE = "heart"
# A small volume: what is big in a mutant is then the mutant's own.
SMALL = (3, 24, 24)


def kept_project(place: Path) -> Path:
    """A project in ``place`` that holds all that a project can hold, and a study beside."""
    image, mask, strokes = draw(0, SMALL)
    write_file(place / "heart.nii.gz", image)
    folder = place / "p.scribblemix"
    with Project.create(folder) as project:
        project.add_case(CaseFiles(CASE, place / "heart.nii.gz"))
        geometry = project.read_image(CASE).geometry
        project.write_scribble(CASE, strokes, geometry)
        drawn = strokes.copy()
        drawn[0, :5, :9] = 2
        project.record_stroke(CASE, strokes, drawn)
        project.write_prediction(CASE, mask, geometry, {"step": 3}, np.zeros(SMALL))
        project.write_review(CASE, [1], "somebody", mask, geometry)
        write_chosen_phases(project, CASE, ChosenPhases(ed=0))
        write_view(project, LastView(case=CASE, slice=1, sections={"Scribble": True}))
        run = project.new_run("one")
        ModelScene(run).save(1)
        CheckpointScene(run).save(1)
        list(recorded(iter(()), run))
        (run / "events.jsonl").write_text(
            '{"event": "progress", "step": 3, "fraction": 0.1, "elapsed": 1.0, "eta": 9.0, '
            '"slices_per_second": 5.0, "learning_rate": 0.1, "loss": 1.0, "terms": {"sup": 1.0}}\n'
        )
        (run / "settings.json").write_text(json.dumps({"settings": {"folder": "x", "steps": 3}}))
    write_file(folder / "a.nii", mask)
    write_file(folder / "a.nii.gz", mask)
    write_file(folder / "bomb.nii.gz", mask)
    remember_masks({folder / "a.nii.gz": {"model": "one", "step": 3, "expected_dice": {"LV": 0.9}}})
    (classic,) = write_study(folder / "study" / "made", 1, 1)
    classic.rename(folder / "study" / "a.dcm")
    write_enhanced(folder / "study" / "b.dcm", 2, 2)
    return folder


def _every(*reads: Callable[[], object]) -> None:
    """Read in all ways, each for itself; the last of our own errors is raised."""
    last: ScribbleMixError | None = None
    for read in reads:
        try:
            read()
        except ScribbleMixError as error:
            if "\n" in str(error):
                raise
            last = error
    if last is not None:
        raise last


def _believable(path: Path) -> None:
    z, y, x = read_geometry(path).spacing
    pixels = all(PIXEL_MM[0] <= size <= PIXEL_MM[1] for size in (y, x))
    if not (pixels and SLICE_MM[0] <= z <= SLICE_MM[1]):
        raise ValueError(f"a spacing of {z} x {y} x {x} mm was accepted")


def _volume(folder: Path, path: Path) -> None:
    files = CaseFiles(CASE, path)
    _every(
        lambda: number_of_frames(path), lambda: _believable(path), lambda: read_image(path),
        lambda: read_image(path, 0), lambda: read_labels(path), lambda: label_counts(path),
        lambda: load_case(files),
    )  # fmt: skip


def _scribble(folder: Path, path: Path) -> None:
    project = Project.open(folder, write=False)
    geometry = project.read_image(CASE).geometry
    _every(
        lambda: project.read_scribble(CASE, geometry),
        lambda: [load_case(files) for files in project.case_files()],
        lambda: project.unsaved_strokes(CASE),
        Journal(project.journal_path(CASE)).records,
    )


def _project(folder: Path, path: Path) -> None:
    def opened() -> None:
        with Project.open(folder) as project:
            for record in project.cases:
                _every(
                    lambda r=record: project.read_image(r.id),
                    lambda r=record: project.change_notes(r.id),
                    lambda r=record: project.read_scribble(r.id, project.read_image(r.id).geometry),
                    lambda r=record: project.read_prediction(r.id),
                    lambda r=record: project.read_review(r.id),
                )

    _every(opened, lambda: survey(folder))


def _review(folder: Path, path: Path) -> None:
    project = Project.open(folder, write=False)
    _every(lambda: project.read_review(CASE), lambda: project.read_accepted(CASE))


def _prediction(folder: Path, path: Path) -> None:
    project = Project.open(folder, write=False)
    _every(
        lambda: project.read_prediction(CASE), lambda: project.read_origin(CASE),
        lambda: project.read_uncertainty(CASE),
    )  # fmt: skip


def _run(folder: Path, path: Path) -> None:
    from napari_scribblemix.gui.train.control import _saved_settings

    project, run = Project.open(folder, write=False), folder / "runs" / "one"
    _every(
        lambda: list_runs(project), lambda: read_events(run), lambda: trained_cases(project, run),
        lambda: read_json(run / "settings.json"), lambda: _saved_settings(run),
    )  # fmt: skip


def _masks(folder: Path, path: Path) -> None:
    notes, mask = MaskNotes(folder), folder / "a.nii.gz"
    for read in (notes.of, notes.changed):
        read(mask)
    notes.stated(mask, "step")
    remember_masks({mask: {"model": "one", "step": 3}})


def _dicom(folder: Path, path: Path) -> None:
    for stack in find_stacks([path]).stacks:
        described(stack, body=True)
        fingerprint(stack)
        if stack.images[0][0].storage.length is not None:
            _every(lambda s=stack: read_cine(s, uneven=True))


def _model(folder: Path, path: Path) -> None:
    _every(
        lambda: load_model(folder / "runs" / "one", CPU),
        lambda: list_runs(Project.open(folder, write=False)),
    )


def _checkpoint(folder: Path, path: Path) -> None:
    state: Any = CheckpointScene(folder)._state(0)
    load_checkpoint(folder / "runs" / "one", state)


READERS: dict[str, Callable[[Path, Path], object]] = {
    "volume": _volume,
    "scribble": _scribble,
    "project": _project,
    "review": _review,
    "prediction": _prediction,
    "phases": lambda folder, _: read_chosen_phases(Project.open(folder, write=False)),
    "view": lambda folder, _: read_view(Project.open(folder, write=False)),
    "masks": _masks,
    "model": _model,
    "run": _run,
    "checkpoint": _checkpoint,
    "dicom": _dicom,
}
