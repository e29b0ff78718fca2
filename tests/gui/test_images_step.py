"""Step 1 of the widget: opening, cases, frames, layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from by_hand import open_folder, project_of

from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.gui.dock import ScribbleMixWidget
from phantoms import draw, write_cine, write_file

Make = Callable[..., ScribbleMixWidget]


def test_opening_a_folder_makes_a_project_beside_it_and_says_where(
    make_widget: Make, folder: Path
) -> None:
    widget = make_widget()
    open_folder(widget, folder)
    assert project_of(widget).folder == folder.with_suffix(".scribblemix")
    place = str(project_of(widget).folder)
    assert "new project was made" in widget.message.text()
    assert place in widget.images_panel.place.text()
    assert place not in widget.message.text(), "one place tells the path"
    assert len(widget.images_panel.tree.case_ids) == 3
    assert widget.session.the_case().id == "case00"


def test_a_click_on_a_case_shows_it(widget: ScribbleMixWidget) -> None:
    widget.images_panel.tree.choose("case01")
    assert widget.session.the_case().id == "case01"
    assert widget.board.layer("image").name == "case01"


def test_a_case_whose_image_is_gone_leaves_the_one_before_on_screen(
    widget: ScribbleMixWidget,
) -> None:
    project_of(widget).image_path("case01").unlink()
    widget.images_panel.tree.choose("case01")
    assert "does not exist" in widget.message.text()
    assert widget.session.the_case().id == "case00"
    (marked,) = widget.images_panel.tree.selectedItems()
    assert marked.text(0) == "case00"


def test_what_cannot_be_opened_is_told_in_a_sentence(make_widget: Make, tmp_path: Path) -> None:
    widget = make_widget()
    widget.open_path(tmp_path / "nothing.nii.gz")
    assert "does not exist" in widget.message.text()


def test_the_frames_of_a_cine_are_cases_of_their_own(make_widget: Make, tmp_path: Path) -> None:
    cine = write_cine(tmp_path / "beat.nii.gz", [draw(seed)[0] for seed in range(3)])
    widget = make_widget()
    open_folder(widget, cine)
    panel = widget.images_panel
    assert widget.session.the_case().id == "beat_frame00"
    assert not panel.frame_row.isHidden()
    panel.frame.setValue(2)
    panel.frame_button.click()
    assert widget.session.the_case().id == "beat_frame02"
    assert panel.tree.case_ids == ["beat_frame00", "beat_frame01", "beat_frame02"]


def test_a_layer_without_a_file_becomes_a_case(make_widget: Make, projects_folder: Path) -> None:
    widget = make_widget()
    assert not widget.images_panel.layer_button.isEnabled()
    widget.board.viewer.add_image(draw(0)[0], name="mine", scale=(8, 1.5, 1.5))
    widget.images_panel.layer_button.click()
    widget.cases.finish_adding()
    assert widget.session.the_case().id == "mine"
    assert project_of(widget).folder == projects_folder / "mine.scribblemix"
    assert widget.session.the_case().image.geometry.spacing == pytest.approx((8, 1.5, 1.5))


def test_a_layer_is_added_with_its_affine_and_unit_and_hidden(make_widget: Make) -> None:
    widget = make_widget()
    layer = widget.board.viewer.add_image(
        draw(0)[0], name="a/b", affine=np.diag([8000, 1400, 1400, 1]), units=("um",) * 3
    )
    widget.images_panel.layer_button.click()
    case = widget.session.the_case()
    assert case.id == "a_b"
    assert case.image.geometry.spacing == pytest.approx((8, 1.4, 1.4))
    assert not layer.visible
    assert "unit" not in widget.message.text()


@pytest.mark.parametrize("value", [np.nan, 7.0])
def test_a_layer_without_an_image_stays_on_screen_and_makes_nothing(
    make_widget: Make, projects_folder: Path, value: float
) -> None:
    widget = make_widget()
    layer = widget.board.viewer.add_image(np.full((4, 8, 8), value), contrast_limits=(0, 1))
    widget.images_panel.layer_button.click()
    assert "cannot be used" in widget.message.text()
    assert "\n" not in widget.message.text()
    assert layer.visible
    assert widget.session.project is None
    assert not projects_folder.exists()


def test_a_colour_image_is_refused_in_words(make_widget: Make) -> None:
    widget = make_widget()
    widget.board.viewer.add_image(np.zeros((8, 8, 3), np.uint8), rgb=True, name="photo")
    button = widget.images_panel.layer_button
    assert not button.isEnabled()
    assert "photo is a colour image" in button.toolTip()
    widget.board.viewer.add_image([np.zeros((8, 8)), np.zeros((4, 4))], name="pyramid")
    assert "pyramid has several resolutions" in button.toolTip()


def test_of_a_cine_layer_the_frame_on_screen_is_added(make_widget: Make) -> None:
    widget = make_widget()
    cine = np.stack([draw(seed)[0] for seed in range(3)])
    layer = widget.board.viewer.add_image(cine, name="beat", scale=(1, 8, 1.5, 1.5))
    for frame in (2, 0):
        widget.board.viewer.dims.set_point(0, frame)
        widget.board.viewer.layers.selection.active = layer
        widget.images_panel.layer_button.click()
        case = widget.session.the_case()
        assert case.id == f"beat_frame{frame:02d}"
        assert np.array_equal(case.image.array, cine[frame])


def test_of_a_cine_file_in_the_viewer_the_frame_on_screen_is_opened(
    make_widget: Make, tmp_path: Path
) -> None:
    path = write_cine(tmp_path / "beat.nii.gz", [draw(seed)[0] for seed in range(3)])
    widget = make_widget()
    (layer,) = widget.board.viewer.open(path, plugin="napari-scribblemix")
    widget.board.viewer.dims.set_point(0, 2)
    widget.images_panel.layer_button.click()
    widget.cases.finish_adding()
    case = widget.session.the_case()
    assert (case.id, case.frame) == ("beat_frame02", 2)
    assert not layer.visible
    assert widget.session.the_project().image_path(case.id) == path


def test_the_sample_of_three_channels_is_shown_and_drawn_on(make_widget: Make) -> None:
    widget = make_widget()
    widget.open_sample("myops")
    widget.cases.finish_adding()
    assert widget.session.scheme == MYOPS
    assert len(widget.images_panel.tree.case_ids) == 6
    assert widget.session.the_case().id == "myops01"
    names = [layer.name for layer in widget.board.viewer.layers]
    assert names[:3] == ["myops01 C0", "myops01 LGE", "myops01 T2"]
    assert [layer.visible for layer in widget.board.viewer.layers][:3] == [True, False, False]
    widget.images_panel.tree.choose("myops02")
    names = [layer.name for layer in widget.board.viewer.layers if "myops" in layer.name]
    assert names == ["myops02 C0", "myops02 LGE", "myops02 T2"]


def test_a_folder_of_patients_opens_with_its_strokes_and_says_what_it_left(
    make_widget: Make, tmp_path: Path
) -> None:
    for seed, patient in enumerate(("P0", "P1")):
        image, mask, strokes = draw(seed)
        folder = tmp_path / "study" / patient
        write_file(folder / "sa_ED.nii.gz", image)
        write_file(folder / "sa_ED_scribble.nii.gz", CARDIAC.encode(strokes))
        write_file(folder / "sa_ED-label.nii.gz", mask)
    widget = make_widget()
    told: list[str] = []
    widget.session.told.connect(lambda _level, sentence: told.append(sentence))
    open_folder(widget, tmp_path / "study")
    project = project_of(widget)
    assert [record.id for record in project.cases] == ["P0_sa_ED", "P1_sa_ED"]
    assert all(project.scribble_path(record.id).is_file() for record in project.cases)
    assert any("P0/sa_ED-label.nii.gz looks like labels" in sentence for sentence in told)
