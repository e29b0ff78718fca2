"""Which frames of a patient's cine a person took for end-diastole and end-systole.

``phases.json`` in the project folder: by patient the numbers of the frames, from 0 as in the file.
Where it says nothing they are found by the volume of the left ventricle.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from napari_scribblemix.data.described import as_json
from napari_scribblemix.data.links import inside
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.project.durable import atomic_write
from napari_scribblemix.project.project import Project

PHASES_FILE = "phases.json"


class ChosenPhases(BaseModel):
    """Numbers of frames; ``None``: found out."""

    model_config = ConfigDict(frozen=True)

    ed: int | None = Field(None, ge=0)
    es: int | None = Field(None, ge=0)


_FILE = TypeAdapter(dict[str, ChosenPhases])


def read_chosen_phases(project: Project) -> dict[str, ChosenPhases]:
    """What was chosen, by patient; empty if nothing was.  ``ProjectError`` if it is damaged."""
    path = project.folder / PHASES_FILE
    try:
        return _FILE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise ProjectError(
            f"{path} could not be read; expected the frames chosen for ED and ES: restore or "
            "remove it."
        ) from error


def write_chosen_phases(project: Project, patient: str, chosen: ChosenPhases) -> None:
    """Keep the choice for a patient; ``ProjectError`` where the project may not be written to."""
    project.require_lock()
    known = read_chosen_phases(project) | {patient: chosen}
    kept = {
        name: item.model_dump(exclude_none=True)
        for name, item in sorted(known.items())
        if item != ChosenPhases()
    }
    path = inside(project.folder, project.folder / PHASES_FILE)
    atomic_write(path, as_json(kept))
