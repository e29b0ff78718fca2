"""What a run folder keeps beside the model: its ``settings.json`` and ``events.jsonl``.

The events are what a later look at the run (curves, what went wrong) is drawn from.  A failure is
written as an event too, then raised again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import napari_scribblemix
from napari_scribblemix.data.durable import atomic_write, open_to_append, remove_strays
from napari_scribblemix.data.links import real
from napari_scribblemix.errors import FileError, OutOfMemory, ScribbleMixError
from napari_scribblemix.events import Event, Failed
from napari_scribblemix.project.durable import end_line
from napari_scribblemix.settings import StarterSettings, TrainSettings
from napari_scribblemix.training.job import Job
from napari_scribblemix.training.run_folder import EVENTS_NAME


def write_settings(run: Path, job: Job) -> None:
    """Keep what the user chose and every number that follows from it."""
    record = {
        "code_version": napari_scribblemix.__version__,
        "settings": _lasting(job.settings).model_dump(mode="json"),
        "recipe": job.recipe.model_dump(mode="json"),
    }
    atomic_write(run / "settings.json", json.dumps(record, indent=2).encode())


def _lasting(settings: TrainSettings | StarterSettings) -> TrainSettings | StarterSettings:
    """With companions as they are found from any folder: a window resumes from another one."""
    if not isinstance(settings, TrainSettings):
        return settings
    paths = [path.absolute() if path.exists() else path for path in settings.companions]
    return settings.model_copy(update={"companions": paths})


def describe_failure(error: Exception) -> Failed:
    """What to tell of an error that ended a training."""
    if isinstance(error, OutOfMemory):
        return Failed(
            what="The training ran out of memory.",
            why=str(error),
            next="Choose a smaller batch or crop, then go on from the last checkpoint with Resume.",
        )
    if isinstance(error, ScribbleMixError):
        return Failed(
            what="The training stopped.",
            why=str(error),
            next="Mend the cause and go on from the last checkpoint with Resume (--resume).",
        )
    reason = " ".join(str(error).split())
    return Failed(
        what="The training stopped through a defect of this program.",
        why=f"{type(error).__name__}: {reason}",
        next="Tell us; go on from the last checkpoint with Resume (--resume).",
    )


def recorded(events: Iterator[Event], run: Path) -> Iterator[Event]:
    """The same events, each appended to the run's ``events.jsonl`` before it is passed on.

    What an earlier training that was killed left half written in ``run`` is removed first.
    ``FileError`` if the events cannot be kept there.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        remove_strays(real(run), depth=1)
        file = open_to_append(run / EVENTS_NAME)
    except OSError as error:
        raise FileError(
            f"The run folder {run} could not be written ({error.strerror}); choose another."
        ) from error
    with file:
        end_line(file)

        def keep(event: Event) -> Event:
            file.write(event.model_dump_json().encode() + b"\n")
            file.flush()
            return event

        try:
            for event in events:
                yield keep(event)
        except Exception as error:
            yield keep(describe_failure(error))
            raise
