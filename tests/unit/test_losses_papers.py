"""The papers' losses against the numbers worked out in their specification."""

import math

import pytest
import torch

from trainer.losses import adversarial as adv
from trainer.losses.color import (
    color_loss,
    lab_color_loss,
    random_gray_weights,
    rgb_to_gray,
    rgb_to_lab,
    rgb_to_yuv,
    weighted_gray,
)
from trainer.losses.content import (
    blurred,
    coarse_colour_loss,
    content_loss,
    cycle_loss,
    decayed_content_weight,
    laplacian_loss,
    line_topology_loss,
    scales_loss,
    topology_loss,
)
from trainer.losses.saliency import saliency_loss
from trainer.losses.style import centred_style_loss, gram_matrix, style_loss
from trainer.losses.tv import absolute_tv, squared_tv, whitebox_tv

REAL, FAKE = torch.tensor([1.0, 0.5]), torch.tensor([0.0, 0.5])
EDGE, GRAY = torch.tensor([0.25, 0.25]), torch.tensor([0.5, 0.0])
LEFT, FLAT = torch.tensor([[0.0, 1.0], [0.0, 3.0]])[None, None], torch.zeros(1, 3, 2, 2)


def colour(red: float, green: float, blue: float) -> torch.Tensor:
    """2x2 pixels of one colour, given in [0, 1], as [-1, 1]."""
    pixel = torch.tensor([red, green, blue], dtype=torch.float32).reshape(1, 3, 1, 1)
    return pixel.expand(1, 3, 2, 2) * 2 - 1


RED, BLACK, BLUE, MID = colour(1, 0, 0), colour(0, 0, 0), colour(0, 0, 1), colour(0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda: adv.lsgan_critic_loss(REAL, FAKE, EDGE), 0.3125),
        (lambda: adv.lsgan_generator_loss(FAKE), 0.625),
        (lambda: adv.animegan_critic_loss(REAL, FAKE, GRAY, EDGE, adv.ANIMEGAN1), 0.38125),
        (lambda: adv.animegan_critic_loss(REAL, FAKE, GRAY, EDGE, adv.ANIMEGAN2_HAYAO), 0.5),
        (
            lambda: adv.animegan_critic_loss(REAL, FAKE, GRAY, EDGE, adv.ANIMEGAN2_PAPRIKA),
            0.3753125,
        ),
        (lambda: adv.animegan_critic_loss(REAL, FAKE, GRAY, EDGE, adv.ANIMEGAN2_SHINKAI), 0.7),
        (lambda: adv.support_critic_loss(REAL, FAKE, EDGE), 0.1725),
        (lambda: adv.support_critic_loss(REAL, FAKE, EDGE, 5), 0.24),
        (lambda: adv.support_generator_loss(FAKE), 0.485),
        (lambda: adv.main_critic_loss(REAL, FAKE), 0.025),
        (lambda: adv.main_generator_loss(FAKE), 0.0125),
        (lambda: adv.lsgan_critic_loss(REAL, FAKE) / 2, 0.125),
    ],
)
def test_least_squares_when_given_logits_then_as_specified(loss, expected: float) -> None:
    assert loss().item() == pytest.approx(expected, abs=1e-7)


def test_lsgan_when_given_demals_logits_then_as_specified() -> None:
    real, fake = torch.tensor([0.9, 0.7, 1.1, 0.5]), torch.tensor([0.2, -0.1, 0.4, 0.3])
    assert adv.lsgan_critic_loss(real, fake).item() == pytest.approx(0.165)
    assert adv.lsgan_generator_loss(fake).item() == pytest.approx(0.675)


def test_cross_entropy_when_all_logits_are_zero_then_multiples_of_ln_2() -> None:
    zero = torch.zeros(1, 1, 4, 4)
    assert adv.bce_critic_loss(zero, zero, zero).item() == pytest.approx(3 * math.log(2))
    assert adv.bce_critic_loss(zero, zero, zero, 0.1).item() == pytest.approx(2.1 * math.log(2))
    assert adv.bce_critic_loss(zero, zero).item() == pytest.approx(2 * math.log(2))


def test_cross_entropy_when_given_logits_then_as_specified() -> None:
    real, fake, edge = torch.tensor([[2.0, -1.0], [-1.0, 0.0], [0.0, 1.0]])
    assert adv.bce_critic_loss(real, fake, edge).item() == pytest.approx(2.2265038, abs=1e-6)
    assert adv.bce_critic_loss(real, fake, edge, 0.1).item() == pytest.approx(1.3236197, abs=1e-6)
    assert adv.bce_generator_loss(fake).item() == pytest.approx(1.0032045, abs=1e-6)


@pytest.mark.parametrize(("batch", "expected"), [(1, 0.0), (2, 0.25), (4, 0.5625)])
def test_batch_gram_when_all_logits_are_one_then_depends_on_the_batch(
    batch: int, expected: float
) -> None:
    logits = torch.ones(batch, 1, 2, 2)
    assert adv.batch_gram_loss(logits, 1).item() == pytest.approx(expected)


def test_batch_gram_when_given_four_logits_then_as_specified() -> None:
    logits = torch.tensor([[1.0, 2.0], [3.0, 4.0]])[None, None]
    assert adv.batch_gram_loss(logits, 1).item() == pytest.approx(42.25)
    still = torch.zeros(2, 1, 2, 2, requires_grad=True)
    adv.batch_gram_loss(still, 1).backward()
    assert still.grad.abs().max() == 0


def test_gram_when_given_two_pictures_then_each_has_its_own() -> None:
    one = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 1, 2)
    gram = gram_matrix(torch.cat([one, 2 * one]))
    assert gram.tolist() == [[[1.25, 2.75], [2.75, 6.25]], [[5.0, 11.0], [11.0, 25.0]]]
    assert style_loss(one, one / 2).item() == pytest.approx(2.4375)


