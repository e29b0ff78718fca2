"""``sample``: write the bundled synthetic hearts, or newly drawn ones, into a folder."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from napari_scribblemix.cli.console import results
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.settings import SampleSettings


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(f"Got --output {folder}, which is not empty; choose a new folder.")


def run(settings: SampleSettings) -> None:
    """Copy the sample, or draw it anew from ``settings.seed``."""
    _check_empty(settings.output)
    if settings.seed is None:
        source = sample_folder(settings.kind)
        shutil.copytree(source, settings.output, dirs_exist_ok=True)
    else:
        # Drawing needs torch; copying does not.
        from napari_scribblemix.synthesis.samples import write_samples

        write_samples(settings.output, settings.kind, settings.seed)
    files = [path for path in settings.output.rglob("*.nii.gz") if path.is_file()]
    console = results()
    # A line that is to be copied is not broken, and its path is one word for the shell.
    train = shlex.quote(str(settings.output / "train"))
    for line in (
        f"{counted(len(files), 'file')} in {settings.output}",
        f"Next: napari-scribblemix train {train}",
    ):
        console.print(line, markup=False, soft_wrap=True)
