"""How long each long job goes on after *Stop* (or *Cancel*), pressed at several moments of it.

    QT_API=pyqt6 python tests/benchmarks/gui_stops.py [--only training]

The real window on a virtual screen, the bundled sample of cine hearts, and for what takes long only
with many files a folder of 60 small drawn cases and a drawn DICOM cine of 600 files.  Prints a line
each: the job, when it was stopped, and the seconds from the press to the moment at which the window
is free for the next job.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gui"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from gui_cases import write_cases
from gui_stall import on_a_screen

LIMIT = 2.0
"""Seconds after which a stop counts as slow."""


class Stops:
    """``widget`` and the jobs that are started and stopped in it."""

    def __init__(self, widget: Any, folder: Path) -> None:
        from turning import turn, wait_for

        self.widget, self.folder = widget, folder
        self.turn, self.wait_for = turn, wait_for
        self.idle = lambda: not widget.session.run.busy

    def time(self, job: str, moment: str, stop: Callable[[], object], over: Any) -> None:
        """Stop, wait, and print a line."""
        already = over()
        begun = time.perf_counter()
        stop()
        self.wait_for(over, f"the end of {job}")
        seconds = time.perf_counter() - begun
        slow = " (it was over already)" if already else " SLOW" if seconds > LIMIT else ""
        print(f"| {job} | {moment} | {seconds:.1f} |{slow}", flush=True)
        self.turn(0.5)

    def training(self) -> None:
        """From its start over its first steps to its validation."""
        panel, run = self.widget.train_panel, lambda: self.widget.session.run
        panel.form.set_value("time", 600)
        moments: dict[str, Callable[[], bool]] = {
            "at once": lambda: True,
            "the process starts": lambda: "worker" not in run().words,
            "turns are sought": lambda: "way" in run().words or run().step > 0,
            "first step": lambda: run().step > 0,
            "step 10": lambda: run().step >= 10,
        }
        for moment, reached in moments.items():
            panel.train_button.click()
            self.wait_for(reached, moment)
            self.time("training", moment, panel.stop_button.click, self.idle)

    def segmenting(self) -> None:
        """One case and all."""
        panel = self.widget.review_panel
        for name, button in (("one", panel.segment_button), ("all", panel.segment_all_button)):
            for wait in (0.1, 1.0, 2.5):
                button.click()
                self.turn(wait)
                self.time(
                    f"segmenting {name}", f"after {wait} s", panel.stop_button.click, self.idle
                )

    def adding(self) -> None:
        """Sixty cases."""
        panel, cases = self.widget.images_panel, self.widget.cases
        write_cases(self.folder / "many", 60)
        self.widget.open_path(self.folder / "many")
        self.turn(0.3)
        self.time(
            "adding 60 cases",
            "after 0.3 s",
            panel.stop_button.click,
            lambda: not cases._adding.busy,
        )
        self.widget.open_path(self.folder / "many")
        cases.finish_adding()

    def exporting(self) -> None:
        """The masks of the sixty cases, and their reports."""
        import numpy as np
        from qtpy.QtWidgets import QFileDialog

        project = self.widget.session.the_project()
        for record in project.cases:
            mask = np.zeros((10, 128, 128), np.uint8)
            for value, half in ((2, 20), (3, 12)):
                mask[:, 64 - half : 64 + half, 64 - half : 64 + half] = value
            project.write_prediction(record.id, mask, project.read_image(record.id).geometry, {})
        self.widget.session.cases_changed.emit()
        self.widget.cases.show_case(project.cases[0].id)
        review = self.widget.review
        for job, button, part in (
            ("exporting 60 masks", self.widget.review_panel.export_all_button, review.exporting),
            ("60 reports", self.widget.review_panel.report_all_button, review.reporting),
        ):
            output = self.folder / f"{job} here"
            output.mkdir()
            QFileDialog.getExistingDirectory = lambda *_, chosen=output: str(chosen)
            begun = time.perf_counter()
            button.click()
            print(f"  {job}: {time.perf_counter() - begun:.1f} s until the window is alive")
            self.turn(0.4)
            waiting = part._waiting
            if waiting is not None:
                self.time(job, "after 0.4 s", waiting.canceled.emit, lambda p=part: p._work is None)

    def reading(self) -> None:
        """A DICOM cine of 600 files."""
        from dicom_files import write_cine

        dicom = self.widget.cases.dicom
        write_cine(self.folder / "study", 20, 30)
        for wait in (0.2, 0.6):
            self.widget.open_path(self.folder / "study")
            self.turn(wait)
            if dicom._waiting is not None:
                self.time(
                    "reading DICOM", f"after {wait} s", dicom._waiting.canceled.emit,
                    lambda: dicom._work is None,
                )  # fmt: skip


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    kinds = ("training", "segmenting", "adding", "exporting", "reading")
    parser.add_argument("--only", choices=kinds)
    options = parser.parse_args()
    on_a_screen()
    from turning import sample_window

    with tempfile.TemporaryDirectory() as name:
        viewer, widget = sample_window(Path(name) / "projects")
        stops = Stops(widget, Path(name))
        stops.turn(1.0)
        wanted = kinds if options.only is None else (options.only,)
        if "exporting" in wanted and "adding" not in wanted:
            wanted = ("adding", *wanted)
        print("| job | stopped | seconds |\n|---|---|---|")
        for kind in wanted:
            getattr(stops, kind)()
        widget.shut_down()
        viewer.close()


if __name__ == "__main__":
    main()
