"""What a project looked like when it was left: kept in it, and taken up when it is opened again.

``view.json`` in the project folder: the case and slice on screen, the time and threads that were
chosen, which sections were open.  Nobody's work hangs on it: where it cannot be read or written,
the project opens as at first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_scribblemix.data.links import inside
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.project.durable import atomic_write
from napari_scribblemix.project.project import Project

VIEW_FILE = "view.json"


class LastView(BaseModel):
    """``time`` in seconds; ``slice`` from 0; ``sections`` by title: whether they were open."""

    model_config = ConfigDict(frozen=True)

    case: str = ""
    slice: int = Field(0, ge=0)
    time: float | None = Field(None, gt=0)
    threads: int | None = Field(None, ge=1)
    sections: dict[str, bool] = {}


def read_view(project: Project) -> LastView | None:
    """How ``project`` was left; ``None`` if nothing (readable) says so."""
    try:
        return LastView.model_validate_json((project.folder / VIEW_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def where_left(project: Project, cases: Sequence[str]) -> tuple[str, int | None]:
    """The case, one of ``cases``, and slice on screen when ``project`` was left; else the first."""
    last = read_view(project)
    return (cases[0], None) if last is None or last.case not in cases else (last.case, last.slice)


def write_view(project: Project, view: LastView) -> None:
    """Keep ``view`` in ``project``, where that may be written to."""
    if project.writable:
        with contextlib.suppress(ScribbleMixError, OSError):
            path = inside(project.folder, project.folder / VIEW_FILE)
            atomic_write(path, (view.model_dump_json(indent=2) + "\n").encode())
