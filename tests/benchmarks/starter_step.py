"""What drawing hearts costs in a step of the starter's training, side by side in one run.

python tests/benchmarks/starter_step.py [--device cpu] [--threads 2] [--rounds 15]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from napari_scribblemix.settings import StarterSettings
from napari_scribblemix.synthesis.drawing import draw_slices
from napari_scribblemix.training.starter import prepare


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """How long ``work`` takes, the device's own queue included."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def main() -> None:
    """Print medians of the parts and the share of drawing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    job = prepare(
        StarterSettings(
            output=Path("unused"), device=arguments.device, threads=arguments.threads, validations=0
        )
    )
    recipe, device = job.recipe, job.machine.device
    optimizer = torch.optim.AdamW(job.method.parameters(), lr=1e-4)

    def draw() -> object:
        return draw_slices(recipe.batch, recipe.crop, recipe.spacing, job.generators.device)

    def make() -> object:
        return job.batches.at(0, 0.0)

    def learn() -> None:
        with torch.autocast(
            device.type, torch.bfloat16, enabled=job.machine.precision == "bf16-mixed"
        ):
            terms = job.method(batch)
        sum(job.weights[name] * term for name, term in terms.items()).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    batch = job.batches.at(0, 0.0)
    parts: dict[str, Callable[[], object]] = {
        "drawing": draw, "drawing and augmentation": make, "network and optimiser": learn,
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in parts}
    for number in range(arguments.rounds + 2):
        for name, work in parts.items():
            taken = seconds(work, device)
            if number >= 2:
                times[name].append(taken)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        print(f"{name:26s} {1000 * value:8.1f} ms")
    step = medians["drawing and augmentation"] + medians["network and optimiser"]
    where = f"{device}, {job.machine.precision}, {torch.get_num_threads()} threads"
    print(f"drawing is {medians['drawing'] / step:.1%} of a step ({where})")


if __name__ == "__main__":
    main()
