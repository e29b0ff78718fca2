from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.errors import FileError
from napari_scribblemix.gui.state.opening import (
    add_cases,
    add_frame,
    from_files,
    from_folder,
    from_sample,
    open_or_create,
)
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from phantoms import draw, write_channels, write_cine, write_file, write_folder


def test_a_folder_gets_its_project_beside_it(tmp_path: Path) -> None:
    wanted = from_folder(write_folder(tmp_path / "study"), tmp_path / "elsewhere")
    assert wanted.project == tmp_path / "study.scribblemix"
    assert [case.id for case in wanted.cases] == ["case00", "case01", "case02"]


def test_where_one_may_not_write_the_project_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_folder(tmp_path / "locked" / "study")
    monkeypatch.setattr(os, "access", lambda path, _mode: path != folder.parent)
    wanted = from_folder(folder, tmp_path / "elsewhere")
    assert wanted.project == tmp_path / "elsewhere" / "study.scribblemix"


def test_files_are_named_after_their_case_and_stay_where_they_are(tmp_path: Path) -> None:
    write_file(tmp_path / "heart_image.nii.gz", draw(0)[0])
    wanted = from_files([tmp_path / "heart_image.nii.gz"], tmp_path)
    with open_or_create(wanted.project) as project:
        assert dict(add_cases(project, wanted.cases)) == {"heart": None}
        assert project.image_path("heart") == tmp_path / "heart_image.nii.gz"
    with open_or_create(wanted.project) as again:
        assert [record.id for record in again.cases] == ["heart"]


def test_the_sample_has_scribbled_cases_and_masked_ones(tmp_path: Path) -> None:
    cases = from_sample("cine", tmp_path).cases
    assert sum(case.scribble is not None for case in cases) == 8
    assert sum(case.mask is not None for case in cases) == 4


def test_a_cine_is_opened_at_its_first_frame_and_says_so(tmp_path: Path) -> None:
    cine = write_cine(tmp_path / "beat.nii.gz", [draw(seed)[0] for seed in range(3)])
    with Project.create(tmp_path / "p.scribblemix") as project:
        ((name, note),) = add_cases(project, [CaseFiles("beat", cine)])
        assert name == "beat_frame00"
        assert note is not None
        assert "3 frames" in note
        assert add_frame(project, "beat_frame00", 2) == "beat_frame02"
        assert add_frame(project, "beat_frame00", 2) == "beat_frame02"
        assert project.case("beat_frame02").frame == 2
        shown = project.read_image("beat_frame02").array
    assert np.allclose(shown, draw(2)[0], atol=1e-3)


def test_one_bad_file_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "bad.nii.gz").write_bytes(b"no image")
    write_file(tmp_path / "good.nii.gz", draw(0)[0])
    wanted = from_files([tmp_path / "bad.nii.gz", tmp_path / "good.nii.gz"], tmp_path)
    with open_or_create(wanted.project) as project:
        told = dict(add_cases(project, wanted.cases))
        assert "could not be read" in str(told["bad"])
        assert told["good"] is None
        assert [record.id for record in project.cases] == ["good"]


def test_another_image_of_the_same_name_is_refused(tmp_path: Path) -> None:
    for place in ("a", "b"):
        write_file(tmp_path / place / "heart.nii.gz", draw(0)[0])
    with Project.create(tmp_path / "p.scribblemix") as project:
        list(add_cases(project, from_files([tmp_path / "a" / "heart.nii.gz"], tmp_path).cases))
        told = dict(
            add_cases(project, from_files([tmp_path / "b" / "heart.nii.gz"], tmp_path).cases)
        )
        assert "has a case heart already" in str(told["heart"])


def test_a_folder_without_images_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="expected NIfTI files"):
        from_folder(tmp_path, tmp_path)


def test_files_of_one_case_are_its_channels(tmp_path: Path) -> None:
    images = write_channels(tmp_path, scribbled=1, masked=0) / "images"
    wanted = from_files(sorted(images.iterdir(), reverse=True), tmp_path)
    assert wanted.project.name == "case00.scribblemix"
    with open_or_create(wanted.project, wanted.cases) as project:
        assert dict(add_cases(project, wanted.cases)) == {"case00": None}
        assert project.read_image("case00").channels == ("C0", "LGE", "T2")


def test_a_new_project_takes_the_label_scheme_of_what_is_opened(tmp_path: Path) -> None:
    wanted = from_sample("myops", tmp_path)
    with open_or_create(wanted.project, wanted.cases) as project:
        assert project.labels == MYOPS
        notes = dict(add_cases(project, wanted.cases[:1] + wanted.cases[-1:]))
        assert notes == {"myops01": None, "myops06": None}
    with open_or_create(tmp_path / "plain.scribblemix") as project:
        assert project.labels == CARDIAC


def test_labels_chosen_with_an_image_go_with_it_and_others_are_told(tmp_path: Path) -> None:
    image, mask, strokes = draw(0)
    for name, array in (("P1", image), ("P1_scribble", CARDIAC.encode(strokes)), ("P1.seg", mask)):
        write_file(tmp_path / f"{name}.nii.gz", array)
    wanted = from_files(sorted(tmp_path.iterdir()), tmp_path)
    (case,) = wanted.cases
    assert (case.id, case.scribble) == ("P1", tmp_path / "P1_scribble.nii.gz")
    (note,) = wanted.notes
    assert "P1.seg.nii.gz looks like labels" in note
    with pytest.raises(FileError, match=r"P1\.seg\.nii\.gz, which is no image"):
        from_files([tmp_path / "P1.seg.nii.gz"], tmp_path)


def test_a_folder_of_patients_with_the_same_names_is_opened(tmp_path: Path) -> None:
    for patient in ("P0", "P1"):
        write_file(tmp_path / "study" / patient / "sa_ED.nii.gz", draw(0)[0])
    wanted = from_folder(tmp_path / "study", tmp_path)
    with open_or_create(wanted.project, wanted.cases) as project:
        assert dict(add_cases(project, wanted.cases)) == {"P0_sa_ED": None, "P1_sa_ED": None}
