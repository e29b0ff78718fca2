"""What can be refused before PyTorch is imported is refused before."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_scribblemix.errors import FileError, ModelError, SettingsError, TrainingError
from napari_scribblemix.inference.card import ModelCard
from napari_scribblemix.resources import find_model
from napari_scribblemix.settings import StarterSettings, TrainSettings
from napari_scribblemix.training.early import check_start, check_starter, check_training
from napari_scribblemix.training.recipe import PRESETS
from phantoms import write_folder

REFUSED = (
    (["train", "nothing"], "nothing (nothing there)"),
    (["train", "study", "--output", "used"], "used already holds a training"),
    (["train", "study", "--cases", "nobody*"], "nobody* matches none of 3 cases"),
    (["train", "study", "--cases", "case00,nobody"], "but nobody matches none of 3 cases: case00"),
    (["train", "study", "--cases", ", ,"], "without a name in it"),
    (["train", "study", "--scribbled", "case01,case10"], "but case10 matches none of 3 cases"),
    (["train", "study", "--scribbled", "nobody*"], "matches none of 3 cases"),
    (["train", "study", "--device", "gpu"], "got 'gpu', expected auto"),
    (["train", "study", "--start", "nomodel"], "Got nomodel; expected a run folder"),
    (["train", "study", "--start", "starter", "--preset", "best"], "choose another --preset"),
    (["train", "study", "--time", "1m", "--steps", "3"], "expected one budget"),
    (["train", "study", "--resume", "--output", "none"], "none holds no checkpoint"),
    (["train", "study", "--resume"], "holds no checkpoint"),
    (["train", "study", "--validation", "nothing"], "nothing (nothing there)"),
    (["train", "study", "--validation", "strokes"], "without any mask"),
    (["train", "bare"], "Got no scribbled case in bare"),
    (["train", "study", "--method", "modelmix"], "--with"),
    (["train", "study", "--method", "modelmix", "--with", "nothing"], "which is not there"),
    (["train", "study", "--method", "modelmix", "--with", "study"], "folder study twice"),
    (["train", "study", "--with", "strokes"], "only modelmix"),
    (["segment", "starter", "study", "--mirror", "--output", "o"], "one way up only"),
    (["segment", "starter", "study", "--device", "gpu", "--output", "o"], "got 'gpu'"),
    (["segment", "study", "study", "--output", "o"], "expected a run folder"),
    (["make-starter", "--output", "o", "--time", "1m", "--steps", "1"], "expected one budget"),
    (["make-starter", "--output", "o", "--measure", "x=nothing"], "nothing (nothing there)"),
    (["make-starter", "--output", "o", "--measure", "x=strokes"], "without any mask"),
    (["make-starter", "--output", "used"], "used already holds a training"),
)

CODE = """
import json, sys
from napari_scribblemix.cli.app import main
for number, arguments in enumerate(json.loads(sys.argv[1])):
    print(f"#{number}", file=sys.stderr)
    code = main(arguments)
    print(f"code {code} torch {'torch' in sys.modules}", file=sys.stderr)
"""


def test_refusals_come_without_torch_and_leave_nothing_behind(tmp_path: Path) -> None:
    write_folder(tmp_path / "study")
    write_folder(tmp_path / "strokes", masked=0)
    write_folder(tmp_path / "bare", scribbled=0, unlabelled=1)
    (tmp_path / "used" / "checkpoint").mkdir(parents=True)
    (tmp_path / "used" / "checkpoint" / "state.pt").touch()
    there = {path.name for path in tmp_path.iterdir()}
    lists = json.dumps([arguments for arguments, _ in REFUSED])
    done = subprocess.run(
        [sys.executable, "-c", CODE, lists],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    for number, (arguments, message) in enumerate(REFUSED):
        told = done.stderr.partition(f"#{number}\n")[2].partition("\n#")[0]
        assert message in " ".join(told.split()), arguments
        assert "torch False" in told, arguments
        assert "code 0" not in told, arguments
    assert {path.name for path in tmp_path.iterdir()} == there


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "study")


def test_what_can_be_trained_is_not_refused(study: Path, tmp_path: Path) -> None:
    check_training(TrainSettings(folder=study))
    check_training(TrainSettings(folder=study, start="scratch", preset="best"))
    other = write_folder(tmp_path / "other")
    together = {"method": "modelmix", "companions": [other, Path("starter")]}
    check_training(TrainSettings(folder=study, **together))
    check_starter(StarterSettings(output=tmp_path / "o", measure=[f"x={study}"]))


def test_a_companion_of_another_network_is_refused_by_its_card(study: Path) -> None:
    settings = TrainSettings(
        folder=study, method="modelmix", preset="best", companions=[Path("starter")]
    )
    with pytest.raises(SettingsError, match="only equal ones can be mixed"):
        check_training(settings)
    with pytest.raises(FileError, match="which is not there"):
        check_training(settings.model_copy(update={"companions": [study / "gone"]}))


def test_a_companion_without_a_stroke_is_refused(study: Path, tmp_path: Path) -> None:
    bare = write_folder(tmp_path / "bare", scribbled=0, unlabelled=1)
    settings = TrainSettings(folder=study, method="modelmix", companions=[bare])
    with pytest.raises(TrainingError, match=r"Got no scribbled case in .*bare"):
        check_training(settings)


def test_a_start_without_its_card_is_refused(study: Path, tmp_path: Path) -> None:
    weights = tmp_path / "m.safetensors"
    weights.write_bytes(find_model(Path("starter")).read_bytes())
    with pytest.raises(ModelError, match="card"):
        check_training(TrainSettings(folder=study, start=str(weights)))


def test_a_start_of_another_intensity_rule_is_refused() -> None:
    content = json.loads(find_model(Path("starter")).with_suffix(".json").read_text())
    card = ModelCard.model_validate(content | {"intensity": "slice-unit"})
    with pytest.raises(SettingsError, match="by the rule slice-unit"):
        check_start(Path("m"), card, PRESETS["fast"])
