"""The commands evaluate, import and sample, as a user calls them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribblemix import resources
from napari_scribblemix.project.project import Project
from phantoms import draw, write_channels, write_file, write_folder

Run = Callable[..., tuple[int, str, str]]


def write_masks(folder: Path, shift: int = 0) -> Path:
    for number in range(3):
        mask = np.roll(draw(number)[1], shift, axis=2)
        write_file(folder / f"case{number:02d}_gt.nii.gz", mask)
    return folder


# evaluate


def test_evaluate_prints_means_and_writes_json_and_csv(run: Run, tmp_path: Path) -> None:
    predictions = write_masks(tmp_path / "predictions", shift=1)
    masks = write_masks(tmp_path / "masks")
    code, out, err = run(
        "evaluate", predictions, masks, "--json", tmp_path / "r.json", "--csv", tmp_path / "r.csv"
    )
    assert (code, err) == (0, "")
    assert "all structures" in out
    content = json.loads((tmp_path / "r.json").read_text())
    # Moved by one column of 1.5 mm.
    assert content["mean"]["hd"] == pytest.approx(1.5)
    assert f"{content['mean']['dice']:.3f}" in out
    assert len((tmp_path / "r.csv").read_text().splitlines()) == 1 + 3 * 3


def test_evaluate_shows_every_case_on_request(run: Run, tmp_path: Path) -> None:
    masks = write_masks(tmp_path / "masks")
    assert "case01" not in run("evaluate", masks, masks)[1]
    assert run("evaluate", masks, masks, "--per-case")[1].count("case01") == 3


def test_evaluate_names_what_has_no_partner(run: Run, tmp_path: Path) -> None:
    masks = write_masks(tmp_path / "masks")
    predictions = write_masks(tmp_path / "predictions")
    (predictions / "case01_gt.nii.gz").unlink()
    code, _, err = run("evaluate", predictions, masks)
    assert code == 0
    assert "case01_gt.nii.gz has no partner" in err


def test_evaluate_of_unrelated_folders_is_an_error(run: Run, tmp_path: Path) -> None:
    masks = write_masks(tmp_path / "masks")
    write_file(tmp_path / "other" / "elsewhere.nii.gz", draw(0)[1])
    code, out, err = run("evaluate", tmp_path / "other", masks)
    assert (code, out) == (2, "")
    assert err.startswith("Error: Got no case with both")


# import


def test_import_makes_a_project_and_leaves_the_images(run: Run, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=2, unlabelled=1, masked=1)
    code, out, _ = run("import", folder, "--output", tmp_path / "heart.scribblemix")
    assert code == 0
    assert "4 cases" in out
    project = Project.open(tmp_path / "heart.scribblemix", write=False)
    files = {item.id: item for item in project.case_files()}
    assert sorted(files) == ["case00", "case01", "case02", "case03"]
    assert files["case00"].image == (folder / "images" / "case00.nii.gz").resolve()
    assert [files[name].scribble is None for name in sorted(files)] == [False, False, True, True]
    image = project.read_image("case00")
    assert np.array_equal(project.read_scribble("case00", image.geometry), draw(0)[2])


def test_import_with_copies_needs_the_folder_no_more(run: Run, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=1)
    assert run("import", folder, "--output", tmp_path / "heart", "--copy")[0] == 0
    folder.rename(tmp_path / "gone")
    project = tmp_path / "heart.scribblemix"
    for item in Project.open(project, write=False).case_files():
        assert item.image.is_relative_to(project)
        assert item.image.is_file()
        assert item.mask is None or item.mask.is_file()


def test_import_leaves_a_bad_case_out_and_says_so(run: Run, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=2)
    write_file(folder / "images" / "case00.nii.gz", np.full((4, 48, 48), np.nan, np.float32))
    code, out, err = run("import", folder, "--output", tmp_path / "heart", "--copy")
    assert code == 1
    assert "case00 is left out: " in err
    assert "1 left out" in out
    assert not (tmp_path / "heart.scribblemix" / "images" / "case00.nii.gz").exists()


def test_import_refuses_a_project_and_a_taken_name(run: Run, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "plain")
    run("import", folder, "--output", tmp_path / "heart")
    code, _, err = run("import", folder, "--output", tmp_path / "heart")
    assert (code, "already holds a project" in err) == (2, True)
    code, _, err = run("import", tmp_path / "heart.scribblemix", "--output", tmp_path / "other")
    assert (code, "is a project already" in err) == (2, True)


# inspect


def test_import_keeps_the_channels_and_copies_each(run: Run, tmp_path: Path) -> None:
    folder = write_channels(tmp_path / "study", scribbled=1, masked=1)
    code, _, err = run("import", folder, "--output", tmp_path / "p", "--copy")
    assert (code, err.strip()) == (0, "")
    project = Project.open(tmp_path / "p.scribblemix", write=False)
    copied = sorted(path.name for path in (project.folder / "images").iterdir())
    assert copied == [f"case0{n}_{s}.nii.gz" for n in (0, 1) for s in ("C0", "LGE", "T2")]
    for record in project.cases:
        assert len(record.further) == 2
        assert not project.change_notes(record.id)
        assert project.read_image(record.id).channels == ("C0", "LGE", "T2")


def test_import_copies_images_of_one_name_under_those_of_their_cases(
    run: Run, tmp_path: Path
) -> None:
    for seed, patient in enumerate(("P0", "P1")):
        image, mask, _ = draw(seed)
        write_file(tmp_path / "study" / patient / "sa_ED.nii.gz", image)
        write_file(tmp_path / "study" / patient / "label_sa_ED.nii.gz", mask)
    code, _, err = run("import", tmp_path / "study", "--output", tmp_path / "p", "--copy")
    assert (code, err.strip()) == (0, "")
    project = Project.open(tmp_path / "p.scribblemix", write=False)
    assert [(files.id, files.image.name) for files in project.case_files()] == [
        (f"{patient}_sa_ED", f"{patient}_sa_ED.nii.gz") for patient in ("P0", "P1")
    ]
    masks = [files.mask for files in project.case_files()]
    assert all(mask is not None and mask.is_relative_to(project.folder) for mask in masks)
    assert np.allclose(project.read_image("P1_sa_ED").array, draw(1)[0])


def test_import_copies_both_files_of_a_pair(run: Run, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    pair = nibabel.Nifti1Pair(draw(0)[0].transpose(2, 1, 0), np.diag([1.5, 1.5, 8, 1]))
    nibabel.save(pair, tmp_path / "study" / "a.img")
    assert run("import", tmp_path / "study", "--output", tmp_path / "p", "--copy")[0] == 0
    (tmp_path / "study").rename(tmp_path / "gone")
    project = Project.open(tmp_path / "p.scribblemix", write=False)
    assert np.allclose(project.read_image("a").array, draw(0)[0])


# sample


@pytest.mark.parametrize("kind", ["cine", "lge", "myops"])
def test_sample_copies_the_bundled_hearts(run: Run, tmp_path: Path, kind: str) -> None:
    code, out, _ = run("sample", kind, "--output", tmp_path / "heart")
    assert code == 0
    source = resources.sample_folder(kind)
    expected = {p.relative_to(source): p.read_bytes() for p in source.rglob("*.nii.gz")}
    written = tmp_path / "heart"
    assert {p.relative_to(written): p.read_bytes() for p in written.rglob("*.nii.gz")} == expected
    assert f"{len(expected)} files" in out
    assert "napari-scribblemix train" in out


def test_the_command_that_sample_names_can_be_copied(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / ("hé art ü " * 12).strip() / "[a] $b 'c"
    code, out, _ = run("sample", "cine", "--output", folder)
    assert code == 0
    (line,) = (line for line in out.splitlines() if line.startswith("Next: "))
    assert shlex.split(line)[1:] == ["napari-scribblemix", "train", str(folder / "train")]


def test_sample_does_not_write_into_a_used_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    code, _, err = run("sample", "cine", "--output", tmp_path)
    assert (code, "is not empty" in err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_sample_draws_new_hearts_from_a_seed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Path, str, int]] = []
    monkeypatch.setattr(
        "napari_scribblemix.synthesis.samples.write_samples", lambda *given: calls.append(given)
    )
    assert run("sample", "lge", "--output", tmp_path / "heart", "--seed", "3")[0] == 0
    assert calls == [(tmp_path / "heart", "lge", 3)]
