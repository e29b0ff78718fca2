"""Models and projects that somebody made to do harm: refused, or used without any.

Beside each lies a folder that is not theirs.  Bad is: it changed, code of the file ran, a control
sign reached the screen, or words of the file became part of a page.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from readers import kept_project
from tries import Place

from napari_scribblemix.cli.app import main
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.project.project import Project
from phantoms import draw, write_file

DEFECT = 70
HANG_SECONDS = 90
ESCAPE, HTML = "\x1b[2J\x1b]0;x\x07", "<img src=x onerror=alert(1)>"
NAMES = (
    "../../outside/evil", "/outside/evil", "a/b", "a\\b", "..", ".", ".hidden", "a\0b", "a\nb",
    ESCAPE, HTML, "\u202egnp.exe", "x" * 5000, "CON:", "a|b", "",
)  # fmt: skip


@dataclass
class World:
    """A project and a run in it that are changed for the worse, and a folder that is not theirs."""

    home: Path
    project: Path
    outside: Path

    @property
    def run(self) -> Path:
        return self.project / "runs" / "one"

    @property
    def ran(self) -> Path:
        return self.outside / "ran"

    def change(self, path: Path, **values: Any) -> None:
        """Other values in a JSON file; of a card whose weights stay."""
        content = json.loads(path.read_bytes())
        content.update(values)
        path.write_text(json.dumps(content))

    def case(self, **values: Any) -> None:
        path = self.project / "project.json"
        content = json.loads(path.read_bytes())
        content["cases"][0].update(values)
        path.write_text(json.dumps(content))
        (self.project / "project.copy.json").unlink(missing_ok=True)

    def link(self, name: str) -> None:
        """A link to the other folder, or to the file in it, in the place of a part."""
        place = self.project / name
        whole = place.is_dir()
        shutil.rmtree(place) if whole else place.unlink(missing_ok=True)
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(self.outside if whole else self.outside / "scan.nii.gz")


class _Bomb:
    """Pickled, it runs a command wherever it is unpickled."""

    def __init__(self, ran: Path) -> None:
        self.ran = ran

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.ran}",)


def _pickled(world: World, path: Path) -> None:
    torch.save({"schema_version": 3, "method": _Bomb(world.ran)}, path)


def _led_out(world: World) -> None:
    _pickled(world, world.run / "checkpoint" / "state.pt")
    with zipfile.ZipFile(world.run / "checkpoint" / "state.pt", "a") as parts:
        parts.writestr("../../../../outside/evil", b"x")


def _huge_weights(world: World) -> None:
    head = b'{"w":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}'
    data = struct.pack("<Q", len(head)) + head
    (world.run / "model.safetensors").write_bytes(data)


def _labels(world: World, **values: Any) -> None:
    for path in (world.run / "model.json", world.project / "project.json"):
        content = json.loads(path.read_bytes())
        content["labels"].update(values)
        path.write_text(json.dumps(content))
    (world.project / "project.copy.json").unlink(missing_ok=True)


def _named_file(world: World, name: str) -> None:
    image = world.home / f"{name}.nii.gz"
    with contextlib.suppress(OSError, ValueError):
        if not image.resolve().is_relative_to(world.home.resolve()):
            return  # a file of ours out there would be our own harm; ``source`` leads there too
        write_file(image, draw(1, (3, 24, 24))[0])
        world.case(source=str(image))


def _cards() -> Iterator[tuple[str, Callable[[World], object]]]:
    card = "model.json"
    for field, value in {
        "in_channels": 10**9, "spacing": 1e-9, "network": "../../outside/evil",
        "name": ESCAPE, "licence": ESCAPE, "purpose": "x" * 10**6, "parent": "../" * 50,
        "channels": ["../a"], "recipe": {"a": [[[[[]]]]] * 1000}, "method": f"[link={HTML}]x[/]",
    }.items():  # fmt: skip
        yield f"card: {field}", lambda w, f=field, v=value: w.change(w.run / card, **{f: v})


def _attacks() -> Iterator[tuple[str, Callable[[World], object]]]:
    yield "pickle as weights", lambda w: _pickled(w, w.run / "model.safetensors")
    yield "pickle as checkpoint", lambda w: _pickled(w, w.run / "checkpoint" / "state.pt")
    yield "checkpoint that leads out", _led_out
    yield "weights of a billion numbers", _huge_weights
    yield from _cards()
    for name in ("names", "abbreviations"):
        for bad in (ESCAPE, HTML):
            yield (
                f"labels: {name} {bad!r}",
                lambda w, n=name, b=bad: _labels(
                    w, **{n: ["background", b, "myocardium", "left ventricle"]}
                ),
            )
    yield "labels: a million", lambda w: _labels(w, names=["a"] * 10**6)
    for name in NAMES:
        yield f"case {name[:30]!r}", lambda w, n=name: w.case(id=n)
        yield f"image {name[:30]!r}", lambda w, n=name: w.case(source=n)
        yield f"file {name[:30]!r}", lambda w, n=name: _named_file(w, n)
    for source in ("/etc/hostname", "../outside/scan.nii.gz", "/dev/zero", "/dev/stdin"):
        yield f"source {source}", lambda w, s=source: w.case(source=s, mask=s)
    for part in (
        "scribbles", "predictions", "reviews", "runs", "scribbles/heart.nii.gz", "project.lock",
        "scribbles/heart.journal", "predictions/heart.nii.gz", "predictions/heart.json",
        "reviews/heart.nii.gz", "reviews/heart.json", "view.json", "phases.json", "project.json",
        "project.copy.json", "project.damaged.json", "runs/one/model.json",
        "runs/one/events.jsonl", "runs/one/settings.json", "runs/one/checkpoint",
    ):  # fmt: skip
        yield f"link {part}", lambda w, p=part: w.link(p)


def _use(world: World) -> None:
    """All that a person does with a project; our own errors are as good as success."""
    _, mask, strokes = draw(0, (3, 24, 24))
    with Project.open(world.project) as project:
        for record in project.cases:
            geometry = project.read_image(record.id).geometry
            for act in (
                lambda c=record.id, g=geometry: project.write_scribble(c, strokes, g),
                lambda c=record.id: project.record_stroke(c, strokes, np.full_like(strokes, 1)),
                lambda c=record.id, g=geometry: project.write_prediction(c, mask, g, {"step": 1}),
                lambda c=record.id, g=geometry: project.write_review(c, [0], "me", mask, g),
                lambda: project.new_run("two"),
            ):
                with contextlib.suppress(ScribbleMixError):
                    act()


def _commands(world: World) -> list[list[str]]:
    project, out = str(world.project), world.home / "out"
    train = ["train", project, "--steps", "1", "--crop", "48", "--batch", "2", "--device", "cpu"]
    return [
        ["inspect", project],
        ["export", project, "--output", str(out / "masks")],
        ["report", project, "--output", str(out / "report")],
        ["segment", str(world.run), str(world.home / "heart.nii.gz"), "--output", str(out / "s")],
        [*train, "--output", str(world.run), "--resume"],
    ]


def _hung(*_: object) -> None:
    raise TimeoutError(f"no end after {HANG_SECONDS} s")


def _kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _harm(world: World, before: dict[str, bytes]) -> str:
    """What came of using the project in every way."""
    said = io.StringIO()
    signal.alarm(HANG_SECONDS)
    with contextlib.suppress(ScribbleMixError):
        _use(world)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        codes = [main(command) for command in _commands(world)]
    signal.alarm(0)
    if DEFECT in codes or "Traceback" in said.getvalue():
        return f"a defect: {said.getvalue()[-300:]}"
    if world.ran.exists():
        return "its code ran"
    if _kept(world.outside) != before:
        return f"files of others changed: {sorted(_kept(world.outside).keys() ^ before.keys())}"
    if any(sign in said.getvalue() for sign in ("\x1b[2J", "\x1b]0", "\u202e")):
        return "control signs on the screen"
    pages = [path.read_text() for path in (world.home / "out").rglob("*.html")]
    return "words became part of a page" if any(HTML in page for page in pages) else ""


def attack(place: Place) -> Iterator[str]:
    """Each file once, in a world of its own."""
    (place.folder / "whole").mkdir()
    whole = kept_project(place.folder / "whole")
    (whole / "phases.json").unlink()  # a report of one phase
    outside = place.folder / "whole" / "outside"
    write_file(outside / "scan.nii.gz", draw(2, (3, 24, 24))[0])
    signal.signal(signal.SIGALRM, _hung)
    attacks = list(_attacks())
    place.rng.shuffle(attacks)
    for name, spoil in attacks:
        home = place.folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(whole.parent, home)
        world = World(home, home / whole.name, home / "outside")
        world.case(source=str(home / "heart.nii.gz"))
        spoil(world)
        try:
            wrong = _harm(world, _kept(world.outside))
        except Exception as error:  # noqa: BLE001
            wrong = f"{type(error).__name__}: {error}"
        yield wrong and f"{name}: {wrong}"
