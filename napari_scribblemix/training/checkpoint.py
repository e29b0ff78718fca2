"""Everything a training needs to go on as if it had never stopped.

One file, ``checkpoint/state.pt``: step, time used, weights, averaged weights, optimiser, the last
validation and the states of all random generators.  The schedule and the order of the slices follow
from step, time and seed.  It is read with ``weights_only=True`` and therefore runs no code; it is
ours alone and never exchanged.
"""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.links import inside
from napari_scribblemix.errors import TrainingError
from napari_scribblemix.project.run_models import checkpoint_path

__all__ = ["TrainingState", "checkpoint_path", "load_checkpoint", "save_checkpoint"]

SCHEMA_VERSION = 3

# What a damaged file makes of the reading of its parts and of what they hold.
_DAMAGED = (
    OSError, RuntimeError, EOFError, pickle.UnpicklingError, zipfile.BadZipFile, zlib.error,
    ValueError, LookupError, TypeError, AttributeError, ImportError, ArithmeticError, MemoryError,
)  # fmt: skip
_LONGEST = 200


def _global_states() -> list[torch.Tensor]:
    """PyTorch's own generators, which dropout draws from: the CPU's, then each CUDA device's."""
    return [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]


def _restore_global_states(states: list[torch.Tensor]) -> None:
    torch.set_rng_state(states[0])
    if len(states) - 1 == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states[1:])


@dataclass
class TrainingState:
    """The objects whose state is saved.

    ``averaged`` holds a network per task, perhaps the trained one itself; ``metrics`` the last
    validation of each task by its name.
    """

    method: torch.nn.Module
    averaged: torch.nn.Module
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    host_generator: torch.Generator
    step: int = 0
    elapsed: float = 0.0
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)

    def snapshot(self) -> dict[str, Any]:
        """Plain tensors, numbers and containers."""
        return {
            "schema_version": SCHEMA_VERSION,
            "step": self.step,
            "elapsed": self.elapsed,
            "metrics": self.metrics,
            "method": self.method.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "host_generator": self.host_generator.get_state(),
            "global_generators": _global_states(),
        }

    def _arrange_moments(self) -> None:
        """Lay the optimiser's moments out in memory like the weights they belong to.

        They come back as they were saved, perhaps at another precision and so in another layout;
        the fused optimiser walks both by address and would pair a weight with another's moments.
        """
        for weight, moments in self.optimizer.state.items():
            for name, value in moments.items():
                if value.shape == weight.shape:
                    moments[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over a snapshot; ``TrainingError`` if it belongs to another kind of training."""
        try:
            self.method.load_state_dict(saved["method"])
            self.averaged.load_state_dict(saved["averaged"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self._arrange_moments()
            self.generator.set_state(saved["generator"])
            self.host_generator.set_state(saved["host_generator"])
            _restore_global_states(saved["global_generators"])
            self.step, self.elapsed = int(saved["step"]), float(saved["elapsed"])
            self.metrics = dict(saved["metrics"])
        except (KeyError, ValueError, RuntimeError, TypeError) as error:
            raise TrainingError(
                "The checkpoint does not fit these settings (another network, method or device); "
                f"resume with the settings it was started with, or start anew ({_shortly(error)})."
            ) from error


def save_checkpoint(run: Path, state: TrainingState) -> Path:
    """Write the state durably: the old one stays until the new one is whole."""
    buffer = io.BytesIO()
    torch.save(state.snapshot(), buffer)
    path = inside(run, checkpoint_path(run))
    atomic_write(path, buffer.getvalue())
    return path


def _shortly(error: Exception) -> str:
    """Its reason in some words of one line."""
    if isinstance(error, pickle.UnpicklingError):
        # PyTorch's own words say how to read it all the same, which would run what is in it.
        return "it holds more than numbers, which no training of this program saves"
    return " ".join(str(error).split())[:_LONGEST] or type(error).__name__


def _check_whole(path: Path) -> None:
    """``BadZipFile`` unless each part has the checksum it was written with; PyTorch looks at none.

    A flipped bit would else go on in the weights, and nobody would know.
    """
    with zipfile.ZipFile(path) as parts:
        if (name := parts.testzip()) is not None:
            raise zipfile.BadZipFile(f"the checksum of its part {name} is wrong")


def load_checkpoint(run: Path, state: TrainingState) -> None:
    """Restore ``state`` from the run folder; ``TrainingError`` if that cannot be."""
    path = checkpoint_path(run)
    if not path.is_file():
        raise TrainingError(f"Got --resume, but {run} holds no checkpoint; start without --resume.")
    try:
        _check_whole(path)
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        raise TrainingError(
            f"The checkpoint of {run} is damaged ({_shortly(error)}); start anew with another "
            "--output, from the run's model if it has one (--start)."
        ) from error
    if not isinstance(saved, dict) or saved.get("schema_version") != SCHEMA_VERSION:
        raise TrainingError(
            f"The checkpoint of {run} was written by another version; start anew with another "
            "--output."
        )
    state.restore(saved)
