"""Batched augmentation on the device: one warp for place and shape, then intensity changes.

Place, rotation, size, mirror and elastic shift are one sampling grid, so image and scribble are
interpolated once, the image linearly, the scribble by the nearest pixel; the channels of a slice
move together, and their intensities change each by themselves.  Whatever the warp brings into view
from outside the slice is unlabelled, never background.  Every strength is drawn for each image from
the batch's generator; there is no loop over samples and no copy to the host.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_scribblemix.training.recipe import Augmentation, Recipe
from napari_scribblemix.training.slices import SliceStore

_BLUR_RADIUS = 3


def _uniform(count: int, generator: torch.Generator, low: float, high: float) -> Tensor:
    values = torch.rand(count, generator=generator, device=generator.device)
    return values * (high - low) + low


def draw_centres(
    store: SliceStore, numbers: Tensor, recipe: Recipe, generator: torch.Generator
) -> Tensor:
    """Centre (B, 2) of each crop in frame pixels: about the heart, or anywhere in the slice."""
    device = generator.device
    height, width = store.images.shape[2:]
    # filled on the device: a tensor made of a list would be copied there, and the host would wait
    middle = torch.stack(
        [torch.full((len(numbers),), size / 2, device=device) for size in (height, width)], dim=1
    )
    if recipe.augmentation.shift == 0.0:
        # whole pixels: a crop that is not moved is not interpolated either
        return torch.floor(middle) if recipe.crop % 2 == 0 else torch.floor(middle) + 0.5
    uniform = torch.rand(len(numbers), 2, generator=generator, device=device) * 2 - 1
    room = (store.sizes[numbers] - recipe.crop).clamp(min=0) / 2
    anywhere = middle + uniform * room
    heart = store.centres[numbers] + uniform * recipe.augmentation.shift * recipe.crop
    follow = _uniform(len(numbers), generator, 0.0, 1.0) < recipe.follow_heart
    return torch.where(follow[:, None], heart, anywhere)


def _linear_maps(count: int, change: Augmentation, generator: torch.Generator) -> Tensor:
    angle = _uniform(count, generator, -1, 1) * math.radians(change.rotation)
    size = torch.exp(_uniform(count, generator, -1, 1) * change.scale)
    rows = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1)
    maps = rows.view(count, 2, 2) * size[:, None, None]
    if change.mirror:
        flip = torch.rand(count, 2, generator=generator, device=generator.device) < 0.5
        maps = maps * torch.where(flip, -1.0, 1.0)[:, None, :]
    return maps


def _elastic(count: int, side: int, strength: float, generator: torch.Generator) -> Tensor:
    coarse = torch.randn(count, 2, 5, 5, generator=generator, device=generator.device)
    fine = F.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True)
    return fine.permute(0, 2, 3, 1) * strength


def draw_crops(
    store: SliceStore, numbers: Tensor, recipe: Recipe, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Warped crops of the slices ``numbers`` (B,).

    Returns image (B, C, crop, crop) float32 and scribble (B, crop, crop) int64 with 255 where
    unlabelled.
    """
    side, count, device = recipe.crop, len(numbers), generator.device
    axis = torch.arange(side, device=device, dtype=torch.float32) - (side - 1) / 2
    points = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1)[None]
    change = recipe.augmentation
    if change.moves:
        maps = _linear_maps(count, change, generator)
        points = torch.einsum("bij,bhwj->bhwi", maps, points.expand(count, side, side, 2))
        if change.elastic:
            points = points + _elastic(count, side, change.elastic, generator)
    points = points + draw_centres(store, numbers, recipe, generator)[:, None, None, :]
    height, width = store.images.shape[2:]
    grid = torch.stack([points[..., 1] * (2 / width) - 1, points[..., 0] * (2 / height) - 1], -1)
    image = F.grid_sample(
        store.images[numbers].float(), grid, padding_mode="border", align_corners=False
    )
    # one more than the class, so that the zeros of the padding mean unlabelled (255 wraps to 0)
    shifted = (store.labels[numbers] + 1)[:, None].float()
    label = F.grid_sample(shifted, grid, mode="nearest", align_corners=False)[:, 0].round().long()
    return image, torch.where(label == 0, 255, label - 1)


def _blur(image: Tensor, sigma: Tensor) -> Tensor:
    count, _, height, width = image.shape
    offsets = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1, device=image.device)
    weights = torch.exp(-0.5 * (offsets[None] / sigma.clamp(min=0.05)[:, None]) ** 2)
    weights = weights / weights.sum(dim=1, keepdim=True)
    flat = F.pad(image.view(1, count, height, width), [_BLUR_RADIUS] * 4, mode="replicate")
    flat = F.conv2d(flat, weights[:, None, None, :], groups=count)
    flat = F.conv2d(flat, weights[:, None, :, None], groups=count)
    return flat.view(count, 1, height, width)


def change_intensity(image: Tensor, change: Augmentation, generator: torch.Generator) -> Tensor:
    """Gamma, contrast, brightness, low resolution, blur and noise on (B, C, H, W) images.

    Each channel of each image has changes of its own: another sequence is another measurement.
    """
    shape = image.shape
    image = image.reshape(-1, 1, *shape[2:])
    count = image.shape[0]

    def draw(low: float, high: float) -> Tensor:
        return _uniform(count, generator, low, high)[:, None, None, None]

    if change.gamma:
        low, high = image.amin((1, 2, 3), keepdim=True), image.amax((1, 2, 3), keepdim=True)
        extent = (high - low).clamp(min=1e-6)
        unit = ((image - low) / extent).clamp(1e-6, 1)
        image = unit ** torch.exp(draw(-1, 1) * change.gamma) * extent + low
    if change.contrast:
        image = image * torch.exp(draw(-1, 1) * change.contrast)
    if change.brightness:
        image = image + draw(-1.7, 1.7) * change.brightness
    if change.low_resolution:
        coarse = F.avg_pool2d(image, 2)
        coarse = F.interpolate(coarse, size=image.shape[2:], mode="bilinear", align_corners=False)
        image = torch.where(draw(0, 1) < change.low_resolution, coarse, image)
    if change.blur:
        image = _blur(image, _uniform(count, generator, 0, 1) * change.blur)
    if change.noise:
        noise = torch.randn(image.shape, generator=generator, device=image.device)
        image = image + noise * draw(0, 1) ** 2 * change.noise
    return image.reshape(shape)


def augment(
    store: SliceStore, numbers: Tensor, recipe: Recipe, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Crops of slices, warped and changed: image (B, C, S, S) and scribble (B, S, S)."""
    image, scribble = draw_crops(store, numbers, recipe, generator)
    return change_intensity(image, recipe.augmentation, generator), scribble
