"""The command inspect, as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_scribblemix.project.project import Project
from phantoms import draw, write_channels, write_cine, write_file, write_folder

Run = Callable[..., tuple[int, str, str]]


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
        before = project.read_scribble("case00", project.read_image("case00").geometry)
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


def test_inspect_names_labels_that_are_no_images(run: Run, tmp_path: Path) -> None:
    image, mask, _ = draw(0)
    write_file(tmp_path / "P1.nii.gz", image)
    write_file(tmp_path / "P1-label.nii.gz", mask)
    code, out, err = run("inspect", tmp_path)
    assert (code, "1 case, 0 scribbled, 0 with a mask; 0 unusable" in out) == (0, True)
    assert "P1-label.nii.gz looks like labels" in err
