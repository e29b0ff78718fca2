"""The numbers of a training: three presets, and what the user's options change in them.

A ``Recipe`` is complete and goes as it is into the run's ``settings.json`` and the model card, so
that a training can be read and repeated without knowing the presets of that version.  No torch
here: the GUI shows these numbers too.
"""

from __future__ import annotations

from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from napari_scribblemix.data.intensity import IntensityRule
from napari_scribblemix.errors import SettingsError
from napari_scribblemix.resources import STARTER_NAME, has_starter
from napari_scribblemix.settings import NETWORKS, NetworkName, TrainSettings

TERMS: dict[str, tuple[str, ...]] = {
    "cyclemix": ("mix", "global", "occlusion", "local"),
    "modelmix": ("inv", "vicinal-sup", "vicinal-reg", "own-encoders"),
}
"""What ``--without`` can switch off: the rows of the papers' ablations."""


class Augmentation(BaseModel):
    """Ranges of the random changes; zero switches a change off.  Lengths in pixels of the crop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rotation: float = Field(0.0, description="largest rotation, degrees")
    scale: float = Field(0.0, description="largest change of size, as a logarithm")
    shift: float = Field(0.0, description="largest shift of the crop, share of its side")
    elastic: float = Field(0.0, description="standard deviation of the elastic shift, pixels")
    mirror: bool = Field(False, description="mirror along both axes")
    gamma: float = Field(0.0, description="largest change of gamma, as a logarithm")
    contrast: float = Field(0.0, description="largest change of contrast, as a logarithm")
    brightness: float = Field(0.0, description="standard deviation of the added offset")
    blur: float = Field(0.0, description="largest standard deviation of the blur, pixels")
    noise: float = Field(0.0, description="largest standard deviation of the noise")
    low_resolution: float = Field(0.0, description="share of the images shown at half resolution")

    @property
    def moves(self) -> bool:
        """Whether any geometric change is on."""
        return bool(self.rotation or self.scale or self.elastic or self.mirror)


class Recipe(BaseModel):
    """Every number of one training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: NetworkName = Field(description="which network; a model fits one only")
    spacing: float = Field(description="pixel size of the working grid, mm")
    intensity: IntensityRule = Field(
        "volume-zscore", description="what the network sees of the grey values"
    )
    crop: int = Field(description="side of the training crops, pixels")
    batch: int = Field(description="slices in a step")
    learning_rate: float = Field(description="peak of the schedule")
    schedule: Literal["one-cycle", "constant"] = Field(
        description="how the learning rate goes: up and down once, or stays"
    )
    weight_decay: float = Field(description="how strongly weights are drawn to zero (AdamW)")
    dice: float = Field(description="weight of the partial Dice term (ModelMix eq. 8)")
    edges: float = Field(0.0, description="weight of the edge consistency term (methods/edges.py)")
    ema: float = Field(description="decay of the averaged weights; 0: none")
    enclosure_rule: bool = Field(description="all outside a closed ring is background")
    enclosed_weight: float = Field(
        1.0, description="weight of a pixel labelled by that rule at the start"
    )
    enclosed_weight_end: float = Field(1.0, description="the same at the end; between: geometric")
    unlabelled_share: float = Field(description="largest share of unlabelled slices in a batch")
    follow_heart: float = Field(description="share of the crops centred on the scribbled heart")
    augmentation: Augmentation
    mix_from: float = Field(
        0.0, description="share of the budget before images and models are mixed"
    )
    cutout: float = Field(
        0.125, description="ModelMix: side of the square cut out, as a share of the crop's"
    )
    mix_everywhere: bool = Field(
        False, description="ModelMix: mix all convolutions of the encoders, not one at a time"
    )
    companion_batch: float = Field(
        1.0, description="scans of a companion in a step, as a share of a batch"
    )
    dropout: float = Field(0.0, description="feature maps dropped in each block of the encoder")
    start: Literal["scratch", "starter", "model"] = Field(
        "scratch", description="first weights: fresh, the starter's, or another model's"
    )
    drawn: float = Field(0.0, description="drawn hearts in a batch, as a share of its scans")
    drawn_weight: float = Field(
        0.5, description="labelled mass of the drawn hearts over that of the scans in a batch"
    )
    teacher: float = Field(
        0.0, description="weight of a pixel that only the teacher labels; 0: no teacher"
    )
    teacher_sure: float = Field(0.9, description="probability from which it labels a pixel")
    without: tuple[str, ...] = Field((), description="terms of the method that are switched off")
    time: float | None = Field(None, description="budget, seconds")
    steps: int | None = Field(None, description="budget, optimiser steps")
    epochs: int | None = Field(None, description="budget, passes over the slices")


