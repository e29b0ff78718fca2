"""The report as a whole: drawn hearts of known size to pages and a table."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from report_of_hearts import (
    SLICES,
    STARTER,
    WALL,
    cine,
    cylinder_ml,
    heart,
    picture,
    project_of,
    run,
    table,
)

from napari_scribblemix.data.labels import MYOPS
from napari_scribblemix.project.mask_notes import remember_masks
from phantoms import write_cine, write_file

__all__ = ["cine"]


class Outside(HTMLParser):
    """Collects whatever a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "iframe", "object", "embed", "base", "form"}:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on"):
                self.found.append(name)
            inline = (value or "").startswith("data:image/png;base64,")
            if name in {"src", "href", "xlink:href", "action"} and not inline:
                self.found.append(str(value))


def outside(html: str) -> list[str]:
    parser = Outside()
    parser.feed(html)
    return parser.found


def test_cylinders_are_measured_as_geometry_says(cine: Path) -> None:
    out = cine / "out"
    options = ("--height", 180, "--weight", 80)
    assert run(cine / "masks", "--images", cine / "images", "--output", out, *options) == 0
    (row,) = table(out)
    edv, wall = cylinder_ml(20), cylinder_ml(29) - cylinder_ml(20)
    esv = float(row["lv_esv_ml"])
    assert row["ed"] == "a_frame01"
    assert row["es"] in {"a_frame05", "a_frame06"}
    assert float(row["lv_edv_ml"]) == pytest.approx(edv, rel=0.02)
    assert esv == pytest.approx(cylinder_ml(14), rel=0.05)
    assert float(row["lv_ef"]) == pytest.approx(100 * (1 - esv / float(row["lv_edv_ml"])), abs=0.1)
    assert float(row["mass_g"]) == pytest.approx(1.05 * wall, rel=0.03)
    assert float(row["lv_edv_ml_per_m2"]) == pytest.approx(edv / 2, rel=0.02)
    assert float(row["heart_rate"]) == pytest.approx(60)
    thickness = [float(row[f"thickness_{n}_mm"]) for n in range(1, 17)]
    assert thickness == pytest.approx([WALL] * 16, abs=0.5)


def test_the_page_shows_all_slices_and_loads_nothing(cine: Path) -> None:
    assert run(cine / "masks", "--images", cine / "images", "--output", cine / "out") == 0
    html = (cine / "out" / "a.html").read_text(encoding="utf-8")
    assert outside(html) == []
    assert html.count("<figure>") == 2 * (SLICES + 2)
    assert html.count("data:image/png") == 2 * (SLICES + 2)
    assert html.count("Research use only; not for diagnosis.") == 2
    for words in ("Volume over the heart cycle", "ED (1)", "Papillary", "Mosteller", "Petersen"):
        assert words in html
    # Of volumes by body surface nothing is said where height and weight are not known.
    assert "by body surface" not in html


def test_a_structure_that_is_missing_has_no_figures_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ed, es = heart(20), heart(14)
    ed[ed == 1] = 0
    write_file(tmp_path / "masks" / "a_ED.nii.gz", ed)
    write_file(tmp_path / "masks" / "a_ES.nii.gz", es)
    assert run(tmp_path / "masks", "--output", tmp_path / "out") == 0
    words = "ED: The mask has no right ventricle: there are no figures of it."
    assert words in capsys.readouterr().err
    assert words in (tmp_path / "out" / "a.html").read_text(encoding="utf-8")
    (row,) = table(tmp_path / "out")
    assert [row[f"rv_{key}"] for key in ("edv_ml", "sv_ml", "ef")] == ["", "", ""]
    assert float(row["rv_esv_ml"]) > 0
    assert float(row["lv_ef"]) > 0


def test_each_published_figure_leads_to_its_source(cine: Path) -> None:
    assert run(cine / "masks", "--output", cine / "out") == 0
    html = (cine / "out" / "a.html").read_text(encoding="utf-8")
    notes = re.findall(r'<p class="small">([¹²³]) (.*?)</p>', html)
    assert [mark for mark, _ in notes] == ["¹", "²"]
    assert "Hudsmith" in notes[0][1]
    assert "Petersen" in notes[1][1]
    for measure, figures in {
        "left ventricle, end-diastolic volume": "women 135 ± 26 ml, men 160 ± 29 ml¹",
        "right ventricle, end-systolic volume": "women 56 ± 18 ml, men 78 ± 20 ml¹",
        "left ventricle, ejection fraction": "women 61 ± 5 %, men 58 ± 5 %²",
    }.items():
        (row,) = re.findall(rf"<tr><td>{measure}</td>.*?</tr>", html)
        assert row.endswith(f"<td>{figures}</td></tr>")


