"""What ModelMix may learn together with: which companions there are, and what a chosen path is.

Whatever is wrong with one is told when it is chosen, not a minute later by the training process,
which judges in the end.  No Qt, no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.links import real
from napari_scribblemix.errors import FileError, ModelError, ScribbleError, SettingsError
from napari_scribblemix.gui.state.runs import RunSummary, model_of, read_json
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.project import PROJECT_SUFFIX, Project
from napari_scribblemix.resources import bundled_models, find_model
from napari_scribblemix.settings import NETWORKS

_FOLDER = "a folder with scribbles: it is trained along and gets its own model"
_MODEL = "a finished model: it stays as it is"
_WEIGHTS = ".safetensors"


@dataclass(frozen=True)
class Companion:
    """A companion that can serve; ``network`` if it is a finished model."""

    path: Path
    name: str
    network: str | None = None

    @property
    def sentence(self) -> str:
        """What it is, and what becomes of it."""
        return f"{self.name}, {_FOLDER if self.network is None else _MODEL}"


def _key(folder: Path) -> Path:
    """A project and the folder it was made of are the same task."""
    found = real(folder)
    return found.with_name(found.name.removesuffix(PROJECT_SUFFIX))


def _name_of(weights: Path) -> str:
    """``starter``; of a run its name and, if there are several tasks, the task."""
    if weights.stem != "model":
        return weights.stem
    folder = weights.parent
    in_task = (folder.parent / "events.jsonl").is_file()
    return f"{folder.parent.name}/{folder.name}" if in_task else folder.name


def _finished(weights: Path, path: Path) -> Companion:
    card = weights.with_suffix(".json")
    network = read_json(card).get("network")
    if not isinstance(network, str):
        raise ModelError(
            f"Got {weights.name} without a readable {card.name} beside it; a model is used with "
            "the card it was written with: copy both."
        )
    return Companion(path, _name_of(weights), network)


def look_at(path: Path) -> Companion:
    """What ``path`` is: a finished model, by name, file or run, or a folder to learn from.

    Raises:
        FileError: nothing is there, or no image is in it.
        ModelError: it is a model without its card.
        ScribbleError: it is a folder without a scribble.
    """
    found = find_model(path)
    if found.suffix == _WEIGHTS and found.is_file():
        # A bundled model keeps its name, by which it is found on any machine.
        return _finished(found, path if found != path else found.absolute())
    if not found.is_dir():
        raise FileError(
            f"Got the companion {path}, which is not there; choose a folder with scribbles or a "
            f"finished model ({_WEIGHTS})."
        )
    model = model_of(found)
    if model is not None:
        return _finished(model / f"model{_WEIGHTS}", model.absolute())
    if not any(files.scribbled for files in survey(found).cases):
        raise ScribbleError(
            f"Got the companion {path}, in which nothing is scribbled; draw some strokes there, or "
            "choose another one."
        )
    return Companion(found.absolute(), found.name.removesuffix(PROJECT_SUFFIX))


def check_new(found: Companion, chosen: Sequence[Companion], project: Path | None) -> None:
    """``SettingsError`` if ``found`` is what is trained anyway, or is chosen already."""
    own = project is not None and _key(found.path) == _key(project)
    if found.network is None and own:
        raise SettingsError(
            f"Got {found.path}, which is this project itself; choose another project or folder, or "
            "a finished model."
        )
    if any(_key(found.path) == _key(other.path) for other in chosen):
        raise SettingsError(f"{found.name} is a companion already; choose another one.")


def reason_against(chosen: Sequence[Companion], preset: str) -> str | None:
    """Why a ModelMix training with ``chosen`` cannot begin; ``None`` if it can."""
    if not chosen:
        return "ModelMix needs a companion: add one above."
    network = next((net for name, net in NETWORKS.items() if name == preset), None)
    for companion in chosen:
        if companion.network not in (None, network):
            fitting = [name for name, net in NETWORKS.items() if net == companion.network]
            change = f"choose the preset {fitting[0]}, or " if fitting else ""
            return (
                f"{companion.name} has a network {companion.network!r}, the preset {preset} "
                f"{network!r}: {change}remove it."
            )
    return None


def _used_before(runs: Sequence[RunSummary]) -> list[Path]:
    """The companions of earlier runs, the newest runs first."""
    paths: dict[Path, None] = {}
    for run in reversed(runs):
        settings = read_json(run.path / "settings.json").get("settings")
        if isinstance(settings, dict):
            paths |= {Path(str(path)): None for path in settings.get("companions") or ()}
    return list(paths)


def offers(project: Project, runs: Sequence[RunSummary]) -> list[tuple[str, Path]]:
    """What one can choose at a click, name and path.

    Bundled models, finished runs of the project, companions of earlier runs that are still there,
    and projects beside this one.
    """
    found = [(f"model {name}", Path(name)) for name in bundled_models()]
    found += [(f"run {run.name}", run.model) for run in runs if run.model is not None]
    used = [path for path in _used_before(runs) if path.is_absolute() and path.exists()]
    found += [(f"used before: {path.name}", path) for path in used]
    beside = sorted(project.folder.absolute().parent.glob(f"*{PROJECT_SUFFIX}"))
    found += [
        (f"project {path.name.removesuffix(PROJECT_SUFFIX)}", path)
        for path in beside
        if _key(path) != _key(project.folder)
    ]
    named: dict[Path, str] = {}
    for name, path in found:
        named.setdefault(path, name)
    return [(name, path) for path, name in named.items()]
