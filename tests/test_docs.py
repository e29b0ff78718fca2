"""The pages of docs/: built without a warning, a network or torch; complete; true to the code."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image
from shown_commands import PROGRAM, bash_lines, program_calls

from napari_scribblemix import errors
from napari_scribblemix.cli import app
from napari_scribblemix.cli.options import shown_name
from napari_scribblemix.gui.keys import COMMANDS as KEYS
from napari_scribblemix.gui.keys import DRAWING
from napari_scribblemix.settings import NETWORKS, Method
from napari_scribblemix.training.recipe import PRESETS, Augmentation, Recipe

pytest.importorskip("sphinx", reason="the pages are built with the packages of the extra 'docs'")

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
README = ROOT / "README.md"
# With torch, Qt or napari out of reach: on the machine that builds them these are not needed.
BUILD = """
import sys
sys.modules |= dict.fromkeys(["torch", "qtpy", "napari", "PyQt5", "PyQt6"])
from sphinx.cmd.build import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, "--fail-on-warning", "--quiet", str(DOCS), str(folder)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def words(page: Path) -> str:
    """What a reader sees of a built page, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page.read_text())).split())


def test_pages_are_built_without_a_warning_torch_or_qt(site: Path) -> None:
    assert {page.relative_to(DOCS).with_suffix(".html") for page in PAGES} <= {
        page.relative_to(site) for page in site.rglob("*.html")
    }


def test_pages_load_nothing_from_a_network(site: Path) -> None:
    loaded = re.compile(
        r"""<(?:script|img|link|iframe)\b[^>]*(?:src|href)=["'](?:https?:)?//[^"']+"""
    )
    for page in site.rglob("*.html"):
        assert not loaded.findall(page.read_text()), page
    for style in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]+", style.read_text())


def test_equations_are_drawn_by_the_browser_itself(site: Path) -> None:
    page = (site / "methods" / "cyclemix.html").read_text()
    assert page.count('display="block"') >= 6
    assert not re.search(r"<script[^>]*(?:mathjax|katex)", page, re.IGNORECASE)
    assert r"\mathcal" not in page


@pytest.mark.parametrize("command", [name for name, _, _ in app.COMMANDS])
def test_every_command_stands_in_the_reference_with_every_option(site: Path, command: str) -> None:
    page = (site / "reference" / "commands.html").read_text()
    section = re.search(rf'<section id="{command}">.*?</section>', page, re.DOTALL)
    assert section is not None
    shown = " ".join(html.unescape(re.sub(r"<[^>]+>", "", section.group())).split())
    (model,) = (model for name, model, _ in app.COMMANDS if name == command)
    for name, field in model.model_fields.items():
        assert shown_name(name, field) in shown
        assert (field.description or "") in shown


def test_every_method_preset_and_number_is_told(site: Path) -> None:
    training, presets = words(site / "how-to/train.html"), words(site / "reference/presets.html")
    for name in (*get_args(Method), *NETWORKS):
        assert name in training
    for name, field in (Recipe.model_fields | Augmentation.model_fields).items():
        assert name in presets
        assert name == "augmentation" or (field.description and field.description in presets)
    for recipe in PRESETS.values():
        assert f" {recipe.learning_rate} " in presets


def test_every_preference_is_told(site: Path) -> None:
    yaml = pytest.importorskip("yaml")
    manifest = yaml.safe_load((ROOT / "napari_scribblemix/napari.yaml").read_text())
    shown = words(site / "reference" / "panel.html")
    for group in manifest["contributions"]["configurations"].values():
        for item in group["properties"].values():
            assert item["title"] in shown
            assert item["description"] in shown


def test_every_kind_of_error_is_told(site: Path) -> None:
    shown = words(site / "reference" / "errors.html")
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.ScribbleMixError):
            assert name in shown


def quoted() -> Iterator[str]:
    """The parts of messages that the first column of troubleshooting quotes."""
    for line in (DOCS / "troubleshooting.md").read_text(encoding="utf-8").splitlines():
        if line.startswith('| "'):
            for quote in re.findall(r'"([^"]+)"', line.split("|")[1]):
                # Words in capitals stand for what the program puts in.
                parts = re.split(r"\b(?:[A-Z]{4,}|[XYZ])\b", quote)
                yield from (part.strip() for part in parts if len(part.strip()) > 3)


def messages() -> str:
    """All texts of the program, as they are put together from lines of code."""
    code = (path.read_text() for path in (ROOT / "napari_scribblemix").rglob("*.py"))
    joined = re.sub(r'["\']\s*\n\s*f?["\']', "", "\n".join(code))
    # A value in a message: 0 and 4 in the docs, names in the code.
    return re.sub(r"\{[^{}]*\}", "…", joined)


QUOTES = sorted(set(quoted()))
MESSAGES = messages()
NOT_OURS = {"could not load the Qt platform plugin xcb"}
FILLED_IN = {
    "it cannot be told whether 0 or 4 means 'not labelled' in this file":
        "it cannot be told whether 0 or … means 'not labelled' in this file",
    "voxels are NaN": "voxels are …",
}  # fmt: skip


@pytest.mark.parametrize("quote", QUOTES)
def test_every_message_in_troubleshooting_is_one_of_the_program(quote: str) -> None:
    assert quote in NOT_OURS or FILLED_IN.get(quote, quote) in MESSAGES


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.name)
def test_every_command_shown_is_understood(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_later", lambda module: lambda settings: None)
    text = page.read_text(encoding="utf-8")
    inline = [line for line in re.findall(rf"`({PROGRAM} [^`]+)`", text) if "COMMAND" not in line]
    for call in program_calls(bash_lines(text) + [" ".join(line.split()) for line in inline]):
        assert app.main(call) == 0, call


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.name)
def test_links_and_pictures_resolve_where_the_page_lies(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert "://" in target or (page.parent / target).exists(), target


def test_every_dice_that_the_pages_state_is_in_the_record() -> None:
    dice = re.compile(r"(?<![\w.])\.\d{3}\b")
    record = set(dice.findall((ROOT / "tests/benchmarks/RECORD.md").read_text(encoding="utf-8")))
    for page in (README, *PAGES):
        assert set(dice.findall(page.read_text(encoding="utf-8"))) <= record, page


def test_pictures_are_small_and_all_of_them_are_shown() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in (README, *PAGES))
    pictures = sorted((DOCS / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < 300_000, picture
        assert f"pictures/{picture.name})" in shown, picture
        with Image.open(picture) as opened:
            opened.verify()


def test_the_readme_fits_on_two_screens_and_leads_to_the_docs() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    assert "docs/index.md" in text


def test_the_page_of_keys_has_each_key_of_the_window(site: Path) -> None:
    shown = words(site / "reference" / "keys.html")
    for key in (*KEYS, *DRAWING):
        assert key.does in shown
        for one in key.keys.split():
            assert {"Left": "←", "Right": "→", "Escape": "Esc"}.get(one, one) in shown
