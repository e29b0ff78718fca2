"""The windows in which files and folders are chosen to be opened."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

_KINDS = "NIfTI images (*.nii *.nii.gz *.img *.hdr);;DICOM files (*)"


def ask_files(parent: QWidget) -> list[Path]:
    """Image files; none if the question was cancelled."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, "Open images", "", _KINDS)
    return [Path(name) for name in chosen]


def ask_folder(parent: QWidget, title: str) -> Path | None:
    """A folder; ``None`` if the question was cancelled."""
    chosen = QFileDialog.getExistingDirectory(parent, title)
    return Path(chosen) if chosen else None
