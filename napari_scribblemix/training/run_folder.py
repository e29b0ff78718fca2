"""Whether a training can be written to a folder.  No torch: it is asked before anything slow."""

from __future__ import annotations

from pathlib import Path

from napari_scribblemix.data.links import inside
from napari_scribblemix.errors import ProjectError, TrainingError
from napari_scribblemix.project.folder import PROJECT_FILE
from napari_scribblemix.project.run_models import checkpoint_path, models_of

EVENTS_NAME = "events.jsonl"


def check_run_folder(run: Path, *, resume: bool) -> None:
    """An error if a training cannot be written to ``run``; nothing is made yet.

    ``ProjectError`` if it would replace an old one, ``FileError`` if ``run`` lies in a project
    behind a link.
    """
    project = run.parent.parent
    if (project / PROJECT_FILE).is_file():
        inside(project, run / EVENTS_NAME)
    used = [path for path in (checkpoint_path(run), *models_of(run)) if path.exists()]
    if used and not resume:
        raise ProjectError(
            f"{run} already holds a training; go on with it by --resume, or choose another "
            "--output."
        )


def check_checkpoint(run: Path) -> None:
    """``TrainingError`` if there is nothing to go on with."""
    if not checkpoint_path(run).is_file():
        raise TrainingError(f"Got --resume, but {run} holds no checkpoint; start without --resume.")
