"""A training's events kept in its run folder, ``events.jsonl``, while they pass by.

The file is what a later look at the run (curves, what went wrong) is drawn from.  A failure is
written as an event too, then raised again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from napari_scribblemix.errors import ProjectError, ScribbleMixError
from napari_scribblemix.events import Event, Failed
from napari_scribblemix.inference.model import MODEL_NAME
from napari_scribblemix.training.checkpoint import checkpoint_path

EVENTS_NAME = "events.jsonl"


def check_run_folder(run: Path, *, resume: bool) -> None:
    """``ProjectError`` if a new training would replace an old one."""
    used = [path for path in (checkpoint_path(run), run / MODEL_NAME) if path.exists()]
    if used and not resume:
        raise ProjectError(
            f"{run} already holds a training; go on with it by --resume, or choose another "
            "--output."
        )


def recorded(events: Iterator[Event], run: Path) -> Iterator[Event]:
    """The same events, each appended to the run's ``events.jsonl`` before it is passed on."""
    run.mkdir(parents=True, exist_ok=True)
    with (run / EVENTS_NAME).open("a", encoding="utf-8") as file:

        def keep(event: Event) -> Event:
            file.write(event.model_dump_json() + "\n")
            file.flush()
            return event

        try:
            for event in events:
                yield keep(event)
        except ScribbleMixError as error:
            yield keep(
                Failed(
                    what="The training stopped.",
                    why=str(error),
                    next="Mend the cause and go on with --resume.",
                )
            )
            raise
