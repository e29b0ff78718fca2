"""``sample``: write the bundled synthetic hearts, or newly drawn ones, into a folder."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from napari_scribblemix.cli.console import results
from napari_scribblemix.data.dicom.needed import INSTALL, is_installed
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError, SettingsError
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.settings import SampleSettings


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(f"Got --output {folder}, which is not empty; choose a new folder.")


def _write_dicom(folder: Path, seed: int) -> None:
    if not is_installed():
        raise SettingsError(f"Writing DICOM needs an extra: {INSTALL}.")
    from napari_scribblemix.synthesis.dicom_study import write_study

    write_study(folder, seed)


def _write(settings: SampleSettings) -> None:
    if settings.kind == "dicom":
        _write_dicom(settings.output, settings.seed or 0)
    elif settings.seed is None:
        source = sample_folder(settings.kind)
        shutil.copytree(source, settings.output, dirs_exist_ok=True)
    else:
        # Drawing needs torch; copying does not.
        from napari_scribblemix.synthesis.samples import write_samples

        write_samples(settings.output, settings.kind, settings.seed)


def run(settings: SampleSettings) -> None:
    """Copy the sample, or draw it anew from ``settings.seed``."""
    _check_empty(settings.output)
    _write(settings)
    files = [path for path in settings.output.rglob("*") if path.is_file()]
    if settings.kind != "dicom":
        files = [path for path in files if path.name.endswith(".nii.gz")]
    console = results()
    next_step = ("inspect", "dicom") if settings.kind == "dicom" else ("train", "train")
    # A line that is to be copied is not broken, and its path is one word for the shell.
    path = shlex.quote(str(settings.output / next_step[1]))
    for line in (
        f"{counted(len(files), 'file')} in {settings.output}",
        f"Next: napari-scribblemix {next_step[0]} {path}",
    ):
        console.print(line, markup=False, soft_wrap=True)
