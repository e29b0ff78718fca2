"""Accuracy on the real validation cases: train, segment, evaluate, and one row of the record.

    python tests/benchmarks/accuracy.py mscmr25 --method cyclemix --time 15m
    python tests/benchmarks/accuracy.py acdc5 --draw 1 --method partial --time 3m --threads 1

Sets and draws are the fixed ones: ``acdc70``, ``acdc35`` (patients 001-035), ``mscmr25``, and
``acdc5``, ``mscmr5`` with three draws of five scribbled volumes, the others unlabelled.  Further
options go to ``train`` as they are.  The data stays where it is: ../shared/data, or the folder that
SCRIBBLEMIX_DATA names.  Everything runs through the command line, as a user would.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from napari_scribblemix.evaluation.levels import LEVELS

ROOT = Path(__file__).resolve().parents[2]
SETS = ("acdc70", "acdc35", "acdc5", "mscmr25", "mscmr5")


def data_folder() -> Path:
    """Where the real data lies."""
    return Path(os.environ.get("SCRIBBLEMIX_DATA", ROOT.parent / "shared" / "data"))


def selection(name: str, images: Path, draw: int) -> list[str]:
    """The options of ``train`` that pick the cases of a set."""
    files = sorted(path.name for path in images.iterdir())
    ids = [file.removesuffix(".nii.gz") for file in files]
    if name == "acdc35":
        return ["--cases", ",".join(i for i in ids if int(i[7:10]) <= 35)]
    if name in {"acdc5", "mscmr5"}:
        drawn = random.Random(draw).sample(files, 5)
        return ["--scribbled", ",".join(file.removesuffix(".nii.gz") for file in drawn)]
    return []


def companion(name: str, draw: int) -> list[str]:
    """The options of ``train`` that add the set ``name`` as a second task."""
    folder = companion_data(name) / "train"
    chosen = selection(name, folder / "images", draw)
    if "--cases" in chosen:
        raise SystemExit(f"{name} is part of a set and cannot be a companion; choose another.")
    scribbled = ["--with-scribbled", chosen[1]] if chosen else []
    return ["--with", str(folder), *scribbled]


def companion_data(name: str | None) -> Path:
    """Where the data of a companion set lies."""
    return data_folder() / ("acdc" if name and name.startswith("acdc") else "mscmr")


def report_companion(run: Path, work: Path) -> None:
    """Print what the companion's own model reaches on its validation cases."""
    data = data_folder() / run.name.removesuffix("_train")
    masks, report = work / run.name, work / f"{run.name}.json"
    command("segment", run, data / "val" / "images", "--output", masks)
    command("evaluate", masks, data / "val" / "masks", "--json", report)
    mean = json.loads(report.read_text())["mean"]
    row = {"companion": run.name, "mean_dice": round(mean["dice"], 3)}
    print_details(json.loads(report.read_text())["details"])
    print(json.dumps(row | {"mean_hd95": round(mean["hd95"], 1)}))


def command(*parts: object) -> None:
    """Run the program; its messages stay visible."""
    code = "import sys; from napari_scribblemix.cli.app import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code, *map(str, parts)], check=True)


def print_details(details: list[dict[str, Any]]) -> None:
    """A line for each structure and phase: the median volume ratio, and Dice by third."""
    for item in details:
        ratio, *dice = (
            f"{math.nan if value is None else value:.3f}"
            for value in (item["volume_ratio"], *(item[f"dice_{each}"]["mean"] for each in LEVELS))
        )
        levels = ", ".join(f"{name} {value}" for name, value in zip(LEVELS, dice, strict=True))
        print(f"{item['structure']:16s} {item['phase']:3s} volume ratio {ratio}; Dice {levels}")


def main() -> None:
    """One training and its row."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--companion", choices=SETS, help="a second task (--method modelmix)")
    parser.add_argument("--keep", type=Path, help="folder for run and masks [a temporary one]")
    arguments, train_options = parser.parse_known_args()
    data = data_folder() / ("acdc" if arguments.set.startswith("acdc") else "mscmr")
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.keep or Path(temporary)
        chosen = selection(arguments.set, data / "train" / "images", arguments.draw)
        run = work / "run"
        if arguments.companion:
            chosen += companion(arguments.companion, arguments.draw)
        command("train", data / "train", "--output", run, *chosen, *train_options)
        other = run / f"{companion_data(arguments.companion).name}_train"
        # ModelMix calls its tasks by as much of their folders as tells them apart.
        own = (run / f"{data.name}_train", run / "train")
        run = next((folder for folder in own if folder.is_dir()), run)
        if other.is_dir():
            report_companion(other, work)
        command("segment", run, data / "val" / "images", "--output", work / "masks")
        report = work / "report.json"
        command("evaluate", work / "masks", data / "val" / "masks", "--json", report)
        result = json.loads(report.read_text())
        card = json.loads((run / "model.json").read_text())
        row = {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "set": arguments.set,
            "draw": arguments.draw,
            "options": " ".join([*train_options, *["+", arguments.companion or ""]]).rstrip(" +"),
            "steps": card["steps"],
            "seconds": card["seconds"],
            "mean_dice": round(result["mean"]["dice"], 3),
            "mean_hd95": round(result["mean"]["hd95"], 1),
        }
        for item in result["structures"]:
            dice, hd95 = item["dice"], item["hd95"]
            row[item["structure"]] = (
                f"{dice['mean']:.3f} ± {dice['sd']:.3f}, HD95 {hd95['mean']:.1f}"
                f" (missed {item['missed']})"
            )
        print_details(result["details"])
    print(json.dumps(row))


if __name__ == "__main__":
    main()
