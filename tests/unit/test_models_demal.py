"""DEMAL's matching and the nested U-Net's depths."""

import pytest
import torch

from livecartoon.models.demal import Demal, DemalConfig, StyleEncoder
from livecartoon.models.demal_match import AdaIN, AddMean, StatisticalMatching, Style
from livecartoon.models.papers import build_generator
from livecartoon.models.pixelcyclegan import NestedUNet, NestedUNetConfig


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_demal_parts_when_built_then_have_the_published_parameters() -> None:
    with torch.device("meta"):
        demal = Demal()
        assert count(demal.content) == 6_285_125
        assert count(demal.match) == 45_472
        assert count(demal.decoder) == 5_315_815
        assert count(StyleEncoder()) == 563_008


@pytest.mark.parametrize(
    ("width", "expected"), [(32, 2_907_228), (24, 1_637_940), (16, 730_308), (8, 184_332)]
)
def test_narrow_demal_when_built_then_has_the_specified_parameters(
    width: int, expected: int
) -> None:
    with torch.device("meta"):
        demal = Demal(DemalConfig(width))
    assert count(demal) - count(demal.match) == expected


def test_matching_when_it_takes_a_style_then_rows_sum_to_the_scaled_one() -> None:
    matching = StatisticalMatching(256)
    style = matching.style_of(torch.randn(2, 256, 6, 3))
    assert style.spread.shape == (2, 32, 32)
    assert style.spread.sum(2).detach().numpy() == pytest.approx(0.1767767, abs=1e-6)


def test_matching_when_neutral_then_only_the_content_passes() -> None:
    matching, content = StatisticalMatching(32), torch.randn(1, 32, 4, 5)
    normed = (content - content.mean((2, 3), keepdim=True)) / (
        content.var((2, 3), keepdim=True) + 1e-5
    ).sqrt()
    expected = matching.widen(matching.narrow(normed)) + content
    assert torch.allclose(matching(content, matching.neutral()), expected, atol=1e-6)


def test_demal_when_folded_then_draws_in_its_style() -> None:
    torch.manual_seed(0)
    demal = build_generator("demal-tiny")
    style = demal.matcher.style_of(torch.randn(3, 32, 4, 6)).average()
    photo = torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        expected = demal.draw(photo, style)
        assert (expected - demal.pretrain(photo)).abs().max() > 1e-4
        demal.set_style(style)
        demal.fold()
        assert (demal(photo) - expected).abs().max() < 1e-5


@pytest.mark.parametrize("match", ["sm", "adain", "add"])
def test_demal_when_the_cartoon_has_another_size_then_draws(match: str) -> None:
    demal = build_generator("demal-tiny", match=match)
    encoder = StyleEncoder(8)
    style = demal.matcher.style_of(encoder(torch.rand(2, 3, 48, 24)))
    drawn = demal.draw(torch.rand(2, 3, 32, 40), style)
    assert drawn.shape == (2, 3, 32, 40)
    drawn.mean().backward()
    assert all(p.grad is not None for p in encoder.parameters())


def test_adain_when_given_two_by_two_then_as_worked_out() -> None:
    content = torch.tensor([[1.0, 3.0], [5.0, 7.0]])[None, None]
    cartoon = torch.tensor([[10.0, 10.0], [14.0, 14.0]])[None, None]
    matching = AdaIN(1)
    styled = matching(content, matching.style_of(cartoon)).flatten().tolist()
    assert styled == pytest.approx([9.31672, 11.10557, 12.89443, 14.68328], abs=1e-4)


def test_add_mean_when_given_a_cartoon_then_adds_its_mean() -> None:
    matching = AddMean(2)
    style = matching.style_of(torch.tensor([1.0, 5.0]).reshape(1, 2, 1, 1).expand(1, 2, 3, 3))
    assert matching(torch.zeros(1, 2, 1, 1), style).flatten().tolist() == [1, 5]


