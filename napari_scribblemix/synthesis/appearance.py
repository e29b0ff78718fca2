"""From tissues to MR images: contrast, texture, blur, coil sensitivity, ghosts, Rician noise.

Brightness is relative to the left ventricle's blood.  Cine-like: bright blood, darker muscle,
bright fat.  LGE-like: nulled dark muscle, bright scar.  Random: any brightness for any tissue,
blood of both ventricles nearly alike and set off from muscle.  Phases of one patient share an
``Appearance`` and differ in their noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_scribblemix.synthesis.tissues import LV_RIM, RV_RIM, Tissue

Contrast = Literal["cine", "lge", "random", "mixed"]

_T = Tissue
# What follows from its neighbours is set by ``set_layers``.
_LAYERS = dict.fromkeys((*LV_RIM, *RV_RIM, _T.EDGE_INNER, _T.EDGE_OUTER), (0.0, 1.0))
_CINE: dict[Tissue, tuple[float, float]] = {
    _T.AIR: (0.0, 0.03), _T.LUNG: (0.03, 0.14), _T.VESSEL: (0.5, 1.0), _T.FAT: (0.7, 1.5),
    _T.MUSCLE: (0.15, 0.4), _T.BONE: (0.2, 0.6), _T.LIVER: (0.2, 0.6), _T.SPLEEN: (0.3, 0.8),
    _T.BOWEL: (0.05, 1.1), _T.PERICARDIAL_FAT: (0.45, 1.1), _T.PERICARDIUM: (0.05, 0.25),
    _T.GREAT_VESSEL: (0.75, 1.15), _T.RV_WALL: (0.2, 0.5), _T.RV_BLOOD: (0.7, 1.05),
    _T.RV_TRABECULA: (0.45, 0.75), _T.MYOCARDIUM: (0.3, 0.5), _T.SCAR: (0.3, 0.5),
    _T.OBSTRUCTION: (0.3, 0.5), _T.LV_BLOOD: (1.0, 1.0), _T.PAPILLARY: (0.35, 0.55),
    **_LAYERS,
}  # fmt: skip
_LGE: dict[Tissue, tuple[float, float]] = {
    _T.AIR: (0.0, 0.02), _T.LUNG: (0.02, 0.12), _T.VESSEL: (0.3, 1.0), _T.FAT: (0.7, 2.2),
    _T.MUSCLE: (0.15, 0.5), _T.BONE: (0.2, 0.7), _T.LIVER: (0.3, 0.9), _T.SPLEEN: (0.4, 1.0),
    _T.BOWEL: (0.1, 1.2), _T.PERICARDIAL_FAT: (0.5, 1.2), _T.PERICARDIUM: (0.1, 0.5),
    _T.GREAT_VESSEL: (0.8, 1.1), _T.RV_WALL: (0.15, 0.6), _T.RV_BLOOD: (0.8, 1.05),
    _T.RV_TRABECULA: (0.4, 0.8), _T.MYOCARDIUM: (0.06, 0.3), _T.SCAR: (0.85, 1.9),
    _T.OBSTRUCTION: (0.1, 0.35), _T.LV_BLOOD: (1.0, 1.0), _T.PAPILLARY: (0.15, 0.45),
    **_LAYERS,
}  # fmt: skip
_TEXTURE = (0.06, 0.3, 0.3, 0.1, 0.2, 0.3, 0.1, 0.15, 0.4, 0.25, 0.2, 0.12) + (0.15,) * 19
_BLOOD_IN_RIM = (0.22, 0.48, 0.68, 0.85)
"""Share of blood in each layer of a rim, from the wall inwards (bSSFP)."""


@dataclass(frozen=True)
class Appearance:
    """How B scans look; all per volume, so that phases of one patient can share it.

    ``brightness`` (B, tissues); ``bias`` (B, 5, 5) log sensitivity; ``texture``, ``blur`` (pixels),
    ``noise``, ``gamma``, ``ghost``: (B,).
    """

    brightness: Tensor
    bias: Tensor
    texture: Tensor
    blur: Tensor
    noise: Tensor
    gamma: Tensor
    ghost: Tensor


def draw_appearance(
    count: int,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
    contrast: Contrast = "mixed",
) -> Appearance:
    """Draw how ``count`` volumes look; ``"mixed"``: 3 of 10 cine-like, 3 LGE-like, 4 random."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    kind = _kinds(contrast, uniform(count))[:, None]
    low, high = (_ranges(side, device) for side in (0, 1))
    unit = uniform(count, len(Tissue))
    cine = low[0] + unit * (high[0] - low[0])
    late = low[1] + unit * (high[1] - low[1])
    brightness = torch.where(
        kind == 0, cine, torch.where(kind == 1, late, _random_brightness(unit, uniform(count, 4)))
    )
    set_layers(brightness, kind[:, 0], uniform(4, count))
    draws = uniform(5, count)
    rough = torch.where(kind[:, 0] == 0, 0.6, 1.3)
    steps = torch.rand((count, 2), generator=generator, device=device) * 2.0 - 1.0
    ramp = torch.linspace(-1.0, 1.0, 5, device=device)
    bias = 0.5 * (steps[:, 0, None, None] * ramp[:, None] + steps[:, 1, None, None] * ramp)
    bias = bias + 0.3 * (uniform(count, 5, 5) - 0.5)
    return Appearance(
        brightness=brightness,
        bias=bias,
        texture=0.5 + draws[0],
        blur=0.35 + 0.65 * draws[1],
        noise=rough * (0.02 + 0.13 * draws[2] ** 2),
        gamma=0.8 + 0.45 * draws[3],
        ghost=0.08 * (draws[4] - 0.6).clamp_min(0.0) / 0.4,
    )


