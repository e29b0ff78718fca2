"""Which images are meant, which files will be written for them, and what is refused beforehand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribblemix.errors import FileError, SettingsError
from napari_scribblemix.inference.outputs import (
    check_outputs,
    collect_cases,
    entropy_path,
    mask_paths,
    probability_path,
)
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.layouts import group_images
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import SegmentSettings
from phantoms import draw, write_cine, write_file

Run = Callable[..., tuple[int, str, str]]


def settings(output: Path, **changes: object) -> SegmentSettings:
    values = {"model": Path("run"), "images": [Path("images")], "output": output}
    return SegmentSettings.model_validate(values | changes)


def images(folder: Path, *names: str) -> list[Path]:
    for name in names:
        write_file(folder / name, draw(0)[0])
    return [folder / name for name in names]


def cine(path: Path, frames: int = 2) -> Path:
    return write_cine(path, [draw(number)[0] for number in range(frames)])


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_folders_are_searched_for_images(tmp_path: Path) -> None:
    written = images(tmp_path / "in", "B.NII.GZ", "a.nii")
    touch(tmp_path / "in", "notes.txt", "._a.nii.gz")
    found = collect_cases([tmp_path / "in", written[1]])
    assert [case.image for case in found.cases] == written
    touch(tmp_path / "empty")
    with pytest.raises(FileError, match=r"without an image; expected NIfTI files \(\.nii"):
        collect_cases([tmp_path / "empty"])


def test_a_wrong_path_is_told_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.nii does not exist"):
        collect_cases([tmp_path / "gone.nii"])


def test_a_wrong_path_is_told_without_waiting_for_torch(tmp_path: Path) -> None:
    image = images(tmp_path / "in", "a.nii.gz")[0]
    code = (
        "import sys\nfrom napari_scribblemix.cli.app import main\n"
        "code = main(['segment', *sys.argv[1:], '--output', 'masks'])\n"
        "sys.exit(code if 'torch' not in sys.modules else 99)"
    )
    for model, path, message in (
        ("gone", image, "The model gone does not exist"),
        (tmp_path, tmp_path / "nothing", "nothing does not exist"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, str(model), str(path)],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert message in done.stderr
        assert done.returncode == 2


def test_every_frame_of_a_cine_has_its_mask(tmp_path: Path) -> None:
    path, out = cine(tmp_path / "cine.nii.gz"), tmp_path / "out"
    assert mask_paths(CaseFiles("cine", path), settings(out)) == [
        out / "cine_frame00.nii.gz",
        out / "cine_frame01.nii.gz",
    ]
    one = mask_paths(CaseFiles("cine", path), settings(out, frame=1))
    assert one == [out / "cine_frame01.nii.gz"]


def test_further_files_are_named_after_the_mask() -> None:
    mask = Path("out/v1.2.Nii.gz")
    assert entropy_path(mask) == Path("out/v1.2_entropy.Nii.gz")
    expected = Path("out/v1.2_probability_left_ventricle.Nii.gz")
    assert probability_path(mask, "left ventricle") == expected


def test_the_mask_of_several_channels_is_named_after_the_case(tmp_path: Path) -> None:
    written = images(tmp_path / "in", "a_C0.nii.gz", "a_T2.nii.gz", "b_T2.nii.gz")
    cases = list(collect_cases([tmp_path / "in"]).cases)
    out = tmp_path / "out"
    assert [mask_paths(case, settings(out)) for case in cases] == [
        [out / "a.nii.gz"],
        [out / "b_T2.nii.gz"],
    ]
    check_outputs(cases, settings(out))
    touch(out, "a.nii.gz")
    with pytest.raises(SettingsError, match=r"already in .*a\.nii\.gz"):
        check_outputs(cases, settings(out))
    with pytest.raises(SettingsError, match="where the images lie"):
        check_outputs(group_images(written), settings(tmp_path / "in"))


def test_labels_beside_the_images_are_not_segmented_and_told(tmp_path: Path) -> None:
    images(tmp_path, "a.nii.gz")
    for name in ("a_scribble.nii.gz", "a_gt.nii.gz", "a-label.nii.gz"):
        write_file(tmp_path / name, draw(0)[1])
    found = collect_cases([tmp_path])
    assert [case.image.name for case in found.cases] == ["a.nii.gz"]
    (line,) = found.warnings
    assert line.startswith("a-label.nii.gz looks like labels")
    with pytest.raises(FileError, match=r"a-label\.nii\.gz, which is no image"):
        collect_cases([tmp_path / "a-label.nii.gz"])


def test_masks_of_images_of_one_name_carry_the_folders_name(tmp_path: Path) -> None:
    for patient in ("P0", "P1"):
        images(tmp_path / patient, "sa_ED.nii.gz", "image.nii.gz")
    cases = list(collect_cases([tmp_path]).cases)
    out = settings(tmp_path / "out")
    check_outputs(cases, out)
    assert sorted(path.name for case in cases for path in mask_paths(case, out)) == [
        "P0.nii.gz", "P0_sa_ED.nii.gz", "P1.nii.gz", "P1_sa_ED.nii.gz",
    ]  # fmt: skip


def test_the_mask_of_a_pair_is_one_file(tmp_path: Path) -> None:
    image = nibabel.Nifti1Pair(draw(0)[0].transpose(2, 1, 0), np.diag([1.5, 1.5, 8, 1]))
    nibabel.save(image, tmp_path / "a.img")
    (case,) = collect_cases([tmp_path]).cases
    assert case.image == tmp_path / "a.img"
    assert [case] == list(collect_cases([tmp_path / "a.hdr", tmp_path / "a.img"]).cases)
    assert mask_paths(case, settings(tmp_path / "out")) == [tmp_path / "out" / "a.nii.gz"]


def test_the_cases_of_a_project_are_segmented_frame_by_frame_as_they_are(tmp_path: Path) -> None:
    path = cine(tmp_path / "beat.nii.gz", 3)
    with Project.create(tmp_path / "p.scribblemix") as project:
        for frame in (0, 2):
            project.add_case(CaseFiles(f"beat_frame{frame:02d}", path, frame=frame))
    cases = list(collect_cases([tmp_path / "p.scribblemix"]).cases)
    out = settings(tmp_path / "out")
    check_outputs(cases, out)
    assert [mask_paths(case, out) for case in cases] == [
        [tmp_path / "out" / f"beat_frame{frame:02d}.nii.gz"] for frame in (0, 2)
    ]


def test_a_case_that_is_a_frame_takes_no_other_frame(tmp_path: Path) -> None:
    cine = write_cine(tmp_path / "images" / "a.nii.gz", [draw(n)[0] for n in range(3)])
    values = {"model": "starter", "images": [cine], "output": tmp_path / "out", "frame": 0}
    wanted = SegmentSettings.model_validate(values)
    with pytest.raises(SettingsError, match=r"Got --frame 0, but a_frame01 is a frame already"):
        check_outputs([CaseFiles("a_frame01", cine, frame=1)], wanted)
