"""Norms, attention and the guided filter against values worked out by hand."""

import pytest
import torch

from livecartoon.models.animegan3 import ExternalAttention
from livecartoon.models.cbam import CBAM
from livecartoon.models.generator import fold
from livecartoon.models.guided import guided_filter
from livecartoon.models.norms import AdaptiveNorm, InstanceLayerNorm, InstanceNorm, LayerNorm
from livecartoon.models.papers import build_generator


@pytest.mark.parametrize("norm", [InstanceNorm, LayerNorm, InstanceLayerNorm])
def test_norm_when_given_half_precision_then_keeps_it_and_stays_finite(norm: type) -> None:
    features = (torch.randn(1, 8, 64, 64) * 300).half()  # its squares alone are infinite in half
    normed = norm(8)(features).detach()
    assert normed.dtype == torch.float16
    assert normed.float().std() == pytest.approx(1, abs=0.02)


def test_instance_norm_when_a_channel_is_constant_then_zero() -> None:
    assert InstanceNorm(2)(torch.full((1, 2, 4, 4), 7.0)).abs().max() < 1e-3


def test_instance_norm_when_the_map_is_one_pixel_then_zero() -> None:
    assert InstanceNorm(2)(torch.rand(1, 2, 1, 1)).abs().max() < 1e-3


def test_layer_norm_when_given_two_values_then_plus_and_minus_one() -> None:
    normed = LayerNorm(2)(torch.tensor([3.0, 7.0]).reshape(1, 2, 1, 1))
    assert normed.flatten().tolist() == pytest.approx([-1, 1], abs=1e-5)


def test_instance_layer_norm_at_the_start_then_is_the_unbiased_layer_norm() -> None:
    x = torch.randn(2, 4, 5, 6)
    flat = x.flatten(1)
    expected = (flat - flat.mean(1, keepdim=True)) / (flat.var(1, keepdim=True) + 1e-5).sqrt()
    assert torch.allclose(InstanceLayerNorm(4)(x).flatten(1), expected, atol=1e-6)


def test_instance_layer_norm_when_clamped_then_rho_is_a_share() -> None:
    norm = InstanceLayerNorm(2)
    norm.rho.data.copy_(torch.tensor([-1.0, 3.0]).reshape(1, 2, 1, 1))
    norm.clamp()
    assert norm.rho.flatten().tolist() == [0, 1]


def test_adaptive_norm_when_its_kernel_is_the_identity_then_does_nothing() -> None:
    norm = AdaptiveNorm(4)
    norm.conv.weight.data.copy_(torch.eye(4)[:, :, None, None])
    x = torch.randn(2, 4, 8, 8)
    assert (norm(x) - x).abs().max() < 2e-6


def test_adaptive_norm_when_the_input_grows_then_the_output_does() -> None:
    norm, x = AdaptiveNorm(4), torch.randn(1, 4, 16, 16)
    assert (norm(3 * x) - 3 * norm(x)).abs().max() < 1e-3


@pytest.mark.parametrize(("channels", "expected"), [(256, 8290), (128, 2146), (64, 610)])
def test_cbam_when_built_then_has_the_specified_parameters(channels: int, expected: int) -> None:
    assert sum(p.numel() for p in CBAM(channels).parameters()) == expected


def test_cbam_when_attending_then_nothing_grows() -> None:
    x = torch.randn(2, 16, 8, 8)
    assert (CBAM(16)(x).abs() <= x.abs()).all()


def test_cbam_when_all_kernels_are_zero_then_quarters() -> None:
    attention, x = CBAM(16), torch.randn(2, 16, 8, 8)
    for parameter in attention.parameters():
        parameter.data.zero_()
    assert torch.equal(attention(x), x * 0.25)


def test_external_attention_when_folded_then_the_batch_norm_is_gone() -> None:
    attention, x = ExternalAttention(8, 16), torch.randn(2, 8, 6, 5)
    with torch.no_grad():
        attention.train()(x)
        before = attention.eval()(x)
        fold(attention)
        assert torch.allclose(attention(x), before, atol=1e-6)
    assert isinstance(attention.norm, torch.nn.Identity)


@pytest.mark.parametrize(
    ("eps", "expected"),
    [(0.2, [0.078947, 0.157895, 0.842105, 0.921053]), (5e-3, [0.003667, 0.007335, 0.992665])],
)
def test_guided_filter_when_given_a_step_then_as_worked_out(
    eps: float, expected: list[float]
) -> None:
    step = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(1, 1, 4, 4)
    row = guided_filter(step, step, 1, eps)[0, 0, 1].tolist()
    assert row[: len(expected)] == pytest.approx(expected, abs=1e-6)


def test_guided_filter_when_the_step_is_full_contrast_then_keeps_demals_share() -> None:
    step = torch.cat([-torch.ones(24), torch.ones(24)]).expand(1, 1, 24, 48)
    row = guided_filter(step, step, 5, 0.2)[0, 0, 12, 24:30].tolist()
    assert row == pytest.approx([0.7863, 0.8486, 0.8860, 0.9127, 0.9332, 0.9499], abs=1e-4)
    weak = guided_filter(step * 0.1, step * 0.1, 5, 0.2)[0, 0, 12, 24:30] / 0.1
    assert weak.tolist() == pytest.approx(
        [0.1227, 0.2853, 0.4298, 0.5569, 0.6675, 0.7620], abs=1e-4
    )


def test_guided_filter_when_the_picture_is_constant_then_leaves_it() -> None:
    flat = torch.full((1, 3, 8, 8), 0.3)
    assert (guided_filter(flat, flat, 1, 5e-3) - flat).abs().max() < 1e-6


def test_instance_normed_generator_when_exposure_changes_then_does_not_see_it() -> None:
    torch.manual_seed(0)
    generator = build_generator("cartoongan-tiny").eval()
    photo = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        change = generator(0.3 * photo + 0.2) - generator(photo)
    assert change.abs().max() < 1e-3


def test_white_box_when_filtered_then_only_smooths_along_the_photo() -> None:
    generator = build_generator("whitebox-tiny").eval()
    photo = torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        expected = guided_filter(photo, generator(photo), 1, 5e-3)
        assert torch.equal(generator.filtered(photo), expected)
