"""The commands evaluate, import, inspect and sample, as a user calls them."""

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
from phantoms import draw, write_channels, write_cine, write_file, write_folder

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
    assert np.array_equal(project.read_scribble("case00", image), draw(0)[2])


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


def test_inspect_lists_the_cases_of_a_folder(run: Run, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=2, unlabelled=1, masked=1)
    code, out, _ = run("inspect", folder)
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line.startswith("case")}
    assert "4 x 48 x 48" in lines["case00"]
    assert "8 x 1.5 x 1.5" in lines["case00"]
    scribble = draw(0)[2]
    for label in range(4):
        assert f" {np.count_nonzero(scribble == label)} " in lines["case00"]
    assert "4/4" in lines["case00"]
    assert "–" in lines["case02"]
    assert lines["case03"].rstrip().endswith("yes")
    assert "4 cases, 2 scribbled, 1 with a mask; 0 unusable" in out


def test_inspect_names_what_is_wrong_and_fails(run: Run, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=2)
    scribble = draw(0)[2]
    write_file(
        folder / "scribbles" / "case00_scribble.nii.gz",
        np.where(scribble < 255, 9, 4).astype(np.uint8),
    )
    code, out, err = run("inspect", folder)
    assert code == 1
    assert "case00: " in err
    assert "9" in err
    assert "1 unusable" in out


def test_inspect_of_a_project_tells_its_runs(run: Run, tmp_path: Path) -> None:
    run("import", write_folder(tmp_path / "plain"), "--output", tmp_path / "heart")
    with Project.open(tmp_path / "heart.scribblemix") as project:
        project.new_run("first")
    code, out, _ = run("inspect", tmp_path / "heart.scribblemix")
    assert code == 0
    assert "project, 3 cases; runs: first" in out


def test_inspect_of_a_project_counts_strokes_not_saved_yet(run: Run, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=0, unlabelled=1, masked=0)
    run("import", folder, "--output", tmp_path / "heart")
    with Project.open(tmp_path / "heart.scribblemix") as project:
        before = project.read_scribble("case00", project.read_image("case00"))
        project.record_stroke("case00", before, draw(0)[2])
    code, out, err = run("inspect", tmp_path / "heart.scribblemix")
    assert code == 0
    assert "1 case, 1 scribbled" in out
    assert "Not in the scribble files yet but in the journal: 1 stroke; train uses" in err


def test_inspect_names_a_changed_image_until_it_is_accepted(run: Run, tmp_path: Path) -> None:
    source = write_folder(tmp_path / "plain")
    run("import", source, "--output", tmp_path / "heart")
    project = tmp_path / "heart.scribblemix"
    assert "another file than when it was added" not in run("inspect", project)[2]
    write_file(source / "images" / "case01.nii.gz", draw(9)[0])
    code, _, err = run("inspect", project)
    assert code == 0
    assert err.count("another file than when it was added to the project") == 1
    assert "case01: The image is another file" in err
    assert "--accept-images" in err
    code, out, err = run("inspect", project, "--accept-images")
    assert code == 0
    assert "case01: its image as it is now belongs to the case." in out
    assert "another file" not in err
    assert "another file" not in run("inspect", project)[2]
    code, _, err = run("inspect", source, "--accept-images")
    assert code != 0
    assert "which is no project" in err


def test_inspect_of_a_changed_image_of_another_shape_says_both(run: Run, tmp_path: Path) -> None:
    source = write_folder(tmp_path / "plain")
    run("import", source, "--output", tmp_path / "heart")
    write_file(source / "images" / "case01.nii.gz", draw(9, (5, 20, 20))[0])
    code, _, err = run("inspect", tmp_path / "heart.scribblemix")
    assert code == 1
    line = next(line for line in err.splitlines() if "case01" in line)
    assert "but the image is 5 x 20 x 20" in line
    assert "another file than when it was added" in line


def test_inspect_of_a_folder_with_a_cine_says_that_train_leaves_it_out(
    run: Run, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=1, masked=0)
    write_cine(folder / "images" / "cine.nii.gz", [draw(0)[0], draw(1)[0]])
    code, out, err = run("inspect", folder)
    assert code == 0
    assert "1 case, 1 scribbled, 0 with a mask; 0 unusable" in out
    assert "cine: The image holds several frames (4-D cine); train reads 3-D volumes" in err


def test_inspect_of_an_image_tells_size_spacing_and_intensities(run: Run, tmp_path: Path) -> None:
    image = draw(0)[0]
    write_file(tmp_path / "a.nii.gz", image)
    code, out, err = run("inspect", tmp_path / "a.nii.gz")
    assert (code, err) == (0, "")
    assert "slices, rows, columns: 4 x 48 x 48" in out
    assert "spacing: 8 x 1.5 x 1.5 mm" in out
    assert f"intensities: {image.min():g} to {image.max():g}" in out


def test_inspect_of_a_cine_counts_its_frames(run: Run, tmp_path: Path) -> None:
    write_cine(tmp_path / "cine.nii.gz", [draw(number)[0] for number in range(3)])
    code, out, _ = run("inspect", tmp_path / "cine.nii.gz")
    assert code == 0
    assert "4 x 48 x 48, 3 frames" in out


def test_inspect_of_labels_counts_each_structure(run: Run, tmp_path: Path) -> None:
    mask = draw(0)[1]
    write_file(tmp_path / "a_gt.nii.gz", mask)
    out = run("inspect", tmp_path / "a_gt.nii.gz")[1]
    (line,) = (line for line in out.splitlines() if "left ventricle" in line)
    count = np.count_nonzero(mask == 3)
    assert line.split() == ["3", "left", "ventricle", str(count), f"{count * 0.018:.1f}"]


def test_inspect_of_an_unusable_image_fails(run: Run, tmp_path: Path) -> None:
    image = draw(0)[0]
    image[1, 2, 3] = np.nan
    write_file(tmp_path / "a.nii.gz", image)
    code, _, err = run("inspect", tmp_path / "a.nii.gz")
    assert code == 1
    assert "NaN" in err


def test_inspect_of_anything_else_says_what_it_reads(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    code, _, err = run("inspect", tmp_path / "notes.txt")
    assert (code, "expected a NIfTI file" in err) == (2, True)


def test_inspect_shows_the_channels_and_what_lacks_one(run: Run, tmp_path: Path) -> None:
    folder = write_channels(tmp_path / "study", scribbled=3, masked=0)
    code, out, err = run("inspect", folder)
    assert (code, err.strip()) == (0, "")
    assert out.count("C0, LGE, T2") == 3
    (folder / "images" / "case01_T2.nii.gz").unlink()
    code, out, err = run("inspect", folder)
    assert out.count("C0, LGE, T2") == 2
    assert "case01: got the channels C0, LGE" in " ".join(err.split())


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


def test_inspect_names_labels_that_are_no_images(run: Run, tmp_path: Path) -> None:
    image, mask, _ = draw(0)
    write_file(tmp_path / "P1.nii.gz", image)
    write_file(tmp_path / "P1-label.nii.gz", mask)
    code, out, err = run("inspect", tmp_path)
    assert (code, "1 case, 0 scribbled, 0 with a mask; 0 unusable" in out) == (0, True)
    assert "P1-label.nii.gz looks like labels" in err


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