def _kinds(contrast: Contrast, draw: Tensor) -> Tensor:
    """0 cine, 1 LGE, 2 random, for each volume."""
    if contrast == "mixed":
        return (draw > 0.3).long() + (draw > 0.6).long()
    return torch.full_like(draw, ("cine", "lge", "random").index(contrast), dtype=torch.long)


def _ranges(side: int, device: torch.device | str) -> Tensor:
    return torch.tensor(
        [[table[tissue][side] for tissue in Tissue] for table in (_CINE, _LGE)], device=device
    )


def set_layers(brightness: Tensor, kind: Tensor, draw: Tensor) -> None:
    """Set the rims and edges of ``brightness`` (B, tissues) in place; ``draw`` (4, B) in 0-1.

    In bSSFP the rim of a cavity is half muscle and the heart's edge is a line as dark as muscle or
    darker.  With late enhancement the rim is nearly blood, and fat begins at once.
    """
    muscle = brightness[:, _T.MYOCARDIUM]
    depth = torch.where(
        kind == 0, 0.75 + 0.25 * draw[0], draw[0] * torch.where(kind == 1, 0.3, 1.0)
    )
    for layers, blood, shift in ((LV_RIM, _T.LV_BLOOD, 0.0), (RV_RIM, _T.RV_BLOOD, 0.25)):
        full = brightness[:, blood]
        for tissue, share in zip(layers, _BLOOD_IN_RIM, strict=True):
            brightness[:, tissue] = full + (depth + shift * (1 - depth)) * (1 - share) * (
                muscle - full
            )
    fat = brightness[:, _T.PERICARDIAL_FAT]
    dark = muscle * (0.35 + 0.6 * draw[1])
    # How much of it is fat: none on cine, nearly all with late enhancement, any in other pictures.
    least = torch.where(kind == 1, 0.25, 0.0)
    inner = torch.where(kind == 0, 0.0, least + (0.9 - least) * draw[2])
    outer = torch.where(kind == 0, 0.15 * draw[3], 0.5 + 0.5 * draw[3])
    brightness[:, _T.EDGE_INNER] = dark + inner * (fat - dark)
    brightness[:, _T.EDGE_OUTER] = dark + outer * (fat - dark)


def _random_brightness(unit: Tensor, draw: Tensor) -> Tensor:
    """Any tissue at any brightness, but both bloods nearly alike and muscle set off from them."""
    brightness = 0.05 + 1.25 * unit
    blood = 0.15 + 0.85 * draw[:, 0]
    gap = 0.22 + 0.5 * draw[:, 1]
    darker = (blood - gap > 0.04) & (draw[:, 2] < 0.9)
    muscle = torch.where(darker, blood - gap, blood + gap)
    near = 0.86 + 0.28 * draw[:, 3]
    for tissue, value in (
        (_T.AIR, 0.1 * unit[:, _T.AIR]),
        (_T.LUNG, 0.35 * unit[:, _T.LUNG]),
        (_T.LV_BLOOD, blood),
        (_T.RV_BLOOD, blood * near),
        (_T.GREAT_VESSEL, blood * (1.7 - near * 0.7)),
        (_T.MYOCARDIUM, muscle),
        (_T.PAPILLARY, 0.8 * muscle + 0.2 * blood),
        (_T.RV_TRABECULA, 0.5 * muscle + 0.5 * blood),
        (_T.RV_WALL, muscle * (0.7 + 0.6 * unit[:, _T.RV_WALL])),
        (_T.SCAR, muscle + (1.5 * unit[:, _T.SCAR] - 0.3) * (blood - muscle).abs()),
    ):
        brightness[:, tissue] = value
    return brightness.clamp_min(0.0)


