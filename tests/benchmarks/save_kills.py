"""Kill a process again and again while it saves; print what cannot be used and what is left behind.

    python tests/benchmarks/save_kills.py [--times 20] [--seed 0]

For each kind of save (model and card, checkpoint, mask with its origin, review) a process saves
without a break and is killed at a random moment of its saves; then what is there is loaded, and the
run or the project is started again.  Counted are the kills after which it could not be loaded or
was put together from two saves, those that left a stray, and strays that were still there after the
next start.  POSIX only.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

_BEFORE_IT_SAVES = 0.02


def _save_without_end(scene: object, steps: int) -> None:
    number = 1
    while True:
        number = number % steps + 1
        scene.save(number)  # type: ignore[attr-defined]


def kill_once(scene: object, steps: int, seconds: float) -> None:
    """Fork a process that saves without a break, and kill it after ``seconds``."""
    process = os.fork()
    if process == 0:
        try:
            _save_without_end(scene, steps)
        finally:
            os._exit(1)
    time.sleep(_BEFORE_IT_SAVES + seconds)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def main() -> None:
    """Kill, look, count."""
    from killing import CheckpointScene, ModelScene, PredictionScene, ReviewScene, strays

    from napari_scribblemix.errors import ScribbleMixError

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=20, help="kills of each kind of save")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=0.5, help="seconds until the kill")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    kills = unusable = left = stayed = 0
    with tempfile.TemporaryDirectory() as temporary:
        # How many different saves each kind can tell apart.
        kinds = {ModelScene: 50, CheckpointScene: 50, PredictionScene: 3, ReviewScene: 4}
        for kind, steps in kinds.items():
            scene = kind(Path(temporary) / kind.__name__)
            scene.save(1)
            mine = [0, 0, 0]
            for _ in range(arguments.times):
                kill_once(scene, steps, rng.uniform(0.0, arguments.longest))
                try:
                    scene.found()
                except (ScribbleMixError, KeyError) as error:
                    mine[0] += 1
                    print(f"  {kind.__name__}: {error}", flush=True)
                mine[1] += bool(strays(scene.folder))
                scene.start_again()
                mine[2] += strays(scene.folder)
                # An unusable one would be counted again and again.
                scene.save(1)
            kills += arguments.times
            unusable, left, stayed = unusable + mine[0], left + mine[1], stayed + mine[2]
            print(
                f"{kind.__name__}: {arguments.times} kills, {mine[0]} unusable, {mine[1]} left a "
                f"stray, {mine[2]} strays after the next start",
                flush=True,
            )
    print(
        f"{kills} kills: {unusable} unusable, {left} left a stray, {stayed} strays after the next "
        "start"
    )


if __name__ == "__main__":
    main()