def test_the_page_says_that_a_mask_was_changed_since_it_was_recorded(cine: Path) -> None:
    masks = cine / "masks"
    paths = sorted(masks.iterdir())
    remember_masks(dict.fromkeys(paths, STARTER))
    write_file(paths[1], heart(20.6))
    assert run(masks, "--output", cine / "pages", "--ed", "1", "--es", "6") == 0
    html = (cine / "pages" / "a.html").read_text()
    assert "ED (a_frame01): the mask was changed since" in html
    assert "ES (a_frame06): Mask: starter" in html


def test_names_and_notes_of_files_are_text_and_nothing_else(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>&'\"_ED"
    write_file(tmp_path / "masks" / f"{name}.nii.gz", heart(20))
    write_file(tmp_path / "masks" / f"{name[:-2]}ES.nii.gz", heart(14))
    assert run(tmp_path / "masks", "--output", tmp_path / "out") == 0
    (page,) = (tmp_path / "out").glob("*.html")
    html = page.read_text(encoding="utf-8")
    assert outside(html) == []
    assert "<img" not in html
    assert "&lt;img src=x" in html


def test_a_late_scan_gives_its_volumes_and_the_share_of_scar(tmp_path: Path) -> None:
    scheme = np.array(MYOPS.file_values, np.uint16)
    scheme[0] = 0
    write_file(tmp_path / "masks" / "late.nii.gz", scheme[heart(20, scar=True)])
    assert run(tmp_path / "masks", "--output", tmp_path / "out") == 0
    (row,) = table(tmp_path / "out")
    assert float(row["scar_percent_of_wall"]) == pytest.approx(25, abs=2)
    assert row["lv_edv_ml"] == ""
    assert float(row["lv_ml"]) == pytest.approx(cylinder_ml(20), rel=0.02)
    assert "phase not known" in (tmp_path / "out" / "late.html").read_text(encoding="utf-8")


def test_masks_of_some_frames_are_told_on_the_page(cine: Path, tmp_path: Path) -> None:
    for number in range(5, 10):
        (cine / "masks" / f"a_frame{number:02d}.nii.gz").unlink()
    folder = cine / "masks"
    assert run(folder, "--images", cine / "images", "--output", tmp_path / "out") == 0
    assert "Masks of 5 of 10 frames" in (tmp_path / "out" / "a.html").read_text()


def test_a_file_of_many_frames_is_a_cine_of_masks(tmp_path: Path) -> None:
    write_cine(tmp_path / "masks" / "a.nii.gz", [heart(20), heart(14)])
    assert run(tmp_path / "masks", "--output", tmp_path / "out") == 0
    (row,) = table(tmp_path / "out")
    assert (row["ed"], row["es"]) == ("a_frame00", "a_frame01")


def test_a_mask_is_not_measured_beside_an_image_of_another_shape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_file(tmp_path / "masks" / "a_ED.nii.gz", heart(20))
    write_file(tmp_path / "images" / "a_ED.nii.gz", picture(heart(20))[:-1])
    out = tmp_path / "out"
    assert run(tmp_path / "masks", "--images", tmp_path / "images", "--output", out) == 1
    assert "a_ED.nii.gz has another grid than its image" in capsys.readouterr().err
    assert not (out / "a.html").exists()


def test_a_project_says_who_made_and_who_accepted_the_masks(tmp_path: Path) -> None:
    told = {"quality": [0.9] * 7 + [0.4], "case_quality": 0.86}
    made = {name: {**STARTER, **told} for name in ("a_frame01", "a_frame09")}
    with project_of(tmp_path, made) as project:
        project.write_review("a_frame01", [2, 3], "Dr <b>")
        assert run(project.folder, "--output", tmp_path / "out") == 0
    html = (tmp_path / "out" / "a.html").read_text(encoding="utf-8")
    assert "ED (a_frame01): Mask: starter, step 5." in html
    assert "2 of 8 slices accepted by Dr &lt;b&gt; on 20" in html
    assert "ES (a_frame09): no slice is accepted." in html
    assert "expected Dice 0.86 when the model made it; probably poor in slice 7." in html
    assert float(table(tmp_path / "out")[0]["lv_ef"]) > 40


def test_masks_of_two_models_give_no_ejection_fraction(tmp_path: Path) -> None:
    run_of = {"kind": "run", "model": "cyclemix", "step": 9}
    with project_of(tmp_path, {"a_frame01": STARTER, "a_frame09": run_of}) as project:
        assert run(project.folder, "--output", tmp_path / "out") == 0
    (row,) = table(tmp_path / "out")
    assert (row["lv_ef"], row["lv_sv_ml"]) == ("", "")
    assert float(row["lv_esv_ml"]) > 0
    assert "two models made the masks" in (tmp_path / "out" / "a.html").read_text()


def test_images_that_segment_left_beside_the_masks_are_found(cine: Path) -> None:
    (cine / "images").rename(cine / "masks" / "images")
    assert run(cine / "masks", "--output", cine / "out") == 0
    (row,) = table(cine / "out")
    assert row["patient"] == "a"
    assert float(row["heart_rate"]) == pytest.approx(60)
    assert (cine / "out" / "a.html").read_text(encoding="utf-8").count("data:image/png") > 0
