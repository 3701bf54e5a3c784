import pytest
import torch

from livecartoon.models.blocks import from_blocks, to_blocks
from livecartoon.models.ink import Ink
from livecartoon.models.inkstyle import InkStyle


def drawn_line(height: int = 48, width: int = 48) -> torch.Tensor:
    """White paper with a dark upright line two pixels wide."""
    paper = torch.full((1, height, width, 3), 0.9)
    paper[:, :, width // 2 : width // 2 + 2] = 0.3
    return paper


def draw(picture: torch.Tensor, block: int, amount: float = 1.0, step: int = 2) -> torch.Tensor:
    blocks = to_blocks(picture, block)
    weight = torch.ones(1, 1, *blocks.shape[2:])
    return from_blocks(Ink(InkStyle(), block, step=step)(blocks, weight, amount), block)


@pytest.mark.parametrize(("block", "step"), [(2, 2), (3, 3), (4, 2), (4, 4)])
def test_ink_on_a_line_then_darkens_it_and_leaves_the_paper(block: int, step: int) -> None:
    picture = drawn_line()
    inked = draw(picture, block, step=step)
    assert (inked[0, 12, 24] < 0.75 * picture[0, 12, 24]).all()
    assert torch.allclose(inked[0, 12, 4], picture[0, 12, 4], atol=1e-4)


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