def test_style_when_half_way_then_the_mean_of_both() -> None:
    a = Style(torch.zeros(1, 2, 2), torch.zeros(1, 4))
    b = Style(torch.ones(1, 2, 2), torch.full((1, 4), 4.0))
    half = a.towards(b, 0.5)
    assert half.mean.tolist() == [[2.0] * 4]
    assert half.spread.unique().tolist() == [0.5]


@pytest.mark.parametrize(
    "changes", [{"width": 6}, {"match": "mean"}, {"temperature": 0.0}, {"decoder_blocks": -1}]
)
def test_demal_config_when_out_of_range_then_refuses(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is"):
        DemalConfig(**changes)


def test_nested_u_net_when_supervised_then_every_depth_draws_the_full_size() -> None:
    network = NestedUNet(NestedUNetConfig((4, 4, 8, 8), deep_supervision=True)).eval()
    photo = torch.rand(1, 3, 16, 24) * 2 - 1
    with torch.no_grad():
        pictures = network.supervised(photo)
        assert [p.shape for p in pictures] == [photo.shape] * 3
        for depth, picture in enumerate(pictures, 1):
            assert torch.allclose(network(photo, depth), picture, atol=1e-6)


def test_nested_u_net_when_supervised_then_has_three_heads_more() -> None:
    widths = (32, 64, 128, 256, 512)
    with torch.device("meta"):
        assert count(NestedUNet(NestedUNetConfig(widths, True))) == 9_156_099 + 297
        assert count(NestedUNet(NestedUNetConfig((64, 128, 256, 512, 1024)))) == 36_615_171


def test_nested_u_net_when_the_skip_has_cells_then_carries_only_their_means() -> None:
    network = NestedUNet(NestedUNetConfig((4, 4, 8), skip_cell=4)).eval()
    torch.nn.init.zeros_(network.heads["2"].weight)
    torch.nn.init.zeros_(network.heads["2"].bias)
    photo = torch.zeros(1, 3, 8, 4)
    photo[0, :, 0, 0] = 0.8
    with torch.no_grad():
        drawn = network(photo)
    assert drawn[0, :, :4].unique().tolist() == pytest.approx([0.05])
    assert not drawn[0, :, 4:].any()


def test_nested_u_net_when_it_paints_cells_then_each_has_the_mean_of_what_is_drawn() -> None:
    plain = NestedUNet(NestedUNetConfig((4, 4, 8))).eval()
    painter = NestedUNet(NestedUNetConfig((4, 4, 8), cell=4)).eval()
    painter.load_state_dict(plain.state_dict())
    photo = torch.rand(1, 3, 8, 12) - 0.5
    with torch.no_grad():
        drawn, cells = plain(photo), painter(photo)
    assert torch.allclose(cells[..., 4:8, 8:], drawn[..., 4:8, 8:].mean((2, 3), True), atol=1e-6)


def test_nested_u_net_when_cut_below_its_cells_then_still_takes_whole_ones() -> None:
    network = NestedUNet(NestedUNetConfig((4, 4, 8, 8), True, cell=4)).eval()
    assert network.at_depth(1).multiple == 4
    with pytest.raises(ValueError, match="skip_cell 0"):
        NestedUNetConfig(skip_cell=0)


def test_nested_u_net_when_the_depth_has_no_head_then_refuses() -> None:
    with pytest.raises(ValueError, match="no head at depth 1, only at 3"):
        build_generator("pixelcyclegan-tiny")(torch.zeros(1, 3, 16, 16), 1)


def test_input_skip_when_training_then_does_not_clip() -> None:
    network = build_generator("pixelcyclegan-tiny")
    photo = torch.full((1, 3, 16, 16), 0.999)
    torch.nn.init.constant_(network.heads["3"].bias, 1.0)
    assert network.train()(photo).max() > 1
    assert network.eval()(photo).max() <= 1
