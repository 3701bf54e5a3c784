import pytest
import torch

from trainer.losses.lines import line_loss
from trainer.losses.loops import Weights
from trainer.losses.picture import (
    SPARSE_KNEE,
    flat_loss,
    forward_differences,
    full_size_loss,
    gradient_loss,
    quarter_size,
    sparse_gradient_loss,
)


def test_forward_differences_of_a_ramp_then_are_its_slope() -> None:
    ramp = torch.arange(4.0)[None, None, :, None].expand(1, 4, 4, 1)
    across, down = forward_differences(ramp)
    assert torch.equal(across, torch.ones(1, 4, 3, 1))
    assert torch.equal(down, torch.zeros(1, 3, 4, 1))


def test_gradient_loss_when_offset_by_a_constant_then_zero() -> None:
    assert gradient_loss(torch.full((1, 8, 8, 3), 0.25)) == 0


def test_gradient_loss_of_a_step_then_its_share_of_the_columns() -> None:
    step = torch.zeros(1, 4, 4, 1)
    step[:, :, 2:] = 1
    assert gradient_loss(step) == pytest.approx(1 / 3)


def test_sparse_gradient_loss_at_the_knee_then_half_and_an_edge_counts_little() -> None:
    grain, edge = torch.zeros(1, 1, 3, 1), torch.zeros(1, 1, 3, 1)
    grain[:, :, 2], edge[:, :, 2] = SPARSE_KNEE, 19 * SPARSE_KNEE
    small = sparse_gradient_loss(grain.repeat(1, 2, 1, 1))
    large = sparse_gradient_loss(edge.repeat(1, 2, 1, 1))
    assert small == pytest.approx(SPARSE_KNEE / 2 / 2)
    assert large == pytest.approx(0.95 * SPARSE_KNEE / 2)


def test_quarter_size_then_means_of_blocks() -> None:
    picture = torch.arange(16.0).reshape(1, 4, 4, 1)
    assert quarter_size(picture).item() == pytest.approx(7.5)


def test_flat_loss_of_an_offset_then_adds_the_weighted_terms() -> None:
    picture = torch.full((1, 8, 8, 3), 0.5)
    loss = flat_loss(picture + 0.1, picture, absolute=1, square=4, gradient=1.5, quarter=0.5)
    assert loss == pytest.approx(0.1 + 4 * 0.01 + 0.5 * 0.1, abs=1e-6)


def test_flat_loss_on_a_cpu_then_value_and_gradient_are_those_of_its_terms() -> None:
    torch.manual_seed(4)
    target = torch.rand(2, 12, 16, 3)
    near = target + 0.05 * torch.randn_like(target)
    looped, chained = (near.clone().requires_grad_() for _ in range(2))
    one = flat_loss(looped, target, absolute=1, square=0.5, gradient=1.5, sparse=5.5, quarter=0.0)
    other = full_size_loss(chained - target, Weights(1, 0.5, 1.5, 5.5, SPARSE_KNEE))
    (3 * one).backward()
    (3 * other).backward()
    assert one.item() == pytest.approx(other.item(), rel=1e-5)
    assert torch.allclose(looped.grad, chained.grad, rtol=1e-4, atol=1e-7)


def test_line_loss_when_no_stroke_is_near_then_pulls_the_weight_down() -> None:
    weight = torch.ones(1, 1, 4, 4, requires_grad=True)
    drawn, wanted = torch.ones(1, 16, 4, 4), torch.zeros(1, 16, 16)
    line_loss(weight, drawn, wanted).backward()
    assert (weight.grad > 0).all()


def test_line_loss_when_a_stroke_is_a_block_away_then_keeps_the_line() -> None:
    weight, drawn = torch.ones(1, 1, 4, 4), torch.zeros(1, 16, 4, 4)
    drawn[:, :, 1, 1] = 1
    wanted = torch.zeros(1, 16, 16)
    wanted[:, 5, 9] = 1
    assert line_loss(weight, drawn, wanted) == pytest.approx(0)
