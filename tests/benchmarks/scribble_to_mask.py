"""Draws the strip "scribble to mask" of the README: a drawn heart, its strokes, how its mask grows.

    python tests/benchmarks/scribble_to_mask.py [--output docs/pictures/scribble_to_mask.png]

Beside it, with the ending ``.gif``, it writes the same as a short film for the tour.

A training by CycleMix on the bundled cine sample from scratch, so that what is seen was learnt from
the strokes alone; seed 0, one thread, float32: some minutes of one core.  With 250 steps instead of
140 the mask lost a part of the right ventricle: from scratch, on four patients, small things
decide.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.nifti import read_image, read_labels
from napari_scribblemix.events import Event
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.synthesis.picture import grey, with_mask, with_strokes
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.scribble_job import prepare

CASE, SIDE, GAP, CAPTION = "cine02_ED", 100, 6, 22
STEPS = (15, 40, 140)
_ORDER = (1, 2, 3, 0)
"""The structures in the order in which their strokes are drawn, the background last."""

_PARTS, _QUICK, _SLOW, _LAST = 6, 120, 1200, 3500
"""Into how many pictures each stroke is cut; milliseconds of a picture."""

Panel = tuple[str, np.ndarray]


def captioned(panels: list[Panel]) -> Image.Image:
    """Panels (H, W, 3) in 0-1 side by side, each with its words below."""
    font = ImageFont.load_default(size=14)
    width = len(panels) * (2 * SIDE + GAP) - GAP
    strip = Image.new("RGB", (width, 2 * SIDE + CAPTION), "white")
    draw = ImageDraw.Draw(strip)
    for number, (words, panel) in enumerate(panels):
        left = number * (2 * SIDE + GAP)
        strip.paste(Image.fromarray((255 * panel.clip(0, 1)).astype(np.uint8)), (left, 0))
        draw.text((left + SIDE, 2 * SIDE + CAPTION // 2), words, "#333333", font, anchor="mm")
    return strip


def growing(plane: np.ndarray, strokes: np.ndarray) -> Iterator[Panel]:
    """The slice while its strokes are drawn, one after the other."""
    drawn = np.full_like(strokes, 255)
    for value in _ORDER:
        rows, columns = np.nonzero(strokes == value)
        way = np.argsort(np.arctan2(rows - rows.mean(), columns - columns.mean()))
        for part in np.array_split(way, _PARTS):
            drawn[rows[part], columns[part]] = value
            yield "a few strokes", with_strokes(plane, drawn)


def film(panels: list[Panel], plane: np.ndarray, strokes: np.ndarray, path: Path) -> None:
    """Write the slice, its strokes as they are drawn and the masks of ``panels`` as a GIF."""
    first, last, *masks = panels
    frames = [first, *growing(plane, strokes), last, *masks]
    times = [_SLOW, *[_QUICK] * (_PARTS * len(_ORDER)), _SLOW, *[_SLOW] * len(masks)]
    times[-1] = _LAST
    pictures = [captioned([frame]).quantize(64, dither=Image.Dither.NONE) for frame in frames]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, loop=0)
    print(f"{path} {path.stat().st_size // 1024} kB")


def main() -> None:
    """Train, look at the slice on the way, draw."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("docs/pictures/scribble_to_mask.png"))
    output = parser.parse_args().output
    train = sample_folder("cine") / "train"
    volume = read_image(train / "images" / f"{CASE}.nii.gz")
    stored = read_labels(train / "scribbles" / f"{CASE}_scribble.nii.gz").array
    z = len(volume.array) // 2
    strokes = CARDIAC.decode(stored)[z]
    rows, columns = np.nonzero(strokes != 255)
    top, left = ((side.min() + side.max() - SIDE) // 2 for side in (rows, columns))
    crop = np.s_[max(0, top) : max(0, top) + SIDE, max(0, left) : max(0, left) + SIDE]
    plane, strokes = volume.array[z][crop], strokes[crop]
    panels = [("a slice", grey(plane)), ("a few strokes", with_strokes(plane, strokes))]

    def look(training: Training) -> Iterator[Event]:
        if training.state.step in STEPS and len(panels) == 2 + STEPS.index(training.state.step):
            labels = segment_volume(training.model(), volume).labels[z][crop]
            panels.append((f"after {training.state.step} steps", with_mask(plane, labels)))
        yield from ()

    settings = TrainSettings(
        folder=train, start="scratch", steps=max(STEPS) + 1, threads=1, seed=0, validations=0,
        precision="32-true", device="cpu",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        training = Training(prepare(settings, Path(folder)), Path(folder), between_steps=look)
        for _ in training.events():
            pass
    strip = captioned(panels).quantize(128, dither=Image.Dither.NONE)
    strip.save(output, optimize=True)
    print(f"{output} {output.stat().st_size // 1024} kB")
    film(panels, plane, strokes, output.with_suffix(".gif"))


if __name__ == "__main__":
    main()
