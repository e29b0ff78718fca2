"""``segment --resume``: what a stop left is made, what is there stays, and nothing is guessed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_runs import Run, folder, trained

from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.project.mask_notes import MASK_NOTES
from phantoms import draw, write_cine, write_file

__all__ = ["folder", "trained"]

_COMMAND = "import sys; from napari_scribblemix.cli.app import main; sys.exit(main())"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for number in range(3):
        write_file(tmp_path / "images" / f"heart{number}.nii.gz", draw(number)[0])
    return tmp_path / "images"


def masks(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(output.glob("*.nii.gz"))}


def times_of(output: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in sorted(output.glob("*.nii.gz"))}


def test_only_what_is_missing_is_made(
    run: Run, trained: Path, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "masks"
    code, said, _ = run("segment", trained, images, "--output", output)
    assert code == 0
    whole, times = masks(output), times_of(output)
    (output / "heart1.nii.gz").unlink()
    code, out, err = run("segment", trained, images, "--output", output, "--resume")
    assert (code, "Error" in err) == (0, False)
    assert "1 written, 2 there before" in out
    assert masks(output) == whole
    now = times_of(output)
    assert [name for name in now if now[name] == times[name]] == ["heart0.nii.gz", "heart2.nii.gz"]
    # and what is said of all three is as good as after one run
    notes = json.loads((output / MASK_NOTES).read_text())
    assert sorted(notes) == sorted(whole)
    assert out.splitlines()[1:] == said.splitlines()[1:]
    assert (
        "0 written, 3 there before"
        in run("segment", trained, images, "--output", output, "--resume")[1]
    )


def test_it_begins_where_nothing_is_there(
    run: Run, trained: Path, images: Path, tmp_path: Path
) -> None:
    code, out, _ = run("segment", trained, images, "--output", tmp_path / "new", "--resume")
    assert (code, "3 written, 0 there before" in out) == (0, True)


def test_masks_made_otherwise_are_no_part_of_it(
    run: Run, trained: Path, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "masks"
    run("segment", trained, images, "--output", output)
    before = masks(output)
    again = ("segment", trained, images, "--output", output, "--resume")
    for options in (("--neighbours", "0.3"), ("--no-largest-component",)):
        code, _, err = run(*again, *options)
        assert code != 0
        assert f"3 masks in {output} (heart0.nii.gz) made otherwise" in err
    write_file(images / "heart2.nii.gz", draw(7)[0])
    code, _, err = run(*again)
    assert code != 0
    assert f"1 mask in {output} (heart2.nii.gz) made otherwise" in err
    assert masks(output) == before
    code, out, _ = run(*again, "--overwrite")
    assert (code, "1 written, 2 there before" in out) == (0, True)


def test_what_a_person_changed_or_made_stays(
    run: Run, trained: Path, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "masks"
    run("segment", trained, images, "--output", output)
    (output / "heart1.nii.gz").unlink()
    write_file(output / "heart0.nii.gz", draw(0)[1])
    by_hand = (output / "heart0.nii.gz").read_bytes()
    again = ("segment", trained, images, "--output", output, "--resume")
    code, out, err = run(*again)
    assert (code, "1 written, 2 there before" in out) == (0, True)
    assert "Kept as changed by hand: 1 mask (heart0.nii.gz)." in err
    assert (output / "heart0.nii.gz").read_bytes() == by_hand
    (output / "heart2.nii.gz").unlink()
    write_file(images / "heart3.nii.gz", draw(3)[0])
    write_file(output / "heart3.nii.gz", draw(3)[1])
    code, _, err = run(*again)
    assert code != 0
    assert f"1 mask in {output} (heart3.nii.gz)" in err
    assert not (output / "heart2.nii.gz").exists()


def test_a_cine_left_in_the_middle_is_made_again(run: Run, trained: Path, tmp_path: Path) -> None:
    cine = write_cine(tmp_path / "in" / "cine.nii.gz", [draw(0)[0], draw(1)[0], draw(0)[0]])
    output = tmp_path / "masks"
    run("segment", trained, cine, "--output", output)
    whole = masks(output)
    assert len(whole) == 3
    (output / "cine_frame01.nii.gz").unlink()
    code, out, _ = run("segment", trained, cine, "--output", output, "--resume")
    assert (code, "3 written, 0 there before" in out) == (0, True)
    assert masks(output) == whole


@pytest.mark.parametrize("unfinished", [True, False])
def test_a_heart_left_half_done_by_other_options_is_no_part_of_it(
    run: Run, trained: Path, tmp_path: Path, unfinished: bool
) -> None:
    cine = write_cine(tmp_path / "in" / "cine.nii.gz", [draw(0)[0], draw(1)[0]])
    output = tmp_path / "masks"
    run("segment", trained, cine, "--output", output)
    (output / "cine_frame01.nii.gz").unlink()
    notes = json.loads((output / MASK_NOTES).read_text())
    if unfinished:
        notes["cine_frame00.nii.gz"]["unfinished"] = True
        options = ("--neighbours", "0.3")
    else:  # as an earlier version noted it
        del notes["cine_frame00.nii.gz"]["made_from"]
        options = ()
    (output / MASK_NOTES).write_text(json.dumps(notes))
    before = masks(output)
    code, _, err = run("segment", trained, cine, "--output", output, "--resume", *options)
    assert code != 0
    assert f"Got 1 mask in {output} (cine_frame00.nii.gz) made otherwise" in err
    assert masks(output) == before


def test_a_frame_corrected_by_hand_is_not_made_again_with_its_heart(
    run: Run, trained: Path, tmp_path: Path
) -> None:
    cine = write_cine(tmp_path / "in" / "cine.nii.gz", [draw(0)[0], draw(1)[0], draw(0)[0]])
    output = tmp_path / "masks"
    run("segment", trained, cine, "--output", output)
    (output / "cine_frame01.nii.gz").unlink()
    write_file(output / "cine_frame02.nii.gz", draw(1)[1])
    by_hand = (output / "cine_frame02.nii.gz").read_bytes()
    code, _, err = run("segment", trained, cine, "--output", output, "--resume")
    assert code != 0
    assert f"1 mask in {output} (cine_frame02.nii.gz) with changes by hand" in err
    assert "copy what was changed elsewhere first" in err
    assert (output / "cine_frame02.nii.gz").read_bytes() == by_hand


def test_what_is_asked_for_beside_the_masks_is_made_too(
    run: Run, trained: Path, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "masks"
    again = ("segment", trained, images, "--output", output)
    run(*again, "--entropy", "--probabilities")
    beside = masks(output)
    (output / "heart1_entropy.nii.gz").unlink()
    (output / "heart2_probability_myocardium.nii.gz").unlink()
    code, out, err = run(*again, "--entropy", "--probabilities", "--resume")
    assert (code, "Error" in err) == (0, False)
    assert "2 written, 1 there before" in out
    assert masks(output) == beside


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_or_killed_it_ends_with_the_same_masks(
    how: signal.Signals, run: Run, trained: Path, tmp_path: Path
) -> None:
    for number in range(12):
        image = np.repeat(draw(number)[0], 4, axis=0)
        write_file(tmp_path / "images" / f"heart{number:02d}.nii.gz", image)
    images, output = tmp_path / "images", tmp_path / "masks"
    run("segment", trained, images, "--output", tmp_path / "whole")
    command = ["segment", str(trained), str(images), "--output", str(output), "--threads", "1"]
    with subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *command], stderr=subprocess.PIPE, text=True
    ) as process:
        end = time.monotonic() + 120
        while len(list(output.glob("*.nii.gz"))) < 3:
            assert time.monotonic() < end
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.002)
        process.send_signal(how)
        said = process.communicate(timeout=60)[1]
    left = len(list(output.glob("*.nii.gz")))
    assert 3 <= left < 12
    assert read_labels(next(output.glob("*.nii.gz"))).array.max() <= 3
    if how != signal.SIGKILL:
        assert "The same command with --resume goes on." in said
        code, out, _ = run(*command, "--resume")
        # the last one may have been there before its heart was ended
        assert any(f"{12 - n} written, {n} there before" in out for n in (left, left - 1))
    else:
        # What was made in the last seconds is not noted: nobody can say that it is ours.
        code, _, err = run(*command, "--resume")
        if code:
            assert "add --overwrite to make such masks anew" in err
            code, _, _ = run(*command, "--resume", "--overwrite")
    assert code == 0
    assert masks(output) == masks(tmp_path / "whole")
