"""What the commands can be told that open the window or look at this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from napari_scribblemix.settings.options import Settings


class GuiSettings(Settings):
    """Open napari with the panel to draw, train and review."""

    path: Path | None = Field(
        None,
        description="A project, images (NIfTI or DICOM) or a folder of them to open. [nothing]",
        json_schema_extra={"cli": "argument"},
    )
    sample: Literal["cine", "lge", "myops"] | None = Field(
        None,
        description="Open a bundled sample: drawn hearts like cine or late-enhancement MR, or of "
        "three channels with scar and oedema.",
    )


class DoctorSettings(Settings):
    """Show versions and devices, and say what works on this machine and what is missing."""

    report: Path | None = Field(
        None,
        description="Also write what was found to this new file, to send to a maintainer: without "
        "a name of a person, a machine, a folder or a file.",
    )