def render(
    tissues: Tensor,
    generator: torch.Generator,
    contrast: Contrast = "mixed",
    *,
    supersampling: int = 1,
    appearance: Appearance | None = None,
) -> Tensor:
    """Images (B, Z, H, W) float32 >= 0 of tissue maps (B, Z, s H, s W).

    Texture and noise are drawn anew at each call; the rest comes from ``appearance`` where given.
    The tissue map's extra resolution becomes partial volume.
    """
    if appearance is None:
        appearance = draw_appearance(len(tissues), generator, tissues.device, contrast)
    return degrade(paint(tissues, appearance, generator, supersampling), appearance, generator)


def paint(
    tissues: Tensor, appearance: Appearance, generator: torch.Generator, supersampling: int = 1
) -> Tensor:
    """Brightness of each pixel with texture and partial volume, before the scanner's errors."""
    batch, slices, height, width = tissues.shape
    index = tissues.flatten(1).long()
    bright = torch.gather(appearance.brightness, 1, index).view(tissues.shape)
    deviation = appearance.texture[:, None] * appearance.brightness
    # Hearts with oedema have a tissue more than all others.
    rough_by_tissue = _TEXTURE[: deviation.shape[1]]
    deviation = deviation * torch.tensor(rough_by_tissue, device=tissues.device)
    rough = torch.gather(deviation, 1, index).view(tissues.shape)
    if supersampling > 1:
        bright, rough = (F.avg_pool2d(field, supersampling) for field in (bright, rough))
        height, width = height // supersampling, width // supersampling
    return bright + rough * _grain(batch, slices, height, width, generator, tissues.device)


def _grain(
    batch: int,
    slices: int,
    height: int,
    width: int,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Texture of two scales, 2 and 8 pixels: tissue is speckled, and blood flows unevenly."""
    total = torch.zeros((), device=device)
    for cell in (2, 8):
        shape = (batch, slices, -(-height // cell), -(-width // cell))
        grain = torch.randn(shape, generator=generator, device=device)
        total = total + F.interpolate(
            grain, size=(height, width), mode="bilinear", align_corners=False
        )
    return total


def degrade(image: Tensor, appearance: Appearance, generator: torch.Generator) -> Tensor:
    """What the scanner does to (B, Z, H, W): blur, ghosts, coil sensitivity, noise, gamma."""
    height, width = image.shape[-2:]
    image = _blur(image, appearance.blur)
    ghost = appearance.ghost[:, None, None, None]
    image = image + ghost * (torch.roll(image, height // 2, dims=2) + torch.roll(image, 7, dims=2))
    bias = F.interpolate(
        appearance.bias[:, None], size=(height, width), mode="bilinear", align_corners=True
    )
    image = image * torch.exp(bias)
    sigma = appearance.noise[:, None, None, None]
    noise = torch.randn((2, *image.shape), generator=generator, device=image.device)
    real = image + sigma * noise[0]
    image = torch.sqrt(real * real + (sigma * noise[1]) ** 2)
    return (image + 1e-4) ** appearance.gamma[:, None, None, None]


def _blur(image: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur of (B, Z, H, W), sigma (B,) in pixels, at most about 1.2."""
    batch, slices, height, width = image.shape
    offsets = torch.arange(-2, 3, device=image.device)
    kernel = torch.exp(-0.5 * (offsets / sigma[:, None]) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(slices, dim=0)
    planes = F.pad(image.reshape(1, batch * slices, height, width), (2, 2, 2, 2), mode="replicate")
    planes = F.conv2d(planes, kernel[:, None, :, None], groups=batch * slices)
    planes = F.conv2d(planes, kernel[:, None, None, :], groups=batch * slices)
    return planes.view(image.shape)