_LIGHT = Augmentation(
    rotation=30, scale=0.2, shift=0.15, elastic=2.0, gamma=0.5, contrast=0.4, brightness=0.3,
    blur=0.8, noise=0.15, low_resolution=0.1,
)  # fmt: skip
_STRONG = Augmentation(
    rotation=180, scale=0.25, shift=0.2, elastic=3.0, mirror=True, gamma=0.4, contrast=0.35,
    brightness=0.2, blur=1.0, noise=0.2, low_resolution=0.2,
)  # fmt: skip

PRESETS: dict[str, Recipe] = {
    "fast": Recipe(
        network=NETWORKS["fast"], spacing=2.0, crop=96, batch=12, learning_rate=3e-3,
        schedule="one-cycle", weight_decay=1e-4, dice=1.0, edges=2.0, ema=0.99, enclosure_rule=True,
        enclosed_weight=0.05, enclosed_weight_end=0.3, unlabelled_share=0.25, follow_heart=0.7,
        mix_from=0.5, augmentation=_LIGHT, time=300.0,
    ),
    "best": Recipe(
        network=NETWORKS["best"], spacing=1.37, crop=160, batch=16, learning_rate=2e-3,
        schedule="one-cycle", weight_decay=1e-4, dice=1.0, edges=2.0, ema=0.995,
        enclosure_rule=True, enclosed_weight=0.05, enclosed_weight_end=0.3, unlabelled_share=0.25,
        follow_heart=0.7, mix_from=0.5, augmentation=_STRONG, time=3600.0,
    ),
    # CycleMix, section 4.2: Adam at a fixed 1e-4, 212 x 212 at 1.37 mm, batch 4, 1000 epochs.
    "paper": Recipe(
        network=NETWORKS["paper"], spacing=1.37, crop=212, batch=4, learning_rate=1e-4,
        schedule="constant", weight_decay=0.0, dice=0.0, ema=0.0, enclosure_rule=False,
        unlabelled_share=0.0, follow_heart=0.0, augmentation=Augmentation(), epochs=1000,
    ),
}  # fmt: skip

STARTER = Recipe(
    network=NETWORKS["fast"], spacing=2.0, crop=96, batch=12, learning_rate=3e-3,
    schedule="one-cycle", weight_decay=1e-4, dice=1.0, ema=0.998, enclosure_rule=False,
    unlabelled_share=0.0, follow_heart=0.0, drawn=1.0, augmentation=_LIGHT, time=3600.0,
)  # fmt: skip
"""How the starter model is trained: on drawn hearts alone, with the network of ``fast``."""

STARTER_AGAIN: dict[str, object] = {"start": "model", "learning_rate": 1.5e-3, "ema": 0.995}
"""What changes where a starter is trained on from another: half the rate, a shorter memory."""

