"""What a ModelMix step costs, over twice a partial cross-entropy step of the same network.

    python tests/benchmarks/modelmix_step.py [--threads 1] [--rounds 9] [--preset fast]

Two tasks (the bundled cine and late-enhancement samples), batches and optimiser included, medians,
the variants in turn within each round.  Twice, because two tasks take twice the scans.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from napari_scribblemix.resources import sample_folder
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.scribble_job import prepare


def stepper(settings: TrainSettings, fraction: float) -> Callable[[int], float]:
    """A function that does one step, when ``fraction`` of the budget is used, in milliseconds."""
    job = prepare(settings)
    optimiser = torch.optim.AdamW(job.method.parameters(), lr=1e-4, fused=True)
    device, bf16 = job.machine.device, job.machine.precision == "bf16-mixed"

    def step(number: int) -> float:
        if device.type == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        batches = job.batches.at(number, fraction)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            terms = job.method(batches)
            loss = torch.stack([job.weights[k] * v for k, v in terms.items()]).sum()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return 1e3 * (time.perf_counter() - start)

    return step


def main() -> None:
    """Time the variants and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    one, two = (sample_folder(kind) / "train" for kind in ("cine", "lge"))
    common = {
        "folder": one,
        "validations": 0,
        "threads": options.threads,
        "preset": options.preset,
        "device": options.device,
        "precision": options.precision,
    }
    pair = {"method": "modelmix", "companions": [two]}
    variants: dict[str, tuple[dict[str, object], float]] = {
        "partial CE, one task": ({"method": "partial"}, 1.0),
        "ModelMix, before it mixes": (pair, 0.0),
        "ModelMix, invariance alone": (pair | {"without": "vicinal-sup,vicinal-reg"}, 1.0),
        "ModelMix, virtual models alone": (pair | {"without": "inv"}, 1.0),
        "ModelMix": (pair, 1.0),
        "ModelMix, shared encoder": (pair | {"without": "own-encoders"}, 1.0),
        "ModelMix, frozen companion": (pair | {"companions": ["starter"]}, 1.0),
    }
    if options.preset != "fast":
        variants.pop("ModelMix, frozen companion")
    steps = {
        name: stepper(TrainSettings.model_validate(common | changes), fraction)
        for name, (changes, fraction) in variants.items()
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(options.rounds + 2):
        for name, step in steps.items():
            took = step(number)
            if number >= 2:
                times[name].append(took)
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = 2 * medians["partial CE, one task"]
    print(f"PyTorch {torch.__version__}, {options.device}, {torch.get_num_threads()} threads")
    print(f"{'':34}{'ms':>9}{'over 2 x partial CE':>22}")
    for name, value in medians.items():
        print(f"{name:34}{value:9.1f}{value / base:22.2f}")


if __name__ == "__main__":
    main()
