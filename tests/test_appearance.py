from itertools import pairwise

import pytest
import torch
from torch import Tensor

from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.appearance import (
    Contrast,
    degrade,
    draw_appearance,
    paint,
    render,
)
from napari_scribblemix.synthesis.hearts import draw_hearts
from napari_scribblemix.synthesis.tissues import LV_RIM, Tissue

COUNT = 32


@pytest.fixture(scope="module")
def tissues() -> Tensor:
    hearts = draw_hearts(COUNT, torch.Generator().manual_seed(2), max_shift=(0.0, 0.0))
    hearts = hearts.with_values(scar_level=0.3, scar_depth=1.2, scar_width=1.2, obstruction=-1.0)
    levels = torch.full((COUNT, 1), 0.3)
    return label_maps(hearts, levels, (72, 72), 2.5, supersampling=2)


def mean_of(image: Tensor, tissues: Tensor, tissue: Tissue) -> Tensor:
    """Mean brightness (B,) of a tissue."""
    at = (tissues[..., ::2, ::2] == int(tissue)).float()
    return (image * at).sum(dim=(1, 2, 3)) / at.sum(dim=(1, 2, 3)).clamp_min(1)


@pytest.mark.parametrize("contrast", ["cine", "lge", "random", "mixed"])
def test_images_are_finite_positive_and_not_constant(tissues: Tensor, contrast: Contrast) -> None:
    image = render(tissues, torch.Generator().manual_seed(0), contrast, supersampling=2)
    assert image.shape == (COUNT, 1, 72, 72)
    assert image.dtype == torch.float32
    assert bool(torch.isfinite(image).all())
    assert float(image.min()) >= 0
    assert float(image.flatten(1).std(dim=1).min()) > 0.02


def test_blood_is_brighter_than_muscle_in_cine_and_lge(tissues: Tensor) -> None:
    for contrast in ("cine", "lge"):
        image = render(tissues, torch.Generator().manual_seed(0), contrast, supersampling=2)
        blood = mean_of(image, tissues, Tissue.LV_BLOOD)
        assert bool((blood > 1.2 * mean_of(image, tissues, Tissue.MYOCARDIUM)).all())


def test_scar_shines_in_lge_only(tissues: Tensor) -> None:
    ratios = []
    for contrast in ("cine", "lge"):
        image = render(tissues, torch.Generator().manual_seed(0), contrast, supersampling=2)
        scar = mean_of(image, tissues, Tissue.SCAR)
        ratios.append(float((scar / mean_of(image, tissues, Tissue.MYOCARDIUM)).median()))
    assert ratios[0] < 1.5
    assert ratios[1] > 2.0


def test_random_contrast_keeps_both_bloods_alike_and_muscle_apart() -> None:
    brightness = draw_appearance(
        500, torch.Generator().manual_seed(0), contrast="random"
    ).brightness
    left, right = brightness[:, Tissue.LV_BLOOD], brightness[:, Tissue.RV_BLOOD]
    muscle = brightness[:, Tissue.MYOCARDIUM]
    assert float(((left - right).abs() / left).max()) < 0.15
    assert float((left - muscle).abs().min()) > 0.15
    assert 0.05 < float((muscle > left).float().mean()) < 0.6


def test_mixed_contrast_holds_all_kinds() -> None:
    mixed = draw_appearance(400, torch.Generator().manual_seed(0), contrast="mixed").brightness
    reference = mixed[:, Tissue.LV_BLOOD] == 1.0  # cine and LGE are relative to it
    assert 0.5 < float(reference.float().mean()) < 0.7
    scar = mixed[reference, Tissue.SCAR]
    assert 0.35 < float((scar > 1.0).float().mean()) < 0.65


def test_the_same_seed_gives_the_same_image_bit_for_bit(tissues: Tensor) -> None:
    first, second, other = (
        render(tissues, torch.Generator().manual_seed(seed), "mixed", supersampling=2)
        for seed in (5, 5, 6)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_phases_share_an_appearance_but_not_their_noise(tissues: Tensor) -> None:
    generator = torch.Generator().manual_seed(0)
    appearance = draw_appearance(COUNT, generator, contrast="cine")
    one, two = (
        render(tissues, generator, supersampling=2, appearance=appearance) for _ in range(2)
    )
    assert not torch.equal(one, two)
    # Where much blood is seen: in a slit the grain of a few pixels is the mean.
    seen = (tissues == int(Tissue.LV_BLOOD)).sum(dim=(1, 2, 3)) > 400
    assert int(seen.sum()) > COUNT // 2
    means = [mean_of(image, tissues, Tissue.LV_BLOOD)[seen] for image in (one, two)]
    # Uneven flow is drawn anew, and some hearts have little blood to average over.
    assert float(((means[0] - means[1]).abs() / means[0]).median()) < 0.08


def test_supersampling_becomes_partial_volume() -> None:
    edge = torch.full((1, 1, 8, 8), int(Tissue.AIR), dtype=torch.uint8)
    edge[..., 3:] = int(Tissue.LV_BLOOD)
    appearance = draw_appearance(1, torch.Generator().manual_seed(0), contrast="cine")
    appearance.texture.zero_()
    painted = paint(edge, appearance, torch.Generator().manual_seed(0), 2)[0, 0, 0]
    air = float(appearance.brightness[0, Tissue.AIR])
    assert painted.tolist() == pytest.approx([air, (air + 1.0) / 2, 1.0, 1.0], abs=1e-5)


def test_noise_in_air_is_rician() -> None:
    appearance = draw_appearance(1, torch.Generator().manual_seed(0), contrast="cine")
    appearance.noise.fill_(0.1)
    appearance.gamma.fill_(1.0)
    black = torch.zeros(1, 1, 200, 200)
    image = degrade(black, appearance, torch.Generator().manual_seed(1))
    # Without a signal the magnitude of complex noise has the Rayleigh mean sigma sqrt(pi / 2).
    assert float(image.mean()) == pytest.approx(0.1 * (torch.pi / 2) ** 0.5, rel=0.02)


def test_in_cine_the_rim_of_the_cavity_is_half_muscle_and_the_line_on_the_heart_is_dark() -> None:
    bright = draw_appearance(200, torch.Generator().manual_seed(0), contrast="cine").brightness
    muscle, blood = bright[:, Tissue.MYOCARDIUM], bright[:, Tissue.LV_BLOOD]
    shares = [(bright[:, layer] - muscle) / (blood - muscle) for layer in LV_RIM]
    assert all(bool((inner < outer).all()) for inner, outer in pairwise(shares))
    assert 0.1 < float(shares[0].median()) < 0.45
    assert bool((bright[:, Tissue.EDGE_INNER] <= 1.06 * muscle).all())


def test_with_late_enhancement_the_rim_is_nearly_blood() -> None:
    bright = draw_appearance(200, torch.Generator().manual_seed(0), contrast="lge").brightness
    muscle, blood = bright[:, Tissue.MYOCARDIUM], bright[:, Tissue.LV_BLOOD]
    shares = (bright[:, LV_RIM[0]] - muscle) / (blood - muscle)
    assert float(shares.min()) > 0.7
