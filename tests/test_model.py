import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_scribblemix import settings
from napari_scribblemix.data import described
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import FileError, ImageError, ModelError
from napari_scribblemix.inference.model import (
    ModelCard,
    check_fit,
    load_model,
    read_card,
    save_model,
)
from napari_scribblemix.methods import unet
from napari_scribblemix.methods.unet import build_network

CPU = torch.device("cpu")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    card = ModelCard(
        name="test", network="fast", in_channels=1, labels=CARDIAC, spacing=2.0, mirrored=False,
        method="partial", recipe={}, steps=1, seconds=1.0, seed=0, code_version="0",
    )  # fmt: skip
    save_model(tmp_path, build_network("fast", 1, CARDIAC.classes), card)
    return tmp_path


def change_card(run: Path, **changes: object) -> None:
    content = json.loads((run / "model.json").read_text())
    (run / "model.json").write_text(json.dumps(content | changes))


def test_a_model_comes_back_as_it_was_saved(run: Path) -> None:
    torch.manual_seed(0)
    original = build_network("fast", 1, CARDIAC.classes)
    model = load_model(run, CPU)
    for name, value in original.state_dict().items():
        assert torch.equal(value, model.network.state_dict()[name])
    assert model.card.labels == CARDIAC
    assert not model.network.training


def test_a_run_folder_and_its_weights_file_mean_the_same(run: Path) -> None:
    assert read_card(run) == read_card(run / "model.safetensors")


def test_the_card_states_the_checksum_of_the_weights(run: Path) -> None:
    weights = (run / "model.safetensors").read_bytes()
    assert read_card(run).sha256 == hashlib.sha256(weights).hexdigest()


def test_a_changed_weights_file_is_refused(run: Path) -> None:
    weights = run / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    with pytest.raises(ModelError, match="does not have the checksum"):
        load_model(run, CPU)


def test_a_newer_card_asks_for_an_update(run: Path) -> None:
    change_card(run, schema_version=99)
    with pytest.raises(ModelError, match="schema version 99, expected 1; update"):
        read_card(run)


def test_a_damaged_card_names_the_field(run: Path) -> None:
    change_card(run, spacing="wide")
    with pytest.raises(ModelError, match="damaged: spacing"):
        read_card(run)
    (run / "model.json").write_text("{")
    with pytest.raises(ModelError, match="missing or damaged"):
        read_card(run)


@pytest.mark.parametrize("network", ["../x", "unet", ""])
def test_a_card_of_an_unknown_network_is_refused_when_it_is_read(run: Path, network: str) -> None:
    change_card(run, network=network)
    with pytest.raises(ModelError, match=r"model\.json is damaged: network: got .* one of fast, "):
        read_card(run)


def test_a_card_may_name_each_network_that_can_be_built(run: Path) -> None:
    assert set(settings.NETWORKS.values()) == set(unet.NETWORKS)
    for network in unet.NETWORKS:
        change_card(run, network=network)
        assert read_card(run).network == network


def test_a_card_whose_masks_have_another_background_is_refused(run: Path) -> None:
    labels = CARDIAC.model_dump() | {"file_values": [3, 2, 1, 0]}
    change_card(run, labels=labels)
    with pytest.raises(
        ModelError, match="damaged: labels: got 3 for the background of masks, expected 0: put"
    ):
        read_card(run)


@pytest.mark.parametrize("version", [None, "1", 0, -1, [1]])
def test_a_card_without_a_right_version_is_damaged_not_newer(run: Path, version: object) -> None:
    change_card(run, schema_version=version)
    with pytest.raises(ModelError, match=r"is damaged: schema_version: got .*, expected 1; rest"):
        read_card(run)
    content = json.loads((run / "model.json").read_text())
    del content["schema_version"]
    for damaged in (content, []):
        (run / "model.json").write_text(json.dumps(damaged))
        with pytest.raises(ModelError, match="damaged"):
            read_card(run)


def test_weights_of_another_network_are_refused(run: Path) -> None:
    change_card(run, network="residual")
    with pytest.raises(ModelError, match="does not fit a network 'residual'"):
        load_model(run, CPU)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected a run folder with model\.safetensors"):
        load_model(tmp_path, CPU)


def test_a_card_from_before_channels_is_read(run: Path) -> None:
    content = json.loads((run / "model.json").read_text())
    del content["channels"]
    (run / "model.json").write_text(json.dumps(content))
    assert read_card(run).channels == ()


def volume(*channels: str) -> Volume:
    geometry = Geometry.from_affine(np.diag([1.5, 1.5, 8, 1]), (6, 5, 4))
    array = np.zeros((4, 5, 6))
    return Volume(array, geometry, further=(array,) * (len(channels) - 1), channels=channels)


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        (("C0", "LGE"), r"Got the channels C0, LGE; .* C0, LGE, T2 a case: add .* end in _T2"),
        ((), r"Got one image; .* the channels C0, LGE, T2 a case: add .*_C0, _LGE, _T2"),
        (("0000", "0001", "0002"), r"name the channels as in the training and leave 0000"),
    ],
)
def test_what_lacks_a_channel_of_the_training_is_refused(
    run: Path, channels: tuple[str, ...], said: str
) -> None:
    three = read_card(run).model_copy(update={"in_channels": 3, "channels": ("C0", "LGE", "T2")})
    check_fit(three, volume("C0", "LGE", "T2"))
    with pytest.raises(ImageError, match=said):
        check_fit(three, volume(*channels))


def test_a_model_of_single_images_refuses_channels(run: Path) -> None:
    check_fit(read_card(run), volume())
    with pytest.raises(ImageError, match=r"trained on one image a case: choose .* in _C0"):
        check_fit(read_card(run), volume("C0", "LGE"))


def test_a_save_cut_short_leaves_the_model_before_and_says_so(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_model(run, CPU)
    whole = described.atomic_write

    def only_the_card(path: Path, data: bytes) -> None:
        if path.suffix == ".safetensors":
            raise FileError("killed here")
        whole(path, data)

    monkeypatch.setattr(described, "atomic_write", only_the_card)
    newer = before.card.model_copy(update={"steps": 9})
    with pytest.raises(FileError, match="killed here"):
        save_model(run, build_network("fast", 1, CARDIAC.classes), newer)
    assert json.loads((run / "model.json").read_text())["steps"] == 9
    found = load_model(run, CPU)
    assert (found.card, read_card(run)) == (before.card, before.card)
    assert torch.equal(found.network.head.weight, before.network.head.weight)
    (note,) = found.notes
    assert "was cut short: the one before it is used, of step 1" in note
    assert before.notes == ()


def test_weights_that_are_none_are_refused(run: Path) -> None:
    (run / "model.safetensors").write_bytes(b"nothing")
    change_card(run, sha256=hashlib.sha256(b"nothing").hexdigest())
    with pytest.raises(ModelError, match="does not fit a network"):
        load_model(run, CPU)
