"""Time of each part of a CycleMix training step, side by side in one run.

    python tests/benchmarks/cyclemix_step.py [--device cpu|cuda] [--steps 10] [--threads 2]

The parts take turns within every round, so a machine that is busy for a while slows all of them;
the table shows medians.  Mask solver and transport are averaged over the four grids, which are
drawn equally often.  Where the hardware computes in bfloat16 both precisions are timed.  On CUDA
every part is fenced by a synchronisation, and one step is run with every host
synchronisation turned into an error.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.methods import cyclemix, puzzle_mix, transport
from napari_scribblemix.methods.batch import UNLABELLED, Batch
from napari_scribblemix.methods.cyclemix import Mixer
from napari_scribblemix.methods.edges import edge_consistency
from napari_scribblemix.methods.losses import (
    negative_cosine,
    partial_cross_entropy,
    partial_dice,
)
from napari_scribblemix.methods.occlusion import draw_visible
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.training.averaging import update_average
from napari_scribblemix.training.batches import BatchSource, build_method
from napari_scribblemix.training.device import choose_layout, choose_precision
from napari_scribblemix.training.job import Generators
from napari_scribblemix.training.recipe import PRESETS, Recipe
from napari_scribblemix.training.slices import SliceStore

CLASSES = CARDIAC.classes


def _store(recipe: Recipe, device: torch.device) -> SliceStore:
    """Smooth random slices with short strokes of every class round their middle."""
    count, side = 2 * recipe.batch, recipe.crop + 32
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(count, 1, side // 8, side // 8, generator=generator)
    images = torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear")[:, 0]
    labels = torch.full((count, side, side), UNLABELLED, dtype=torch.uint8)
    middle = side // 2
    for k in range(CLASSES):
        labels[:, middle + 8 * k - 16 : middle + 8 * k - 14, middle - 12 : middle + 12] = k
    half = torch.full((count, 2), float(middle))
    numbers = torch.arange(count)
    parts = (images, labels, half, 2 * half, numbers, numbers[:0])
    return SliceStore(*(part.to(device) for part in parts))


@dataclass
class Bench:
    """One setting: its method, its data, its random sources."""

    recipe: Recipe
    device: torch.device
    bf16: bool = False

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        recipe = self.recipe
        self.store = _store(recipe, self.device)
        layout = choose_layout(self.device, "bf16-mixed" if self.bf16 else "32-true")
        network = build_network(recipe.network, 1, CLASSES)
        network.arrange(layout)
        self.method = build_method("cyclemix", recipe, [network]).to(self.device)
        self.optimiser = torch.optim.AdamW(self.method.parameters(), lr=1e-4, fused=True)
        self.averaged = copy.deepcopy(self.method.network).requires_grad_(False)
        generators = Generators.seeded(0, self.device)
        self.generator = generators.device
        self.source = BatchSource(self.store, recipe, CARDIAC, 0, generators)
        self.steps = 0

    def batch(self) -> Batch:
        self.steps += 1
        return self.source.at(self.steps, 0.5)

    def average(self) -> None:
        if self.recipe.ema:
            update_average(self.averaged, self.method.network, self.recipe.ema, self.steps)

    def step(self) -> None:
        batch = self.batch()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            terms = self.method(batch)
            loss = torch.stack([self.method.weights[k] * v for k, v in terms.items()]).sum()
        loss.backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.average()

    def parts(self) -> dict[str, Callable[[], object]]:
        """Each part of the step alone, forward and backward."""
        batch, recipe, network = self.batch(), self.recipe, self.method.network
        height, width = batch.image.shape[-2:]
        image = batch.image.clone().requires_grad_()
        logits = network(image).detach().requires_grad_()
        probability = logits.detach().softmax(1).requires_grad_()
        ones = torch.ones_like(logits)
        saliency = torch.rand(image[:, 0].shape, generator=self.generator, device=self.device) ** 8
        partner = cyclemix.draw_partners(recipe.batch, self.generator)
        mixing: list[tuple[int, Tensor, Tensor]] = []
        for n in puzzle_mix.GRIDS:
            cells = puzzle_mix.pool(saliency, n)
            share = puzzle_mix.draw_share(recipe.batch, self.generator, self.device)
            energy = puzzle_mix.build_energy(cells, batch.image, partner, share, n)
            mixing.append((n, cells, puzzle_mix.solve(energy)))

        def run_network() -> None:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                first = network(image)
                torch.autograd.grad(first, image, ones.to(first.dtype), retain_graph=True)
                second = network(batch.image)
            grads = [ones.to(first.dtype), ones.to(second.dtype)]
            torch.autograd.backward([first, second], grads)

        def run_solver() -> None:
            for n, _, _ in mixing:
                share = puzzle_mix.draw_share(recipe.batch, self.generator, self.device)
                cells = puzzle_mix.pool(saliency, n)
                energy = puzzle_mix.build_energy(cells, batch.image, partner, share, n)
                puzzle_mix.spread(puzzle_mix.solve(energy), height, width)

        def run_transport() -> None:
            itself = torch.arange(recipe.batch, device=self.device)
            for n, cells, mask in mixing:
                both, keep = torch.cat((cells, cells[partner])), torch.cat((1 - mask, mask))
                plans = transport.plan_transport(both, keep, getattr(self.method, f"ways{n}"))
                mixer = Mixer(
                    puzzle_mix.spread(mask, height, width)[:, None],
                    transport.build_move(plans[: recipe.batch], itself, n, height, width),
                    transport.build_move(plans[recipe.batch :], partner, n, height, width),
                )
                mixer(batch.image)
                mixer(batch.target)
                torch.autograd.grad(mixer(probability), probability, ones)

        def run_occlusion() -> None:
            side = float(self.method.occlusion_px)
            visible = draw_visible(recipe.batch, height, width, side, self.generator)
            for x in (batch.image, batch.target, probability.detach()):
                torch.mul(x, visible)

        def run_losses() -> None:
            loss = 2 * partial_cross_entropy(logits, batch.target)
            if recipe.dice:
                loss = loss + partial_dice(logits, batch.target)
            loss = loss + negative_cosine(logits.softmax(1), logits.softmax(1))
            torch.autograd.grad(loss, logits)

        def run_edges() -> None:
            if recipe.edges:
                loss = edge_consistency(probability, batch.image)
                torch.autograd.grad(loss, probability)

        def run_components() -> None:
            torch.autograd.grad(cyclemix.local_consistency(probability), probability)

        def run_optimiser() -> None:
            self.optimiser.step()
            self.average()

        return {
            "network": run_network,
            "mask solver": run_solver,
            "transport": run_transport,
            "occlusion": run_occlusion,
            "components": run_components,
            "losses": run_losses,
            "edge consistency": run_edges,
            "slices, augmentation": self.batch,
            "optimiser, average": run_optimiser,
            "whole step": self.step,
        }

    def timed(self, run: Callable[[], object]) -> float:
        """Milliseconds."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return 1e3 * (time.perf_counter() - start)

    def table(self, steps: int) -> str:
        """Median milliseconds of each part and its share of their sum."""
        parts = self.parts()
        times: dict[str, list[float]] = {name: [] for name in parts}
        for _ in range(steps + 1):
            for name, run in parts.items():
                times[name].append(self.timed(run))
        # The first round warms up.
        medians = {name: statistics.median(values[1:]) for name, values in times.items()}
        for name in ("mask solver", "transport"):
            medians[name] /= len(puzzle_mix.GRIDS)
        whole = medians.pop("whole step")
        total = sum(medians.values())
        lines = [f"{name:<28}{ms:9.1f} ms{100 * ms / total:8.1f} %" for name, ms in medians.items()]
        rest = total - medians["network"]
        lines.append(f"{'all but the network':<28}{rest:9.1f} ms{100 * rest / total:8.1f} %")
        lines.append(f"{'a whole step, by itself':<28}{whole:9.1f} ms")
        lines.append(f"{'slices a second':<28}{1e3 * self.recipe.batch / whole:9.1f}")
        return "\n".join(lines)


def check_no_synchronisation(bench: Bench) -> str:
    """Run some steps with every wait for the device turned into an error."""
    bench.step()
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        # Six steps draw every slice of the store thrice: a new pass is shuffled within.
        for _ in range(6):
            bench.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return "no host synchronisation in a step"


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of each part of a CycleMix step.")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--steps", type=int, default=5, help="timed rounds")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--presets", default="paper,fast", help="which of paper, fast, best")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    has_bf16 = choose_precision("auto", device) == "bf16-mixed"
    where = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(f"PyTorch {torch.__version__}, {where}, {torch.get_num_threads()} threads")
    for name in options.presets.split(","):
        recipe = PRESETS[name]
        for bf16 in (False, True) if has_bf16 else (False,):
            bench = Bench(recipe, device, bf16)
            print(
                f"\n{name}: {recipe.network}, batch {recipe.batch}, {recipe.crop} x {recipe.crop}, "
                f"{'bfloat16' if bf16 else 'float32'}"
            )
            print(bench.table(options.steps))
            if device.type == "cuda":
                print(check_no_synchronisation(bench))


if __name__ == "__main__":
    main()
