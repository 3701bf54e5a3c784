import pytest
import torch

from livecartoon.models.blocks import from_blocks, to_blocks
from livecartoon.models.ink import Ink
from livecartoon.models.inkstyle import InkStyle, ink_of


def drawn_line(height: int = 48, width: int = 48) -> torch.Tensor:
    """White paper with a dark upright line two pixels wide."""
    paper = torch.full((1, height, width, 3), 0.9)
    paper[:, :, width // 2 : width // 2 + 2] = 0.3
    return paper


def draw(picture: torch.Tensor, block: int, amount: float = 1.0) -> torch.Tensor:
    blocks = to_blocks(picture, block)
    weight = torch.ones(1, 1, *blocks.shape[2:])
    return from_blocks(Ink(InkStyle(), block)(blocks, weight, amount), block)


@pytest.mark.parametrize("block", [2, 3, 4, 6])
def test_ink_on_a_line_then_darkens_it_and_leaves_the_paper(block: int) -> None:
    picture = drawn_line()
    inked = draw(picture, block)
    assert (inked[0, 12, 24] < 0.75 * picture[0, 12, 24]).all()
    assert torch.allclose(inked[0, 12, 4], picture[0, 12, 4], atol=1e-4)


def lines_in(picture: torch.Tensor, block: int = 4) -> torch.Tensor:
    found = Ink(InkStyle(), block).lines(to_blocks(picture[..., :1], block))
    return from_blocks(found, block)[0, :, :, 0]


@pytest.mark.parametrize("block", [2, 3, 4, 6])
def test_lines_when_one_has_a_gap_of_two_pixels_then_close_it(block: int) -> None:
    picture = drawn_line()
    picture[:, 22:24] = 0.9
    assert lines_in(picture, block)[23, 24] > 0.5


@pytest.mark.parametrize("block", [2, 3, 4, 6])
def test_lines_of_a_speck_then_fainter_than_of_a_line(block: int) -> None:
    line, speck = drawn_line(), torch.full((1, 48, 48, 3), 0.9)
    line[:] = 0.9
    line[:, :, 24] = 0.7
    speck[:, 24, 24] = 0.7
    assert lines_in(line, block)[24, 24] > 0.2
    assert lines_in(speck, block).max() == 0


@pytest.mark.parametrize("turn", [lambda p: p, lambda p: p.transpose(1, 2)])
def test_lines_of_a_diagonal_then_as_dark_as_of_its_mirror(turn) -> None:
    paper = torch.full((1, 48, 48, 3), 0.9)
    for i in range(48):
        paper[:, i, i] = 0.3
    falling, rising = lines_in(turn(paper)), lines_in(turn(paper.flip(2)))
    assert falling[24, 24] > 0.9
    assert torch.allclose(falling, rising.flip(1), atol=1e-5)


def test_ink_of_no_amount_then_is_the_identity() -> None:
    picture = drawn_line()
    assert torch.equal(draw(picture, 4, 0.0), picture)


def test_ink_when_exposure_halves_then_lines_stay() -> None:
    ink = Ink(InkStyle(threshold=0.05))
    luminance = to_blocks(drawn_line()[..., :1], 4)
    bright, dark = ink.lines(luminance), ink.lines(luminance * 0.7)
    assert (bright - dark).abs().mean() < 0.01


def test_ink_style_when_threshold_is_zero_then_raises() -> None:
    with pytest.raises(ValueError, match="out of range"):
        InkStyle(threshold=0.0)


def test_ink_of_a_file_with_wide_lines_then_draws_the_fine_ones() -> None:
    header = {"ink": '{"sigma": 0.7, "coarse": 0.5, "tone": [0.1, 0.0, 0.0]}'}
    assert ink_of(header) == InkStyle(sigma=0.7, tone=(0.1, 0.0, 0.0))
