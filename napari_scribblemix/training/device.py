"""Which device and precision a training or a segmentation runs on, through Lightning Fabric.

``auto`` takes the first GPU, else Apple's, else the CPU.  A device that is asked for by name and
is not there is an error, never a silent fall-back to hours on the CPU.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import torch

from napari_scribblemix.errors import OutOfMemory, SettingsError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Precision = Literal["32-true", "bf16-mixed"]


@dataclass(frozen=True)
class Machine:
    """Where and how a training computes."""

    device: torch.device
    precision: Precision
    layout: torch.memory_format


def choose_machine(device: str, precision: str, threads: int | None) -> Machine:
    """Device, precision and memory layout for the settings of those names."""
    set_threads(threads)
    chosen = choose_device(device)
    exact = choose_precision(precision, chosen)
    return Machine(chosen, exact, choose_layout(chosen, exact))


def choose_device(name: str) -> torch.device:
    """The device for ``auto``, ``cpu``, ``cuda[:N]`` or ``mps``; ``SettingsError`` if absent."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise SettingsError(
            f"Got --device {name}; expected auto, cpu, cuda, cuda:N or mps."
        ) from error
    if device.type == "cuda":
        count = torch.cuda.device_count()
        if (device.index or 0) >= count:
            raise SettingsError(
                f"Got --device {name}, but {count} CUDA devices were found; choose --device cpu or "
                "look at 'napari-scribblemix doctor'."
            )
        return torch.device("cuda", device.index or 0)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise SettingsError(f"Got --device {name}, but it is not here; choose --device cpu.")
    if device.type not in {"cpu", "mps"}:
        raise SettingsError(f"Got --device {name}; expected auto, cpu, cuda, cuda:N or mps.")
    return device


def choose_precision(name: str, device: torch.device) -> Precision:
    """``auto``: bfloat16 autocast where the hardware computes in it, else plain float32."""
    if name != "auto":
        return cast(Precision, name)
    fast = (device.type == "cuda" and _gpu_computes_in_bf16(device)) or (
        device.type == "cpu" and _cpu_computes_in_bf16()
    )
    return "bf16-mixed" if fast else "32-true"


def _gpu_computes_in_bf16(device: torch.device) -> bool:
    """Whether this GPU has bfloat16 units; older ones (T4, RTX 20) imitate them, slowly."""
    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_computes_in_bf16() -> bool:
    """Whether this CPU has bfloat16 instructions (AVX512-BF16 or AMX): twice the steps a second.

    PyTorch answers this in functions it calls private; without them the answer is no.
    """
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in names)


def choose_layout(device: torch.device, precision: Precision) -> torch.memory_format:
    """The memory layout in which the networks are fastest there, see ``UNet.arrange``."""
    plain = device.type == "cpu" and precision == "bf16-mixed"
    return torch.contiguous_format if plain else torch.channels_last


def make_fabric(device: torch.device, precision: Precision) -> Fabric:
    """A one-device Fabric for ``device`` at ``precision``."""
    # It brings PyTorch's compiler along: 70 MiB, and a third of a start, for trainings alone.
    from lightning_fabric import Fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # we say ourselves what runs
    devices: list[int] | int = [device.index or 0] if device.type == "cuda" else 1
    return Fabric(accelerator=device.type, devices=devices, precision=precision)


def set_threads(threads: int | None) -> None:
    """Limit PyTorch's CPU threads; ``None`` leaves its choice (all cores)."""
    if threads is not None:
        torch.set_num_threads(threads)


_FULL = ("out of memory", "allocate memory", "not enough memory", "STATUS_ALLOC_FAILED")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory is full; only a GPU's has a class of its own."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _FULL)


def out_of_memory(device: torch.device, step: int) -> OutOfMemory:
    """What to tell when that happened at ``step``."""
    return OutOfMemory(
        f"The memory of {device} was full at step {step}; choose a smaller batch or crop (--batch, "
        "--crop), then go on from the last checkpoint (--resume)."
    )
