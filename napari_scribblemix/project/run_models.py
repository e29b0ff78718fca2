"""Where the models of a run lie: in its folder, or, of several tasks, in one of the task's name.

Only paths: what is in a model file is read by ``inference.model``.
"""

from __future__ import annotations

from pathlib import Path

MODEL_NAME = "model.safetensors"


def checkpoint_path(run: Path) -> Path:
    """Where the state of the training of a run lies."""
    return run / "checkpoint" / "state.pt"


def models_of(run: Path) -> list[Path]:
    """The weights files of a run folder, sorted; none for any other folder."""
    if (run / MODEL_NAME).is_file():
        return [run / MODEL_NAME]
    # Every run keeps its settings: a folder of scans with a model somewhere inside is no run.
    return sorted(run.glob(f"*/{MODEL_NAME}")) if (run / "settings.json").is_file() else []
