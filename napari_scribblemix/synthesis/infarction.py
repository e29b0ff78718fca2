"""Hearts after an infarction as three sequences show them: cine (C0), late enhancement, T2.

A scar fills part of a coronary territory; oedema lies round it and reaches further.  On cine both
look like muscle, the scar is bright on LGE, and on T2, where blood is dark, all of the injury is
bright.  So only the three together tell scar, oedema and healthy muscle apart, as in MyoPS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_scribblemix.synthesis.appearance import Appearance, draw_appearance, set_layers
from napari_scribblemix.synthesis.hearts import HeartParameters
from napari_scribblemix.synthesis.stacks import Stack, cut, expose, middle_slices, stored
from napari_scribblemix.synthesis.tissues import OEDEMA, Tissue, fill, injury_labels

CHANNELS = ("C0", "LGE", "T2")

# Middle of the territory, from the middle of the septum, positive towards the front (radians).
_TERRITORIES = {"anterior": (0.4, 1.3), "lateral": (2.5, 3.4), "inferior": (-2.1, -1.2)}
_BEYOND = (1.7, 1.4, 0.6)
"""How far oedema reaches beyond the scar: times its width and height, plus its depth."""

_T = Tissue
# Blood is dark on T2; what is not named looks as on cine.  Relative to cine blood.
_T2: dict[Tissue, tuple[float, float]] = {
    _T.VESSEL: (0.1, 0.4), _T.GREAT_VESSEL: (0.1, 0.3), _T.RV_BLOOD: (0.1, 0.3),
    _T.LV_BLOOD: (0.08, 0.25), _T.RV_TRABECULA: (0.25, 0.45), _T.PAPILLARY: (0.3, 0.5),
    _T.MYOCARDIUM: (0.38, 0.52), _T.SCAR: (0.75, 1.0), _T.OBSTRUCTION: (0.6, 0.8),
}  # fmt: skip
# Times the muscle's brightness, except on T2: (scar, oedema).
_INJURED = {"C0": ((0.9, 1.1), (1.0, 1.15)), "LGE": (None, (1.0, 1.5))}
_OEDEMA_T2 = (0.85, 1.2)


@dataclass(frozen=True)
class Injury:
    """One heart cut twice, as far as its scar and as far as its oedema reaches."""

    scar: HeartParameters
    oedema: HeartParameters


def draw_injury(hearts: HeartParameters, rng: np.random.Generator) -> Injury:
    """Give one heart a scar in one coronary territory, with oedema round it."""
    low, high = _TERRITORIES[str(rng.choice(list(_TERRITORIES)))]
    names = ("scar_angle", "scar_width", "scar_level", "scar_height", "scar_depth")
    values = rng.uniform([low, 0.75, 0.35, 0.5, 0.9], [high, 1.1, 0.65, 0.8, 1.4]).tolist()
    scar = dict(zip(names, values, strict=True))
    width, height, depth = _BEYOND
    oedema = scar | {
        "scar_width": scar["scar_width"] * width,
        "scar_height": scar["scar_height"] * height,
        "scar_depth": scar["scar_depth"] + depth,
    }
    # A wall of several pixels, or there would be no room for a stroke in what is injured.
    wall = float(rng.uniform(8.5, 12.0))
    alone = hearts.with_values(obstruction=-0.2, scar2_size=-0.5, wall=wall)
    return Injury(alone.with_values(**scar), alone.with_values(**oedema))


def cut_injured(injury: Injury, stack: Stack) -> Tensor:
    """Tissues as ``stacks.cut``, with ``OEDEMA`` where the injury reaches beyond the scar."""
    tissues = cut(injury.scar, stack, 0.0)
    reached = cut(injury.oedema, stack, 0.0) == Tissue.SCAR
    fill(tissues, reached & (tissues == Tissue.MYOCARDIUM), OEDEMA)
    return tissues


def draw_channel_appearance(channel: str, generator: torch.Generator) -> Appearance:
    """How one volume looks in one of ``CHANNELS``; brightness (1, tissues and oedema)."""
    drawn = draw_appearance(1, generator, contrast="lge" if channel == "LGE" else "cine")
    brightness = drawn.brightness.clone()
    unit = torch.rand(len(Tissue) + 1, generator=generator)

    def between(limits: tuple[float, float], index: int) -> Tensor:
        return limits[0] + unit[index] * (limits[1] - limits[0])

    if channel == "T2":
        for tissue, limits in _T2.items():
            brightness[:, tissue] = between(limits, tissue)
        # Layers as on late enhancement: spin echoes have no black line either.
        set_layers(brightness, torch.ones(1), torch.rand((4, 1), generator=generator))
        oedema = between(_OEDEMA_T2, OEDEMA)[None]
    else:
        scar, limits = _INJURED[channel]
        muscle = brightness[:, Tissue.MYOCARDIUM]
        if scar is not None:
            brightness[:, Tissue.SCAR] = muscle * between(scar, Tissue.SCAR)
        oedema = muscle * between(limits, OEDEMA)
    return replace(drawn, brightness=torch.cat((brightness, oedema[:, None]), dim=1))


def scan_channels(
    injury: Injury, stacks: tuple[Stack, ...], generator: torch.Generator
) -> tuple[list[NDArray[np.int16]], NDArray[np.uint8]]:
    """An image (Z, Y, X) of each channel on its own stack, and the labels on the first.

    Classes as in ``labels.MYOPS``: 1 right ventricle, 2 myocardium, 3 left ventricle, 4 oedema,
    5 scar.
    """
    images = []
    for channel, stack in zip(CHANNELS, stacks, strict=True):
        appearance = draw_channel_appearance(channel, generator)
        images.append(stored(expose(cut_injured(injury, stack), appearance, generator)))
    labels = injury_labels(middle_slices(cut_injured(injury, stacks[0])), 2)[0].numpy()
    return images, labels.astype(np.uint8)
