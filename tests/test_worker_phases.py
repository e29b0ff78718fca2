"""Segmenting the frames of one heart in a window's process: they agree, in whatever order."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_inference_phases import ED, ES, model, wall, write_heart
from test_worker_child import of, work

from napari_scribblemix.events import Finished, Segmented, Warned
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from napari_scribblemix.worker.child import segmenting
from napari_scribblemix.worker.messages import SegmentJob


def test_frames_that_are_the_same_are_segmented_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenting, "load_model", lambda path, device: model())
    names = ("a_frame01", "a_frame02", "a_frame03")
    source = write_heart(tmp_path / "images", dict.fromkeys(names, ES))
    with Project.create(tmp_path / "p.scribblemix") as project:
        for name in names:
            project.add_case(CaseFiles(name, source / f"{name}.nii.gz"))
        code, events = work(project, SegmentJob(model=tmp_path / "run", device="cpu"))
    assert code == 0
    assert [event.case for event in of(Segmented, events)] == list(names)


@pytest.mark.parametrize("order", [("a_ES", "a_ED"), ("a_ED", "a_ES")])
def test_frames_segmented_in_any_order_agree_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
) -> None:
    monkeypatch.setattr(segmenting, "load_model", lambda path, device: model())
    source = write_heart(tmp_path / "images", {"a_ED": ED, "a_ES": ES})
    with Project.create(tmp_path / "p.scribblemix") as project:
        for name in sorted(order):
            project.add_case(CaseFiles(name, source / f"{name}.nii.gz"))
        job = SegmentJob(model=tmp_path / "run", cases=order, device="cpu")
        code, events = work(project, job)
        assert code == 0
        assert of(Warned, events) == []
        told = [(event.case, event.number, event.of) for event in of(Segmented, events)]
        again = [("a_ES", 1, 2)] if order[0] == "a_ES" else []
        assert told == [(order[0], 1, 2), (order[1], 2, 2), *again]
        assert of(Finished, events)[0].step == 2
        found = [project.read_prediction(name) for name in ("a_ED", "a_ES")]
        diastole, systole = (wall(mask[0]) for mask in found if mask is not None)
        assert systole == pytest.approx(1.05 * diastole, rel=0.03)