# ``partial`` is the plain baseline its name says; the other terms without mixing are ``cyclemix``
# with its terms off.
_BASELINE: dict[str, object] = {"dice": 0.0, "edges": 0.0}
# Half of each batch is unlabelled: two of ModelMix's terms need no label; all convolutions are
# mixed at once; a companion takes a third of the scans, for the main task is what is waited for.
_TOGETHER: dict[str, object] = {
    "edges": 0.0,
    "unlabelled_share": 0.5,
    "mix_everywhere": True,
    "companion_batch": 1 / 3,
}
METHOD_CHANGES: dict[tuple[str, str], dict[str, object]] = {
    ("partial", "fast"): _BASELINE,
    ("partial", "best"): _BASELINE,
    ("modelmix", "fast"): _TOGETHER,
    ("modelmix", "best"): _TOGETHER,
    # ModelMix, section 3.1: 256 x 256, batch 16, learning rate 1e-3, dropout .5, half unlabelled.
    ("modelmix", "paper"): {
        "crop": 256, "batch": 16, "learning_rate": 1e-3, "dice": 1.0, "dropout": 0.5,
        "unlabelled_share": 0.5, "intensity": "slice-unit",
        "augmentation": Augmentation(rotation=180, mirror=True, shift=0.1),
    },
}  # fmt: skip


# Who begins with a model that knows hearts refines it instead of learning anew.  Strokes alone move
# every border outwards, because the background's are far from the heart: drawn hearts and the model
# itself, as a teacher, hold them.  The Dice of strokes is left out for the same reason.
FROM_A_MODEL: dict[str, object] = {
    "learning_rate": 1e-3,
    "dice": 0.0,
    "drawn": 0.5,
    "drawn_weight": 3.0,
    "teacher": 0.1,
}


def _start(settings: TrainSettings) -> Literal["scratch", "starter", "model"]:
    if settings.start is None:
        return "starter" if settings.preset == "fast" and has_starter() else "scratch"
    if settings.start in ("scratch", STARTER_NAME):
        return cast(Literal["scratch", "starter"], settings.start)
    return "model"


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _without(settings: TrainSettings) -> tuple[str, ...]:
    without, known = _split(settings.without), TERMS.get(settings.method, ())
    if without and not known:
        raise SettingsError(
            f"Got --without with --method {settings.method}, which has one term only; expected "
            f"--method {' or '.join(TERMS)}."
        )
    if unknown := [term for term in without if term not in known]:
        raise SettingsError(
            f"Got --without {', '.join(unknown)}; expected terms of {settings.method}: "
            f"{', '.join(known)}."
        )
    return without


def check_companions(settings: TrainSettings) -> None:
    """``SettingsError`` unless a method with companions has some, and no other has any."""
    given = len(settings.companions)
    if settings.method == "modelmix" and not given:
        raise SettingsError(
            "Got --method modelmix without a companion; name another folder with scribbles, or a "
            "finished model, by --with (for example --with starter)."
        )
    if settings.method != "modelmix" and given:
        raise SettingsError(
            f"Got --with {settings.companions[0]} and --method {settings.method}; only modelmix "
            "learns with a companion: add --method modelmix, or leave --with out."
        )
    if len(settings.companions_scribbled) > given:
        raise SettingsError(
            f"Got {len(settings.companions_scribbled)} --with-scribbled for {given} --with; "
            "expected at most one for each."
        )


def resolve(settings: TrainSettings) -> Recipe:
    """The preset with the user's options in place; ``SettingsError`` where they contradict."""
    changes = dict(METHOD_CHANGES.get((settings.method, settings.preset), {}))
    changes["start"] = _start(settings)
    if changes["start"] != "scratch":
        changes |= FROM_A_MODEL
    budgets = {k: v for k in ("time", "steps", "epochs") if (v := getattr(settings, k)) is not None}
    if len(budgets) > 1:
        raise SettingsError(
            f"Got {' and '.join('--' + name for name in budgets)}; expected one budget: choose "
            "--time, --steps or --epochs."
        )
    if budgets:
        changes.update({"time": None, "steps": None, "epochs": None} | budgets)
    for name in ("spacing", "crop", "batch", "learning_rate", "enclosure_rule", "drawn", "teacher"):
        if (value := getattr(settings, name)) is not None:
            changes[name] = value
    without = _without(settings)
    changes["without"] = without
    return PRESETS[settings.preset].model_copy(update=changes)