def test_gram_when_features_are_large_halves_under_autocast_then_stays_exact() -> None:
    features = torch.randn(1, 4, 64, 64) * 300
    with torch.autocast("cpu", dtype=torch.bfloat16):
        gram = gram_matrix(features.half())
    assert gram.dtype == torch.float32
    assert torch.allclose(gram, gram_matrix(features.half()))
    assert torch.isfinite(gram).all()


def test_centred_style_when_only_the_mean_differs_then_zero() -> None:
    features = torch.randn(1, 4, 5, 5)
    assert centred_style_loss(features, features + 3).item() == pytest.approx(0, abs=1e-5)


def test_yuv_when_given_primaries_then_as_specified() -> None:
    pixels = (torch.cat([RED, colour(1, 1, 1), BLUE]) + 1) / 2
    expected = [[0.299, -0.1471412, 0.6149754], [1, 0, 0], [0.114, 0.4360104, -0.1000103]]
    for found, wanted in zip(rgb_to_yuv(pixels)[:, :, 0, 0].tolist(), expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ("fake", "target", "delta", "expected"),
    [
        (RED, BLACK, 1.0, 0.4989226),
        (RED, BLUE, 1.0, 0.6106352),
        (MID, BLACK, 1.0, 0.5),
        (RED, BLACK, 0.1, 0.3652117),
    ],
)
def test_color_loss_when_given_flat_colours_then_as_specified(
    fake: torch.Tensor, target: torch.Tensor, delta: float, expected: float
) -> None:
    assert color_loss(fake, target, delta).item() == pytest.approx(expected, abs=1e-6)


def test_color_loss_when_lower_rows_are_inverted_then_sees_them() -> None:
    picture = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    changed = picture.clone()
    changed[:, :, 3:] *= -1
    assert color_loss(changed, picture).item() > 0.1


def test_lab_when_given_white_black_and_red_then_as_tabled() -> None:
    pixels = (torch.cat([colour(1, 1, 1), BLACK, RED]) + 1) / 2
    found = rgb_to_lab(pixels)[:, :, 0, 0]
    expected = torch.tensor([[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2]])
    assert torch.allclose(found, expected, atol=0.05)


def test_lab_color_loss_when_black_against_white_then_two_and_gradients_are_finite() -> None:
    black = BLACK.clone().requires_grad_()
    loss = lab_color_loss(black, colour(1, 1, 1))
    assert loss.item() == pytest.approx(2, abs=1e-3)
    loss.backward()
    assert torch.isfinite(black.grad).all()


def test_gray_when_weighted_then_luma_within_a_tenth() -> None:
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        weights = random_gray_weights(generator)
        assert weights.sum().item() == pytest.approx(1, abs=1e-6)
        assert (weights - torch.tensor([0.299, 0.587, 0.114])).abs().max() < 0.2
    gray = weighted_gray(RED, torch.tensor([0.3, 0.6, 0.1]))
    assert gray.unique().item() == pytest.approx(0.3 - 0.6 - 0.1)
    assert rgb_to_gray(RED)[0, :, 0, 0].tolist() == pytest.approx([2 * 0.299 - 1] * 3)


def test_tv_when_given_four_pixels_then_the_three_published_values() -> None:
    assert squared_tv(LEFT).item() / 2 == 3.5
    assert absolute_tv(LEFT).item() == 3.0
    assert whitebox_tv(LEFT).item() == pytest.approx(7 / 12)


def test_tv_when_half_is_bright_then_a_third() -> None:
    picture = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(1, 3, 4, 4)
    assert squared_tv(picture).item() == pytest.approx(1 / 3)


def test_saliency_when_given_four_pixels_then_as_specified() -> None:
    found = torch.tensor([[0.2, 0.8], [0.5, 1.0]])[None, None]
    wanted = torch.tensor([[0.0, 1.0], [0.5, 0.5]])[None, None]
    assert saliency_loss(found, wanted).item() == pytest.approx(0.225)


@pytest.mark.parametrize(
    ("epoch", "expected"), [(0, 0.25), (1, 0.24), (10, 0.166208), (50, 0.032471), (100, 0.004218)]
)
def test_content_weight_when_epochs_pass_then_decays(epoch: int, expected: float) -> None:
    assert decayed_content_weight(epoch) == pytest.approx(expected, abs=1e-6)


def test_content_when_one_value_of_four_differs_then_a_quarter() -> None:
    assert content_loss(torch.tensor([1.0, 2, 3, 5]), torch.tensor([1.0, 2, 3, 4])).item() == 0.25
    assert cycle_loss(RED, BLACK).item() == pytest.approx(2 / 3)


def test_blurred_when_flat_then_stays() -> None:
    assert torch.allclose(blurred(FLAT.expand(1, 3, 2, 2) + 0.3, 2), torch.full((1, 3, 2, 2), 0.3))


def test_scales_loss_when_a_flat_picture_is_brighter_then_the_mean_of_its_parts() -> None:
    flat = torch.zeros(1, 3, 8, 8)
    assert scales_loss(torch.tensor(0.9), flat + 0.3, flat).item() == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("loss", [coarse_colour_loss, laplacian_loss, line_topology_loss])
def test_stand_in_when_pictures_agree_then_zero_else_more(loss) -> None:
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert loss(picture, picture).item() == 0
    assert loss(picture, picture.flip(3)).item() > 0.01


def test_topology_when_two_layers_differ_then_their_squares_are_added() -> None:
    zeros = [torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 2, 2)]
    others = [torch.ones(1, 2, 4, 4), torch.full((1, 4, 2, 2), 2.0)]
    assert topology_loss(others, zeros).item() == 5.0
