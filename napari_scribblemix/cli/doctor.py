"""``doctor``: versions, devices, what is missing, and what to do about it.

Everything is looked up without starting anything: napari and Qt are found by their installed
packages and not imported.  Exit code 1 if training cannot work at all.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from napari_scribblemix import __version__
from napari_scribblemix.cli.console import results, table
from napari_scribblemix.cli.doctor_report import write_report
from napari_scribblemix.errors import FileError
from napari_scribblemix.resources import bundled_models, models_folder, sample_kinds
from napari_scribblemix.settings import DoctorSettings

_PACKAGES = ("torch", "lightning-fabric", "numpy", "scipy", "scikit-image", "nibabel", "pydantic")
_QT = ("PyQt6", "PyQt5", "PySide6")
_ALL_PACKAGES = (*_PACKAGES, "napari", *_QT)
_LOW_MEMORY_GB, _LOW_DISK_GB = 4.0, 1.0


@dataclass(frozen=True)
class Verdict:
    """One conclusion: whether it is good, and the sentence."""

    good: bool
    text: str


def installed(package: str) -> str | None:
    """The installed version of ``package``, without importing it; ``None`` if absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def memory_gb() -> tuple[float, float] | None:
    """Available and total memory in GB (1e9 bytes); ``None`` where the system does not tell."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        lines = (line.split() for line in meminfo.read_text().splitlines())
        kilobytes = {words[0]: int(words[1]) for words in lines if len(words) > 1}
        if "MemAvailable:" in kilobytes:
            return kilobytes["MemAvailable:"] / 976562.5, kilobytes["MemTotal:"] / 976562.5
    return None


def devices() -> tuple[list[str], Verdict]:
    """What PyTorch can compute on, a line each, and whether training works."""
    try:
        import torch
    except ImportError as error:
        return [], Verdict(False, f"PyTorch cannot be imported ({error}); install it again.")
    lines = [f"CPU, {torch.get_num_threads()} threads of {os.cpu_count()} cores"]
    for index in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(index)
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        bf16 = "bfloat16" if has_bf16 else "no bfloat16"
        lines.append(f"cuda:{index} {gpu.name}, {gpu.total_memory / 1e9:.0f} GB, {bf16}")
    if torch.backends.mps.is_available():
        lines.append("mps (Apple)")
    if len(lines) > 1:
        return lines, Verdict(True, f"Training runs on {lines[1].split(',')[0]}: any preset.")
    advice = "Training runs on the CPU: preset fast; best takes a night."
    if torch.version.cuda is None and shutil.which("nvidia-smi"):
        advice += " There is an NVIDIA driver, but this PyTorch was built without CUDA."
    return lines, Verdict(True, advice)


def _resource_verdict() -> Verdict:
    try:
        names = list(bundled_models())
        kinds = sample_kinds()
        models_folder()
    except FileError as error:
        return Verdict(False, str(error))
    starters = ", ".join(names) or "none"
    return Verdict(True, f"Starter models: {starters}. Samples: {', '.join(kinds) or 'none'}.")


def _space() -> tuple[list[tuple[str, str]], list[Verdict]]:
    rows, verdicts = [], []
    if (memory := memory_gb()) is not None:
        rows.append(("free memory", f"{memory[0]:.1f} of {memory[1]:.1f} GB"))
        if memory[0] < _LOW_MEMORY_GB:
            verdicts.append(
                Verdict(False, f"Only {memory[0]:.1f} GB of memory are free; close programs first.")
            )
    disk = shutil.disk_usage(Path.cwd())
    rows.append(("free disk here", f"{disk.free / 1e9:.1f} of {disk.total / 1e9:.1f} GB"))
    if disk.free / 1e9 < _LOW_DISK_GB:
        verdicts.append(Verdict(False, "The disk is nearly full; make room before training."))
    return rows, verdicts


def _mark(good: bool, encoding: str) -> str:
    """The sign before a verdict, in what a console of ``encoding`` can print."""
    if not good:
        return "! "
    try:
        "✓".encode(encoding)
    except (LookupError, UnicodeEncodeError):  # e.g. a file on Windows, in cp1252
        return "ok "
    return "✓ "


def run(settings: DoctorSettings) -> int:
    """Print the facts and the verdicts, and write the report asked for; 1 if no training works."""
    lines, training = devices()
    space, warnings = _space()
    facts = [
        ("napari-scribblemix", __version__),
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        ("system", platform.platform()),
        *((package, installed(package) or "not installed") for package in _ALL_PACKAGES),
        *(("device", line) for line in lines),
        *space,
    ]
    shown = table("what", "found", text_columns=2)
    shown.show_header = False
    for fact in facts:
        shown.add_row(*fact)
    verdicts = (training, _resource_verdict(), *warnings)
    console = results()
    console.print(shown)
    console.print()
    for verdict in verdicts:
        mark = _mark(verdict.good, console.encoding)
        console.print(mark, style="green" if verdict.good else "yellow", end="")
        console.print(verdict.text, markup=False, soft_wrap=True)
    if settings.report is not None:
        write_report(settings.report, facts, ((each.good, each.text) for each in verdicts))
        console.print(f"Report: {settings.report}", markup=False, soft_wrap=True)
    return 0 if training.good else 1
