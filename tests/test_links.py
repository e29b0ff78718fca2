"""Links: read through, never written through, in projects, runs and output folders."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.durable import open_to_append
from napari_scribblemix.data.links import identity, inside, is_link, is_taken, open_own, real
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import FileError, ProjectError, ProjectLocked
from napari_scribblemix.events import Warned
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from napari_scribblemix.training.checkpoint import checkpoint_path
from napari_scribblemix.training.record import recorded
from napari_scribblemix.training.run_folder import EVENTS_NAME, check_run_folder
from phantoms import draw, make_project, write_file, write_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")

Run = Callable[..., tuple[int, str, str]]
PRECIOUS = b"the only copy"


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere" / "precious.dat"
    path.write_bytes(PRECIOUS)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as project:
        yield project


@pytest.fixture
def image(project: Project) -> Volume:
    return project.read_image("case00")


def test_links_are_told_from_files_and_followed_without_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "self").symlink_to("self")
    os.link(tmp_path / "file", tmp_path / "hard")
    names = ("file", "link", "dangling", "self", "hard", "nothing", "nul\0")
    assert [is_link(tmp_path / name) for name in names] == [
        False, True, True, True, False, False, False,
    ]  # fmt: skip
    assert [is_taken(tmp_path / name) for name in names[:6]] == [True] * 5 + [False]
    same = {identity(tmp_path / name) for name in ("file", "link", "hard")}
    assert len(same) == 1
    assert [identity(tmp_path / name) for name in ("dangling", "self", "nul\0")] == [None] * 3
    assert real(tmp_path / "link") == real(tmp_path) / "file"
    assert real(tmp_path / "self").name == "self"


def test_a_folder_below_the_root_is_no_link_and_the_root_may_be_one(tmp_path: Path) -> None:
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "root").symlink_to("real")
    (tmp_path / "real" / "other").symlink_to("inner")
    root = tmp_path / "root"
    assert inside(root, root / "inner" / "file") == root / "inner" / "file"
    with pytest.raises(FileError, match="other, which is a link; expected a folder"):
        inside(root, root / "other" / "file")


def test_what_is_appended_to_is_a_plain_file(tmp_path: Path, precious: Path) -> None:
    (tmp_path / "link").symlink_to(precious)
    with pytest.raises(FileError, match="link, which is a link; expected a file"):
        open_own(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="no plain file"):
        open_own(tmp_path / "pipe")
    os.link(precious, tmp_path / "hard")
    with open_to_append(tmp_path / "hard") as file:
        file.write(b" and more")
    assert precious.read_bytes() == PRECIOUS
    assert (tmp_path / "hard").read_bytes() == PRECIOUS + b" and more"


# the project


@pytest.mark.parametrize("hard", [False, True])
def test_a_lock_that_is_a_link_empties_nothing(
    project: Project, precious: Path, hard: bool
) -> None:
    project.close()
    lock = project.folder / "project.lock"
    lock.unlink()
    if hard:
        os.link(precious, lock)
    else:
        lock.symlink_to(precious)
    with Project.open(project.folder) as opened:
        assert opened.writable is hard
        if not hard:
            assert "project.lock, which is a link" in str(opened.read_only_reason)
    assert precious.read_bytes() == PRECIOUS
    if hard:  # it locks all the same
        with Project.open(project.folder):
            assert not Project.open(project.folder).writable


def test_a_link_in_place_of_a_file_is_replaced_and_not_written_through(
    project: Project, image: Volume, precious: Path
) -> None:
    mask, scribble = draw(0)[1], draw(0)[2]
    names = [
        "project.json", "scribbles/case00.nii.gz", "predictions/case00.nii.gz",
        "predictions/case00.json", "predictions/case00_uncertainty.nii.gz",
        "reviews/case00.nii.gz", "reviews/case00.json",
    ]  # fmt: skip
    labels = precious.with_name("labels.nii.gz")
    write_file(labels, mask)
    stored = labels.read_bytes()
    for name in names[1:]:
        path = project.folder / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(labels if name.endswith(".nii.gz") else precious)
    kept = precious.with_name("project.json")
    (project.folder / "project.json").rename(kept)
    (project.folder / "project.json").symlink_to(kept)
    before = kept.read_bytes()
    project.write_scribble("case00", scribble, image.geometry)
    project.write_prediction("case00", mask, image.geometry, {"step": 1}, np.zeros(mask.shape))
    project.write_review("case00", [1], "me", mask, image.geometry)
    project.remove_case("case01")
    assert not any(is_link(project.folder / name) for name in names)
    assert precious.read_bytes() == PRECIOUS
    assert (kept.read_bytes(), labels.read_bytes()) == (before, stored)
    project.close()
    with Project.open(project.folder) as again:
        assert [record.id for record in again.cases] == ["case00"]
        assert again.read_review("case00")["accepted_slices"] == [1]


def test_a_journal_that_is_a_link_is_refused(
    project: Project, image: Volume, precious: Path
) -> None:
    project.journal_path("case00").symlink_to(precious)
    before = project.read_scribble("case00", image.geometry)
    with pytest.raises(FileError, match=r"case00\.journal, which is a link"):
        project.record_stroke("case00", before, draw(0)[2])
    assert precious.read_bytes() == PRECIOUS
    project.write_scribble("case00", before, image.geometry)  # takes the link away
    project.record_stroke("case00", before, draw(0)[2])
    assert precious.read_bytes() == PRECIOUS


@pytest.mark.parametrize("name", ["scribbles", "predictions", "reviews", "runs"])
def test_a_folder_of_the_project_that_is_a_link_is_not_written_to(
    project: Project, image: Volume, precious: Path, name: str
) -> None:
    mask, scribble = draw(0)[1], draw(0)[2]
    folder = project.folder / name
    if folder.exists():
        for path in folder.iterdir():
            path.rename(precious.with_name(path.name))
        folder.rmdir()
    folder.symlink_to(precious.parent)
    before = sorted(path.name for path in precious.parent.iterdir())
    changes: dict[str, list[Callable[[], object]]] = {
        "scribbles": [
            lambda: project.write_scribble("case00", scribble, image.geometry),
            lambda: project.record_stroke("case00", scribble, mask),
        ],
        "predictions": [lambda: project.write_prediction("case00", mask, image.geometry, {})],
        "reviews": [
            lambda: project.write_review("case00", [0], "me", mask, image.geometry),
            lambda: project.write_review("case01", [0], "me"),
        ],
        "runs": [
            lambda: project.new_run("cyclemix"),
            lambda: check_run_folder(project.folder / "runs" / "partial", resume=False),
        ],
    }
    for change in changes[name]:
        with pytest.raises(FileError, match=f"{name}, which is a link; expected a folder"):
            change()
    assert sorted(path.name for path in precious.parent.iterdir()) == before


def test_a_project_reached_through_a_link_works_as_ever(tmp_path: Path, precious: Path) -> None:
    made = make_project(tmp_path / "disk")
    made.close()
    (tmp_path / "study.scribblemix").symlink_to(made.folder)
    with Project.open(tmp_path / "study.scribblemix") as project:
        assert project.writable
        geometry = project.read_image("case00").geometry
        project.record_stroke("case00", draw(0)[1], draw(0)[2])
        project.write_scribble("case00", draw(0)[2], geometry)
        project.write_prediction("case00", draw(0)[1], geometry, {"step": 1})
        assert project.new_run("cyclemix").is_dir()
        assert not Project.open(made.folder).writable
    assert (made.folder / "predictions" / "case00.nii.gz").is_file()


def test_images_of_a_project_may_lie_behind_links(tmp_path: Path) -> None:
    write_file(tmp_path / "store" / "raw.nii.gz", draw(0)[0])
    (tmp_path / "heart.nii.gz").symlink_to("store/raw.nii.gz")
    with Project.create(tmp_path / "p.scribblemix") as project:
        project.add_case(CaseFiles("heart", tmp_path / "heart.nii.gz"))
        np.testing.assert_allclose(project.read_image("heart").array, draw(0)[0], rtol=1e-5)


def test_a_record_that_is_a_dangling_link_is_not_replaced_by_a_new_project(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "project.json").symlink_to("gone.json")
    with pytest.raises(ProjectError, match="already holds a project"):
        Project.create(tmp_path / "p")
    assert not (tmp_path / "p" / "gone.json").exists()
    with pytest.raises((ProjectError, ProjectLocked), match="could not be read"):
        Project.open(tmp_path / "p")


def test_copies_are_not_imported_through_a_link(run: Run, tmp_path: Path, precious: Path) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=1, masked=0)
    (tmp_path / "heart.scribblemix").mkdir()
    (tmp_path / "heart.scribblemix" / "images").symlink_to(precious.parent)
    code, _, err = run("import", folder, "--output", tmp_path / "heart", "--copy")
    assert code == 1
    assert "images, which is a link; expected a folder" in err
    assert [path.name for path in precious.parent.iterdir()] == ["precious.dat"]


# the run


def test_events_are_not_appended_through_a_link(tmp_path: Path, precious: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / EVENTS_NAME).symlink_to(precious)
    with pytest.raises(FileError, match=r"events\.jsonl, which is a link"):
        list(recorded(iter([Warned(message="x")]), run))
    assert precious.read_bytes() == PRECIOUS


def test_an_event_cut_short_by_a_kill_spoils_no_other(tmp_path: Path) -> None:
    list(recorded(iter([Warned(message="one")]), tmp_path))
    path = tmp_path / EVENTS_NAME
    path.write_bytes(path.read_bytes() + b'{"event":"warn')
    list(recorded(iter([Warned(message="two")]), tmp_path))
    lines = path.read_text().splitlines()
    assert [json.loads(line)["message"] for line in (lines[0], lines[2])] == ["one", "two"]


def test_a_run_of_a_project_that_is_a_link_is_not_gone_on_with(
    project: Project, precious: Path
) -> None:
    (precious.parent / "checkpoint").mkdir()
    (project.folder / "runs").mkdir()
    (project.folder / "runs" / "mine").symlink_to(precious.parent)
    with pytest.raises(FileError, match="mine, which is a link"):
        check_run_folder(project.folder / "runs" / "mine", resume=True)


def test_a_checkpoint_is_not_saved_through_a_link(tmp_path: Path, precious: Path) -> None:
    import torch

    from napari_scribblemix.training.checkpoint import TrainingState, save_checkpoint

    method = torch.nn.Linear(1, 1)
    state = TrainingState(
        method, method, torch.optim.AdamW(method.parameters()), torch.Generator(), torch.Generator()
    )
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint").symlink_to(precious.parent)
    with pytest.raises(FileError, match="checkpoint, which is a link"):
        save_checkpoint(tmp_path / "run", state)
    (tmp_path / "run" / "checkpoint").unlink()
    (tmp_path / "run" / "checkpoint").mkdir()
    checkpoint_path(tmp_path / "run").symlink_to(precious)
    save_checkpoint(tmp_path / "run", state)
    assert not is_link(checkpoint_path(tmp_path / "run"))
    assert precious.read_bytes() == PRECIOUS
